"""Measure for each method of an explanation whether its maps can be believed, on a sample of the same data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from torch import Tensor

from robustmnist.explanation.cases import Explanation
from robustmnist.explanation.measuring import measure_checkpoints
from robustmnist.explanation.methods.registry import find_method
from robustmnist.explanation.metrics.registry import HEADLINE
from robustmnist.explanation.verdict import Verdict

if TYPE_CHECKING:
    from robustmnist.data import Dataset
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["Unmeasured", "judged"]


@dataclass(frozen=True)
class Unmeasured:
    """A verdict that was not reached.

    Attributes:
        sentence: Why, and what would reach it, a clause without its subject.
    """

    sentence: str
    believed: bool = False


NOT_ASKED = Unmeasured("not measured: give --verdicts, or --measure for every measure")
OTHER_LAYER = Unmeasured("not measured for a layer of one’s own choice: leave --layer out")


def judged(
    explanations: Sequence[Explanation],
    checkpoints: "Mapping[str, Checkpoint]",
    data: "Dataset",
    *,
    digits: int,
    seed: int = 0,
    references: Tensor | None = None,
    on_progress: Callable[[int, int, int], None] | None = None,
) -> list[Explanation]:
    """Return the explanations with a verdict on each of their methods.

    Measured is the headline, SRG, against the controls, on clean digits for the class that was predicted, as published
    tables are. Not on misread digits for their margin: there any map that tells classes apart beats the image, which
    says nothing of whether it finds the reason.

    Args:
        explanations: As of `explain_checkpoints`.
        checkpoints: Name to checkpoint.
        data: What the explained digits were chosen from.
        digits: How many to measure on, a sample of `data` with every class in proportion; 0 for none.
        seed: Of methods that draw, and of the random control.
        references: Digits that expected gradients compare with.
        on_progress: Called as ``on_progress(done, total, done)``, in digits.
    """
    sample = data.sample(min(digits, len(data))) if digits else data
    total, done, with_verdicts = len(sample) * len(explanations), 0, []

    def advance(now: int, _: int, __: int) -> None:
        if on_progress is not None:
            on_progress(done + now, total, done + now)

    for explanation in explanations:
        known: dict[str, Verdict | Unmeasured] = dict.fromkeys(explanation.methods, NOT_ASKED)
        known |= {name: OTHER_LAYER for name in explanation.methods if explanation.layer and find_method(name).layered}
        methods = [name for name, verdict in known.items() if verdict is NOT_ASKED]
        if digits and methods:
            (measured,) = measure_checkpoints(
                {explanation.checkpoint: checkpoints[explanation.checkpoint]},
                sample,
                methods=methods,
                names=(HEADLINE,),
                seed=seed,
                references=references,
                on_progress=advance,
            )
            known |= {verdict.method: verdict for verdict in measured.verdicts()}
        done += len(sample)
        with_verdicts.append(replace(explanation, verdicts=known, judged_on=len(sample) if digits else 0))
    return with_verdicts
