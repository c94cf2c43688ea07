"""What the published run says of robustness: natural variation, suite by suite, worst cases, MNIST-C."""

import numpy as np

from reports.markdown import interval_text, percent_text, table_text
from robustmnist.predictions import Predictions
from robustmnist.results import (
    map_means,
    mean_corruption_errors,
    suite_areas,
    summarise,
    worst_of_k,
    worst_over_grid,
)
from robustmnist.wording.numbers import plain, strength

__all__ = ["mnist_c", "natural", "suites", "worst"]

KS = (1, 10, 50)


def natural(run: Predictions) -> str:
    """Return the accuracy at the ends of what 95 % of the training digits do."""
    summary = summarise(run)
    known = summary[summary["natural_low"].notna()]
    lines = []
    for key, rows in known.groupby(["suite", "sweep"], sort=False):
        suite, sweep = (str(word) for word in key)
        low, high = float(rows["natural_low"].iloc[0]), float(rows["natural_high"].iloc[0])
        cells = []
        for name in run.checkpoints:
            curve = rows[rows["checkpoint"] == name]
            ends = np.clip([low, high], curve["value"].min(), curve["value"].max())
            cells.append(percent_text(float(np.interp(ends, curve["value"], curve["accuracy"]).min())))
        unit = rows["unit"].iloc[0]
        band = f"{plain(low, 2)} to {strength(high, str(unit), 2)}"
        lines.append([f"{suite}: {run.sweep(suite, sweep).title}", band, *cells])
    head = ["sweep", "95 % of the training digits lie within", *(f"`{name}`" for name in run.checkpoints)]
    words = (
        "How far digits of one class differ by themselves, measured on the 60,000 training digits, and the lower of "
        "the accuracies at the two ends of that band (linear between values that were run). The angle is that of the "
        "long axis of those digits that have one; it also depends on a digit's shape, so its band is wider than the "
        "angles at which people write:"
    )
    return f"{words}\n\n{table_text(head, lines)}"


def suites(run: Predictions) -> str:
    """Return the area of every suite as a table."""
    table = suite_areas(run).set_index(["suite", "checkpoint"])
    lines = [
        [suite, *(interval_text(table.loc[(suite, name)].to_dict(), "area", 1) for name in run.checkpoints)]
        for suite in dict.fromkeys(table.index.get_level_values("suite"))
    ]
    words = (
        "Area under the accuracy curve, the mean over a suite's sweeps: 100 % is a checkpoint that is never wrong, at "
        "any strength. With 95 % intervals by bootstrap over the digits."
    )
    return f"{words}\n\n{table_text(['suite', *(f'`{name}`' for name in run.checkpoints)], lines)}"


def worst(maps: Predictions) -> str:
    """Return the accuracy in the worst poses as a table, and the mean over the shift map."""
    random = worst_of_k(maps, "worst-of-k", "random")
    random = random[random["value"] == random["value"].max()]
    grid = worst_over_grid(maps, "worst-of-k", "grid").set_index("checkpoint")
    means = map_means(maps)
    moved = means[means["suite"] == "shift-map"].set_index("checkpoint")
    lines = []
    for name in maps.checkpoints:
        by_k = random[random["checkpoint"] == name].set_index("k")
        lines.append(
            [
                f"`{name}`",
                *(interval_text(by_k.loc[k].to_dict(), "accuracy") for k in KS),
                interval_text(grid.loc[name].to_dict(), "accuracy"),
                interval_text(moved.loc[name].to_dict(), "mean"),
            ]
        )
    head = [
        "checkpoint",
        "one random pose",
        *(f"worst of {k} random poses" for k in KS[1:]),
        "worst of the grid 5×5×31",
        "mean over all shifts to ±10 px",
    ]
    words = (
        f"Share of {len(maps):,} digits that are read right in every one of the poses (turned by up to ±30° and moved "
        "by up to ±3 px on each axis, Engstrom et al. 2019); last, the mean over all 441 whole-pixel shifts. With 95 % "
        "intervals, Wilson's and of the mean by bootstrap over the digits:"
    )
    return f"{words}\n\n{table_text(head, lines)}"


def mnist_c(run: Predictions) -> str:
    """Return the mean corruption errors as a table, relative to the first checkpoint."""
    baseline = run.checkpoints[0]
    table = mean_corruption_errors(run, baseline, unequal="mean-error")
    table = table[table["suite"] == "mnist-c"]
    lines = [
        [f"`{row['checkpoint']}`", *(interval_text(row, name, 1) for name in ("data_set_mce", "mce"))]
        for row in table.to_dict("records")
    ]
    words = (
        f"Mean corruption error over the {table['sweeps'].iloc[0]} corruptions of MNIST-C, each counted once, relative "
        f"to `{baseline}`, with its bootstrap interval. First at the one strength that the data set has of each, then "
        "at all strengths of the suite (those in MNIST-C's code, and opacities below 1 where the code has a single "
        "strength), where a corruption counts with its mean error over the strengths. Fog counts with the curve that "
        "ends at the strength of the data set; its other curve, `fog-rough`, is in neither figure:"
    )
    head = ["checkpoint", "mCE at the strengths of the data set", "mCE at all strengths"]
    return f"{words}\n\n{table_text(head, lines)}"
