"""What an entry of the registry says of a perturbation: strengths, modifiers, choices, and phrases for the page."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from robustmnist.system.gradient import differentiable
from robustmnist.system.validation import shorten

__all__ = ["Arguments", "Parameter", "Perturbation", "keeps_ink", "range_faults"]

Arguments = Mapping[str, Any]


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
        above: Of a strength what the digits do at values above neutral, as the report says it after "they":
            "move {a} to the right". {a} is the value without its sign in its unit, {n} its number alone, {p} the
            number as a percentage.
        below: The same for values below neutral; empty where there are none, or where it is as above.
    """

    unit: str
    neutral: float
    low: float
    high: float
    smallest: float = 0.0
    measure: str | None = None
    above: str = ""
    below: str = ""


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
        ink_factor: Of a perturbation that only carries ink to other pixels: by what it multiplies the sum of the ink,
            given the function's keyword arguments, as long as no ink leaves the frame. What is missing from that is
            reported as ink lost. None where it makes or takes ink in any other way.
        name: What a perturbation of the user's own is called; empty in the registry, which names its entries.
        code_sha256: Of the code of a perturbation of the user's own.
    """

    function: Callable[..., Tensor]
    parameters: Mapping[str, Parameter]
    modifiers: Mapping[str, Parameter] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    random: bool = False
    prepare: Callable[..., Any] | None = None
    ink_factor: Callable[[Arguments], float] | None = None
    name: str = ""
    code_sha256: str = ""

    @property
    def differentiable(self) -> bool:
        """Whether there is a gradient with respect to the images; if not, asking for it raises `ImagesError`.

        What is chosen by the image, such as the position of its bounding box, counts as given.
        """
        return differentiable(self.function)


def keeps_ink(arguments: Arguments) -> float:
    """Return 1: the `ink_factor` of a perturbation that carries ink elsewhere and leaves its sum as it is.

    Interpolation keeps the sum: over 1000 MNIST digits turned by 1° to 60° within 0.01 %.
    """
    return 1.0


def range_faults(path: str, name: str, parameter: Parameter, value: float) -> Iterator[str]:
    """Yield a line if the parameter `name` may not be `value`, which may be NaN."""
    neutral, low, high, unit = parameter.neutral, parameter.low, parameter.high, parameter.unit
    if not low <= value <= high:
        yield f"{path}: {name} goes from {low:g} to {high:g} {unit}, not {shorten(value)}"
    elif value != neutral and abs(value - neutral) < parameter.smallest:
        least = f"{neutral:g} or at least {parameter.smallest:g} {unit} from it"
        yield f"{path}: {name} must be {least}, not {shorten(value)}"
