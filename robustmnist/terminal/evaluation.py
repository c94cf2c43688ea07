"""The end of an evaluation on the terminal: what the page says in its tables, in the same words and the same order."""

from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from robustmnist.terminal.echo import echo, echo_json
from robustmnist.terminal.table import print_table

if TYPE_CHECKING:
    from robustmnist.overview.overview import Overview
    from robustmnist.predictions import Predictions
from typing import TYPE_CHECKING, Any

__all__ = ["map_records", "record", "show_headline"]


Rows = list[list[str]]
CRITICAL = ("side", "end", "clean_accuracy", "critical", "critical_near", "critical_far", "beyond")


def show_headline(predictions: "Predictions", folder: Path, page: Path, *, as_json: bool) -> None:
    """Print what came out and where it lies; with `as_json` as JSON on standard output and nothing else.

    The numbers and their intervals are those of the page at `page`, which was made of these predictions.
    """
    from robustmnist.overview.gather import RESAMPLES, gather
    from robustmnist.overview.printable_run import printable_run
    from robustmnist.wording.numbers import count, interval, percent

    overview, summary = gather(printable_run(predictions)), folder / "summary.csv"
    if as_json:
        content = {"out": str(folder), "report": str(page), "summary": str(summary), **record(overview, RESAMPLES)}
        echo_json(content, indent=1)
        return
    run, n = overview.predictions, count(len(overview.predictions))
    for checkpoint in overview.clean:
        accuracy, ends = percent(checkpoint.accuracy, 2, sign=False), interval(checkpoint.low, checkpoint.high, 2)
        echo(f"{checkpoint.name}: reads {accuracy} % of {n} clean digits (95 % interval {ends})")
    drawn = f"{count(RESAMPLES)} resamples of the {n} digits"
    curves, worst, maps = _curves(overview), _worst(overview), _maps(run, RESAMPLES)
    if curves:
        echo("The strength at which a tenth of clean accuracy is lost, and the area under the curve in %,")
        echo(f"with 95 % intervals from {drawn}:")
        print_table(["suite", "sweep", "checkpoint", "a tenth is lost at", "area"], curves)
    if worst:
        echo("Digits read right in all of many tries, in %, with 95 % interval:")
        print_table(["suite", "sweep", "checkpoint", "of_many_draws", "right in all of them"], worst)
    if maps:
        echo("Accuracy over all points of each map, and digits read right at every one of them, in %,")
        echo(f"with 95 % intervals, the first from {drawn}:")
        print_table(["suite", "map", "checkpoint", "mean over the map", "right at every point"], maps)
    echo(f"summary: {summary}")
    echo(f"report:  {page}")


def _curves(overview: "Overview") -> Rows:
    """Return a row per curve, checkpoint and side of neutral, which keeps rows narrow; the area in the first."""
    from robustmnist.overview.in_words import fall_text
    from robustmnist.wording.numbers import share_text, typed

    rows = []
    for sweep in overview.sweeps:
        for tolerance in sweep.tolerances:
            area = share_text(tolerance.area.share, tolerance.area.low, tolerance.area.high)
            falls = [typed(fall_text(sweep, fall)) for fall in tolerance.falls] or ["-"]
            for fall, shown_area in zip_longest(falls, [area], fillvalue=""):
                rows.append([sweep.suite.name, sweep.name, tolerance.name, fall, shown_area])
    return rows


def _worst(overview: "Overview") -> Rows:
    from robustmnist.overview.gather import of_many_draws
    from robustmnist.results.breakdown.worst_case import worst_of_all_draws
    from robustmnist.wording.numbers import share_text

    rows = []
    for suite in overview.predictions.suites:
        for sweep in filter(of_many_draws, suite.curves):
            for row in worst_of_all_draws(overview.predictions, suite.name, sweep.name).to_dict("records"):
                shares = (float(row[key]) for key in ("accuracy", "accuracy_low", "accuracy_high"))
                names = (suite.name, sweep.name, str(row["checkpoint"]))
                rows.append([*names, str(sweep.draws), share_text(*shares)])
    return rows


def _maps(predictions: "Predictions", resamples: int) -> Rows:
    from robustmnist.wording.numbers import share_text

    rows = []
    for row in map_records(predictions, resamples):
        numbers = ([float(row[f"{key}{end}"]) for end in ("", "_low", "_high")] for key in ("mean", "accuracy"))
        rows.append([row["suite"], row["sweep"], row["checkpoint"], *(share_text(*three) for three in numbers)])
    return rows


def record(overview: "Overview", resamples: int) -> dict[str, Any]:
    """Return what ``evaluate --json`` prints of a run; what is beyond a sweep's end is NaN, null in JSON.

    - ``dataset``, ``n`` digits and ``resamples``, of the bootstrap over them
    - ``clean``: a row per checkpoint, ``accuracy`` with its Wilson interval
    - ``headline``: a row per curve and checkpoint; the columns of `robustmnist.results.headline`, ``area_low`` and
      ``area_high``, and ``critical``, for each side of neutral those of `robustmnist.results.critical_strengths`
    - ``maps``: a row per map and checkpoint, see `map_records`
    """
    from robustmnist.results import areas, critical_strengths, headline

    run, names = overview.predictions, ["checkpoint", "suite", "sweep"]
    heads = headline(run).merge(areas(run, resamples)[[*names, "area_low", "area_high"]], on=names)
    falls = dict(list(critical_strengths(run, resamples).groupby(names, sort=False)[list(CRITICAL)]))
    rows = []
    for row in heads.to_dict("records"):
        own = falls.get(tuple(row[name] for name in names))  # a curve of its neutral value alone has no side
        rows.append({**row, "critical": [] if own is None else own.to_dict("records")})
    clean = [
        {
            "checkpoint": checkpoint.name,
            "n": len(run),
            "accuracy": checkpoint.accuracy,
            "accuracy_low": checkpoint.low,
            "accuracy_high": checkpoint.high,
        }
        for checkpoint in overview.clean
    ]
    content = {"dataset": dict(run.manifest["dataset"]), "n": len(run), "resamples": resamples, "clean": clean}
    return {**content, "headline": rows, "maps": map_records(run, resamples)}


def map_records(predictions: "Predictions", resamples: int) -> list[dict[str, Any]]:
    """Return a row per map and checkpoint: `worst_over_grid`, and the interval of its ``mean``."""
    from robustmnist.results import map_means, worst_over_grid

    pairs = [(suite.name, sweep.name) for suite in predictions.suites for sweep in suite.maps]
    worst = [row for pair in pairs for row in worst_over_grid(predictions, *pair).to_dict("records")]
    means = map_means(predictions, resamples)[["mean_low", "mean_high"]].to_dict("records")
    return [
        {str(key): value for key, value in (worst_share | two).items()}
        for worst_share, two in zip(worst, means, strict=True)
    ]
