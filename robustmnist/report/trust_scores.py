"""Scores of confidence per setting: as the checkpoints give it, and with the temperature that was fitted for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from robustmnist.report.content import Key
from robustmnist.report.study import Study
from robustmnist.report.text import plain
from robustmnist.results import quality

__all__ = ["Scores", "focus_quality", "scores"]

# Column of the table -> which of `quality`, and whether with the fitted temperature.
METRICS = {
    "NLL": ("nll", False),
    "NLL, T": ("nll", True),
    "Brier": ("brier", False),
    "ECE": ("ece_width", False),
    "ECE, T": ("ece_width", True),
    "AURC": ("aurc", False),
}


@dataclass(frozen=True)
class Scores:
    """Scores per setting and checkpoint: `metrics` are the columns under each key, a row its header and the cells."""

    keys: tuple[Key, ...]
    metrics: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def scores(
    keys: tuple[Key, ...],
    titles: Sequence[str],
    raw: Sequence[pd.DataFrame],
    cooled: Sequence[pd.DataFrame],
    *,
    tempered: bool,
) -> Scores:
    """Return the scores of some settings.

    Args:
        keys: The checkpoints.
        titles: The settings.
        raw: For each setting, `quality` of each checkpoint.
        cooled: The same with temperatures, NaN where a checkpoint has none.
        tempered: Whether any has one; otherwise there are no columns for it.
    """
    metrics = {name: source for name, source in METRICS.items() if tempered or not source[1]}
    cells = []
    for title, one, other in zip(titles, raw, cooled, strict=True):
        values = [
            float((other if cool else one)[column].iloc[k])
            for k in range(len(keys))
            for column, cool in metrics.values()
        ]
        cells.append((title, *map(_score, values)))
    return Scores(keys, tuple(metrics), tuple(cells))


def focus_quality(study: Study, temperatures: Mapping[str, float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `quality`, clean and in each suite's hardest sweep: raw, and with temperatures (NaN without one)."""
    # Only the settings that are shown: those of a whole study would take a minute.
    suites, logits = [], {}
    for one in study.suites:
        sweep, focus = one.hardest.sweep, one.hardest.focus
        at = sweep.values.index(focus)
        along = {key: (numbers[at],) for key, numbers in sweep.along.items()}
        suites.append(replace(one.suite, sweeps=(replace(sweep, values=(focus,), along=along),)))
        key = (one.suite.name, sweep.name)
        logits[key] = study.predictions.logits[key][:, at : at + 1]
    part = replace(study.predictions, suites=tuple(suites), logits=logits)
    raw = quality(part)
    if not temperatures:
        return raw, raw
    cooled = quality(part, temperatures)
    cooled.loc[~cooled["checkpoint"].isin(temperatures), ["nll", "ece_width"]] = np.nan
    return raw, cooled


def _score(value: float) -> str:
    if value != value:
        return "–"
    return plain(value, 3 if value >= 0.1 else 4 if value >= 0.001 or value == 0 else 5)
