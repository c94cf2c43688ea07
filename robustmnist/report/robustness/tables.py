"""The tables of the page: critical strengths, the numbers behind the figures, confusion matrices."""

from dataclasses import dataclass

from markupsafe import Markup

from robustmnist.overview.in_words import NAME, TITLE, at, reach_text
from robustmnist.overview.overview import SuiteOverview, SweepOverview
from robustmnist.overview.tolerance import Tolerance
from robustmnist.page.colours import hue
from robustmnist.page.records import Cell, Table
from robustmnist.page.svg import line, picture, rectangle
from robustmnist.report.robustness.caption_words import table_caption
from robustmnist.report.robustness.headline import clearly_best
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import plain, share_text

__all__ = ["SweepRow", "SweepTable", "curve_table", "sweep_table"]


BAR_WIDTH, BAR_PITCH, BARS_HEIGHT = 120, 5.0, 25.0  # px; more bars than fit at the pitch get thinner


@dataclass(frozen=True)
class SweepRow:
    """One sweep: its range, a drawing of where each checkpoint holds, and two cells for each."""

    title: str
    span: str
    bars: Markup
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class SweepTable:
    """The sweeps of one suite: critical strengths and areas."""

    caption: str
    rows: tuple[SweepRow, ...]


def sweep_table(suite: SuiteOverview) -> SweepTable:
    """Return a row per sweep: where each checkpoint has lost a tenth, and the area under its curve."""
    rows = []
    for sweep in suite.sweeps:
        areas = [tolerance.area for tolerance in sweep.tolerances]
        best = clearly_best(areas)
        cells = []
        for k, tolerance in enumerate(sweep.tolerances):
            cells.append(Cell(reach_text(sweep, tolerance)))
            cells.append(
                Cell(share_text(tolerance.area.share, tolerance.area.low, tolerance.area.high), best=k == best)
            )
        low, high = min(sweep.values), max(sweep.values)
        span = f"{plain(low)} to {at(sweep, high, exact=True)}"
        rows.append(SweepRow(shorten(sweep.title, TITLE), span, _bars(sweep), tuple(cells)))
    title = shorten(suite.title, TITLE)
    measured = (fall.measured for sweep in suite.sweeps for tolerance in sweep.tolerances for fall in tolerance.falls)
    return SweepTable(table_caption(title, measured=any(value is not None for value in measured)), tuple(rows))


def curve_table(sweep: SweepOverview) -> Table:
    """Return the accuracies and intervals behind a chart, a row per strength."""
    rows = []
    for i, value in enumerate(sweep.values):
        cells = (share_text(curve.accuracy[i], curve.low[i], curve.high[i]) for curve in sweep.curves)
        rows.append((at(sweep, value, exact=True), *cells))
    head = ("strength", *(shorten(curve.name, NAME) for curve in sweep.curves))
    title = shorten(sweep.title, TITLE)
    return Table(f"{title}: accuracy in % with its 95 % interval", head, tuple(rows))


def _bars(sweep: SweepOverview) -> Markup:
    # The cells beside it say the same as text, so it is hidden from screen readers.
    low, high = min(sweep.values), max(sweep.values)
    pitch = min(BAR_PITCH, BARS_HEIGHT / len(sweep.tolerances))
    tall = max(len(sweep.tolerances) * pitch + 2, 10)

    def x(value: float) -> float:
        return 1 + (value - low) / ((high - low) or 1.0) * BAR_WIDTH

    parts = [line([(1, tall / 2), (BAR_WIDTH + 1, tall / 2)], "srule")]
    for row, tolerance in enumerate(sweep.tolerances):
        start, end = _held(sweep, tolerance)
        y = 1 + (row + 1 / 6) * pitch
        parts.append(rectangle(x(start), y, max(x(end) - x(start), 1.0), pitch * 2 / 3, f"f{hue(tolerance.index)}"))
    parts.append(line([(x(sweep.neutral), 0), (x(sweep.neutral), tall)], "sink"))
    return picture(BAR_WIDTH + 2, tall, parts)


def _held(sweep: SweepOverview, tolerance: Tolerance) -> tuple[float, float]:
    low, high = min(sweep.values), max(sweep.values)
    below, above = tolerance.below, tolerance.above
    return (
        low if below is None or below.at is None else below.at,
        high if above is None or above.at is None else above.at,
    )
