"""A recipe: everything that decides what a training yields, as checked tables."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Strict, model_validator

from robustmnist.data.load import source_of
from robustmnist.errors import DataError, RecipeError
from robustmnist.models.architectures.build import complete_architecture
from robustmnist.system.python_code import is_code, plain_name
from robustmnist.system.validation import Table

__all__ = [
    "Augment",
    "Average",
    "Data",
    "EarlyStopping",
    "Initialisation",
    "Optimizer",
    "Perturbing",
    "Recipe",
    "Schedule",
]

Share = Annotated[float, Field(ge=0, lt=1)]
Initialisation = Literal["default", "xavier", "kaiming", "orthogonal", "zero"]
Probability = Annotated[float, Field(ge=0, le=1)]
Range = Annotated[tuple[float, float], Strict(False)]
Hashes = Annotated[tuple[Annotated[str, Field(pattern="^[0-9a-f]{64}$")], ...], Strict(False)]
Betas = Annotated[tuple[Share, Share], Strict(False)]


def _trainable(name: str) -> str:
    """Return the name of a data set that can be trained on; raise ValueError for another."""
    try:
        source, _ = source_of(name)
    except DataError as error:
        raise ValueError(str(error)) from error
    if source.content:
        raise ValueError(f"'{name}' holds {source.content}, no digits: there is nothing to learn")
    if "train" not in source.parts:
        raise ValueError(f"'{name}' is for testing only, use {source.instead}")
    if name == "auto":
        raise ValueError("'auto' is another set on another machine, use mnist or digits")
    return name


class Data(Table):
    """Where the digits come from and how many are kept back to choose the best epoch: a number, or a share of them."""

    # As for --dataset. Where a set has no parts of its own, a fifth of it, by hash, is to test with.
    dataset: Annotated[str, AfterValidator(_trainable)] = "mnist"
    validation: Annotated[int, Field(ge=10)] | Annotated[float, Field(gt=0, le=0.5)] = 5000
    # Only N digits of the training part, each class with its share; 0 takes all. For trials.
    limit: Annotated[int, Field(ge=0)] = 0
    # Whether digits that look wrong (inverted, turned, labelled otherwise) are put right before use.
    fix: bool = False
    # Of the user's own files: their hashes, written down when the run begins; other files are refused from then on.
    sha256: Hashes = ()


class Optimizer(Table):
    """How a gradient becomes a step. `betas` serve adam and adamw, `momentum` (Nesterov's) serves sgd."""

    name: Literal["adam", "adamw", "sgd"] = "adamw"
    lr: Annotated[float, Field(gt=0, le=10)] = 0.001
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.0
    momentum: Share = 0.9
    betas: Betas = (0.9, 0.999)


class Schedule(Table):
    """The learning rate over the training; every value is a function of the step alone."""

    name: Literal["one-cycle", "cosine", "step", "none"] = "one-cycle"
    # one-cycle: share of the steps that climb, and the first and last rate as shares of the highest one.
    warmup: Share = 0.3
    first: Annotated[float, Field(gt=0, le=1)] = 0.04
    last: Annotated[float, Field(ge=0, le=1)] = 0.0004
    # step: every `every` epochs the rate is multiplied by `factor`.
    every: Annotated[int, Field(ge=1)] = 10
    factor: Annotated[float, Field(gt=0, le=1)] = 0.1


class EarlyStopping(Table):
    """Stop after `patience` epochs without a better validation result; 0 never stops."""

    patience: Annotated[int, Field(ge=0)] = 0


class Average(Table):
    """Moving average of the weights, exponential, per step; 0 keeps none. Where kept, it is what is saved."""

    decay: Share = 0.0


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


class Recipe(Table):
    """All of a training; what equal weights need besides is `robustmnist.training.machine.Machine`."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]  # where absent, the file's stem
    title: str = ""
    description: str = ""
    epochs: Annotated[int, Field(ge=1, le=10_000)] = 10
    batch_size: Annotated[int, Field(ge=2, le=60_000)] = 256
    label_smoothing: Share = 0.0
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    initialisation: Initialisation = "default"
    model: dict[str, Any]
    data: Data = Data()
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    early_stopping: EarlyStopping = EarlyStopping()
    average: Average = Average()
    augment: Augment = Augment()

    @property
    def architecture(self) -> dict[str, Any]:
        """The model as `build_model` takes it, every parameter spelled out."""
        parameters = dict(self.model)
        name = parameters.pop("name", None)
        return complete_architecture({"model": name} | parameters, error=RecipeError, where="[model]")

    @property
    def own_model(self) -> str:
        """The user's code that the model is, ``net.py:Net``; empty for a model of this package."""
        name = self.model.get("name")
        return plain_name(name) if isinstance(name, str) and is_code(name) else ""

    def as_dict(self) -> dict[str, Any]:
        """Return the recipe as plain values, defaults spelled out.

        Values that version 0.2 did not know are left out at their defaults: earlier recipes stay what they were.
        """
        plain = self.model_dump(mode="json")
        if plain["initialisation"] == "default":
            del plain["initialisation"]
        defaults = Augment().model_dump(mode="json")
        later = ("noise", "perturbation", "suites", "settings", "suites_probability", "blind")
        plain["augment"] = {
            key: value for key, value in plain["augment"].items() if key not in later or value != defaults[key]
        }
        if tables := plain["augment"].get("perturbation"):
            plain["augment"]["perturbation"] = [
                {key: value for key, value in table.items() if value not in (None, "", {})} for table in tables
            ]
        for key in ("fix", "sha256"):
            if not plain["data"][key]:
                del plain["data"][key]
        return plain
