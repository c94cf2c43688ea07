"""How the target of each digit falls as the perturbation grows, and what else the strength did to the digit."""

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.explanation.answers import answers_of
from robustmnist.explanation.cases import Fall, Frame
from robustmnist.explanation.change import path_map
from robustmnist.explanation.condition import Condition
from robustmnist.explanation.curves.alignment import motion_of
from robustmnist.explanation.subject import Subject
from robustmnist.explanation.target import Target
from robustmnist.measure import MEASURES, ink
from robustmnist.suites.natural_band import comparison

if TYPE_CHECKING:
    from robustmnist.data import Dataset

__all__ = ["falls", "ink_lost", "realised", "realised_unit"]

FRAMES = 4  # strengths at which a digit is drawn
FINE = 48  # steps from neutral to the strength, between which the flip is looked for


def falls(
    subject: Subject, digits: "Dataset", condition: Condition, target: Target, temperature: float | None
) -> list[Fall]:
    """Return how the target of each digit falls from neutral to the strength of `condition`."""
    path, stops = condition.path(digits), condition.stops(FRAMES)
    loss = path_map(subject, path, stops, target)
    neutral, end = condition.sweep.neutral, condition.setting.value
    motion = motion_of(condition.sweep.perturbation, condition.sweep.arguments(end, condition.variant))
    moves = motion is None or not motion.still
    values = [neutral + (end - neutral) * step / FINE for step in range(FINE)] + [end]
    fine = [answers_of(subject, path(value), target, temperature) for value in values]
    images = [path(stop)[:, 0].cpu().numpy() for stop in stops]
    shown = [answers_of(subject, path(stop), target, temperature) for stop in stops]
    maps = loss.maps.cpu().numpy()
    gathered = []
    for row, label in enumerate(digits.labels.tolist()):
        read = [at[row].predicted for at in fine]
        gathered.append(
            Fall(
                tuple(values),
                tuple(at[row].score for at in fine),
                next((value for value, answer in zip(values, read, strict=True) if answer != label), None),
                tuple(Frame(stop, image[row], at[row]) for stop, image, at in zip(stops, images, shown, strict=True)),
                tuple(maps[row]),
                float(loss.gap[row]),
                moves,
            )
        )
    return gathered


def ink_lost(condition: Condition, clean: Tensor, perturbed: Tensor) -> NDArray[np.float64]:
    """Return the share of each digit's ink that left the frame, (B,); NaN where ink is made or taken otherwise."""
    factor = condition.sweep.entry.ink_factor
    if factor is None:
        return np.full(len(clean), math.nan)
    whole = ink(clean).double() * factor(condition.sweep.arguments(condition.setting.value, condition.variant))
    lost: NDArray[np.float64] = (1 - ink(perturbed).double() / whole).cpu().numpy()
    return lost


def realised(condition: Condition, clean: Tensor, perturbed: Tensor) -> NDArray[np.float64]:
    """Return the change of each digit that the strength stands for, as measured, (B,); NaN where there is none."""
    name = condition.sweep.entry.parameters[condition.sweep.parameter].measure
    if name is None:
        return np.full(len(clean), math.nan)

    def read(part: str, images: Tensor) -> NDArray[np.float64]:
        return MEASURES[part].function(images).double().cpu().numpy()

    measure, how = MEASURES[name], _comparison(condition)[0]
    if measure.parts:
        away = (MEASURES[part].difference(read(part, clean), read(part, perturbed)) for part in measure.parts)
        return np.asarray(np.hypot(*away), np.float64)
    before, after = read(name, clean), read(name, perturbed)
    if how == "difference":
        near = condition.setting.value if measure.unit == condition.sweep.unit else 0.0
        return np.asarray(measure.difference(before, after, near), np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(after / before - (how == "change"), np.float64)


def realised_unit(condition: Condition) -> str:
    """Return the unit of `realised`; empty where there is no measure."""
    return _comparison(condition)[1]


def _comparison(condition: Condition) -> tuple[str, str]:
    parameter = condition.sweep.entry.parameters[condition.sweep.parameter]
    return comparison(parameter, MEASURES[parameter.measure]) if parameter.measure else ("", "")
