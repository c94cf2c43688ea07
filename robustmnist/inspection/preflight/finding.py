"""What a check before measuring has to say."""

from collections.abc import Callable
from dataclasses import dataclass

from robustmnist.data import Dataset

__all__ = ["Finding"]


@dataclass(frozen=True, eq=False)
class Finding:
    """Something about digits that a reader of their numbers must know.

    Attributes:
        said: A sentence; empty where others say it already.
        certain: Whether every number would be wrong, so that it has to be mended first.
        mended: What `mend` does, in a phrase; empty where nothing can be done.
        mend: Returns the digits put right; None where that cannot be done.
    """

    said: str
    certain: bool = False
    mended: str = ""
    mend: Callable[[Dataset], Dataset] | None = None
