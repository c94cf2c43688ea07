"""What ``robustmnist compare`` leaves: four tables as CSV, a page, and what the terminal shows."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from robustmnist.cli.outputs import writing
from robustmnist.cli.table import print_table

if TYPE_CHECKING:
    import pandas as pd

    from robustmnist.predictions import Predictions
    from robustmnist.results import Comparison

__all__ = ["show_comparison"]

TABLES = ("suites", "sweeps", "settings", "sides")


def show_comparison(predictions: "Predictions", baseline: str | None, folder: Path, *, as_json: bool) -> None:
    """Compare every two checkpoints, write tables and page to `folder`, and print the suites' table or, asked, JSON."""
    from robustmnist.errors import RunError
    from robustmnist.files import write_atomic
    from robustmnist.report.compare_page import render_comparison
    from robustmnist.results import compare_pairs, stored_temperatures

    if len(predictions.checkpoints) < 2:
        raise RunError(
            f"there is one checkpoint only, '{predictions.checkpoints[0]}'", remedy="give another run or checkpoint too"
        )
    pairs = compare_pairs(predictions, baseline)
    tables = {name: _together(pairs, name) for name in TABLES}
    calibration = _calibration(predictions, stored_temperatures(predictions))
    html = render_comparison(predictions)  # before anything is written: it says where there is nothing to compare
    page = folder / "compare.html"
    with writing(folder):
        for name, table in tables.items():
            write_atomic(folder / f"{name}.csv", table.to_csv(index=False, float_format="%.10g", lineterminator="\n"))
        write_atomic(page, html)
    if as_json:
        tables["calibration"] = calibration
        records = {name: [_plain(row) for row in table.to_dict("records")] for name, table in tables.items()}
        click.echo(json.dumps({"n": len(predictions), **records, "report": str(page)}, ensure_ascii=False, indent=2))
        return
    click.echo(f"Mean area under the accuracy curves over {len(predictions):,} digits, and clean accuracy:")
    print_table(*_rows(pairs))
    if calibration["temperature"].notna().any():
        click.echo("Calibration error on clean digits, and with the temperature fitted on validation digits:")
        shown = zip(*(calibration[key] for key in ("checkpoint", "ece", "temperature", "ece_tempered")), strict=True)
        cells = [[name, *("" if math.isnan(one) else f"{one:.4f}" for one in numbers)] for name, *numbers in shown]
        print_table(["checkpoint", "error", "temperature", "with it"], cells)
    click.echo(f"tables: {', '.join(str(folder / f'{name}.csv') for name in TABLES)}")
    click.echo(f"report: {page}")


def _calibration(predictions: "Predictions", temperatures: Mapping[str, float]) -> "pd.DataFrame":
    """Return a row per checkpoint: clean calibration error and NLL, as it is and with the temperature, NaN without."""
    import pandas as pd

    from robustmnist.results import quality

    clean = replace(predictions, suites=(), logits={})
    raw, tempered = quality(clean), quality(clean, temperatures)
    given = pd.Series([temperatures.get(name, math.nan) for name in predictions.checkpoints])
    columns = {"ece": "ece_width", "nll": "nll"}
    plain = {key: raw[column] for key, column in columns.items()}
    cooled = {f"{key}_tempered": tempered[column].where(given.notna()) for key, column in columns.items()}
    return pd.DataFrame({"checkpoint": predictions.checkpoints, **plain, "temperature": given, **cooled})


def _together(pairs: "Sequence[Comparison]", name: str) -> "pd.DataFrame":
    import pandas as pd

    parts = []
    for pair in pairs:
        table = getattr(pair, name).copy()
        table.insert(0, "a", pair.a)
        table.insert(1, "b", pair.b)
        if name == "suites":
            table.insert(2, "baseline", pair.baseline)  # of the mCE
        parts.append(table)
    together: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return together


def _rows(pairs: "Sequence[Comparison]") -> tuple[list[str], list[list[str]]]:
    head = ["suite", "a", "b", "a's", "b's", "b − a", "95 % interval", "p (Holm)", "better"]
    rows = []
    for pair in pairs:
        clean = pair.settings.iloc[0]
        rows.append(["(clean)", pair.a, pair.b, *_cells(clean, "accuracy", pair)])
        for _, row in pair.suites.iterrows():
            rows.append([str(row["suite"]), pair.a, pair.b, *_cells(row, "area", pair)])
    return head, rows


def _cells(row: "pd.Series[Any]", what: str, pair: "Comparison") -> list[str]:
    from robustmnist.report.comparison_words import ALPHA

    difference, p = float(row["difference"]), float(row["p_holm"])
    better = (pair.b if difference > 0 else pair.a) if p < ALPHA else "not told apart"
    return [
        f"{row[f'{what}_a']:.4f}",
        f"{row[f'{what}_b']:.4f}",
        f"{difference:+.4f}",
        f"{row['difference_low']:+.4f} to {row['difference_high']:+.4f}",
        "" if math.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}",
        better,
    ]


def _plain(row: "dict[Any, Any]") -> dict[str, Any]:
    return {str(key): None if isinstance(one, float) and not math.isfinite(one) else one for key, one in row.items()}
