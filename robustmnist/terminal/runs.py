"""Training runs as a table on the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from robustmnist.terminal.table import print_table
from robustmnist.wording.numbers import interval, percent, typed

if TYPE_CHECKING:
    from robustmnist.training.runs_table import RunRow

__all__ = ["show_runs"]


def show_runs(rows: "Sequence[RunRow]") -> None:
    """Print a row per run: what differs in its recipe, accuracies, and the area of every suite it was evaluated on."""
    keys = [key for key in rows[0].differs if key != "epochs"] if rows else []
    suites = list(dict.fromkeys(suite for row in rows for suite in row.areas))
    head = ["run", *keys, "epochs", "validation", "test", "95 % interval", *(f"{suite}: area" for suite in suites), "s"]
    print_table(head, [_cells(row, keys, suites) for row in rows])


def _cells(row: "RunRow", keys: Sequence[str], suites: Sequence[str]) -> list[str]:
    test = row.test
    status = "" if row.status == "complete" else f" ({row.status})"
    return [
        str(row.path),
        *(_value(row.differs[key]) for key in keys),
        f"{row.epochs}{_of(row)}{status}",
        "–" if row.validation is None else typed(percent(row.validation, 2)),
        "–" if test is None else typed(percent(test[0], 2)),
        "" if test is None else typed(f"{interval(test[1], test[2], 2)} %"),
        *(typed(percent(row.areas[suite])) if suite in row.areas else "–" for suite in suites),
        f"{row.seconds:,.0f}" if row.seconds >= 10 else f"{row.seconds:.1f}",
    ]


def _of(row: "RunRow") -> str:
    """Return how many epochs there are to be, where the recipes differ in it and not all of them have ended."""
    wanted = row.differs.get("epochs", row.epochs)
    return "" if wanted == row.epochs else f" of {wanted}"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "-".join(map(str, value)) or "none"
    return "–" if value is None or value == "" else str(value)
