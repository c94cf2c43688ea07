"""What was measured of explanations, on the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from robustmnist.terminal.echo import echo
from robustmnist.terminal.table import print_table

if TYPE_CHECKING:
    from robustmnist.explanation.curves.followed import Followed
    from robustmnist.explanation.measuring import Measured

__all__ = ["show_half_lives", "show_measures"]


def show_measures(results: "Sequence[Measured]") -> None:
    """Print a table per checkpoint, methods above controls, and under it the verdict on each method."""
    from robustmnist.explanation.metrics.registry import MEASURES
    from robustmnist.explanation.verdict import short

    for result in results:
        names = [name for name in MEASURES if name in result.columns]
        estimates = {name: result.estimates(name) for name in names}
        n = result.columns[names[0]].shape[1]
        echo(f"{result.checkpoint}, {n:,} digits; mean (95 % interval), ↑ high is good, ↓ low is good:")
        rows = []
        for method in result.names:
            cells = []
            for name in names:
                estimate = estimates[name][method]
                missing = f" ({estimate.undefined} undefined)" if 0 < estimate.undefined < n else ""
                interval = f" ({short(estimate.low)} to {short(estimate.high)})" if name == names[0] else ""
                cells.append(f"{short(estimate.mean)}{interval}{missing}")
            rows.append([method, *cells])
        print_table(["map", *(f"{MEASURES[name].title} {MEASURES[name].arrow}" for name in names)], rows)
        for verdict in result.verdicts() if "srg" in names else []:
            echo(f"{verdict.method} {verdict.sentence}")
        echo("")


def show_half_lives(followed: "Sequence[Followed]") -> None:
    """Print where the maps and the predictions break, a row per checkpoint, method and side."""
    from robustmnist.explanation.curves.half_life import half_life_rows, pair_rows
    from robustmnist.wording.numbers import percent, strength
    from robustmnist.wording.tests import p_text

    def at(values: tuple[float, float, float], unit: str) -> str:
        middle, low, high = values
        if middle != middle:
            return "beyond the sweep"
        top = strength(high, unit) if high == high else "beyond"
        return f"{strength(middle, unit)} ({strength(low, unit)} to {top})"

    rows = [
        [
            row.checkpoint,
            row.method,
            row.side,
            at(row.explanation, row.unit),
            at(row.prediction, row.unit),
            percent(row.first, 0),
            f"{row.floor:.2f}",
            str(row.undefined),
        ]
        for row in half_life_rows(followed)
    ]
    head = ["checkpoint", "map", "side", "half-life (95 %)", "misread at (95 %)", "map first", "floor", "undefined"]
    print_table(head, rows)
    for pair in pair_rows(followed):
        unit = strength(abs(pair.over.mean), pair.unit, 1)
        word = "longer" if pair.over.mean > 0 else "shorter"
        echo(f"{pair.method}, {pair.side}: {pair.a} lasts {unit} {word} than {pair.b}, {p_text(pair.over.p)} (Holm)")
