"""How far the work is."""

from collections.abc import Callable

__all__ = ["Progress", "Steps"]

Progress = Callable[[int, int, int], None]


class Steps:
    """Steps of a known number, reported as they are done.

    Args:
        total: How many there are.
        report: Called with the steps done, the steps in all, and the images answered.
    """

    def __init__(self, total: int, report: Progress | None) -> None:
        self._total, self._report, self._done, self._images = total, report, 0, 0

    def done(self, images: int) -> None:
        """Count a step, in which so many images were answered."""
        self._done, self._images = self._done + 1, self._images + images
        if self._report:
            self._report(self._done, self._total, self._images)
