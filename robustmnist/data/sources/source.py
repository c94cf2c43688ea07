"""What a source of digits is: a word, how it is asked, and the function that answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from robustmnist.errors import DataError

if TYPE_CHECKING:
    from robustmnist.data.dataset import Dataset

__all__ = ["FORM", "PART", "MissingPartError", "Progress", "Request", "Source"]

# The option of every source whose images may be in MNIST's form or not.
FORM = {"form": "stored or mnist: take images of 28 × 28 px as they are, or bring all to MNIST's form"}
# The option of every source whose files need have no parts: `robustmnist.data.split` makes them.
PART = {"part": "test or train, of a set without parts: the fifth that no training uses, or the others"}
Progress = Callable[[int, int, int], None]


class MissingPartError(DataError):
    """The data are there, but have no training part of their own."""


@dataclass(frozen=True)
class Request:
    """What is asked of a source.

    Attributes:
        argument: What follows the colon, ``train.csv`` of ``csv:train.csv,label=digit``; empty where nothing does.
        options: What follows a comma, by key: ``{"label": "digit"}``. Only options of the source get here.
        part: ``test`` or ``train``; only parts of the source get here.
        data_dir: The folder to look in instead of the usual places.
        download: Whether anything may be downloaded.
        on_progress: Called during a download with the bytes received, the bytes expected, and 0.
    """

    argument: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    part: str = "test"
    data_dir: Path | None = None
    download: bool = True
    on_progress: Progress | None = None


@dataclass(frozen=True)
class Source:
    """A source of digits that ``--dataset`` and `robustmnist.load_dataset` know by its word.

    Attributes:
        about: What it is, for the list of all sources: a clause without a full stop.
        load: Returns the digits that are asked for; raises DataError.
        licence: Its licence, as the publisher states it; empty for files of which only the user knows.
        takes: What follows the colon: ``FILE``, ``DIR``; empty where nothing may follow.
        bare: Whether the word alone will do.
        values: What may follow the colon, where that is a choice.
        options: Key of an option -> its meaning, such as ``label`` -> ``the column of the labels``.
        parts: Which parts it has; of the first, ``test``, every source has one.
        instead: What to use where another part is asked for.
        endings: Endings of file names that are read by this source where a path alone is given.
        has_parts: Whether its files may say which digits are to train on; if not, all of them are in either part.
        content: What its images show where they are no digits; empty for digits.
    """

    about: str
    load: "Callable[[Request], Dataset]"
    licence: str = ""
    takes: str = ""
    bare: bool = True
    values: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[str, ...] = ("test", "train")
    instead: str = "mnist"
    endings: tuple[str, ...] = ()
    has_parts: bool = True
    content: str = ""

    @property
    def is_users(self) -> bool:
        """Whether it reads files of the user's, which nobody else knows."""
        return self.takes in ("FILE", "DIR")

    def forms(self, word: str) -> list[str]:
        """Return how it can be asked for: ``digits``, ``digits:train``."""
        after = [f"{word}:{value}" for value in self.values] or ([f"{word}:{self.takes}"] if self.takes else [])
        return ([word] if self.bare else []) + after
