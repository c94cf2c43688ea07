"""Recipes from TOML files, shipped or a user's own, with values changed on the command line."""

import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from robustmnist.errors import RecipeError
from robustmnist.system.installation import shipped
from robustmnist.system.validation import (
    DEEPEST,
    check_plain,
    did_you_mean,
    listed,
    mistakes_in,
    parse_toml,
    shorten,
    validate_table,
)
from robustmnist.training.recipe import Recipe

__all__ = ["check_recipe", "load_recipe", "shipped_recipes"]


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
    """Return the shipped recipes by name; last those of the checkpoints with a planted cause."""
    folder = shipped("checkpoints")
    return {path.stem: path for path in (*sorted(folder.glob("*.toml")), *sorted(folder.glob("planted/*.toml")))}


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
    path = f"{mistake.partition(': ')[0]}."
    return path.startswith(f"{key}.") or f"{key}.".startswith(path)


def _override(table: dict[str, Any], override: str) -> str:
    """Set in `table` what `override` says, and return its key."""
    try:
        override.encode()
    except UnicodeEncodeError as cause:  # bytes of the command line that are no text: no file could hold them
        raise RecipeError("is not UTF-8 text", where=f"--set {shorten(override)}", remedy="type it again") from cause
    key, sign, text = override.partition("=")
    parts = key.strip().split(".")
    if not sign or not all(parts):
        raise RecipeError("is not key=value", where=f"--set {override}", remedy="write for example optimizer.lr=0.01")
    if len(parts) > DEEPEST:
        raise RecipeError(
            "is not a key of a recipe", where=f"--set {shorten(override)}", remedy="write optimizer.lr=0.01"
        )
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    except (ValueError, RecursionError) as cause:
        raise RecipeError(f"is not a value ({cause})", where=f"--set {shorten(override)}") from cause
    try:
        check_plain(value)
    except ValueError as cause:
        raise RecipeError(f"is not a value of a recipe ({cause})", where=f"--set {shorten(override)}") from cause
    for part in parts[:-1]:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise RecipeError(f"'{part}' is a value, not a table", where=f"--set {override}")
    table[parts[-1]] = value
    return ".".join(parts)
