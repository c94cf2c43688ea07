"""The end of an evaluation on the terminal: clean accuracy, and a table of how far each sweep can be followed."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from robustmnist.cli.table import print_table

if TYPE_CHECKING:
    import pandas as pd

    from robustmnist.predictions import Predictions

__all__ = ["show_headline"]


def show_headline(predictions: "Predictions", folder: Path, page: Path, *, as_json: bool) -> None:
    """Print what came out and where it lies; with `as_json` as JSON on standard output and nothing else."""
    from robustmnist.results import headline, worst_over_grid

    table = headline(predictions)
    pairs = [(suite.name, sweep.name) for suite in predictions.suites for sweep in suite.maps]
    grids = [row for pair in pairs for row in worst_over_grid(predictions, *pair).to_dict("records")]
    summary = folder / "summary.csv"
    if as_json:
        rows = [{key: _plain(value) for key, value in row.items()} for row in table.to_dict("records")]
        content = {
            "out": str(folder),
            "report": str(page),
            "summary": str(summary),
            "dataset": dict(predictions.manifest["dataset"]),
            "n": len(predictions),
            "headline": rows,
            "maps": grids,
        }
        click.echo(json.dumps(content, indent=1, ensure_ascii=False))
        return
    for name in predictions.checkpoints:
        click.echo(f"{name}: {_clean(predictions, name)}")
    if len(table):
        click.echo("Area under each accuracy curve, and the strength at which accuracy falls below 90 %:")
        print_table(*_rows(predictions, table))
    if grids:
        click.echo("Accuracy over all points of each map, and share of digits read at every one of them:")
        print_table(*_grids(predictions, grids))
    click.echo(f"summary: {summary}")
    click.echo(f"report:  {page}")


def _clean(predictions: "Predictions", checkpoint: str) -> str:
    from robustmnist.results import decide, wilson

    n = len(predictions)
    right = int((decide(predictions.at(checkpoint)[0]).predicted == predictions.labels).sum())
    low, high = (100 * float(end) for end in wilson(right, n))
    return f"{100 * right / n:.2f} % of {n:,} clean images (95 % interval {low:.2f} to {high:.2f})"


def _grids(predictions: "Predictions", grids: list[dict[Any, Any]]) -> tuple[list[str], list[list[str]]]:
    head = ["suite", "map", *(text for name in predictions.checkpoints for text in (f"{name} mean", "at every point"))]
    found: dict[tuple[str, str], list[str]] = {}
    for row in grids:
        found.setdefault((row["suite"], row["sweep"]), []).extend([f"{row['mean']:.3f}", f"{row['accuracy']:.3f}"])
    return head, [[*place, *cells] for place, cells in found.items()]


def _rows(predictions: "Predictions", table: "pd.DataFrame") -> tuple[list[str], list[list[str]]]:
    head = ["suite", "sweep", *(text for name in predictions.checkpoints for text in (f"{name} area", "< 90 % at"))]
    rows = []
    for suite in predictions.suites:
        for sweep in suite.curves:
            sides = [min(sweep.values) < sweep.neutral, max(sweep.values) > sweep.neutral]
            cells = [suite.name, sweep.name]
            for name in predictions.checkpoints:
                chosen = (table["suite"] == suite.name) & (table["sweep"] == sweep.name) & (table["checkpoint"] == name)
                row = table[chosen].iloc[0]
                ends = [float(row["threshold_low"]), float(row["threshold_high"])]
                cells += [f"{row['area']:.3f}", _thresholds(ends, sides, sweep.unit)]
            rows.append(cells)
    return head, rows


def _thresholds(ends: list[float], sides: list[bool], unit: str) -> str:
    shown = ["never" if math.isnan(end) else f"{end:.3g}" for end, side in zip(ends, sides, strict=True) if side]
    text = " and ".join(dict.fromkeys(shown))
    return text if text == "never" else f"{text}{'' if unit == '°' else ' '}{unit}"


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
