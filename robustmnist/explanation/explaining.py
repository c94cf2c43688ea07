"""Explain the chosen digits to one checkpoint: everything that a page shows of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from robustmnist.explanation.answers import answers_of
from robustmnist.explanation.attribution import attribute
from robustmnist.explanation.cases import Back, Case, Explanation, Fall, View
from robustmnist.explanation.change import change_map
from robustmnist.explanation.condition import Condition
from robustmnist.explanation.falling import falls, ink_lost, realised, realised_unit
from robustmnist.explanation.methods.method import Context
from robustmnist.explanation.methods.path_integral import relative_gap
from robustmnist.explanation.methods.registry import find_method
from robustmnist.explanation.subject import Subject, subject_of
from robustmnist.explanation.target import Target, choose_target
from robustmnist.explanation.way_back import ways_back

if TYPE_CHECKING:
    from robustmnist.data import Dataset
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["PARTS", "explain_digits"]

PARTS = 3  # beside the maps: the change, the path, the way back


def explain_digits(
    checkpoint: "Checkpoint",
    digits: "Dataset",
    condition: Condition | None,
    *,
    methods: Sequence[str],
    target: str = "margin",
    layer: str | None = None,
    seed: int = 0,
    references: Tensor | None = None,
    skipped: Mapping[str, str] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Explanation:
    """Explain `digits`, clean and perturbed, by all methods; both views of a digit have the same target.

    Args:
        checkpoint: What is explained.
        digits: The chosen digits, clean.
        condition: How they are perturbed; None for the clean ones only.
        methods: Keys of `METHODS`, all of which can explain the checkpoint.
        target: What to explain, one of `TARGETS`, chosen on the perturbed digits.
        layer: The layer that Grad-CAM reads; None for its own choice.
        seed: Of methods that draw.
        references: Digits that expected gradients compare with, float32 (10, R, 1, 28, 28).
        skipped: Why a method that was asked for is left out, by the method.
        on_progress: Called with the number of maps done since the last call.
    """
    report = on_progress or (lambda maps: None)
    subject = subject_of(checkpoint)
    temperature = getattr(checkpoint.card, "temperature", None)
    seen = [digits.images] if condition is None else [digits.images, condition.apply(digits)]
    asked = choose_target(target, digits.labels, subject.answer(seen[-1]).clone())
    context = Context(digits.ids, seed, references, layer)
    gaps: dict[str, float] = {}
    views = [_views(subject, images, asked, context, methods, temperature, gaps, report) for images in seen]
    cases = []
    changes: list[Tensor] | list[None] = [None] * len(digits)
    paths: list[Fall] | list[None] = [None] * len(digits)
    lost = measured = [float("nan")] * len(digits)
    if condition is not None and condition.changes:
        changes = list(change_map(subject, seen[0], seen[1], asked).maps)
        report(len(digits))
        paths = falls(subject, digits, condition, asked, temperature)
        lost, measured = (part(condition, *seen).tolist() for part in (ink_lost, realised))
        report(len(digits))
    back = _back(subject, digits, seen[-1], views[-1], seed)
    report(len(digits))
    for row, (number, label) in enumerate(zip(digits.ids.tolist(), digits.labels.tolist(), strict=True)):
        change = changes[row]
        cases.append(
            Case(
                id=number,
                label=label,
                target=asked.words(row),
                wanted=int(asked.classes[row]),
                rival=-1 if asked.rivals is None else int(asked.rivals[row]),
                clean=views[0][row],
                perturbed=views[1][row] if len(views) > 1 else None,
                change=None if change is None else change.cpu().numpy(),
                fall=paths[row],
                ink_lost=lost[row],
                realised=measured[row],
                back=back.get(row, ()),
            )
        )
    return Explanation(
        checkpoint=checkpoint.name,
        sha256=checkpoint.card.sha256,
        methods=tuple(methods),
        cases=tuple(cases),
        gaps=gaps,
        skipped=skipped or {},
        temperature=temperature,
        layer=layer,
        realised_unit=realised_unit(condition) if condition else "",
    )


def _views(
    subject: Subject,
    images: Tensor,
    target: Target,
    context: Context,
    methods: Sequence[str],
    temperature: float | None,
    gaps: dict[str, float],
    report: Callable[[int], None],
) -> list[View]:
    """Return the views of images; into `gaps` go the largest gaps of methods that add up."""
    answers = answers_of(subject, images, target, temperature)
    change = subject.scores(images, target).double() - subject.scores(torch.zeros_like(images), target).double()
    maps = {}
    for method in methods:
        values = attribute(subject, images, target, context, method=method)
        if find_method(method).complete:
            gap = float(relative_gap(values, change).nan_to_num(nan=0.0).max())
            gaps[method] = max(gap, gaps.get(method, 0.0))
        maps[method] = values.cpu().numpy()
        report(len(images))
    ink = images[:, 0].cpu().numpy()
    return [
        View(ink[row], answer, {method: values[row] for method, values in maps.items()})
        for row, answer in enumerate(answers)
    ]


def _back(
    subject: Subject, digits: "Dataset", images: Tensor, views: list[View], seed: int
) -> dict[int, tuple[Back, ...]]:
    """Return the ways back of the misread digits by their row."""
    predicted = torch.tensor([view.answer.predicted for view in views], dtype=torch.int64, device=digits.labels.device)
    wrong = (predicted != digits.labels).nonzero().flatten()
    if not len(wrong):
        return {}
    ways = ways_back(subject, images[wrong], digits.labels[wrong], predicted[wrong], ids=digits.ids[wrong], seed=seed)
    return {
        row: tuple(
            Back(
                way.change.name,
                float(way.smallest[index]),
                way.change.unit,
                way.arguments(index) or {},
                float(way.control[index]),
                int(way.control_classes[index]),
            )
            for way in ways
        )
        for index, row in enumerate(wrong.tolist())
    }
