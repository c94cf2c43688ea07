"""Code that the user named: ``net.py:Net``. It is run; no other file that this package reads is."""

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustmnist.errors import InputError
from robustmnist.system.files import sha256_bytes
from robustmnist.system.running_code import beside, running
from robustmnist.system.validation import shorten

__all__ = [
    "FORM",
    "Code",
    "Named",
    "allowed",
    "code_for",
    "is_code",
    "load_named",
    "plain_name",
]

FORM = "name code as FILE.py:NAME, where NAME is a class, an instance or a function in the file"


@dataclass(frozen=True)
class Code:
    """Code that the user named, and that was run for it.

    Attributes:
        file: The source file.
        name: The object in it: a module class, an instance, or a function.
        sha256: Hash of the source file's bytes, and of the modules that it imports from its own folder.
    """

    file: Path
    name: str
    sha256: str


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
        """Return what has run, for the record; ask once the object is made, which may import more."""
        return Code(self.file, self.name, sha256_bytes(b"".join(self.sources)))


def is_code(text: str | Path) -> bool:
    """Return whether `text` names an object in a source file: ``net.py:Net``."""
    file, colon, name = str(text).rpartition(":")
    return bool(colon) and file.endswith(".py") and name.isidentifier()


def plain_name(text: str) -> str:
    """Return the code that `text` names without its folder.

    >>> plain_name("models/net.py:Net")
    'net.py:Net'
    """
    file, _, name = text.rpartition(":")
    return f"{Path(file).name}:{name}"


def allowed(wanted: str, codes: Sequence[str]) -> str | None:
    """Return the entry of `codes`, which the user has named, for the `wanted` ``net.py:Net``; None if there is none."""
    return next((code for code in codes if is_code(code) and plain_name(code) == plain_name(wanted)), None)


def code_for(wanted: str, codes: Sequence[str], *, error: type[InputError], where: object) -> str:
    """Return the code that a file asks for, ``net.py:Net``, as the user has named it, with its folder.

    Raises:
        error: If the user has not named it: a file alone may not run code.
    """
    code = allowed(wanted, codes)
    if code is None:
        wanted = plain_name(wanted)
        what = f"runs the code {wanted}, which a file alone may not do"
        raise error(what, where=where, remedy=f"name it if you trust it: --code {wanted}")
    return code


def load_named(text: str) -> Named:
    """Run the source file that `text` names, and return the object in it.

    The file's folder is searched for modules while it runs, as it is when Python runs the file itself. What it imports
    from there counts for the hash too.

    Raises:
        InputError: If there is no such file or object, or running the file fails.
    """
    file_name, _, name = text.rpartition(":")
    if not is_code(text):
        raise InputError(f"{shorten(text)} is not code", remedy=FORM)
    file = Path(file_name)
    try:
        content = file.read_bytes()
    except OSError as cause:
        raise InputError(f"the code {shorten(file_name)} cannot be read ({cause.strerror})", remedy=FORM) from cause
    module_name = f"robustmnist_code_{sha256_bytes(content)[:16]}"  # a name that nothing else has
    spec = importlib.util.spec_from_file_location(module_name, file.resolve())
    if spec is None or spec.loader is None:
        raise InputError(f"the code {shorten(file_name)} is not a Python file", remedy=FORM)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # dataclasses and pickles of the file look themselves up here
    sources = [content]
    with running(file), beside(file, sources):
        spec.loader.exec_module(module)
    if not hasattr(module, name):
        offered = [key for key, value in vars(module).items() if getattr(value, "__module__", "") == module_name]
        has = ", ".join(offered[:8]) or "nothing of its own"
        raise InputError(f"{shorten(file_name)} has no {shorten(name)}", remedy=f"it has {has}")
    return Named(getattr(module, name), file, name, sources)
