"""A study: one TOML file with a recipe, the changes whose effect is asked for, the seeds and the suites."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from robustmnist.errors import RecipeError
from robustmnist.system.validation import Table, read_toml
from robustmnist.training.augmentation.pool import pool_of
from robustmnist.training.read import check_recipe, load_recipe, shipped_recipes
from robustmnist.training.recipe import Recipe

__all__ = ["BASE", "Study", "Variant", "load_study", "read_study", "recipes_of"]

BASE = "base"
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]


class Variant(Table):
    """A change of the recipe: what it is called, which property it changes, and the values that it sets."""

    name: Name
    title: str
    property: str
    set: dict[str, Any]


class Study(Table):
    """A study; the recipe without any change is the variant ``base``."""

    title: str
    recipe: str
    set: dict[str, Any] = Field(default_factory=dict)  # values that all variants share, the base too
    seeds: Annotated[list[Annotated[int, Field(ge=0, lt=2**63)]], Field(min_length=1, max_length=100)]
    suites: list[str] = Field(default_factory=lambda: ["core"], min_length=1)
    dataset: str = "auto"
    limit: Annotated[int, Field(ge=0)] = 0  # test digits; 0 takes all
    variant: Annotated[list[Variant], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _different(self) -> "Study":
        names = [variant.name for variant in self.variant]
        if BASE in names or len(set(names)) < len(names):
            raise ValueError("every variant needs a name of its own, other than base")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("a seed stands there twice")
        return self


def load_study(path: Path) -> Study:
    """Return the study in the TOML file at `path`, every recipe of it checked.

    Raises:
        RecipeError: With a line per mistake.
    """
    study = read_study(path)
    recipes_of(study, path)
    return study


def read_study(path: Path) -> Study:
    """Return the study in the TOML file at `path`, its recipes unseen: enough to show what was made of them."""
    return read_toml(path, Study, RecipeError)


def recipes_of(study: Study, where: Path) -> dict[str, Recipe]:
    """Return the recipe of every variant by its name, the base first, with the first seed.

    Args:
        study: The study.
        where: Its file: a recipe that is no shipped one is looked for beside it.
    """
    shipped = study.recipe in shipped_recipes()
    base = load_recipe(study.recipe if shipped else where.parent / study.recipe).as_dict() | {"seed": study.seeds[0]}
    base = _merged(base, study.set)
    tables = {BASE: base} | {variant.name: _merged(base, variant.set) for variant in study.variant}
    recipes = {name: check_recipe(table, where=f"{where}: {name}") for name, table in tables.items()}
    for name, recipe in recipes.items():
        try:
            pool_of(recipe)
        except RecipeError as cause:
            raise RecipeError(str(cause).splitlines(), where=f"{where}: {name}") from cause
        if name != BASE and recipe.as_dict() == recipes[BASE].as_dict():
            raise RecipeError(f"{name} changes nothing", where=where, remedy="set another value, or leave it out")
    return recipes


def _merged(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `table` with the values of `changes` set in it, tables value by value."""
    merged = dict(table)
    for key, value in changes.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged
