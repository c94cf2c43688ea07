"""While the user's code runs: its failures as one line, its folder searched for modules, torch's generator kept."""

import functools
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar

from robustmnist.errors import InputError

__all__ = ["beside", "guarded", "running"]

F = TypeVar("F", bound=Callable[..., Any])


def guarded(function: F, file: Path, error: type[InputError] = InputError, *, remedy: str | None = None) -> F:
    """Return `function` of the user's `file` so that its failures are an `error` that names the file and the line."""
    # The attributes of an instance that can be called are its own; those of a function say what it is.
    updated = functools.WRAPPER_UPDATES if isinstance(function, FunctionType) else ()

    @functools.wraps(function, updated=updated)
    def call(*arguments: Any, **keywords: Any) -> Any:
        try:
            return function(*arguments, **keywords)
        except InputError:
            raise
        except Exception as cause:
            raise error(_blame(cause, file), remedy=remedy) from cause

    return call  # type: ignore[return-value]


@contextmanager
def running(file: Path) -> Iterator[None]:
    """While the user's code runs: turn its failures into one line that names the file and the line in it."""
    try:
        yield
    except InputError:
        raise
    except (Exception, SystemExit) as cause:
        raise InputError(_blame(cause, file)) from cause


@contextmanager
def beside(file: Path, sources: list[bytes]) -> Iterator[None]:
    """Let the file's folder be searched for modules, and keep torch's global generator as it was.

    The sources of the modules from there are added to `sources`, and the modules are forgotten: another model's
    ``layers.py`` is another module.
    """
    import torch

    folder = file.resolve().parent
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        with suppress(ValueError):  # the code has put the path in order itself
            sys.path.remove(str(folder))
        for name in sorted(set(sys.modules) - before):
            if source := _source_within(folder, name):
                sources.append(source.read_bytes())
                del sys.modules[name]


def _source_within(folder: Path, module: str) -> Path | None:
    """Return the source of a loaded module that is ``folder/NAME.py``, or part of the package ``folder/NAME``."""
    source = Path(getattr(sys.modules[module], "__file__", None) or "")
    top = module.partition(".")[0]
    if top == "robustmnist" or source.suffix != ".py" or not source.is_relative_to(folder):
        return None
    return source if source.relative_to(folder).parts[0] in (top, f"{top}.py") else None


def _blame(cause: BaseException, file: Path) -> str:
    """Return what went wrong, and the last line of the user's file on the way there."""
    lines = [
        frame.lineno for frame in traceback.extract_tb(cause.__traceback__) if Path(frame.filename) == file.resolve()
    ]
    if isinstance(cause, SyntaxError) and cause.filename and Path(cause.filename) == file.resolve():
        lines = [cause.lineno]
    where = f"{file.name}:{lines[-1]}" if lines else file.name
    message = " ".join(str(cause).split())
    return f"{where}: {type(cause).__name__}: {message if len(message) <= 200 else f'{message[:199]}…'}"
