"""Per sample: how far it can be taken in each direction before it is misread."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.predictions import Predictions
from robustmnist.results.correctness import hits
from robustmnist.results.remembered import remembered
from robustmnist.statistics.decisions import decide
from robustmnist.suites.sides import Side, side_of

__all__ = ["Endurance", "critical_severity", "endurance", "first_to_fail", "never_fail"]


@dataclass(frozen=True)
class Endurance:
    """How long each image stands on one side of a sweep, by every checkpoint.

    Attributes:
        side: The values, from neutral outwards; k of them, neutral included.
        first_failure: The index on the side of the first value at which the image is misread, k where it never is;
            int64 (M, n).
        last_success: The index of the last value at which it is read right, −1 where it never is; int64 (M, n).
    """

    side: Side
    first_failure: NDArray[np.int64]
    last_success: NDArray[np.int64]

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Whether the image fails within the sweep, bool (M, n); otherwise it is censored at the sweep's end."""
        failed: NDArray[np.bool_] = self.first_failure < len(self.side.at)
        return failed

    @property
    def distance(self) -> NDArray[np.float64]:
        """The distance from neutral of the first failure, of the sweep's end where there is none; float64 (M, n)."""
        return self.side.distances[np.minimum(self.first_failure, len(self.side.at) - 1)]


@remembered
def endurance(predictions: Predictions, suite: str, sweep: str, side: str) -> Endurance:
    """Return how long each image stands on one side of a sweep.

    Every value is looked at, from neutral outwards, and nothing is taken for monotone: an image may fail, be read right
    farther out, and fail once more. Its critical severity is the *first* value at which it fails; the last at which it
    is read right is kept beside it. The true limit lies between that value and the value before, so a finer sweep
    gives a lower limit. An image misread at neutral has failed at distance 0. An image with several variants
    (directions, draws) stands while more than half of them are read right.

    Raises:
        RunError: If the sweep was not evaluated, or has no values on this side.
    """
    evaluated = predictions.sweep(suite, sweep)
    outward = side_of(evaluated, side)
    stands = 2 * hits(predictions, suite, sweep)[:, outward.at].astype(np.int64) > len(evaluated.variants)
    k = len(outward.at)
    first = np.where(stands.all(axis=1), k, (~stands).argmax(axis=1))
    last = np.where(stands.any(axis=1), k - 1 - stands[:, ::-1].argmax(axis=1), -1)
    return Endurance(outward, first, last)


def critical_severity(
    predictions: Predictions, checkpoint: str, suite: str, sweep: str, side: str = "above"
) -> pd.DataFrame:
    """Return a row per image: where it fails first and where it is last read right, as `endurance` says.

    Columns: ``row`` in the predictions, ``id``, ``label``; ``first_failure`` and ``last_success``, strengths in the
    sweep's unit (NaN: never); ``distance`` from neutral of the first failure, or of the sweep's end where there is
    none; ``censored``, whether there is none.

    Raises:
        RunError: If the setting was not evaluated, or the sweep has no such side.
    """
    index = predictions.index(checkpoint)
    endured = endurance(predictions, suite, sweep, side)
    # NaN stands behind the last value: that is where k and −1 point.
    strengths = np.append(endured.side.strengths, np.nan)
    return pd.DataFrame(
        {
            "row": np.arange(len(predictions)),
            "id": predictions.ids,
            "label": predictions.labels,
            "first_failure": strengths[endured.first_failure[index]],
            "last_success": strengths[endured.last_success[index]],
            "distance": endured.distance[index],
            "censored": ~endured.failed[index],
        }
    )


def first_to_fail(
    predictions: Predictions, checkpoint: str, suite: str, sweep: str, side: str = "above", top: int = 25
) -> pd.DataFrame:
    """Return the `top` images that fail first, of those read right at neutral, the most confident first among equals.

    Columns: those of `critical_severity`, then the ``predicted`` class and its ``confidence`` at the first failure, by
    the sweep's first variant that is misread there. An invalid answer has ``predicted`` −1 and comes last among equals.

    Raises:
        RunError: As `critical_severity`.
    """
    table = critical_severity(predictions, checkpoint, suite, sweep, side)
    failing = table[~table["censored"] & (table["distance"] > 0)].copy()
    predicted, log_odds = np.full(len(table), -1), np.full(len(table), np.nan)
    confidence = log_odds.copy()
    for value in np.unique(failing["first_failure"]):
        left = np.asarray(failing["row"][failing["first_failure"] == value])
        for logits in predictions.at(checkpoint, suite, sweep, float(value)):
            decisions = decide(logits[left])
            new = decisions.predicted != predictions.labels[left]
            predicted[left[new]], log_odds[left[new]] = decisions.predicted[new], decisions.log_odds[new]
            confidence[left[new]] = decisions.confidence[new]
            left = left[~new]
    failing["predicted"], failing["confidence"] = predicted[failing["row"]], confidence[failing["row"]]
    doubt = np.nan_to_num(-log_odds[failing["row"]], nan=np.inf)
    order = np.lexsort((doubt, np.asarray(failing["distance"])))
    return failing.iloc[order[:top]].reset_index(drop=True)


def never_fail(predictions: Predictions, checkpoint: str, suite: str, sweep: str, side: str = "above") -> pd.DataFrame:
    """Return the images that are read right at every value of the side, in their order; columns of `critical_severity`.

    Raises:
        RunError: As `critical_severity`.
    """
    table = critical_severity(predictions, checkpoint, suite, sweep, side)
    return table[table["censored"]].reset_index(drop=True)
