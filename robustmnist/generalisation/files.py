"""The files of a generalisation: the page, a CSV file for each table, all numbers as JSON."""

import json
from pathlib import Path
from typing import Any

from robustmnist.generalisation.page import render
from robustmnist.generalisation.page_tables import plain_rows
from robustmnist.generalisation.session import Generalisation
from robustmnist.system.files import write_atomic
from robustmnist.wording.json_values import finite

__all__ = ["PAGE", "as_dict", "write_generalisation"]

PAGE = "generalisation.html"


def write_generalisation(result: Generalisation, folder: Path) -> Path:
    """Write ``generalisation.html``, ``generalisation.json`` and a CSV file for each table; return the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in result.tables.items():
        write_atomic(folder / f"{name}.csv", table.to_csv(index=False, float_format="%.10g", lineterminator="\n"))
    write_atomic(folder / "generalisation.json", json.dumps(as_dict(result), indent=1, allow_nan=False) + "\n")
    write_atomic(folder / PAGE, render(result))
    return folder / PAGE


def as_dict(result: Generalisation) -> dict[str, Any]:
    """Return all numbers as plain values for JSON."""
    content = finite(
        {
            **result.manifest,
            "homes": dict(result.homes),
            "sets": [dict(record) for record in result.sets],
            **{name: list(plain_rows(table)) for name, table in result.tables.items()},
        }
    )
    assert isinstance(content, dict)
    return content
