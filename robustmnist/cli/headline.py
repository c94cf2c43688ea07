"""The end of an evaluation on the terminal: what the page says in its tables, in the same words and the same order."""

from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from robustmnist.cli.echo import echo, echo_json
from robustmnist.cli.table import print_table

if TYPE_CHECKING:
    from robustmnist.predictions import Predictions
    from robustmnist.report.study import Study

__all__ = ["show_headline"]

Rows = list[list[str]]


def show_headline(predictions: "Predictions", folder: Path, page: Path, *, as_json: bool) -> None:
    """Print what came out and where it lies; with `as_json` as JSON on standard output and nothing else.

    The numbers and their intervals are those of the page at `page`, which was made of these predictions.
    """
    from robustmnist.report.readable import readable
    from robustmnist.report.study import RESAMPLES, study
    from robustmnist.report.text import count

    found, summary = study(readable(predictions)), folder / "summary.csv"
    if as_json:
        from robustmnist.cli.record import record

        content = {"out": str(folder), "report": str(page), "summary": str(summary), **record(found, RESAMPLES)}
        echo_json(content, indent=1)
        return
    run, n = found.predictions, count(len(found.predictions))
    for one in found.clean:
        low, high = (_share(end) for end in (one.low, one.high))
        echo(f"{one.name}: reads {_share(one.accuracy)} % of {n} clean digits (95 % interval {low}–{high})")
    drawn = f"{count(RESAMPLES)} resamples of the {n} digits"
    curves, worst, maps = _curves(found), _worst(found), _maps(run, RESAMPLES)
    if curves:
        echo("The strength at which a tenth of clean accuracy is lost, and the area under the curve in %,")
        echo(f"with 95 % intervals from {drawn}:")
        print_table(["suite", "sweep", "checkpoint", "a tenth is lost at", "area"], curves)
    if worst:
        echo("Digits read right in all of many tries, in %, with 95 % interval:")
        print_table(["suite", "sweep", "checkpoint", "tries", "right in all of them"], worst)
    if maps:
        echo("Accuracy over all points of each map, and digits read right at every one of them, in %,")
        echo(f"with 95 % intervals, the first from {drawn}:")
        print_table(["suite", "map", "checkpoint", "mean over the map", "right at every point"], maps)
    echo(f"summary: {summary}")
    echo(f"report:  {page}")


def _curves(study: "Study") -> Rows:
    """Return a row per curve, checkpoint and side of neutral, which keeps rows narrow; the area in the first."""
    from robustmnist.report.tables import share_text
    from robustmnist.report.words import fall_text

    rows = []
    for sweep in study.sweeps:
        for one in sweep.tolerances:
            area = share_text(one.area.share, one.area.low, one.area.high)
            falls = [_typed(fall_text(sweep, fall)) for fall in one.falls] or ["-"]
            for fall, told in zip_longest(falls, [area], fillvalue=""):
                rows.append([sweep.suite.name, sweep.sweep.name, one.name, fall, told])
    return rows


def _worst(study: "Study") -> Rows:
    from robustmnist.report.study import tries
    from robustmnist.report.tables import share_text
    from robustmnist.results import worst_of_k

    rows = []
    for suite in study.predictions.suites:
        for sweep in filter(tries, suite.curves):
            table = worst_of_k(study.predictions, suite.name, sweep.name)
            last = table[(table["k"] == sweep.draws) & (table["value"] != sweep.neutral)]
            for row in last.to_dict("records"):
                shares = (float(row[key]) for key in ("accuracy", "accuracy_low", "accuracy_high"))
                names = (suite.name, sweep.name, str(row["checkpoint"]))
                rows.append([*names, str(sweep.draws), share_text(*shares)])
    return rows


def _maps(predictions: "Predictions", resamples: int) -> Rows:
    from robustmnist.cli.record import map_records
    from robustmnist.report.tables import share_text

    rows = []
    for row in map_records(predictions, resamples):
        numbers = ([float(row[f"{key}{end}"]) for end in ("", "_low", "_high")] for key in ("mean", "accuracy"))
        rows.append([row["suite"], row["sweep"], row["checkpoint"], *(share_text(*three) for three in numbers)])
    return rows


def _share(share: float) -> str:
    from robustmnist.report.text import percent

    return percent(share, 2, sign=False)


def _typed(text: str) -> str:
    """Return text of the page with spaces and signs that can be searched for, copied and typed."""
    from robustmnist.report.text import MINUS, NBSP

    return text.replace(NBSP, " ").replace(MINUS, "-")
