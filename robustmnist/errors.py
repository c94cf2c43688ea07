"""Every exception that robustmnist raises on purpose.

    RobustMnistError            exit code 1: the work failed
    └── InputError              exit code 2: what was handed in is wrong; nothing was written
        ├── ImagesError         images of the wrong shape, dtype or range
        ├── DataError           a data set that is missing, truncated, swapped or edited
        ├── SuiteError          a suite that cannot be read or asks for something impossible
        ├── RecipeError         a recipe that cannot be read or asks for something impossible
        ├── CheckpointError     weights or a card that are missing, damaged or do not belong together
        ├── RunError            a run folder that is missing, damaged or belongs to another command
        └── DeviceError         a device that is not there, or not allowed

A message says what is wrong, where, and what to do about it.
"""

from collections.abc import Sequence

from robustmnist.wording.characters import visible

__all__ = [
    "CheckpointError",
    "DataError",
    "DeviceError",
    "ImagesError",
    "InputError",
    "RecipeError",
    "RobustMnistError",
    "RunError",
    "SuiteError",
]

LONGEST = 1000  # characters of what is wrong, and of where: more than any list of ours, less than a screen


class RobustMnistError(Exception):
    r"""The root of all errors that robustmnist raises on purpose.

    The message can be printed anywhere: it has a line for each mistake and no other, and what a terminal would obey is
    escaped, for names in it may come from anyone's files.

    Args:
        what: What is wrong, in one clause; of several mistakes a list, of which each gets a line.
        where: The file, key path or option concerned.
        remedy: What the user can do about it.

    >>> str(RobustMnistError("the sha256 does not match", where="cnn.json", remedy="restore the file"))
    'cnn.json: the sha256 does not match; restore the file'
    >>> str(RobustMnistError("is missing", where="red \x1b[31m"))
    'red \\x1b[31m: is missing'
    """

    exit_code = 1

    def __init__(self, what: str | Sequence[str], *, where: object = None, remedy: str | None = None) -> None:
        mistakes = [what] if isinstance(what, str) else list(what)
        self.what = "; ".join(mistakes)
        self.where = where
        self.remedy = remedy
        prefix = "" if where is None else f"{_clause(str(where))}: "
        advice = "" if remedy is None else f"; {visible(remedy)}"
        super().__init__("\n".join(f"{prefix}{_clause(mistake)}" for mistake in mistakes) + advice)


def _clause(what: str) -> str:
    line = visible(what)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


class InputError(RobustMnistError):
    """What the user handed in is wrong."""

    exit_code = 2


class ImagesError(InputError):
    """Images of the wrong shape, dtype or range."""


class DataError(InputError):
    """A data set is missing, truncated, swapped or edited."""


class SuiteError(InputError):
    """A suite cannot be read or asks for something impossible."""


class RecipeError(InputError):
    """A recipe cannot be read or asks for something impossible."""


class CheckpointError(InputError):
    """Weights or a card are missing, damaged or do not belong together."""


class RunError(InputError):
    """A run folder is missing, damaged or belongs to another command."""


class DeviceError(InputError):
    """A device is not there, or is not allowed."""
