"""How well confidence picks out the right answers: areas under the risk-coverage curve."""

from robustmnist.results.confidence.metrics.metric import Metric
from robustmnist.statistics.selective_risk import aurc, excess_aurc

__all__ = ["AURC", "EXCESS_AURC"]

AURC = Metric("aurc", "area under the risk-coverage curve", lambda of: aurc(of.answers), better="lower", label="AURC")
EXCESS_AURC = Metric(
    "excess_aurc", "how much of AURC the best order would save", lambda of: excess_aurc(of.answers), better="lower"
)
