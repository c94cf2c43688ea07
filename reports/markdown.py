"""Cells and tables of the published pages, as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from robustmnist.wording.numbers import percent, share_text

__all__ = ["interval_text", "percent_text", "table_text"]


def interval_text(row: Mapping[Any, Any], name: str, decimals: int = 2) -> str:
    """Return the share in the column `name` of a row, with the interval from ``{name}_low`` and ``{name}_high``."""
    return share_text(*(float(row[f"{name}{end}"]) for end in ("", "_low", "_high")), decimals=decimals, sign=True)


def percent_text(share: object) -> str:
    """Return a share as a percentage with two decimals."""
    return percent(float(share), 2)  # type: ignore[arg-type]


def table_text(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
