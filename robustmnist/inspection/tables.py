"""What was found as tables: a row per class and measure, and a row per digit."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.inspection.facts import CLASSES, InspectionFacts
from robustmnist.measure import MEASURES

__all__ = ["digit_table", "summary_table"]


def summary_table(several: Sequence[InspectionFacts]) -> pd.DataFrame:
    """Return a row per data set, class (and all) and measure: ``n``, ``mean``, ``sd``, ``low``, ``median``, ``high``.

    ``low`` and ``high`` are the ends of the middle 95 %.
    """
    rows = []
    for facts in several:
        for label in ("all", *range(CLASSES)):
            chosen = np.full(len(facts.labels), True) if label == "all" else facts.labels == label
            for name, values in facts.readings.items():
                own = values[chosen & np.isfinite(values)]
                low, median, high = np.quantile(own, [0.025, 0.5, 0.975]) if len(own) else (np.nan,) * 3
                rows.append(
                    {
                        "dataset": facts.dataset.name,
                        "class": str(label),
                        "digits": int(chosen.sum()),
                        "measure": name,
                        "unit": MEASURES[name].unit,
                        "n": len(own),
                        "mean": own.mean() if len(own) else np.nan,
                        "sd": own.std() if len(own) else np.nan,
                        "low": low,
                        "median": median,
                        "high": high,
                    }
                )
    return pd.DataFrame(rows)


def digit_table(facts: InspectionFacts) -> pd.DataFrame:
    """Return a row per digit: id, label, measures, how atypical, and what checkpoints answer and doubt."""
    columns: dict[str, NDArray[Any]] = {
        "id": facts.ids,
        "label": facts.labels,
        **facts.readings,
        "distance_in_class": facts.neighbours.strange,
    }
    if facts.hard is not None:
        columns["loss"] = facts.hard.loss
        columns["label_doubted"] = np.isin(np.arange(len(facts.labels)), facts.hard.doubted)
        for at, name in enumerate(facts.hard.names):
            columns[f"{name}:answer"] = facts.hard.predicted[at]
            columns[f"{name}:confidence"] = facts.hard.confidence[at]
    return pd.DataFrame(columns)
