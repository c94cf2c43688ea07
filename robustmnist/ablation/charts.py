"""The charts of a study: every effect with its interval, and the curves behind the largest ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from robustmnist.ablation.cell import Cell
from robustmnist.page.axis import ticks
from robustmnist.page.line_chart import Axis, Line, line_chart
from robustmnist.page.records import Chart, Table
from robustmnist.page.svg import dots, line, picture, stroke, width, word
from robustmnist.wording.numbers import brief, percent, plain

__all__ = ["Bar", "curve_charts", "forest"]

ROW, TOP, BOTTOM = 21.0, 40.0, 30.0
PANEL, GAP = 250.0, 26.0
LONGEST = 44  # letters of a title


@dataclass(frozen=True)
class Bar:
    """An effect: difference and interval in points, whether it is clear."""

    mean: float
    low: float
    high: float
    clear: bool


def forest(titles: Sequence[str], panels: Mapping[str, Sequence[Bar]], label: str) -> Markup:
    """Draw a row per variant with its effect in every panel; zero is the recipe as it is.

    Args:
        titles: Of the variants, from above.
        panels: What is measured, to an effect per variant.
        label: What is shown, in words.
    """
    names = [title if len(title) <= LONGEST else f"{title[: LONGEST - 1]}…" for title in titles]
    left = max(map(width, names), default=0) + 14
    bottom = TOP + ROW * len(names)
    parts = [word(0, TOP + ROW * (at + 0.5) + 4, name) for at, name in enumerate(names)]
    for number, (measure, bars) in enumerate(panels.items()):
        start = left + number * (PANEL + GAP)
        near = [bar for bar in bars if abs(bar.mean) <= _reach(bars)]
        ends = [value for bar in near for value in (bar.low, bar.high, bar.mean) if np.isfinite(value)]
        low, high = min([*ends, -0.05]), max([*ends, 0.05])
        margin = 0.04 * (high - low)
        low, high = low - margin, high + margin

        def x(value: float, start: float = start, low: float = low, high: float = high) -> float:
            return start + (value - low) / (high - low) * PANEL

        tick_values = ticks(low, high, 6)
        parts.append(word(start + PANEL / 2, 12, measure, "", "middle"))
        parts.append(stroke((((x(tick), TOP), (x(tick), bottom)) for tick in tick_values), "srule"))
        parts.append(line([(x(0), TOP), (x(0), bottom)], "smuted"))
        parts += [word(x(tick), bottom + 15, brief(tick), "tmuted", "middle") for tick in tick_values]
        for at, bar in enumerate(bars):
            y = TOP + ROW * (at + 0.5)
            hue = 2 if bar.mean > 0 else 1
            if bar not in near:  # it would squeeze all others: its number stands at the edge instead
                edge, side = (start, "") if bar.mean < 0 else (start + PANEL, "end")
                parts.append(word(edge, y + 4, f"{plain(bar.mean, 1, signed=True)} points", f"t{hue}", side))
                continue
            if np.isfinite(bar.low) and np.isfinite(bar.high):
                parts.append(line([(x(bar.low), y), (x(bar.high), y)], f"s{hue} wh"))
            parts.append(dots([(x(bar.mean), y)], f"s{hue} rg"))
            if not bar.clear:
                parts.append(dots([(x(bar.mean), y)], "spaper ri"))
    wide = left + len(panels) * (PANEL + GAP)
    parts.append(
        word(left, bottom + BOTTOM - 2, "percentage points; green is better than the recipe as it is", "tmuted")
    )
    return picture(wide, bottom + BOTTOM + 4, parts, label=label)


def _reach(bars: Sequence[Bar]) -> float:
    """Return the largest effect that is drawn to scale: four times that of the third quarter of them."""
    return 4 * float(np.quantile([abs(bar.mean) for bar in bars], 0.75)) if bars else 0.0


def curve_charts(cells: Mapping[str, Sequence[Cell]], chosen: Mapping[str, tuple[int, str]]) -> tuple[Chart, ...]:
    """Return accuracy against strength for every sweep, the mean over the seeds.

    Args:
        cells: By variant.
        chosen: The variants that are drawn, to the number of their hue and their title.
    """
    first = next(cell for name in chosen for cell in cells[name] if cell.facts.get("sweeps"))
    charts = []
    for at, sweep in enumerate(first.facts["sweeps"]):
        values = tuple(map(float, sweep["values"]))
        means = {
            name: np.mean(
                [cell.facts["sweeps"][at]["accuracy"] for cell in cells[name] if cell.facts.get("sweeps")], axis=0
            )
            for name in chosen
        }
        title = f"{sweep['suite']}: {sweep['sweep']}"
        lines = [Line(chosen[name][0], values, tuple(100 * means[name])) for name in chosen]
        figure = line_chart(lines, Axis("accuracy, %", low=0.0, high=100.0), sweep["unit"], f"Accuracy, {title}")
        rows = tuple(
            (plain(value), *(percent(float(means[name][row]), 2) for name in chosen))
            for row, value in enumerate(values)
        )
        head = (sweep["unit"] or "strength", *(chosen[name][1] for name in chosen))
        charts.append(Chart(f"sweep-{at}", title, figure, "", Table(title, head, rows)))
    return tuple(charts)
