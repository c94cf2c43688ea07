"""The one number that makes a classifier's confidence right on clean digits."""

import numpy as np
from numpy.typing import NDArray

from robustmnist.statistics.decisions import decide
from robustmnist.statistics.proper_scores import log_likelihoods

__all__ = ["COLDEST", "HOTTEST", "fit_temperature"]


COLDEST, HOTTEST = 0.05, 20.0  # temperatures that are fitted; beyond them confidences say nothing


def fit_temperature(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Return the temperature T at which softmax(logits / T) has the least NLL, from 0.05 to 20.

    It belongs to clean *validation* digits, which neither train nor test the classifier, and stays the same under every
    shift: fitted on the test digits it would report a calibration that nobody has in use. It changes no decision. A
    training fits it once at its end, the checkpoint's card keeps it, and an evaluation copies it into its manifest,
    from where `stored_temperatures` hands it to `quality` and `reliability`.

    Where all rows are right the NLL has no minimum but falls with T, and the answer is 0.05, the coldest; for logits
    that know nothing of the labels it is 20.

    Args:
        logits: (n, 10), finite, n ≥ 1.
        labels: True classes, (n,).

    Raises:
        ValueError: If the shapes do not fit or a logit is not finite.

    Source: Guo et al., On calibration of modern neural networks, ICML 2017.

    >>> logits = np.eye(10)[[3, 3, 3, 3]] * 5.0  # four times the same answer, right three times
    >>> odds = 3.0 * 9.0  # of the answer against each of the others, where it is right three times in four
    >>> bool(abs(fit_temperature(logits, np.array([3, 3, 3, 1])) - 5.0 / np.log(odds)) < 1e-4)
    True
    """
    from scipy.optimize import minimize_scalar  # half a second, for a card that is only read

    table = np.asarray(logits, np.float64)
    if table.ndim != 2 or table.shape != (len(labels), 10) or len(labels) == 0 or not np.isfinite(table).all():
        raise ValueError(f"logits {table.shape} for {len(labels)} labels: they must be (n, 10), n ≥ 1, and finite")

    def nll(log_temperature: float) -> float:
        cooled = table / np.exp(log_temperature)
        return -float(log_likelihoods(cooled, labels, decide(cooled)).mean())

    # The NLL is convex in 1/T, so in log T it has one valley, and a bounded search cannot miss it.
    bounds = (float(np.log(COLDEST)), float(np.log(HOTTEST)))
    least = minimize_scalar(nll, bounds=bounds, method="bounded", options={"xatol": 1e-8})
    best = min((bounds[0], float(least.x), bounds[1]), key=nll)
    return float(np.clip(np.exp(best), COLDEST, HOTTEST))
