"""Explain checkpoints: choose digits that all are asked about, perturb them, and explain each checkpoint's answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.explanation.attribution import misfit
from robustmnist.explanation.cases import Explanation
from robustmnist.explanation.choice import choose_digits
from robustmnist.explanation.condition import Condition
from robustmnist.explanation.explaining import PARTS, explain_digits
from robustmnist.explanation.methods.integrated_gradients import REFERENCES
from robustmnist.explanation.subject import subject_of

if TYPE_CHECKING:
    from robustmnist.data import Dataset
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["explain_checkpoints", "references_of"]

Report = Callable[[int, int, int], None]


def explain_checkpoints(
    checkpoints: "Mapping[str, Checkpoint]",
    data: "Dataset",
    condition: Condition | None,
    *,
    methods: Sequence[str],
    layer: str | None = None,
    target: str = "margin",
    samples: Sequence[int] = (),
    mistakes: int | None = None,
    seed: int = 0,
    references: Tensor | None = None,
    on_progress: Report | None = None,
    notify: Callable[[str], None] | None = None,
) -> tuple[list[Explanation], str]:
    """Return an explanation for each checkpoint, and in a clause how the digits were chosen.

    All checkpoints are asked about the same digits. A method that cannot explain a checkpoint is left out there.

    Args:
        checkpoints: Name to checkpoint.
        data: What the digits are chosen from.
        condition: How the digits are perturbed; None for clean digits only.
        methods: Keys of `METHODS`; a repeated one counts once.
        layer: The layer that Grad-CAM reads; None for its own choice.
        target: What to explain, one of `TARGETS`.
        samples: Ids of the digits; empty for the first digit of each class.
        mistakes: How many mistakes to explain instead.
        seed: Of methods that draw.
        references: Digits that expected gradients compare with, as of `references_of`.
        on_progress: Called as ``on_progress(done, total, images)``, all three in maps.
        notify: Called with a sentence where there are fewer mistakes than asked for, or a method is left out.

    Raises:
        DataError: If an id is not there.
        InputError: If no checkpoint makes a mistake, or no method can explain any checkpoint.
    """
    methods = tuple(dict.fromkeys(methods))
    able: dict[str, tuple[str, ...]] = {}
    skipped: dict[str, dict[str, str]] = {}
    for name, checkpoint in checkpoints.items():
        errors = {method: misfit(method, subject_of(checkpoint)) for method in methods}
        skipped[name] = {method: error.what for method, error in errors.items() if error}
        able[name] = tuple(method for method, error in errors.items() if not error)
    if methods and not any(able.values()):
        first = next(iter(checkpoints))
        raise misfit(methods[0], subject_of(checkpoints[first])) or AssertionError
    for name, reasons in skipped.items():
        for method, why in reasons.items():
            if notify:
                notify(f"{name}: without {method}: {why}")
    chosen, choice = choose_digits(data, checkpoints, condition, samples=samples, mistakes=mistakes, notify=notify)
    views = 2 if condition else 1
    total = sum(len(chosen) * (len(able[name]) * views + (PARTS if condition else 1)) for name in checkpoints)
    done = 0

    def advance(maps: int) -> None:
        nonlocal done
        done += maps
        if on_progress is not None:
            on_progress(min(done, total), total, done)

    explanations = [
        explain_digits(
            checkpoint,
            chosen,
            condition,
            methods=able[name],
            target=target,
            layer=layer,
            seed=seed,
            references=references,
            skipped=skipped[name],
            on_progress=advance,
        )
        for name, checkpoint in checkpoints.items()
    ]
    return explanations, choice


def references_of(training: "Dataset", seed: int) -> Tensor:
    """Return drawn training digits of each class, float32 (10, R, 1, 28, 28), R at most `REFERENCES`.

    Of a class with fewer digits some come several times.

    Args:
        training: Digits of all ten classes.
        seed: Of the draw, which depends on a digit's id and on nothing else.
    """
    order = Draws(seed, "explain references", training.ids).uniform(1)[:, 0].argsort(stable=True)
    labels = training.labels[order]
    each = []
    for digit in range(10):
        rows = order[labels == digit]
        if not len(rows):
            raise ValueError(f"there is no {digit} among the training digits")
        each.append(training.rows(rows.repeat(-(-REFERENCES // len(rows)))[:REFERENCES]))
    return torch.stack(each)
