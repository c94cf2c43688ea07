"""How confident the answers are."""

import numpy as np

from robustmnist.results.confidence.metrics.metric import mean_metric
from robustmnist.results.confidence.setting_answers import SettingAnswers
from robustmnist.statistics.score_intervals import MeanScore

__all__ = ["MEAN_CONFIDENCE"]

LEAST = 0.1  # of ten classes


def _confidence(setting: SettingAnswers) -> MeanScore:
    return MeanScore(setting.answers.confidence, least=LEAST, most=np.ones_like)


MEAN_CONFIDENCE = mean_metric("mean_confidence", "mean softmax probability of the predicted class", _confidence)
