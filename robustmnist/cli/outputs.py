"""Where results go, and what happens where they cannot go there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from robustmnist.errors import InputError

__all__ = ["writing"]


@contextmanager
def writing(where: Path) -> Iterator[None]:
    """Make an operating system that refuses to write to `where` a mistake of the user's, told in one line.

    Raises:
        InputError: In place of an `OSError`.
    """
    try:
        yield
    except BrokenPipeError:  # of standard output: the reader has gone away
        raise
    except OSError as cause:
        raise InputError(f"cannot be written ({cause.strerror})", where=where, remedy="choose another -o") from cause
