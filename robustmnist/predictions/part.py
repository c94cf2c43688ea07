"""A part of a run."""

from collections.abc import Iterable
from dataclasses import replace

from robustmnist.predictions.table import Predictions

__all__ = ["only_suites"]


def only_suites(predictions: Predictions, names: Iterable[str]) -> Predictions:
    """Return the run as if only the suites called `names` had been asked for, in the run's order; nothing is copied.

    Raises:
        RunError: If one of them was not run.
    """
    wanted = {predictions.suite(name).name for name in names}
    suites = tuple(suite for suite in predictions.suites if suite.name in wanted)
    if suites == tuple(predictions.suites):
        return predictions
    realised = predictions.realised
    return replace(
        predictions,
        suites=suites,
        logits={key: array for key, array in predictions.logits.items() if key[0] in wanted},
        manifest={**predictions.manifest, "suites": [suite.as_dict() for suite in suites]},
        realised=None if realised is None else realised[realised["suite"].isin(wanted)].reset_index(drop=True),
    )
