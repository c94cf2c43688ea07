"""Explain checkpoints: choose digits, perturb them, and attribute every one by every method."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from robustmnist.explanation.cases import Explanation, Target, explain_digits
from robustmnist.explanation.choice import choose_digits
from robustmnist.explanation.condition import Condition

if TYPE_CHECKING:
    from robustmnist.data import Dataset
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["explain_checkpoints"]

Report = Callable[[int, int, int], None]


def explain_checkpoints(
    checkpoints: "Mapping[str, Checkpoint]",
    data: "Dataset",
    condition: Condition | None,
    *,
    methods: Sequence[str],
    layer: str | None = None,
    target: Target = "predicted",
    samples: Sequence[int] = (),
    mistakes: int | None = None,
    on_progress: Report | None = None,
    notify: Callable[[str], None] | None = None,
) -> tuple[list[Explanation], str]:
    """Return an explanation for each checkpoint and method, and in a clause how the digits were chosen.

    Args:
        checkpoints: Name to checkpoint.
        data: What the digits are chosen from.
        condition: How the digits are perturbed; None for clean digits only.
        methods: Keys of `METHODS`; a repeated one counts once.
        layer: The layer that Grad-CAM reads; None for its own choice.
        target: Which class each map explains.
        samples: Ids of the digits; empty for the first digit of each class.
        mistakes: How many of the most confident mistakes to explain instead.
        on_progress: Called as ``on_progress(done, total, images)``, all three in images.
        notify: Called with a sentence where a checkpoint makes fewer mistakes than asked for.

    Raises:
        DataError: If an id is not there.
        InputError: If no checkpoint makes a mistake.
    """
    chosen, choice = choose_digits(data, checkpoints, condition, samples=samples, mistakes=mistakes, notify=notify)
    methods = tuple(dict.fromkeys(methods))
    total = sum(map(len, chosen.values())) * len(methods) * (2 if condition else 1)
    done = 0

    def advance(images: int) -> None:
        nonlocal done
        done += images
        if on_progress is not None:
            on_progress(done, total, done)

    explanations = []
    for name, digits in chosen.items():
        perturbed = condition.apply(digits) if condition else None
        explanations += [
            explain_digits(
                checkpoints[name],
                digits,
                perturbed,
                method=method,
                target=target,
                layer=layer if method == "grad-cam" else None,
                on_progress=advance,
            )
            for method in methods
        ]
    return explanations, choice
