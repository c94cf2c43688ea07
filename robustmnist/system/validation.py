"""TOML files checked against a pydantic model, with every mistake reported at once."""

import difflib
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from robustmnist.errors import InputError

__all__ = [
    "DEEPEST",
    "Table",
    "check_plain",
    "did_you_mean",
    "listed",
    "mistakes_in",
    "parse_toml",
    "read_toml",
    "shorten",
    "validate_table",
]

MOST_LINES = 10  # of mistakes: the rest is shown once these are corrected
MAX_BYTES = 1_000_000  # a suite or a recipe is a page of text; anything larger is some other file
DEEPEST = 20  # tables and lists within each other, of which ours have at most six

# Pydantic's messages in the words of TOML, by the type of its error.
WORDS = {
    "dict_type": "should be a table",
    "model_type": "should be a table",
    "string_too_long": "should have at most {max_length} characters",
    "string_too_short": "should have at least {min_length} characters",
    "too_long": "should have at most {max_length} entries",
    "too_short": "should have at least {min_length} entries",
}


class Table(BaseModel):
    """A TOML table: frozen, no unknown keys, no coercion between types, no infinities or NaN."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


T = TypeVar("T", bound=BaseModel)


def read_toml(path: Path, model: type[T], error: type[InputError]) -> T:
    """Read the TOML file at `path` as `model`.

    Raises:
        error: With one line per mistake, each with the file, the key path and what is allowed.
    """
    return validate_table(parse_toml(path, error), model, error, where=path)


def parse_toml(path: Path, error: type[InputError]) -> dict[str, Any]:
    """Read the TOML file at `path` as a plain dictionary; raise `error` where it cannot be read."""
    try:
        if path.exists() and not path.is_file():  # a folder, or a pipe that would be waited for
            raise error("is not a file", where=path, remedy="give a TOML file")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as cause:  # ValueError: a NUL in the name
        what = f"cannot be read ({getattr(cause, 'strerror', None) or cause})"
        raise error(what, where=path, remedy="give a TOML file") from cause
    if len(content) > MAX_BYTES:
        raise error(f"is larger than {MAX_BYTES:,} bytes", where=path, remedy="give a TOML file")
    try:
        table = tomllib.loads(content.decode("utf-8"))
        check_plain(table)
    except (ValueError, RecursionError) as cause:  # ValueError: no UTF-8, no TOML, or nothing that a file of ours holds
        raise error(f"is not TOML ({cause})", where=path, remedy="correct it or give another file") from cause
    return table


def check_plain(content: object) -> None:
    """Refuse whole numbers beyond 64 bits and deep nesting, which TOML and JSON allow and nothing here can use.

    Python has whole numbers of any size and containers of any depth, at which printing and converting them fails.

    Raises:
        ValueError: If a whole number has more than 64 bits, or something lies deeper than `DEEPEST`.
    """
    level = [content]
    for _ in range(DEEPEST + 1):
        if any(isinstance(value, int) and not -(2**63) <= value < 2**64 for value in level):
            raise ValueError("it holds a whole number of more than 64 bits")
        inner = [
            value.values() if isinstance(value, dict) else value for value in level if isinstance(value, dict | list)
        ]
        level = [value for several in inner for value in several]
    if level:
        raise ValueError(f"it is nested more than {DEEPEST} deep")


def validate_table(table: dict[str, Any], model: type[T], error: type[InputError], *, where: object) -> T:
    """Check `table` against `model`; raise `error` with one line per mistake."""
    try:
        # Through Python types as TOML has them: lists are lists, whole numbers may stand for floats.
        return model.model_validate(table)
    except ValidationError as cause:
        raise error(listed(_lines(cause, model)), where=where) from None


def mistakes_in(table: dict[str, Any], model: type[BaseModel]) -> list[str]:
    """Return one line per mistake in `table` against `model`: the key path and what is allowed."""
    try:
        model.model_validate(table)
    except ValidationError as cause:
        return _lines(cause, model)
    return []


def listed(mistakes: Sequence[str]) -> list[str]:
    """Return the mistakes that an error lists: at most ten, then how many more there are."""
    more = len(mistakes) - MOST_LINES
    return [*mistakes[:MOST_LINES], *([f"and {more} more mistake{'s' if more > 1 else ''}"] if more > 0 else [])]


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return ``, did you mean 'x'?`` with the nearest of `allowed`, or nothing where none is near."""
    near = difflib.get_close_matches(word, list(allowed), n=1)
    return f", did you mean '{near[0]}'?" if near else ""


def shorten(value: object) -> str:
    """Return `value` as Python would write it, on one line, cut after 60 characters; its type where that fails."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of more than 4,300 digits, a list that is nested too deep
        text = f"{type(value).__name__} too large to be shown"
    return text if len(text) <= 60 else f"{text[:60]}…"


def _lines(cause: ValidationError, model: type[BaseModel]) -> list[str]:
    items = cause.errors(include_url=False)
    # A list is counted without its entries that are wrong, so that it would be called too short besides.
    counted = {item["loc"][:-1] for item in items if item["type"] != "too_short"}
    return [_line(item, model) for item in items if item["type"] != "too_short" or item["loc"] not in counted]


def _line(item: ErrorDetails, model: type[BaseModel]) -> str:
    path = ".".join(_key(part) for part in item["loc"]) or "(the whole file)"
    if item["type"] == "extra_forbidden":
        allowed = _keys_at(model, item["loc"][:-1])
        listed = f" (known: {', '.join(sorted(allowed))})" if allowed else ""
        return f"{path}: unknown key{did_you_mean(str(item['loc'][-1]), allowed)}{listed}"
    if item["type"] == "missing":
        return f"{path}: is missing"
    given = item["input"]
    shown = f", not {shorten(given)}" if isinstance(given, str | int | float | bool) else ""
    text = WORDS[item["type"]].format(**item.get("ctx", {})) if item["type"] in WORDS else item["msg"]
    message = text.removeprefix("Value error, ").removeprefix("Input ")
    return f"{path}: {message}{shown if item['type'] != 'value_error' else ''}"


def _key(part: int | str) -> str:
    # A quoted TOML key may hold anything; a line break in it must not start a line of its own.
    return str(part) if isinstance(part, int) or (part.isprintable() and len(part) <= 60) else shorten(part)


def _keys_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Return the keys that the table at `loc` may have, walking through nested models and lists of them."""
    current: Any = model
    for part in loc:
        if isinstance(part, int):
            continue
        field = getattr(current, "model_fields", {}).get(part)
        if field is None:
            return []
        current = _model_in(field.annotation)
        if current is None:
            return []
    return [field.alias or name for name, field in current.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for arg in getattr(annotation, "__args__", ()) if (model := _model_in(arg))), None)
