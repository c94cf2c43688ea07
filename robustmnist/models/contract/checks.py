"""What may stand in a contract; everything else is refused in one line."""

from collections.abc import Mapping, Sequence
from typing import Any

from robustmnist.errors import InputError
from robustmnist.system.validation import did_you_mean, shorten

__all__ = ["PerChannel", "check_choice", "checked_keys", "each", "is_whole", "numbers", "refusal"]

PerChannel = float | tuple[float, ...]


def check_choice(where: str, name: str, value: object, allowed: tuple[Any, ...]) -> None:
    """Refuse a value that is none of those allowed; ``True`` is not 1."""
    if not any(type(value) is type(choice) and value == choice for choice in allowed):
        near = did_you_mean(value, map(str, allowed)) if isinstance(value, str) else ""
        what = f"{name} is {shorten(value)}{near}"
        raise InputError(what, where=where, remedy=f"use {', '.join(map(str, allowed))}")


def refusal(name: str, value: object, allowed: str, where: str = "input") -> InputError:
    """Return the error for a value that is not what it must be."""
    return InputError(f"{name} is {shorten(value)}", where=where, remedy=f"it must be {allowed}")


def numbers(name: str, value: object, least: int, channels: int) -> PerChannel:
    """Return `value` as a float or a tuple of floats, having checked that there are as many as there must be."""
    values = list(value) if isinstance(value, list | tuple) else [value]
    if not all(
        isinstance(number, int | float) and not isinstance(number, bool) and abs(number) < 1e6 for number in values
    ):
        raise refusal(name, value, "numbers below a million")
    floats = tuple(float(number) for number in values)  # type: ignore[arg-type]
    if len(floats) not in ({2} if least == 2 else {1, channels}):
        raise refusal(
            name, value, "two numbers" if least == 2 else f"one number, or one for each of {channels} channels"
        )
    return floats if len(floats) > 1 else floats[0]


def is_whole(value: object) -> bool:
    """Return whether `value` is a whole number, which a truth value is not."""
    return isinstance(value, int) and not isinstance(value, bool)


def each(value: PerChannel) -> tuple[float, ...]:
    """Return the numbers that stand there, one or one for each channel."""
    return value if isinstance(value, tuple) else (value,)


def checked_keys(where: str, table: Mapping[str, Any], known: Sequence[str]) -> dict[str, Any]:
    """Return `table` as a dictionary if all its keys are `known`."""
    for key in table:
        if key not in known:
            what = f"{shorten(key)} is no part of it{did_you_mean(str(key), known)}"
            raise InputError(what, where=where, remedy=f"use {', '.join(known)}")
    return dict(table)
