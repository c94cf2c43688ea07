"""The negative log-likelihood of the true class."""

import numpy as np

from robustmnist.results.confidence.metrics.metric import mean_metric
from robustmnist.results.confidence.setting_answers import SettingAnswers
from robustmnist.statistics.score_intervals import MeanScore

__all__ = ["NLL"]


def _nll(setting: SettingAnswers) -> MeanScore:
    # Of a wrong answer the most is what its true class loses by all that the predicted class got, log(1 + odds).
    return MeanScore(-setting.log_likelihoods, least=0.0, most=lambda log_odds: np.logaddexp(0.0, log_odds))


NLL = mean_metric(
    "nll",
    "negative log-likelihood, natural logarithm",
    _nll,
    better="lower",
    label="NLL",
    with_temperature=True,
)
