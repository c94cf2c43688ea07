"""The numbers behind reliability diagrams and risk-coverage curves."""

from collections.abc import Sequence

import numpy as np

from robustmnist.page.records import Key, Table
from robustmnist.report.confidence.charts import Bins, Risk
from robustmnist.wording.numbers import count, interval, percent

__all__ = ["bin_table", "risk_at", "risk_table"]

COVERAGES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)  # shares of the answers given at which the table tells the risk


def risk_at(curve: Risk, coverage: float) -> tuple[float, float, float]:
    """Return the risk at the coverage next to `coverage`, and its interval; NaN where no answer was valid."""
    if not curve.coverage:
        return float("nan"), float("nan"), float("nan")
    nearest = int(np.abs(np.asarray(curve.coverage) - coverage).argmin())
    return curve.risk[nearest], curve.low[nearest], curve.high[nearest]


def bin_table(title: str, keys: Sequence[Key], bins: Sequence[Bins]) -> Table:
    """Return the numbers behind reliability diagrams, a row per bin that is not empty everywhere."""
    number = len(bins[0].n)
    rows = []
    for i in range(number):
        if not any(part.n[i] for part in bins):
            continue
        cells = []
        for part in bins:
            right = f"{percent(part.accuracy[i], sign=False)} ({interval(part.low[i], part.high[i])})"
            cells += (
                [count(part.n[i]), percent(part.confidence[i], sign=False), right] if part.n[i] else ["0", "–", "–"]
            )
        rows.append((f"{percent(i / number, sign=False)}–{percent((i + 1) / number, sign=False)}", *cells))
    head = [text for key in keys for text in (f"{key.name}: answers", "mean confidence", "right (95 % interval)")]
    return Table(f"{title}: answers, mean confidence and accuracy per bin, in %", ("confidence", *head), tuple(rows))


def risk_table(title: str, curves: Sequence[Risk]) -> Table:
    """Return the risks at some coverages, a column per checkpoint."""
    rows = []
    for coverage in COVERAGES:
        cells = []
        for curve in curves:
            risk, low, high = risk_at(curve, coverage)
            cells.append(f"{percent(risk, sign=False)} ({interval(low, high)})" if risk == risk else "–")
        rows.append((percent(coverage, 0), *cells))
    head = ("answers given", *(curve.name for curve in curves))
    return Table(f"{title}: wrong among the most confident answers, in % with its 95 % interval", head, tuple(rows))
