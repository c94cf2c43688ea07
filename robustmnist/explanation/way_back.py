"""The way back: the smallest turn, shift, size or stroke change after which a misread digit is read right."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb.prepared import prepare
from robustmnist.statistics.decisions import INVALID, decide

if TYPE_CHECKING:
    from robustmnist.explanation.subject import Subject

__all__ = ["CHANGES", "Change", "WayBack", "ways_back"]


@dataclass(frozen=True)
class Change:
    """A kind of change that is tried, from small to large.

    Attributes:
        name: For people.
        perturbation: A key of `robustmnist.perturb.PERTURBATIONS`.
        unit: That of a step's size.
        steps: Size and keyword arguments of each try, in rising order of size; equal sizes are tried in this order.
    """

    name: str
    perturbation: str
    unit: str
    steps: tuple[tuple[float, Mapping[str, float]], ...]


def _turns() -> Iterator[tuple[float, Mapping[str, float]]]:
    for size in range(1, 31):
        yield from ((float(size), {"angle": float(sign * size)}) for sign in (1, -1))


def _shifts() -> Iterator[tuple[float, Mapping[str, float]]]:
    steps = [(dx, dy) for dx in range(-4, 5) for dy in range(-4, 5) if 0 < dx * dx + dy * dy <= 16]
    for dx, dy in sorted(steps, key=lambda step: step[0] ** 2 + step[1] ** 2):
        yield float(np.hypot(dx, dy)), {"dx": float(dx), "dy": float(dy)}


def _sizes() -> Iterator[tuple[float, Mapping[str, float]]]:
    for per_cent in range(5, 45, 5):
        for factor in (1 + per_cent / 100, 1 / (1 + per_cent / 100)):
            yield per_cent / 100, {"factor": factor}


def _strokes() -> Iterator[tuple[float, Mapping[str, float]]]:
    for quarter in range(1, 9):
        yield from ((quarter / 4, {"change": sign * quarter / 4}) for sign in (1, -1))


CHANGES = (
    Change("turn", "rotation", "°", tuple(_turns())),
    Change("shift", "shift", "px", tuple(_shifts())),
    Change("size", "scale", "×", tuple(_sizes())),
    Change("stroke", "thickness", "px", tuple(_strokes())),
)


@dataclass(frozen=True, eq=False)
class WayBack:
    """How digits come to be read as a wanted class by one kind of change.

    Attributes:
        change: What was tried.
        smallest: float64 (B,), the smallest size that is read as wanted; NaN where none of those tried is.
        step: int64 (B,), the row of `change.steps`; −1 where none.
        control: float64 (B,), the same for another class, drawn for each digit: what any class is worth.
        control_classes: int64 (B,), that class.
    """

    change: Change
    smallest: NDArray[np.float64]
    step: NDArray[np.int64]
    control: NDArray[np.float64]
    control_classes: NDArray[np.int64]

    def arguments(self, row: int) -> Mapping[str, float] | None:
        """Return the arguments of the smallest change of one digit, None where there is none."""
        return None if self.step[row] < 0 else self.change.steps[int(self.step[row])][1]


def ways_back(
    subject: "Subject",
    images: Tensor,
    labels: Tensor,
    predicted: Tensor,
    *,
    ids: Tensor,
    seed: int = 0,
    changes: Sequence[Change] = CHANGES,
    on_progress: Callable[[int], None] | None = None,
) -> tuple[WayBack, ...]:
    """Return for each kind of change the smallest that makes each image read as its label.

    The change acts on the image as it is, so on a perturbed digit it comes on top. As a control the smallest change
    that makes it read as a third class, neither true nor predicted, drawn for each digit.

    Args:
        subject: Who reads.
        images: float32 (B, 1, 28, 28), misread.
        labels: int64 (B,), their true classes.
        predicted: int64 (B,), what they are taken for.
        ids: int64 (B,), on which the drawn classes depend.
        seed: Of the drawn classes.
        changes: What is tried.
        on_progress: Called with the number of images done since the last call.
    """
    wanted, read_as = labels.cpu().numpy(), predicted.cpu().numpy()
    others = _third_classes(wanted, read_as, Draws(seed, "explain way-back", ids).uniform(1)[:, 0].cpu().numpy())
    return tuple(_way(subject, images, wanted, others, change, ids, on_progress) for change in changes)


def _way(
    subject: "Subject",
    images: Tensor,
    wanted: NDArray[np.int64],
    others: NDArray[np.int64],
    change: Change,
    ids: Tensor,
    on_progress: Callable[[int], None] | None,
) -> WayBack:
    changed = prepare(change.perturbation, images, ids=ids)
    step, control = np.full(len(wanted), -1), np.full(len(wanted), -1)
    for number, (_, arguments) in enumerate(change.steps):
        with torch.no_grad():
            answers = decide(subject.answer(changed(**arguments)).cpu().numpy()).predicted
        for number_at, classes in ((step, wanted), (control, others)):
            number_at[(number_at < 0) & (answers == classes)] = number
        if on_progress is not None:
            on_progress(len(wanted))
    sizes = np.array([size for size, _ in change.steps] + [np.nan])  # −1, none, is the last
    return WayBack(change, sizes[step], step, sizes[control], others)


def _third_classes(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], uniform: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Return a class for each digit that is neither of its two; of an invalid answer, one of nine."""
    drawn = []
    for label, answer, number in zip(labels.tolist(), predicted.tolist(), uniform.tolist(), strict=True):
        left = [digit for digit in range(10) if digit not in (label, INVALID, answer)]
        drawn.append(left[int(number * len(left))])
    return np.array(drawn, np.int64)
