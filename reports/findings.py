"""The findings in words and tables: written from the numbers, so that they cannot drift from them."""

import pandas as pd

from reports.checkpoint_findings import comparisons, confidence
from reports.markdown import percent_text, table_text
from reports.robustness_findings import mnist_c, natural, suites, worst
from robustmnist.predictions import Predictions
from robustmnist.results import RESAMPLES, suite_areas, summarise, worst_over_grid
from robustmnist.statistics.score_intervals import SCORE_RESAMPLES
from robustmnist.system.device import described
from robustmnist.wording.numbers import NBSP, count, interval

__all__ = ["findings"]

SOLVED = 0.99  # the accuracy for which MNIST is called solved


def findings(run: Predictions, maps: Predictions) -> str:
    """Return reports/README.md from the predictions of the two runs."""
    parts = [
        "# Is MNIST solved?",
        _answer(run, maps),
        "## On clean digits",
        _clean(run),
        "## Within natural variation",
        natural(run),
        "## Suite by suite",
        suites(run),
        "## In the worst case",
        worst(maps),
        "## Which checkpoint is better",
        *comparisons(run),
        "## Whether the confidence can be trusted",
        confidence(run),
        "## MNIST-C",
        mnist_c(run),
        "## How this was made",
        _provenance(run, maps),
    ]
    return "\n\n".join(parts).replace(NBSP, " ") + "\n"


def _answer(run: Predictions, maps: Predictions) -> str:
    summary = summarise(run)
    clean = _clean_accuracy(summary)
    grid = worst_over_grid(maps, "worst-of-k", "grid").set_index("checkpoint")["accuracy"]
    best = str(clean.idxmax())
    bits = [
        f"On the {len(run):,} MNIST test digits as they are, `{best}` reads {percent_text(clean.max())}.",
        "Let each digit be turned by up to 30° and moved by up to 3 px, in the way that is worst for the checkpoint, "
        f"and `{best}` reads {percent_text(grid[best])} of them, `{grid.idxmin()}` {percent_text(grid.min())}.",
    ]
    least = _suite_areas(run).mean(axis=1).sort_values()
    bits.append(
        f"Of the {len(least)} suites, {least.index[0]} leaves the smallest area under the accuracy curve, averaged "
        "over the checkpoints."
    )
    return " ".join(bits)


def _clean(run: Predictions) -> str:
    summary = summarise(run)
    rows = summary[summary["neutral"]].drop_duplicates("checkpoint")
    lines = [
        [
            f"`{row['checkpoint']}`",
            percent_text(row["accuracy"]),
            f"{interval(row['accuracy_low'], row['accuracy_high'], 2)} %",
        ]
        for row in rows.to_dict("records")
    ]
    return table_text(["checkpoint", f"accuracy on {len(run):,} clean digits", "95 % Wilson interval"], lines)


def _provenance(run: Predictions, maps: Predictions) -> str:
    return "\n".join(
        [
            "```sh",
            "ROBUSTMNIST_DATA=folder make reports",
            "```",
            "",
            f"n = {len(run):,} test digits, one training each, draws "
            f"of seed 0, {count(RESAMPLES)} bootstrap resamples, {count(SCORE_RESAMPLES)} for scores of confidence.",
            "",
            "- [report.html](report.html): every curve, with intervals, galleries, calibration, comparisons. "
            f"{_made_by(run)}",
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


def _suite_areas(run: Predictions) -> pd.DataFrame:
    table = suite_areas(run)
    return table.pivot(index="suite", columns="checkpoint", values="area")
