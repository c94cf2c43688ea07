"""The numbers of an evaluation as JSON says them, every one with its interval."""

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from robustmnist.predictions import Predictions
    from robustmnist.report.study import Study

__all__ = ["map_records", "record"]

CRITICAL = ("side", "end", "clean_accuracy", "critical", "critical_near", "critical_far", "beyond")


def record(study: "Study", resamples: int) -> dict[str, Any]:
    """Return what ``evaluate --json`` prints of a run; what is no number or beyond a sweep's end is None.

    - ``dataset``, ``n`` digits and ``resamples``, of the bootstrap over them
    - ``clean``: a row per checkpoint, ``accuracy`` with its Wilson interval
    - ``headline``: a row per curve and checkpoint; the columns of `robustmnist.results.headline`, ``area_low`` and
      ``area_high``, and ``critical``, for each side of neutral those of `robustmnist.results.critical_strengths`
    - ``maps``: a row per map and checkpoint, see `map_records`
    """
    from robustmnist.results import areas, critical_strengths, headline

    run, names = study.predictions, ["checkpoint", "suite", "sweep"]
    heads = headline(run).merge(areas(run, resamples)[[*names, "area_low", "area_high"]], on=names)
    falls = dict(list(critical_strengths(run, resamples).groupby(names, sort=False)[list(CRITICAL)]))
    rows = []
    for row in heads.to_dict("records"):
        own = falls.get(tuple(row[name] for name in names))  # a curve of its neutral value alone has no side
        rows.append({**row, "critical": [] if own is None else own.to_dict("records")})
    clean = [
        {
            "checkpoint": one.name,
            "n": len(run),
            "accuracy": one.accuracy,
            "accuracy_low": one.low,
            "accuracy_high": one.high,
        }
        for one in study.clean
    ]
    content = {"dataset": dict(run.manifest["dataset"]), "n": len(run), "resamples": resamples, "clean": clean}
    plain: dict[str, Any] = _plain({**content, "headline": rows, "maps": map_records(run, resamples)})
    return plain


def map_records(predictions: "Predictions", resamples: int) -> list[dict[str, Any]]:
    """Return a row per map and checkpoint: `worst_over_grid`, and the interval of its ``mean``."""
    from robustmnist.results import map_means, worst_over_grid

    pairs = [(suite.name, sweep.name) for suite in predictions.suites for sweep in suite.maps]
    worst = [row for pair in pairs for row in worst_over_grid(predictions, *pair).to_dict("records")]
    means = map_means(predictions, resamples)[["mean_low", "mean_high"]].to_dict("records")
    return [{str(key): value for key, value in (one | two).items()} for one, two in zip(worst, means, strict=True)]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value
