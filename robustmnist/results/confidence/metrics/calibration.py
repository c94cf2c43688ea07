"""The expected calibration errors."""

from robustmnist.results.confidence.metrics.metric import Metric
from robustmnist.statistics.calibration import calibration_error, equal_mass, equal_width

__all__ = ["ECE_MASS", "ECE_WIDTH"]

ECE_WIDTH = Metric(
    "ece_width",
    "expected calibration error, 15 bins of equal width; chance alone raises it, for which its interval allows",
    lambda of: calibration_error(of.answers, equal_width(of.answers.confidence)),
    better="lower",
    label="ECE",
    with_temperature=True,
)
ECE_MASS = Metric(
    "ece_mass",
    "expected calibration error, 15 bins of equal mass",
    lambda of: calibration_error(of.answers, equal_mass(of.answers.ranking)),
    better="lower",
)
