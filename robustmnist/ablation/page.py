"""The page of a study and its tables, all from the cells in its folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup

from robustmnist.ablation.cell import Cell
from robustmnist.ablation.charts import Bar, curve_charts, forest
from robustmnist.ablation.critical import critical_effects
from robustmnist.ablation.critical_page import critical_strengths
from robustmnist.ablation.critical_words import critical_words, reach
from robustmnist.ablation.effects import AREA, CALIBRATION, Numbers, cell_table, effects_table, measured
from robustmnist.ablation.folder import StudyFolder
from robustmnist.ablation.session import cells_of
from robustmnist.ablation.study import BASE, Study
from robustmnist.ablation.words import (
    DONE,
    EFFECTS,
    LEVEL,
    TABLE,
    answers,
    base_of,
    property_of,
    title_of,
)
from robustmnist.page.colours import hue
from robustmnist.page.records import Cell as Entry
from robustmnist.page.records import Chart, Fact, Key, Table
from robustmnist.page.template import fill
from robustmnist.results import table_csv
from robustmnist.system.files import write_atomic
from robustmnist.system.installation import __version__
from robustmnist.wording.characters import printable
from robustmnist.wording.numbers import count, percent, plain

__all__ = ["render_study", "write_study"]

DRAWN = 6  # curves beside that of the base


@dataclass(frozen=True)
class StudyPage:
    """What the page shows."""

    title: str
    heading: str
    generator: str
    facts: tuple[Fact, ...]
    answers: tuple[str, ...]
    forest: Markup
    forest_note: str
    head: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]
    table_note: str
    keys: tuple[Key, ...]
    curves: tuple[Chart, ...]
    critical: tuple[Table, ...]
    critical_note: str
    variants: Table
    done: str
    command: str


def write_study(folder: StudyFolder, study: Study) -> pd.DataFrame:
    """Write cells.csv, effects.csv, critical.csv and study.html from the cells that are there, and return the effects.

    Raises:
        RunError: If a cell is damaged or a variant has none.
    """
    cells = cells_of(folder, study)
    effects = effects_table(cells)
    write_atomic(folder.path / "effects.csv", table_csv(effects, "%.6g"))
    write_atomic(folder.path / "critical.csv", table_csv(critical_effects(cells), "%.6g"))
    write_atomic(folder.path / "cells.csv", table_csv(cell_table(cells), "%.6g"))
    write_atomic(folder.page, render_study(study, cells, effects))
    return effects


def render_study(study: Study, cells: Mapping[str, Sequence[Cell]], effects: pd.DataFrame) -> str:
    """Return the page as HTML; the same cells give the same text."""
    area, accuracy = measured(effects, AREA), measured(effects, "accuracy")
    farther = critical_effects(cells)
    order = sorted(area, key=lambda name: -area[name]["difference"])
    drawn = _drawn(area, order)
    page = StudyPage(
        title=f"robustmnist ablate: {study.title}",
        heading=study.title,
        generator=f"robustmnist {__version__}",
        facts=_facts(study, cells),
        answers=(*answers(study, effects, cells), *reach(study, farther, accuracy)),
        forest=forest(
            [title_of(study, name) for name in order],
            {"mean area": _bars(area, order), "clean accuracy": _bars(accuracy, order)},
            "The effect of every change on mean area and on clean accuracy",
        ),
        forest_note=EFFECTS,
        head=_head(cells),
        rows=tuple(_entries(study, name, cells, effects) for name in (BASE, *order)),
        table_note=TABLE,
        keys=tuple(Key(at, title) for at, title in ((drawn[name], title_of(study, name)) for name in drawn)),
        curves=curve_charts(cells, {name: (at, title_of(study, name)) for name, at in drawn.items()}),
        critical=critical_strengths(study, cells, farther, order),
        critical_note=critical_words(farther),
        variants=_variants(study, order),
        done=DONE,
        command="robustmnist ablate study.toml",
    )
    return fill("study.html.jinja", page, package=str(__package__), finalize=_safe)


def _safe(value: object) -> object:
    return value if isinstance(value, Markup) else printable(value)


def _drawn(area: Numbers, order: Sequence[str]) -> dict[str, int]:
    """Return the base and the variants with the largest effects, in the order of the table, to their hues."""
    largest = sorted(order, key=lambda name: -abs(area[name]["difference"]))[:DRAWN]
    return {
        name: hue(7 if name == BASE else at - 1) for at, name in enumerate([BASE, *(n for n in order if n in largest)])
    }


def _facts(study: Study, cells: Mapping[str, Sequence[Cell]]) -> tuple[Fact, ...]:
    every = [cell for several in cells.values() for cell in several]
    seconds = sum(float(cell.facts.get("seconds", 0)) for cell in every)
    devices = dict.fromkeys(str(cell.facts["device"]) for cell in every)
    return (
        Fact("recipe", base_of(study)),
        Fact("changes", count(len(study.variant))),
        Fact("trainings", f"{count(len(every))} of {count(len(cells) * len(study.seeds))}"),
        Fact("seeds", ", ".join(map(str, study.seeds))),
        Fact("suites", ", ".join(every[0].areas)),
        Fact("test digits", count(int(every[0].facts["n"]))),
        Fact("training time", f"{seconds:,.0f} s in all"),
        Fact("device", "; ".join(devices)),
    )


def _bars(table: Numbers, order: Sequence[str]) -> list[Bar]:
    return [
        Bar(100 * row["difference"], 100 * row["low"], 100 * row["high"], row["p_holm"] < LEVEL)
        for row in (table[name] for name in order)
    ]


def _head(cells: Mapping[str, Sequence[Cell]]) -> tuple[str, ...]:
    suites = next(iter(cells.values()))[0].areas
    return ("change", "accuracy, %", "mean area, %", *suites, "ECE, %", "ECE perturbed, %", "parameters", "s")


def _entries(study: Study, name: str, cells: Mapping[str, Sequence[Cell]], effects: pd.DataFrame) -> tuple[Entry, ...]:
    suites = next(iter(cells.values()))[0].areas
    table = cell_table({name: cells[name]})
    measures = ["accuracy", AREA, *(f"{AREA}:{suite}" for suite in suites), *CALIBRATION]
    entries = [Entry(title_of(study, name))]
    for measure in measures:
        if name != BASE:
            row = measured(effects, measure)[name]
            note = f"({plain(100 * row['difference'], 2, signed=True)})"
            entries.append(Entry(percent(row["value"], 2, sign=False), note, best=row["p_holm"] < LEVEL))
        elif measure == AREA:
            mean = float(np.mean([table[f"{AREA}:{suite}"].mean() for suite in suites]))
            entries.append(Entry(percent(mean, 2, sign=False)))
        else:
            entries.append(Entry(percent(float(table[measure].mean()), 2, sign=False)))
    parameters, seconds = float(table["parameters"].max()), float(table["seconds"].mean())
    entries.append(Entry(count(int(parameters)) if np.isfinite(parameters) else "–"))
    entries.append(Entry(plain(seconds, 1) if np.isfinite(seconds) else "–"))
    return tuple(entries)


def _variants(study: Study, order: Sequence[str]) -> Table:
    changes = {variant.name: variant.set for variant in study.variant}
    rows = tuple((title_of(study, name), property_of(study, name), name, _values(changes[name])) for name in order)
    return Table("The changes", ("change", "property", "name", "values"), rows)


def _values(table: Mapping[str, object], prefix: str = "") -> str:
    parts = []
    for key, value in table.items():
        parts.append(_values(value, f"{prefix}{key}.") if isinstance(value, dict) else f"{prefix}{key} = {value}")
    return ", ".join(parts)
