"""Brier's score and the parts that it falls into."""

from scipy.special import expit

from robustmnist.results.confidence.metrics.metric import Metric, mean_metric
from robustmnist.results.confidence.setting_answers import SettingAnswers
from robustmnist.statistics.score_intervals import MeanScore

__all__ = ["BRIER", "RELIABILITY", "RESIDUAL", "RESOLUTION", "UNCERTAINTY"]


def _squares(setting: SettingAnswers) -> MeanScore:
    # Of a wrong answer with confidence p: p² for the predicted class and 1 for the true one.
    return MeanScore(setting.brier_sums.squares, least=0.0, most=lambda log_odds: 1.0 + expit(log_odds) ** 2)


BRIER = mean_metric(
    "brier", "squared distance of the ten probabilities from the truth, 0 to 2", _squares, better="lower", label="Brier"
)
RELIABILITY = Metric("brier_reliability", "part of Brier's score", lambda of: of.brier.reliability, better="lower")
RESOLUTION = Metric("brier_resolution", "part of Brier's score", lambda of: of.brier.resolution, better="higher")
UNCERTAINTY = Metric("brier_uncertainty", "part of Brier's score", lambda of: of.brier.uncertainty)
RESIDUAL = Metric("brier_residual", "part of Brier's score", lambda of: of.brier.residual)
