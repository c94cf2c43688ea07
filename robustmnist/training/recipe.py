"""A recipe: everything that decides what a training yields, as one TOML file."""

import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, Strict

from robustmnist.errors import RecipeError
from robustmnist.models.architectures.build import complete_architecture
from robustmnist.system.installation import shipped
from robustmnist.system.validation import (
    DEEPEST,
    Table,
    check_plain,
    did_you_mean,
    listed,
    mistakes_in,
    parse_toml,
    shorten,
    validate_table,
)

__all__ = ["Augment", "Average", "Data", "EarlyStopping", "Optimizer", "Recipe", "Schedule", "load_recipe"]

Share = Annotated[float, Field(ge=0, lt=1)]
Betas = Annotated[tuple[Share, Share], Strict(False)]


class Data(Table):
    """Where the digits come from and how many are kept back to choose the best epoch."""

    dataset: Literal["mnist", "digits"] = "mnist"
    validation: Annotated[int, Field(ge=10)] = 5000
    # Only N digits of the training part, each class with its share; 0 takes all. For trials.
    limit: Annotated[int, Field(ge=0)] = 0


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


class Augment(Table):
    """What happens to a training digit before it is shown: strengths drawn uniformly from ± these, per sample."""

    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    shift: Annotated[float, Field(ge=0, le=14)] = 0.0  # px, along each axis
    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0  # degrees
    scale: Annotated[float, Field(ge=0, lt=1)] = 0.0  # fraction around 1
    stretch: Annotated[float, Field(ge=0, lt=1)] = 0.0  # fraction wider and as much flatter, or narrower and taller
    thickness: Annotated[float, Field(ge=0, le=2)] = 0.0  # px of stroke width

    @property
    def active(self) -> bool:
        """Whether anything is done at all."""
        return self.probability > 0 and any((self.shift, self.rotation, self.scale, self.stretch, self.thickness))


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

    def as_dict(self) -> dict[str, Any]:
        """Return the recipe as plain values, defaults spelled out."""
        return self.model_dump(mode="json")


def load_recipe(name_or_path: str | Path, *, overrides: Sequence[str] = ()) -> Recipe:
    """Return a recipe, from a shipped name or a TOML file.

    Args:
        name_or_path: ``cnn`` or ``folder/mine.toml``.
        overrides: ``key=value`` each, as in ``optimizer.lr=0.01``; the value is TOML, and a bare word is a string.

    Raises:
        RecipeError: If it cannot be read, asks for something impossible, or an override names no value.
    """
    path = _find(name_or_path)
    table = parse_toml(path, RecipeError)
    typed = [_override(table, override) for override in overrides]
    return check_recipe({"name": path.stem} | table, where=path, typed=typed)


def check_recipe(table: Mapping[str, Any], *, where: object, typed: Sequence[str] = ()) -> Recipe:
    """Return the recipe that `table` spells; raise RecipeError with one line per mistake.

    Args:
        table: As TOML has it.
        where: The file that it comes from.
        typed: Keys whose values come from ``--set`` instead, which their mistakes name in place of the file.
    """
    mistakes = mistakes_in(dict(table), Recipe)
    of_typed = {line: f"--set {line}" for line in mistakes if any(_concerns(line, key) for key in typed)}
    if of_typed:
        rest = [line for line in mistakes if line not in of_typed]
        raise RecipeError([*of_typed.values(), *(f"{where}: {line}" for line in listed(rest))])
    recipe = validate_table(dict(table), Recipe, RecipeError, where=where)
    recipe.architecture  # noqa: B018 - raises where the model cannot be built
    return recipe


def shipped_recipes() -> dict[str, Path]:
    """Return the shipped recipes by name."""
    return {path.stem: path for path in sorted(shipped("checkpoints").glob("*.toml"))}


def _find(name_or_path: str | Path) -> Path:
    known = shipped_recipes()
    if str(name_or_path) in known:
        return known[str(name_or_path)]
    path = Path(name_or_path)
    with suppress(OSError):  # of a file that may not be looked at, reading it says why
        if not path.is_file():
            raise RecipeError(
                f"no recipe is called that and no such file is there{did_you_mean(str(name_or_path), known)}",
                where=str(name_or_path) or "''",
                remedy=f"use {', '.join(known)} or a path to a TOML file",
            )
    return path


def _concerns(mistake: str, key: str) -> bool:
    """Return whether a line that begins with a key path is about `key`, a value in it or the table that it is in."""
    place = f"{mistake.partition(': ')[0]}."
    return place.startswith(f"{key}.") or f"{key}.".startswith(place)


def _override(table: dict[str, Any], override: str) -> str:
    """Set in `table` what `override` says, and return its key."""
    try:
        override.encode()
    except UnicodeEncodeError as cause:  # bytes of the command line that are no text: no file could hold them
        raise RecipeError("is no UTF-8 text", where=f"--set {shorten(override)}", remedy="type it anew") from cause
    key, sign, text = override.partition("=")
    parts = key.strip().split(".")
    if not sign or not all(parts):
        raise RecipeError("is no key=value", where=f"--set {override}", remedy="write for example optimizer.lr=0.01")
    if len(parts) > DEEPEST:
        raise RecipeError("is no key of a recipe", where=f"--set {shorten(override)}", remedy="write optimizer.lr=0.01")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    except (ValueError, RecursionError) as cause:
        raise RecipeError(f"is no value ({cause})", where=f"--set {shorten(override)}") from cause
    try:
        check_plain(value)
    except ValueError as cause:
        raise RecipeError(f"is no value of a recipe ({cause})", where=f"--set {shorten(override)}") from cause
    for part in parts[:-1]:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise RecipeError(f"'{part}' is a value, not a table", where=f"--set {override}")
    table[parts[-1]] = value
    return ".".join(parts)
