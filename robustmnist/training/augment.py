"""The table of a recipe that says what happens to a training digit before it is shown."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, Strict, model_validator

from robustmnist.system.validation import Table

__all__ = ["Augment", "Perturbing"]

Probability = Annotated[float, Field(ge=0, le=1)]
Range = Annotated[tuple[float, float], Strict(False)]


def _listed(given: Any) -> Any:
    """Return names that are typed with commas between them, ``blur,noise``, as a list."""
    return [name.strip() for name in given.split(",")] if isinstance(given, str) else given


def _from_to(given: Any) -> Any:
    """Return a single number as fewest and most."""
    return (given, given) if isinstance(given, int) and not isinstance(given, bool) else given


Names = Annotated[list[str], BeforeValidator(_listed)]
Many = Annotated[int, Field(ge=0, le=20)]
FromTo = Annotated[tuple[Many, Many], Strict(False), BeforeValidator(_from_to)]


class Perturbing(Table):
    """A perturbation that some training digits get: a strength drawn uniformly from `range`, words from `over`."""

    name: str  # of a perturbation, or SUITE.SWEEP
    probability: Probability = 1.0
    parameter: str = ""  # the strength that is drawn; by default the first one
    range: Range | None = None
    fixed: dict[str, Any] = Field(default_factory=dict)
    over: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _rises(self) -> "Perturbing":
        if self.range is not None and not self.range[0] < self.range[1]:
            raise ValueError(f"range: {self.range[1]:g} is not above {self.range[0]:g}")
        return self


class Augment(Table):
    """What happens to a training digit before it is shown.

    First what is drawn for each digit uniformly from ± the numbers below, where `probability` holds; then, with
    probabilities of their own, perturbations and settings of suites (`robustmnist.training.augmentation.pool`).
    """

    probability: Probability = 1.0
    shift: Annotated[float, Field(ge=0, le=14)] = 0.0  # px, along each axis
    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0  # degrees
    scale: Annotated[float, Field(ge=0, lt=1)] = 0.0  # fraction around 1
    stretch: Annotated[float, Field(ge=0, lt=1)] = 0.0  # fraction wider and as much flatter, or narrower and taller
    thickness: Annotated[float, Field(ge=0, le=2)] = 0.0  # px of stroke width
    noise: Annotated[float, Field(ge=0, le=2)] = 0.0  # standard deviation of Gaussian noise, from 0 up to this
    perturbation: list[Perturbing] = Field(default_factory=list)
    suites: Names = Field(default_factory=list)  # names, SUITE.SWEEP, files
    settings: FromTo = (1, 1)  # of how many suites a digit gets a setting at once: a number, or fewest and most
    suites_probability: Probability = 1.0
    blind: Names = Field(default_factory=list)  # suites whose perturbations are left out of `suites`

    @model_validator(mode="after")
    def _rises(self) -> "Augment":
        if self.settings[0] > self.settings[1]:
            raise ValueError(f"settings: {self.settings[1]} is below {self.settings[0]}")
        return self

    @property
    def active(self) -> bool:
        """Whether the moves, the stroke or the noise change anything."""
        return self.probability > 0 and any((self.moves, self.thickness, self.noise))

    @property
    def moves(self) -> bool:
        """Whether digits are moved, turned, scaled or stretched."""
        return any((self.shift, self.rotation, self.scale, self.stretch))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values; those that version 0.1 did not know are left out at their defaults."""
        plain, defaults = self.model_dump(mode="json"), Augment().model_dump(mode="json")
        later = ("noise", "perturbation", "suites", "settings", "suites_probability", "blind")
        plain = {key: value for key, value in plain.items() if key not in later or value != defaults[key]}
        if tables := plain.get("perturbation"):
            plain["perturbation"] = [
                {key: value for key, value in table.items() if value not in (None, "", {})} for table in tables
            ]
        return plain
