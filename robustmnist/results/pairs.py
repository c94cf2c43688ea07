"""Every pair of checkpoints compared, the p-values corrected over all of them."""

from itertools import combinations

from robustmnist.predictions import Predictions
from robustmnist.results.bootstrap import RESAMPLES
from robustmnist.results.comparison import Comparison, compare
from robustmnist.results.families import corrected

__all__ = ["compare_pairs"]


def compare_pairs(
    predictions: Predictions, baseline: str | None = None, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[Comparison, ...]:
    """Return `compare` of every two checkpoints, in the order of the run: (0, 1), (0, 2), (1, 2) and so on.

    The families of `Comparison` are those of all pairs together, because a reader of the page sees them all: each
    ``p_holm`` is corrected over clean accuracy and suites (or settings, sweeps, sides) of all pairs. Tests without a
    p-value do not count.

    Args:
        predictions: What was evaluated.
        baseline: The checkpoint by whose errors corruption errors are divided; by default the first of each pair.
        resamples: Of the bootstrap over images.
        seed: Of the bootstrap.
    """
    pairs = combinations(predictions.checkpoints, 2)
    return corrected([compare(predictions, a, b, baseline, resamples, seed) for a, b in pairs])
