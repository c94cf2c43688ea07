"""Captions of what breaks where, written from the numbers, by rules."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.overview.in_words import NAME, at, named
from robustmnist.overview.overview import SweepOverview
from robustmnist.report.breakdown.tries import Tries
from robustmnist.suites import Sweep
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import NBSP, count, interval, listing, percent, plain, strength

__all__ = ["CLASS_NOTE", "NO_PICTURES", "STRIP_NOTE", "class_caption", "map_caption", "strip_caption", "worst_caption"]

Shares = NDArray[np.float64]

STRIP_NOTE = (
    "The same digit at rising strength, and under it what each checkpoint read: a misread digit stands in a box. The "
    "column marked ◆ is where this page looks closer: the mildest strength at which the mean accuracy over the "
    f"checkpoints is below 90{NBSP}%, or the strongest if there is none."
)
CLASS_NOTE = (
    "Each suite’s hardest sweep: a row is a class, a column a strength. The fuller the colour, the more digits are "
    "misread."
)
NO_PICTURES = "The run kept no pictures."


def map_caption(
    sweep: Sweep, names: Sequence[str], grids: Sequence[Shares], floors: Sequence[float], agree: pd.DataFrame
) -> str:
    """Say how much of the map each checkpoint keeps, which way it is lopsided, and how consistent the answers are.

    Args:
        sweep: A sweep that crosses two strengths.
        names: The checkpoints.
        grids: For each, float64 (crossed strength, own strength).
        floors: For each, the accuracy that counts as kept.
        agree: A row for each with ``consistency``, ``consistency_low``, ``consistency_high``.
    """
    points = count(grids[0].size)
    kept = [int((grid >= floor).sum()) for grid, floor in zip(grids, floors, strict=True)]
    held = [f"{shorten(name, NAME)} {count(many)}" for name, many in zip(names, kept, strict=True)]
    clauses = [f"Points at which nine tenths of clean accuracy are kept (framed), of {points}: {listing(held)}."]
    lowest = [np.unravel_index(int(np.nanargmin(grid)), grid.shape) for grid in grids]
    k = min(range(len(grids)), key=lambda i: float(grids[i][lowest[i]]))
    other = next(iter(sweep.crossed))
    crossed = sorted(float(value) for value in sweep.over[other])
    where = [
        f"{shorten(key, NAME)} {strength(value, sweep.unit)}"
        for key, value in ((sweep.parameter, sweep.values[lowest[k][1]]), (other, crossed[lowest[k][0]]))
    ]
    clauses.append(f"Lowest: {percent(float(grids[k][lowest[k]]))}, {named([names[k]])} at {listing(where)}.")
    shares = [
        f"{shorten(name, NAME)} {percent(float(row['consistency']))} "
        f"({interval(float(row['consistency_low']), float(row['consistency_high']))})"
        for name, (_, row) in zip(names, agree.iterrows(), strict=True)
    ]
    clauses.append(
        f"How often a digit gets the same answer, right or wrong, at two points of the map: {listing(shares)}."
    )
    return " ".join(clauses)


def worst_caption(tries: Sequence[Tries]) -> str:
    """Say what is left in the worst of the most tries and of the grid, beside a single random try."""
    most, clauses = len(tries[0].worst), []
    for checkpoint in tries:
        last = checkpoint.worst[-1]
        text = f"{shorten(checkpoint.name, NAME)} reads {percent(checkpoint.random)} of digits in a random pose, "
        text += f"{percent(last.share)} ({interval(last.low, last.high)}) in each of {count(most)} random poses"
        for points, grid in checkpoint.grids:
            text += f", {percent(grid.share)} ({interval(grid.low, grid.high)}) "
            text += f"at all {count(points)} points of the grid"
        clauses.append(text)
    return f"{'; '.join(clauses)}."


def class_caption(sweep: SweepOverview, shares: Shares, low: Shares, high: Shares) -> str:
    """Say which class each checkpoint reads worst and best where the sweep is looked at, and how wide intervals are.

    Args:
        sweep: The sweep.
        shares: Accuracies, float64 (checkpoints, classes, strengths); NaN for a class without images.
        low: Their lower ends.
        high: Their upper ends.
    """
    index = sweep.values.index(sweep.focus)
    clauses = []
    for k, curve in enumerate(sweep.curves):
        here = shares[k, :, index]
        worst, best = int(np.nanargmin(here)), int(np.nanargmax(here))
        bounds = interval(float(low[k, worst, index]), float(high[k, worst, index]))
        clauses.append(
            f"{shorten(curve.name, NAME)} reads {worst} worst ({percent(float(here[worst]))}, {bounds}) and {best} "
            f"best ({percent(float(here[best]))})"
        )
    half = float(np.nanmax(high - low)) / 2 * 100
    where = at(sweep, sweep.focus, exact=True)
    return f"At ◆ {where}: {'; '.join(clauses)}. 95 % intervals are ±{plain(half, 1)} points at most."


def strip_caption(sweep: SweepOverview) -> str:
    """Say what the checkpoints read of all digits at the strength that is looked at."""
    index = sweep.values.index(sweep.focus)
    shares = listing([f"{shorten(curve.name, NAME)} {percent(curve.accuracy[index])}" for curve in sweep.curves])
    return f"Share of all digits that are read right at ◆ {at(sweep, sweep.focus, exact=True)}: {shares}."
