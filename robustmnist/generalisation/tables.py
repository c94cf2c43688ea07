"""The tables of a generalisation: accuracy and calibration, detection, where the ink lies, known causes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.generalisation.matching import Readings
from robustmnist.generalisation.scores import by_factor, confidence, confusions, right_answers, scores
from robustmnist.generalisation.sets import TestSet
from robustmnist.measure import MEASURES
from robustmnist.statistics.decisions import decide
from robustmnist.statistics.detection import detection, energy
from robustmnist.suites.natural_band import natural_bands

if TYPE_CHECKING:
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["Logits", "accuracy_table", "confusion_table", "detection_table", "factor_table", "shift_table"]

Logits = Mapping[tuple[str, str], NDArray[np.float32]]  # (checkpoint, set) -> (n, 10)
DETECTION_RESAMPLES = 500  # a resample sorts all images of two sets
GROUPS = ("hand",)  # factors that are the groups themselves


def accuracy_table(
    checkpoints: "Mapping[str, Checkpoint]", sets: Sequence[TestSet], logits: Logits, seed: int, resamples: int
) -> pd.DataFrame:
    """Return accuracy, confidence and calibration of each checkpoint on each set."""
    rows = []
    for each in sets:
        for name, checkpoint in checkpoints.items():
            given = logits[name, each.name]
            if each.is_digits:
                temperature = getattr(checkpoint.card, "temperature", None)
                row = scores(given, each.labels, each.groups, temperature=temperature, seed=seed, resamples=resamples)
            else:
                row = {"n": len(given), **confidence(given, each.groups, seed, resamples)}
            rows.append({"checkpoint": name, "set": each.name, **row})
    return pd.DataFrame(rows)


def detection_table(
    sets: Mapping[str, TestSet], homes: Mapping[str, str], logits: Logits, seed: int, resamples: int
) -> pd.DataFrame:
    """Return how well two scores tell each set from the home of each checkpoint."""
    rows = []
    for (name, other), given in logits.items():
        home = homes[name]
        if other == home:
            continue
        for score in ("confidence", "energy"):
            known, there = (
                energy(values) if score == "energy" else decide(values).log_odds
                for values in (logits[name, home], given)
            )
            detected = detection(
                known,
                there,
                known_groups=sets[home].groups,
                other_groups=sets[other].groups,
                resamples=min(resamples, DETECTION_RESAMPLES),
                seed=seed,
            )
            rows.append({"checkpoint": name, "home": home, "set": other, "score": score, **vars(detected)})
    return pd.DataFrame(rows)


def shift_table(readings: Mapping[str, Readings]) -> pd.DataFrame:
    """Return where the images of each set lie by each measure, against MNIST's 60,000 training digits."""
    return pd.DataFrame(row for name, values in readings.items() for row in _shift(name, values))


def _shift(name: str, readings: Readings) -> Iterator[dict[str, Any]]:
    """Yield where the images of a set lie by each measure, against MNIST's 60,000 training digits."""
    for measure, values in readings.items():
        known = values[np.isfinite(values)]
        low, high = natural_bands()[measure]["reading"]
        quantiles = np.percentile(known, (2.5, 50, 97.5)) if len(known) else (np.nan,) * 3
        yield {
            "set": name,
            "measure": measure,
            "unit": MEASURES[measure].unit,
            "n": len(known),
            **dict(zip(("low", "median", "high"), map(float, quantiles), strict=True)),
            "mnist_low": low,
            "mnist_high": high,
            "outside": float(((known < low) | (known > high)).mean()) if len(known) else float("nan"),
        }


def factor_table(
    checkpoints: Sequence[str], sets: Sequence[TestSet], logits: Logits, seed: int, resamples: int
) -> pd.DataFrame:
    """Return the accuracy of each checkpoint at each level of what the digits of a set were made with."""
    return pd.DataFrame(_factors(checkpoints, sets, logits, seed, resamples))


def confusion_table(checkpoints: Sequence[str], sets: Sequence[TestSet], logits: Logits) -> pd.DataFrame:
    """Return how often each class was read as each other, where it ever was."""
    return pd.DataFrame(
        {"checkpoint": name, "set": each.name, **row}
        for each in sets
        if each.is_digits
        for name in checkpoints
        for row in confusions(logits[name, each.name], each.labels)
    )


def _factors(
    checkpoints: Sequence[str], sets: Sequence[TestSet], logits: Logits, seed: int, resamples: int
) -> Iterator[dict[str, Any]]:
    """Yield the accuracy of each checkpoint at each level of what the digits of a set were made with."""
    for each in sets:
        for factor, values in each.data.factors.items():
            if factor in GROUPS:
                continue
            for name in checkpoints:
                right = right_answers(logits[name, each.name], each.labels)
                for row in by_factor(right, values, each.groups, seed, resamples):
                    yield {"set": each.name, "factor": factor, "checkpoint": name, **row}
