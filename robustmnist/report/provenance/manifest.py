"""Values of a run's manifest, which may be anything, as text."""

from collections.abc import Mapping
from typing import Any

from robustmnist.wording.characters import shorten

__all__ = ["LONG", "number_of", "table_of", "text_of"]

LONG = 400  # characters of a text that is quoted whole


def number_of(value: object) -> str:
    """Return a whole number for people; nothing where it is none."""
    return f"{value:,.0f}" if isinstance(value, int | float) else ""


def table_of(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the table under a key; an empty one where there is none."""
    value = record.get(key)
    return value if isinstance(value, Mapping) else {}


def text_of(value: object) -> str:
    """Return a value as text that can be shown, cut where it is very long."""
    return shorten(value, LONG)
