"""What a metric of a setting is."""

from collections.abc import Callable
from dataclasses import dataclass

from robustmnist.results.confidence.setting_answers import SettingAnswers
from robustmnist.statistics.score_intervals import RESAMPLED, MeanScore

__all__ = ["Metric", "mean_metric"]


@dataclass(frozen=True)
class Metric:
    """A number for each setting: a column of `quality`, and of the page where it has a label.

    Attributes:
        column: Its name in tables.
        title: What it is, in words and with its range or unit.
        value: Its formula; NaN where no answer is valid.
        better: ``"lower"``, ``"higher"``, or empty where neither is better.
        mean: For a mean over answers, what it is the mean of: its interval follows. The calibration errors and the
            areas under the risk-coverage curve have rules of their own in `robustmnist.statistics.score_intervals`; any
            other metric has no interval.
        label: The head of its column on the page; empty: the page does not show it.
        with_temperature: Whether page and `compare` show it with the fitted temperature too.
    """

    column: str
    title: str
    value: Callable[[SettingAnswers], float]
    better: str = ""
    mean: Callable[[SettingAnswers], MeanScore] | None = None
    label: str = ""
    with_temperature: bool = False

    @property
    def has_interval(self) -> bool:
        """Whether ``<column>_low`` and ``<column>_high`` follow in tables."""
        return self.mean is not None or self.column in RESAMPLED


def mean_metric(
    column: str,
    title: str,
    mean: Callable[[SettingAnswers], MeanScore],
    *,
    better: str = "",
    label: str = "",
    with_temperature: bool = False,
) -> Metric:
    """Return the metric that is the mean of `mean`'s amounts over the valid answers."""

    def value(setting: SettingAnswers) -> float:
        amounts = mean(setting).amounts
        return float(amounts.mean()) if len(amounts) else float("nan")

    return Metric(column, title, value, better, mean, label, with_temperature)
