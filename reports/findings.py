"""The findings in words and tables: written from the numbers, so that they cannot drift from them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from robustmnist.predictions import Predictions
from robustmnist.results import (
    RESAMPLES,
    compare,
    map_means,
    mean_corruption_errors,
    quality,
    stored_temperatures,
    suite_areas,
    summarise,
    worst_of_k,
    worst_over_grid,
)
from robustmnist.statistics.score_intervals import SCORE_RESAMPLES
from robustmnist.system.device import described
from robustmnist.wording.numbers import (
    NBSP,
    count,
    interval,
    listing,
    percent,
    plain,
    points_text,
    share_text,
    strength,
)
from robustmnist.wording.tests import ALPHA, p_text

__all__ = ["findings"]

SOLVED = 0.99  # the accuracy for which MNIST is called solved
KS = (1, 10, 50)


def findings(study: Predictions, maps: Predictions) -> str:
    """Return reports/README.md from the predictions of the two runs."""
    parts = [
        "# Is MNIST solved?",
        _answer(study, maps),
        "## On clean digits",
        _clean(study),
        "## Within natural variation",
        _natural(study),
        "## Suite by suite",
        _suites(study),
        "## In the worst case",
        _worst(maps),
        "## Which checkpoint is better",
        *_comparisons(study),
        "## Whether the confidence can be trusted",
        _confidence(study),
        "## MNIST-C",
        _mnist_c(study),
        "## How this was made",
        _provenance(study, maps),
    ]
    return "\n\n".join(parts).replace(NBSP, " ") + "\n"


def _answer(study: Predictions, maps: Predictions) -> str:
    summary = summarise(study)
    clean = _clean_accuracy(summary)
    grid = worst_over_grid(maps, "worst-of-k", "grid").set_index("checkpoint")["accuracy"]
    best = str(clean.idxmax())
    bits = [
        f"On the {len(study):,} MNIST test digits as they are, `{best}` reads {_percent(clean.max())}.",
        "Let each digit be turned by up to 30° and moved by up to 3 px, in the way that is worst for the checkpoint, "
        f"and `{best}` reads {_percent(grid[best])} of them, `{grid.idxmin()}` {_percent(grid.min())}.",
    ]
    least = _suite_areas(study).mean(axis=1).sort_values()
    bits.append(f"Of the {len(least)} suites, {least.index[0]} takes most on average over the checkpoints.")
    return " ".join(bits)


def _clean(study: Predictions) -> str:
    summary = summarise(study)
    rows = summary[summary["neutral"]].drop_duplicates("checkpoint")
    lines = [
        [
            f"`{row['checkpoint']}`",
            _percent(row["accuracy"]),
            f"{interval(row['accuracy_low'], row['accuracy_high'], 2)} %",
        ]
        for row in rows.to_dict("records")
    ]
    return _table(["checkpoint", f"accuracy on {len(study):,} clean digits", "95 % Wilson interval"], lines)


def _natural(study: Predictions) -> str:
    """Return the accuracy at the ends of what 95 % of the training digits do."""
    summary = summarise(study)
    known = summary[summary["natural_low"].notna()]
    lines = []
    for place, rows in known.groupby(["suite", "sweep"], sort=False):
        suite, sweep = (str(word) for word in place)
        low, high = float(rows["natural_low"].iloc[0]), float(rows["natural_high"].iloc[0])
        cells = []
        for name in study.checkpoints:
            curve = rows[rows["checkpoint"] == name]
            ends = np.clip([low, high], curve["value"].min(), curve["value"].max())
            cells.append(_percent(float(np.interp(ends, curve["value"], curve["accuracy"]).min())))
        unit = rows["unit"].iloc[0]
        band = f"{plain(low, 2)} to {strength(high, str(unit), 2)}"
        lines.append([f"{suite}: {study.sweep(suite, sweep).title}", band, *cells])
    head = ["sweep", "95 % of the training digits lie within", *(f"`{name}`" for name in study.checkpoints)]
    words = (
        "How far digits of one class differ by themselves, measured on the 60,000 training digits, and the lower of "
        "the accuracies at the two ends of that band (linear between values that were run). The angle is that of the "
        "long axis of those digits that have one; it turns with a digit's shape too, so its band is wider than hands "
        "turn:"
    )
    return f"{words}\n\n{_table(head, lines)}"


def _suites(study: Predictions) -> str:
    table = suite_areas(study).set_index(["suite", "checkpoint"])
    lines = [
        [name, *(_interval(table.loc[(name, one)].to_dict(), "area", 1) for one in study.checkpoints)]
        for name in dict.fromkeys(table.index.get_level_values("suite"))
    ]
    words = (
        "Area under the accuracy curve, the mean over a suite's sweeps: 100 % is a checkpoint that nothing moves. With "
        "95 % intervals by bootstrap over the digits."
    )
    return f"{words}\n\n{_table(['suite', *(f'`{name}`' for name in study.checkpoints)], lines)}"


def _worst(maps: Predictions) -> str:
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
                *(_interval(by_k.loc[k].to_dict(), "accuracy") for k in KS),
                _interval(grid.loc[name].to_dict(), "accuracy"),
                _interval(moved.loc[name].to_dict(), "mean"),
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
    return f"{words}\n\n{_table(head, lines)}"


def _comparisons(study: Predictions) -> Iterator[str]:
    for a, b in zip(study.checkpoints, study.checkpoints[1:], strict=False):
        found = compare(study, a, b)
        table = found.suites
        better = table[(table["p_holm"] < ALPHA) & (table["difference"] > 0)]["suite"].tolist()
        worse = table[(table["p_holm"] < ALPHA) & (table["difference"] < 0)]["suite"].tolist()
        open_ = table[~(table["p_holm"] < ALPHA)]["suite"].tolist()
        said = [
            f"better than `{a}` under {listing(better)}" if better else "",
            f"worse under {listing(worse)}" if worse else "",
            f"not told apart from it under {listing(open_)}" if open_ else "",
        ]
        clean, settings = found.settings.iloc[0], found.settings.iloc[1:]
        told = settings[settings["p_holm"] < ALPHA]
        yield (
            f"**`{b}` against `{a}`**: {'; '.join(word for word in said if word)} (area, paired t-test over images, "
            f"Holm over {len(table)} suites and clean accuracy, 5 %). On clean digits the difference is "
            f"{points_text(float(clean['difference']), signed=True)} "
            f"({plain(100 * float(clean['difference_low']), 2, signed=True)} to "
            f"{plain(100 * float(clean['difference_high']), 2, signed=True)}; {p_text(float(clean['p_holm']))}, exact "
            "McNemar, corrected together with them). "
            f"Of {len(settings)} settings it is better in "
            f"{int((told['difference'] > 0).sum())} and worse in {int((told['difference'] < 0).sum())} (exact McNemar, "
            "Holm over all of them)."
        )


def _confidence(study: Predictions) -> str:
    raw, fitted = quality(study), quality(study, stored_temperatures(study), resamples=0)
    clean = [quality(study, temperatures, at=()) for temperatures in (None, stored_temperatures(study))]
    moved = raw["suite"].ne("") & ~raw["neutral"].astype(bool)
    lines = []
    for name in study.checkpoints:
        mine = raw["checkpoint"] == name
        worst = raw[mine & moved].sort_values("ece_width").iloc[-1].to_dict()
        cells = [
            *(_interval(table.set_index("checkpoint").loc[name].to_dict(), "ece_width") for table in clean),
            *(_percent(table[mine & moved]["ece_width"].mean()) for table in (raw, fitted)),
        ]
        where = f"{worst['suite']}, {worst['sweep']} at {worst['value']:g} {worst['unit']}"
        said = f"{_percent(worst['mean_confidence'])} sure, {_percent(worst['accuracy'])} right"
        lines.append([f"`{name}`", *cells, f"{where}: {said}"])
    head = [
        "checkpoint",
        "clean",
        "clean, with its temperature",
        "perturbed, mean",
        "perturbed, with it",
        "worst setting",
    ]
    words = (
        "Expected calibration error, 15 bins of equal width; each checkpoint's temperature was fitted on the 5,000 "
        "validation digits of its training, and on nothing else. What is of one setting has its 95 % interval by "
        "bootstrap over the digits:"
    )
    return f"{words}\n\n{_table(head, lines)}"


def _mnist_c(study: Predictions) -> str:
    baseline = study.checkpoints[0]
    table = mean_corruption_errors(study, baseline, unequal="mean-error")
    table = table[table["suite"] == "mnist-c"]
    lines = [
        [f"`{row['checkpoint']}`", *(_interval(row, name, 1) for name in ("data_set_mce", "mce"))]
        for row in table.to_dict("records")
    ]
    words = (
        f"Mean corruption error over the {table['sweeps'].iloc[0]} corruptions of MNIST-C, each counted once, relative "
        f"to `{baseline}`, with its bootstrap interval. First at the one strength that the data set has of each, then "
        "at all strengths of the suite, each corruption counting by its mean error over them: those of MNIST-C's code, "
        "and opacities below 1 where it has one strength alone. Fog counts by the curve that ends at the strength of "
        "the data set; the other curve of it, `fog-rough`, is in neither figure:"
    )
    return f"{words}\n\n{_table(['checkpoint', 'mCE at the strengths of the data set', 'mCE at all strengths'], lines)}"


def _provenance(study: Predictions, maps: Predictions) -> str:
    return "\n".join(
        [
            "```sh",
            "ROBUSTMNIST_DATA=folder make reports",
            "```",
            "",
            f"n = {len(study):,} test digits, one training each, draws "
            f"of seed 0, {count(RESAMPLES)} bootstrap resamples, {count(SCORE_RESAMPLES)} for scores of confidence.",
            "",
            "- [report.html](report.html): every curve, with intervals, galleries, calibration, comparisons. "
            f"{_made_by(study)}",
            f"- [maps.html](maps.html): shift maps and worst cases. {_made_by(maps)}",
            "- [quantisation.md](quantisation.md): what int8 costs, by `python -m reports.quantisation`.",
            "- [ablation-fc/study.html](ablation-fc/study.html): which properties of the recipe of `fc` matter, by "
            "`robustmnist ablate reports/ablation-fc.toml`.",
            "- [summary.csv](summary.csv): a row per setting; [areas.csv](areas.csv), [critical.csv](critical.csv), "
            "[quality.csv](quality.csv), [mce.csv](mce.csv), [comparison.csv](comparison.csv), "
            "[headline.csv](headline.csv).",
        ]
    )


def _made_by(predictions: Predictions) -> str:
    """Return which machine and versions made a run, and how long its last process worked."""
    run = predictions.manifest
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    seconds = float(run["duration_seconds"])
    lasted = f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"
    return f"{described(run['device'])}; {versions}; robustmnist {run['robustmnist']}; the last process took {lasted}."


def _clean_accuracy(summary: pd.DataFrame) -> "pd.Series[float]":
    return summary[summary["neutral"]].drop_duplicates("checkpoint").set_index("checkpoint")["accuracy"]


def _suite_areas(study: Predictions) -> pd.DataFrame:
    table = suite_areas(study)
    return table.pivot(index="suite", columns="checkpoint", values="area")


def _interval(row: Mapping[Any, Any], name: str, places: int = 2) -> str:
    return share_text(*(float(row[f"{name}{end}"]) for end in ("", "_low", "_high")), places=places, sign=True)


def _percent(share: object) -> str:
    return percent(float(share), 2)  # type: ignore[arg-type]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
