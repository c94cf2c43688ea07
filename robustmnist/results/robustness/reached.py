"""What was measured on the digits at a strength that was asked for."""

import numpy as np

from robustmnist.predictions import Predictions
from robustmnist.results.remembered import remembered
from robustmnist.suites import Sweep

__all__ = ["measured_at"]


def measured_at(predictions: Predictions, suite: str, sweep: Sweep, strength: float) -> float:
    """Return the mean change measured at a strength of a curve, linear between its values, in the sweep's own unit.

    NaN where the run measured nothing, or a property in another unit, or the strength is NaN.
    """
    values, means = _measured(predictions, suite, sweep.name)
    if len(values) < 2 or np.isnan(strength):
        return float("nan")
    return float(np.interp(strength, values, means))


@remembered
def _measured(predictions: Predictions, suite: str, sweep: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the values at which the sweep's own property was measured, rising, and the means there."""
    table = predictions.realised
    if table is None:
        return (), ()
    own = table[(table["suite"] == suite) & (table["sweep"] == sweep) & (table["measure_unit"] == table["unit"])]
    own = own[own["measured_mean"].notna()].sort_values("value")
    return tuple(map(float, own["value"])), tuple(map(float, own["measured_mean"]))
