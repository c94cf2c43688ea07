"""Code that the user named: ``net.py:Net``. It is run, and it is the only thing in this package that ever is."""

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from robustmnist.errors import CheckpointError
from robustmnist.models.sources.refusals import Unreadable, quoted
from robustmnist.models.sources.source import Code, Predict
from robustmnist.system.files import sha256_bytes

__all__ = ["FORM", "Named", "is_code", "load_named", "made", "running"]

FORM = "name code as FILE.py:NAME, where NAME is a module class, an instance, or a function that returns a network"


@dataclass(frozen=True, eq=False)
class Named:
    """The object that the user named, and where it is from.

    Attributes:
        value: The object.
        file: The source file.
        name: What the object is called in it.
        sources: The bytes of the file, and of all modules from its own folder that have run so far.
    """

    value: Any
    file: Path
    name: str
    sources: list[bytes]

    @property
    def code(self) -> Code:
        """Return what has run, for the record; ask once the network is made, which may import more."""
        return Code(self.file, self.name, sha256_bytes(b"".join(self.sources)))


def is_code(text: str | Path) -> bool:
    """Return whether `text` names an object in a source file: ``net.py:Net``."""
    file, colon, name = str(text).rpartition(":")
    return bool(colon) and file.endswith(".py") and name.isidentifier()


def load_named(text: str) -> Named:
    """Run the source file that `text` names, and return the object in it.

    The file's folder is searched for modules while it runs, as it is when Python runs the file itself. What it imports
    from there counts for the hash too.

    Raises:
        Unreadable: If there is no such file or object, or running the file fails.
    """
    file_name, _, name = text.rpartition(":")
    if not is_code(text):
        raise Unreadable(f"{quoted(text)} is no code", FORM)
    file = Path(file_name)
    try:
        content = file.read_bytes()
    except OSError as cause:
        raise Unreadable(f"the code {quoted(file)} cannot be read ({cause.strerror})", FORM) from cause
    module_name = f"robustmnist_code_{sha256_bytes(content)[:16]}"  # a name that nothing else has
    spec = importlib.util.spec_from_file_location(module_name, file.resolve())
    if spec is None or spec.loader is None:
        raise Unreadable(f"the code {quoted(file)} is no Python file", FORM)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # dataclasses and pickles of the file look themselves up here
    sources = [content]
    with running(file), _aside(file, sources):
        spec.loader.exec_module(module)
    if not hasattr(module, name):
        offered = [key for key, value in vars(module).items() if getattr(value, "__module__", "") == module_name]
        raise Unreadable(
            f"{quoted(file)} has no {quoted(name)}", f"it has {', '.join(offered[:8]) or 'nothing of its own'}"
        )
    return Named(getattr(module, name), file, name, sources)


def made(named: Named, *arguments: Any) -> nn.Module | Predict:
    """Return the network that the named object is or makes: a torch module in eval mode, or a function.

    A function without arguments, or with as many as are given here, is called, and what it returns counts; one that
    needs an argument more is the network itself: NumPy images in, scores out.

    Raises:
        Unreadable: If calling it fails, or what comes out cannot be called.
    """
    value = named.value
    with running(named.file), _aside(named.file, named.sources):
        if inspect.isclass(value) or (_is_plain(value) and _needed(value) == len(arguments)):
            needed = _needed(value)
            if needed != len(arguments):
                what = f"the class {named.name} needs {needed} arguments to be made"
                raise Unreadable(what, f"name a function that makes it: def make(): return {named.name}(...)")
            value = value(*arguments)
    if isinstance(value, nn.Module):
        return value.eval()
    if not callable(value):
        method = next((name for name in ("predict_proba", "predict") if hasattr(value, name)), None)
        hint = f"return its {method}" if method else "return a torch module or a function of images"
        raise Unreadable(f"{named.name} gives a {type(value).__name__}, which cannot be called", hint)
    return _guarded(value, named.file)


def _guarded(function: Callable[..., Any], file: Path) -> Predict:
    """Return `function` so that its failures name the file and the line in it."""

    def predict(images: NDArray[np.float32]) -> Any:
        try:
            return function(images)
        except Exception as cause:
            raise CheckpointError(_blame(cause, file), remedy="mend it, or see what --input it takes") from cause

    return predict


@contextmanager
def running(file: Path) -> Iterator[None]:
    """While the user's code runs: turn its failures into one line that names the file and the line in it."""
    try:
        yield
    except Unreadable:
        raise
    except (Exception, SystemExit) as cause:
        raise Unreadable(_blame(cause, file)) from cause


@contextmanager
def _aside(file: Path, sources: list[bytes]) -> Iterator[None]:
    """Let the file's folder be searched for modules, and keep torch's global generator as it was.

    The sources of the modules from there are added to `sources`, and the modules are forgotten: another model's
    ``layers.py`` is another module.
    """
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
    return f"{where}: {type(cause).__name__}: {quoted(message, 200)[1:-1]}"


def _is_plain(value: Any) -> bool:
    return callable(value) and not isinstance(value, nn.Module)


def _needed(value: Any) -> int:
    """Return how many arguments must be given to call `value`."""
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):  # written in C, without a signature
        return 1
    positional = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY,
    )
    return sum(each.default is inspect.Parameter.empty and each.kind in positional for each in parameters)
