"""The predictions of all checkpoints under all settings, in memory or memory-mapped."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from robustmnist.errors import RunError
from robustmnist.predictions.pictures import Digits
from robustmnist.predictions.stacked import Logits
from robustmnist.statistics.decisions import decide
from robustmnist.suites import Suite, Sweep
from robustmnist.system.validation import did_you_mean

if TYPE_CHECKING:
    import pandas as pd
from collections.abc import Iterable
from dataclasses import replace

__all__ = ["Predictions", "only_checkpoint", "only_suites", "stored_temperatures"]


@dataclass(frozen=True, eq=False)
class Predictions:
    """What every checkpoint answered to every image under every setting.

    Attributes:
        checkpoints: M names, in the order of the first axis of the logits.
        suites: The suites that were run.
        ids: The sample's row in its data set, int64 (n,).
        labels: True classes, int64 (n,).
        clean: Logits of the unperturbed images, float32 (M, n, 10).
        logits: (suite name, sweep name) to float32 (M, V, R, n, 10): V values in the sweep's order, R variants.
            Arrays, or for merged runs tables that can be indexed like arrays (`robustmnist.predictions.stacked`).
        manifest: Where all of it comes from; see `robustmnist.evaluate`.
        digits: The pictures for the report, or None.
        realised: What every strength did to the digits (see `robustmnist.predictions.realised`), or None.
        older: For merged runs, those of them whose pictures are stored by rank (see `Digits.by_rank`).
    """

    checkpoints: tuple[str, ...]
    suites: tuple[Suite, ...]
    ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    clean: NDArray[np.float32]
    logits: Mapping[tuple[str, str], Logits]
    manifest: Mapping[str, Any]
    digits: Digits | None = None
    realised: "pd.DataFrame | None" = None
    older: "tuple[Predictions, ...]" = ()

    def __len__(self) -> int:
        return len(self.labels)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: which digits and suites, and every checkpoint's accuracy on clean digits."""
        from robustmnist.page.notebook import card, table

        dataset = self.manifest.get("dataset", {})
        facts = {
            "digits": f"{len(self):,} of {dataset.get('name', '')}",
            "suites": ", ".join(suite.name for suite in self.suites),
            "device": self.manifest.get("device", ""),
        }
        right = [(decide(self.at(name)[0]).predicted == self.labels).mean() for name in self.checkpoints]
        rows = [(name, f"{100 * share:.2f} %") for name, share in zip(self.checkpoints, right, strict=True)]
        return card("Predictions", facts, table(("checkpoint", "clean accuracy"), rows))

    def index(self, checkpoint: str) -> int:
        """Return the index of `checkpoint` on the first axis; raise `RunError` where it was not evaluated."""
        return _find(checkpoint, self.checkpoints, "checkpoint")

    def suite(self, name: str) -> Suite:
        """Return the suite called `name`; raise `RunError` where it was not run."""
        return self.suites[_find(name, [suite.name for suite in self.suites], "suite")]

    def sweep(self, suite: str, name: str) -> Sweep:
        """Return the sweep called `name` of `suite`; raise `RunError` where it was not run."""
        sweeps = self.suite(suite).sweeps
        return sweeps[_find(name, [sweep.name for sweep in sweeps], "sweep")]

    def at(
        self, checkpoint: str, suite: str | None = None, sweep: str | None = None, value: float | None = None
    ) -> NDArray[np.float32]:
        """Return the logits of one setting, (R, n, 10) for R variants; without a suite of the clean images, (1, n, 10).

        Raises:
            RunError: If the setting was not evaluated.
        """
        index = self.index(checkpoint)
        if suite is None:
            return self.clean[index : index + 1]
        if sweep is None or value is None:
            raise RunError(f"suite '{suite}' alone names no setting", remedy="give the sweep and the value too")
        values = self.sweep(suite, sweep).values
        at = next((i for i, known in enumerate(values) if math.isclose(known, value, abs_tol=1e-12)), None)
        if at is None:
            known = ", ".join(f"{other:g}" for other in values)
            raise RunError(f"{value:g} is not a value of sweep '{suite}.{sweep}'", remedy=f"use one of {known}")
        logits: NDArray[np.float32] = self.logits[suite, sweep][index, at]
        return logits


def _find(name: str, known: Sequence[str], kind: str) -> int:
    if name not in known:
        raise RunError(
            f"{kind} '{name}' is not in this run{did_you_mean(name, known)}", remedy=f"it has {', '.join(known)}"
        )
    return list(known).index(name)


def stored_temperatures(predictions: Predictions) -> dict[str, float]:
    """Return the temperatures on the checkpoints' cards by name, without the checkpoints that have none.

    Runs from before version 0.2 have none.
    """
    # By index: a page may call a checkpoint otherwise than its card does.
    records = zip(predictions.checkpoints, predictions.manifest.get("checkpoints", ()), strict=False)
    return {name: float(record["temperature"]) for name, record in records if record.get("temperature")}


def only_checkpoint(predictions: Predictions, name: str) -> Predictions:
    """Return the run as if only the checkpoint called `name` had been evaluated, without pictures; nothing is copied.

    Raises:
        RunError: If it was not evaluated.
    """
    index = predictions.index(name)
    records = predictions.manifest["checkpoints"][index : index + 1]
    return replace(
        predictions,
        checkpoints=(name,),
        clean=predictions.clean[index : index + 1],
        logits={key: array[index : index + 1] for key, array in predictions.logits.items()},
        manifest={**predictions.manifest, "checkpoints": records},
        digits=None,
        older=(),
    )


def only_suites(predictions: Predictions, names: Iterable[str]) -> Predictions:
    """Return the run as if only the suites called `names` had been asked for, in the run's order; nothing is copied.

    Raises:
        RunError: If any of them was not run.
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
