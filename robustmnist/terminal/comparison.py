"""Every two checkpoints compared: the tables, and what the terminal shows of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustmnist.terminal.echo import echo, echo_json
from robustmnist.terminal.seeds import seed_table, show_seeds
from robustmnist.terminal.table import print_table

if TYPE_CHECKING:
    import pandas as pd

    from robustmnist.predictions import Predictions
    from robustmnist.results import Comparison
    from robustmnist.suites import Setting

__all__ = ["Compared", "compared", "show_comparison"]

TABLES = ("suites", "sweeps", "settings", "sides")


@dataclass(frozen=True)
class Compared:
    """Every two checkpoints of a run compared.

    Attributes:
        pairs: The comparison of every two.
        tables: The tables by name, as they lie in CSV files.
        calibration: A row per checkpoint, on clean digits.
        settings: At which the page looks.
        seeds: How results vary with the seed of a recipe; None where no two checkpoints are of one recipe.
    """

    pairs: "Sequence[Comparison]"
    tables: "Mapping[str, pd.DataFrame]"
    calibration: "pd.DataFrame"
    settings: "Sequence[Setting]"
    seeds: "pd.DataFrame | None"


def compared(predictions: "Predictions", baseline: str | None, seeds: Sequence[Sequence[str]]) -> Compared:
    """Compare every two checkpoints.

    Args:
        predictions: What was evaluated.
        baseline: The checkpoint whose errors are the unit of the mCE; None: the first of each pair.
        seeds: Groups of checkpoints that are of one recipe and different seeds.

    Raises:
        RunError: If there is nothing to compare, or a checkpoint that is named was not evaluated.
    """
    from robustmnist.errors import RunError
    from robustmnist.results import compare_pairs, disagreements, stored_temperatures

    if len(predictions.checkpoints) < 2:
        raise RunError(
            f"there is one checkpoint only, '{predictions.checkpoints[0]}'", remedy="give another run or checkpoint too"
        )
    by_seed = seed_table(predictions, seeds)
    pairs = compare_pairs(predictions, baseline)
    settings = _hardest(predictions)
    tables = {name: _together(pairs, name) for name in TABLES}
    tables["disagreements"] = disagreements(predictions, settings)
    if by_seed is not None:
        tables["seeds"] = by_seed
    return Compared(pairs, tables, _calibration(predictions, stored_temperatures(predictions)), settings, by_seed)


def show_comparison(predictions: "Predictions", result: Compared, folder: Path, page: Path, *, as_json: bool) -> None:
    """Print the suites' table and where everything lies in `folder`; or, asked, JSON and nothing else."""
    tables, pairs, by_seed = dict(result.tables), result.pairs, result.seeds
    calibration, settings = result.calibration, result.settings
    if as_json:
        tables["calibration"] = calibration
        records = {name: table.to_dict("records") for name, table in tables.items()}
        echo_json({"n": len(predictions), **records, "report": str(page)})
        return
    echo(f"Mean area under the accuracy curves over {len(predictions):,} digits, and clean accuracy:")
    print_table(*_rows(pairs))
    for line in _discordant(pairs):
        echo(line)
    if by_seed is not None:
        show_seeds(by_seed, settings)
    if calibration["temperature"].notna().any():
        echo("Calibration error on clean digits, and with the temperature fitted on validation digits:")
        cells = [
            [row["checkpoint"], *_error(row, "ece"), _temperature(row["temperature"]), *_error(row, "ece_tempered")]
            for row in calibration.to_dict("records")
        ]
        print_table(["checkpoint", "error", "95 % interval", "temperature", "with it", "95 % interval"], cells)
    echo(f"tables: {', '.join(str(folder / f'{name}.csv') for name in tables)}")
    echo(f"report: {page}")


def _hardest(predictions: "Predictions") -> "list[Setting]":
    """Return the settings at which the page looks: each suite's hardest sweep at its focus."""
    from robustmnist.overview.gather import gather
    from robustmnist.overview.printable_run import printable_run
    from robustmnist.suites import Setting

    settings = []
    for shown in gather(printable_run(predictions)).suites:
        # The names as they are, not as they are printed.
        suite, sweep = predictions.suites[shown.index], shown.hardest
        settings.append(Setting(suite.name, suite.curves[sweep.index[1]].name, sweep.focus))
    return settings


def _discordant(pairs: "Sequence[Comparison]") -> list[str]:
    clean = [(pair, pair.settings.iloc[0]) for pair in pairs]
    return [
        f"clean digits: {pair.b} reads {row['only_b']:,} that {pair.a} gets wrong; the other way {row['only_a']:,}"
        for pair, row in clean
    ]


def _calibration(predictions: "Predictions", temperatures: Mapping[str, float]) -> "pd.DataFrame":
    """Return a row per checkpoint: what a temperature changes of its clean digits, with intervals; NaN without one."""
    import pandas as pd

    from robustmnist.results import quality
    from robustmnist.results.confidence.metrics.registry import METRICS

    clean = replace(predictions, suites=(), logits={})
    raw, tempered = quality(clean), quality(clean, temperatures)
    given = pd.Series([temperatures.get(name, math.nan) for name in predictions.checkpoints])
    ends = ("", "_low", "_high")
    names = {"ece": "ece_width"}
    names |= {name: name for name, metric in METRICS.items() if metric.with_temperature and name != "ece_width"}
    plain = {f"{key}{end}": raw[f"{column}{end}"] for key, column in names.items() for end in ends}
    cooled = {
        f"{key}_tempered{end}": tempered[f"{column}{end}"].where(given.notna())
        for key, column in names.items()
        for end in ends
    }
    return pd.DataFrame({"checkpoint": predictions.checkpoints, **plain, "temperature": given, **cooled})


def _error(row: "Mapping[Any, Any]", name: str) -> tuple[str, str]:
    """Return an error and its interval; a dash where there is none."""
    from robustmnist.wording.numbers import score_texts

    value, low, high = (float(row[f"{name}{end}"]) for end in ("", "_low", "_high"))
    return score_texts(value, low, high)


def _temperature(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


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
    head = ["suite", "a", "b", "a's, %", "b's, %", "b − a (95 % interval)", "p (Holm)", "better"]
    rows = []
    for pair in pairs:
        clean = pair.settings.iloc[0]
        rows.append(["(clean)", pair.a, pair.b, *_cells(clean, "accuracy", 2, pair)])
        for _, row in pair.suites.iterrows():
            rows.append([str(row["suite"]), pair.a, pair.b, *_cells(row, "area", 1, pair)])
    return head, rows


def _cells(row: "pd.Series[Any]", what: str, decimals: int, pair: "Comparison") -> list[str]:
    from robustmnist.wording.numbers import percent, typed
    from robustmnist.wording.tests import ALPHA, difference_text, p_text

    difference, p = float(row["difference"]), float(row["p_holm"])
    better = (pair.b if difference > 0 else pair.a) if p < ALPHA else "not shown to differ"
    return [
        *(percent(float(row[f"{what}_{side}"]), decimals, sign=False) for side in "ab"),
        typed(difference_text(difference, float(row["difference_low"]), float(row["difference_high"]))),
        typed(p_text(p, name=False)),
        better,
    ]
