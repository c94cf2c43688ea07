"""A recipe: everything that decides what a training yields, as checked tables."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, Strict

from robustmnist.data.load import source_of
from robustmnist.errors import DataError, RecipeError
from robustmnist.models.architectures.build import complete_architecture
from robustmnist.system.python_code import is_code, plain_name
from robustmnist.system.validation import Table
from robustmnist.training.augment import Augment

__all__ = [
    "Average",
    "Data",
    "EarlyStopping",
    "Initialisation",
    "Optimizer",
    "Recipe",
    "Schedule",
]

Share = Annotated[float, Field(ge=0, lt=1)]
Initialisation = Literal["default", "xavier", "kaiming", "orthogonal", "zero"]
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

    # As for --dataset. Where a set has no parts of its own, a fifth of it, by hash, or of its writers, is to test with.
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
        plain["augment"] = self.augment.as_dict()
        for key in ("fix", "sha256"):
            if not plain["data"][key]:
                del plain["data"][key]
        return plain
