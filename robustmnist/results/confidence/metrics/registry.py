"""Which metrics every setting has, in the order of their columns."""

from robustmnist.results.confidence.metrics.brier import BRIER, RELIABILITY, RESIDUAL, RESOLUTION, UNCERTAINTY
from robustmnist.results.confidence.metrics.calibration import ECE_MASS, ECE_WIDTH
from robustmnist.results.confidence.metrics.likelihood import NLL
from robustmnist.results.confidence.metrics.mean_confidence import MEAN_CONFIDENCE
from robustmnist.results.confidence.metrics.metric import Metric
from robustmnist.results.confidence.metrics.selection import AURC, EXCESS_AURC

__all__ = ["METRICS"]

METRICS: dict[str, Metric] = {
    "mean_confidence": MEAN_CONFIDENCE,
    "nll": NLL,
    "brier": BRIER,
    "brier_reliability": RELIABILITY,
    "brier_resolution": RESOLUTION,
    "brier_uncertainty": UNCERTAINTY,
    "brier_residual": RESIDUAL,
    "ece_width": ECE_WIDTH,
    "ece_mass": ECE_MASS,
    "aurc": AURC,
    "excess_aurc": EXCESS_AURC,
}
