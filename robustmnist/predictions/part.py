"""A part of a run: some of its suites, or one of its checkpoints."""

from collections.abc import Iterable
from dataclasses import replace

from robustmnist.predictions.table import Predictions

__all__ = ["only_checkpoint", "only_suites"]


def only_checkpoint(predictions: Predictions, name: str) -> Predictions:
    """Return the run as if only the checkpoint called `name` had been evaluated, without pictures; nothing is copied.

    Raises:
        RunError: If it was not evaluated.
    """
    place = predictions.index(name)
    records = predictions.manifest["checkpoints"][place : place + 1]
    return replace(
        predictions,
        checkpoints=(name,),
        clean=predictions.clean[place : place + 1],
        logits={key: array[place : place + 1] for key, array in predictions.logits.items()},
        manifest={**predictions.manifest, "checkpoints": records},
        digits=None,
        older=(),
    )


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
