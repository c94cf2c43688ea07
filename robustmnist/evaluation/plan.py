"""The plan of a run: its work as units, each computed, written and checked separately."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from robustmnist.suites import Suite

__all__ = ["SHARD", "Unit", "passes_per_image", "plan"]

# Images perturbed and classified together: 10,000 take 31 MB, and a run needs a few copies of that.
SHARD = 10_000


@dataclass(frozen=True)
class Unit:
    """All checkpoints on one shard under one value of one variant; without a suite: on the clean images.

    It holds indices where a `Setting` holds the strength: they are where its logits go in an array, and a line of the
    journal.

    Attributes:
        start: The shard's first row.
        stop: The row after its last row.
        suite: The suite's name, or None.
        sweep: The sweep's name, or None.
        variant: Its index in the sweep's variants.
        value: Its index in the sweep's values.
    """

    start: int
    stop: int
    suite: str | None = None
    sweep: str | None = None
    variant: int = 0
    value: int = 0

    @property
    def array(self) -> str:
        """The name of the array that the unit is part of."""
        return "clean" if self.suite is None else f"{self.suite}.{self.sweep}"


def plan(suites: Sequence[Suite], n: int) -> list[Unit]:
    """Return all units of `n` images in the order in which they are computed.

    Shard by shard; within a shard all values of a variant follow each other, and variants with the same draws do, so
    that what they share is prepared once.
    """
    return [unit for start in range(0, n, SHARD) for unit in _shard(suites, start, min(start + SHARD, n))]


def passes_per_image(suites: Sequence[Suite]) -> int:
    """Return how often each model sees each image: once clean, and once for every value that is not neutral."""
    return 1 + sum(
        not sweep.is_neutral(value, variant)
        for suite in suites
        for sweep in suite.sweeps
        for variant in sweep.variants
        for value in sweep.values
    )


def _shard(suites: Sequence[Suite], start: int, stop: int) -> Iterator[Unit]:
    yield Unit(start, stop)
    for suite in suites:
        for sweep in suite.sweeps:
            variants = sweep.variants
            for variant in sorted(range(len(variants)), key=lambda index: variants[index].draw):
                for value in range(len(sweep.values)):
                    yield Unit(start, stop, suite.name, sweep.name, variant, value)
