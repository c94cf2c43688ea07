"""What the registry says of a perturbation: its strengths, modifiers and choices."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from robustmnist.system.gradient import differentiable
from robustmnist.system.validation import shorten

__all__ = ["Parameter", "Perturbation", "range_faults"]


@dataclass(frozen=True)
class Parameter:
    """A number that a perturbation takes: its physical unit, the neutral value, and the range that makes sense.

    Attributes:
        unit: As reports show it.
        neutral: Of a strength the value at which the output is the input bit for bit; of a modifier its default.
        low: The lowest value.
        high: The highest value.
        smallest: How far from neutral a value must be if it is not neutral.
        measure: The property of a digit that the strength changes, a key of `robustmnist.measure.MEASURES`, or None.
    """

    unit: str
    neutral: float
    low: float
    high: float
    smallest: float = 0.0
    measure: str | None = None


@dataclass(frozen=True)
class Perturbation:
    """A perturbation and what a suite may ask of it.

    Attributes:
        function: ``f(images, *, strength…) -> images``.
        parameters: The strengths by keyword.
        modifiers: Numbers by keyword that say how it acts; at the neutral strength they change nothing.
        choices: Keywords that take a word, with the words; at the neutral strength they change nothing either.
        random: Whether the function takes keyword-only `draws`.
        prepare: Computes what all strengths share, from the images (and the draws, if `random`); its result goes to
            the function as `prepared`.
    """

    function: Callable[..., Tensor]
    parameters: Mapping[str, Parameter]
    modifiers: Mapping[str, Parameter] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    random: bool = False
    prepare: Callable[..., Any] | None = None

    @property
    def differentiable(self) -> bool:
        """Whether there is a gradient with respect to the images; if not, asking for it raises `ImagesError`.

        What is chosen by the image, as the place of its bounding box, counts as given.
        """
        return differentiable(self.function)


def range_faults(path: str, name: str, parameter: Parameter, value: float) -> Iterator[str]:
    """Yield a line if the parameter `name` may not be `value`, which may be NaN."""
    neutral, low, high, unit = parameter.neutral, parameter.low, parameter.high, parameter.unit
    if not low <= value <= high:
        yield f"{path}: {name} goes from {low:g} to {high:g} {unit}, not {shorten(value)}"
    elif value != neutral and abs(value - neutral) < parameter.smallest:
        least = f"{neutral:g} or at least {parameter.smallest:g} {unit} from it"
        yield f"{path}: {name} must be {least}, not {shorten(value)}"
