"""The pictures of several runs for the report of all: what a run drew serves wherever the same digit is shown again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from robustmnist.predictions.pictures import CLEAN, Digits, Pair
from robustmnist.predictions.table import Predictions

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["with_pictures"]

Pictures = NDArray[np.uint8]
Shown = tuple[str, float, int, int]  # sweep, value, variant, row

BLANK = np.zeros((28, 28), np.uint8)


def with_pictures(merged: Predictions, several: Sequence[Predictions]) -> Predictions:
    """Return `merged` with the pictures that its report shows, out of those that the runs it comes from kept.

    A mistake looks the same whichever checkpoint makes it. Which mistakes are shown depends on all checkpoints, so that
    no run may have kept a picture of some: see `Digits.kept`. Nothing is looked up before it is asked for.
    """
    pictures = _MergedPictures([run for run in several if run.digits is not None])
    pictures.merged = replace(merged, digits=Digits(pictures))
    return pictures.merged


class _MergedPictures(Mapping[str, Pictures]):
    """The arrays of `Digits`; those of a suite are put together when one of them is asked for.

    It holds the run whose pictures it gives, by which alone it knows what is shown there.
    """

    merged: Predictions

    def __init__(self, several: Sequence[Predictions]) -> None:
        self._several = several
        self._seen: dict[str, dict[Shown, Pair]] = {}
        self._found: dict[tuple[str, str], list[Pair | None]] = {}

    def __getitem__(self, key: str) -> Pictures:
        kind, _, rest = key.partition("/")
        if kind == "examples":
            for run in self._several:
                if key in _arrays(run):
                    return _arrays(run)[key]
            raise KeyError(key)
        name, _, suite = rest.rpartition("/")  # a checkpoint's name may be a path, a suite's has no slash
        pairs = self._pairs(name, suite)
        if kind not in ("mistakes", "twins", "kept") or not any(pairs):
            raise KeyError(key)
        if kind == "kept":
            return np.array([pair is not None for pair in pairs], np.uint8)
        return np.stack([BLANK if pair is None else pair[kind == "twins"] for pair in pairs])

    def __iter__(self) -> Iterator[str]:
        for key in dict.fromkeys(key for run in self._several for key in _arrays(run)):
            if key.startswith("examples/"):
                yield key
        for name in self.merged.checkpoints:
            for suite in (CLEAN, *(one.name for one in self.merged.suites)):
                if any(self._pairs(name, suite)):
                    yield from (f"{kind}/{name}/{suite}" for kind in ("mistakes", "twins", "kept"))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _pairs(self, name: str, suite: str) -> list[Pair | None]:
        """Return picture and twin of each mistake of a list of the merged run, None where no run kept them."""
        known = name in self.merged.checkpoints and suite in (CLEAN, *(one.name for one in self.merged.suites))
        if not known or not self._several:
            return []
        if (name, suite) not in self._found:
            seen = self._pictures(suite)
            shown = _shown(self.merged, name, suite)
            self._found[name, suite] = [seen.get(one) for one in shown] if seen else []
        return self._found[name, suite]

    def _pictures(self, suite: str) -> dict[Shown, Pair]:
        """Return what the runs kept of mistakes under a suite."""
        if suite not in self._seen:
            seen = self._seen[suite] = {}
            for run in self._several:
                if suite != CLEAN and suite not in {one.name for one in run.suites}:
                    continue
                for name in run.checkpoints:
                    shown = _shown(run, name, suite)
                    pairs = (run.digits or Digits()).pairs(name, suite, len(shown))
                    for one, pair in zip(shown, pairs, strict=True):
                        if pair is not None:
                            seen.setdefault(one, pair)
        return self._seen[suite]


def _arrays(run: Predictions) -> Mapping[str, Pictures]:
    return {} if run.digits is None else run.digits.arrays


def _shown(run: Predictions, name: str, suite: str) -> list[Shown]:
    # Results are made from predictions; only which mistakes are shown flows back, and only here.
    from robustmnist.results import clean_mistakes, mistakes

    table: pd.DataFrame = clean_mistakes(run, name) if suite == CLEAN else mistakes(run, name, suite)
    columns = (table[column] for column in ("sweep", "value", "variant", "row"))
    return [
        (str(sweep), 0.0 if suite == CLEAN else float(value), int(variant), int(row))
        for sweep, value, variant, row in zip(*columns, strict=True)
    ]
