"""The table of critical strengths on the page of a study."""

from collections.abc import Mapping, Sequence

import pandas as pd

from robustmnist.ablation.cell import Cell
from robustmnist.ablation.critical import critical_table
from robustmnist.ablation.critical_words import farther_text, strength_text
from robustmnist.ablation.study import BASE, Study
from robustmnist.ablation.words import title_of
from robustmnist.page.records import Table
from robustmnist.wording.numbers import listing

__all__ = ["critical_strengths"]

Side = tuple[str, str, str]
COLUMNS = 5  # variants in a table


def critical_strengths(
    study: Study, cells: Mapping[str, Sequence[Cell]], farther: pd.DataFrame, order: Sequence[str]
) -> tuple[Table, ...]:
    """Return tables with a row per sweep and side: strength and difference to the recipe as it is.

    Each has a column for the base and for some of the variants, so that it fits on paper.

    Args:
        study: The study.
        cells: By variant.
        farther: From `robustmnist.ablation.critical.critical_effects`.
        order: Of the variants.
    """
    means, effects = _by_side(critical_table(cells)), _by_side(farther)
    seeds = {name: sum(1 for cell in several if cell.facts.get("critical")) for name, several in cells.items()}
    parts = [order[at : at + COLUMNS] for at in range(0, len(order), COLUMNS)]
    return tuple(_table(study, (BASE, *part), means, effects, seeds) for part in parts)


def _table(
    study: Study,
    names: Sequence[str],
    means: Mapping[tuple[str, Side], Mapping[str, object]],
    effects: Mapping[tuple[str, Side], Mapping[str, object]],
    seeds: Mapping[str, int],
) -> Table:
    sides = dict.fromkeys(side for _, side in means)
    rows = []
    for side in sides:
        texts = []
        for name in names:
            row, effect = means.get((name, side)), effects.get((name, side))
            if row is None:
                texts.append("–")
                continue
            strength = float(str(row["critical"])), int(str(row["beyond"])), seeds[name], float(str(row["end"]))
            said = strength_text(*strength, str(row["unit"]))
            texts.append(said if effect is None else f"{said} {farther_text(effect)}")
        rows.append((", ".join([f"{side[0]}: {side[1]}", side[2]]), *texts))
    head = ("sweep and side", *(title_of(study, name) for name in names))
    return Table(
        f"Critical strengths, mean over seeds: {listing([title_of(study, name) for name in names[1:]])}",
        head,
        tuple(rows),
    )


def _by_side(table: pd.DataFrame) -> dict[tuple[str, Side], dict[str, object]]:
    """Return the rows of a table by variant and by suite, sweep and side."""
    return {
        (str(row["variant"]), (str(row["suite"]), str(row["sweep"]), str(row["side"]))): {
            str(key): value for key, value in row.items()
        }
        for row in table.to_dict("records")
    }
