"""The first screen: every suite in one number per checkpoint, as dots on one axis and as text."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from robustmnist.overview.in_words import TITLE
from robustmnist.overview.overview import Overview, ScoreKind
from robustmnist.overview.tolerance import Area
from robustmnist.page.anchors import anchor
from robustmnist.page.colours import hue
from robustmnist.page.records import Cell
from robustmnist.page.svg import dots, line, picture, stroke, word
from robustmnist.report.robustness.words import score_note
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import interval, percent

__all__ = ["HeadlineRow", "clearly_best", "headline"]


WIDTH, EDGE = 420, 20  # of a row's drawing, and from its edges to the ends of the axis, px
PITCH = 4.5  # px between two checkpoints of a row
LEAST, MOST = 22.0, 40.0  # height of a row, px
GRID = (0.0, 0.25, 0.5, 0.75, 1.0)
ANCHORS = {ScoreKind.AREA: "curves", ScoreKind.MAP: "maps", ScoreKind.WORST: "worst"}


@dataclass(frozen=True)
class HeadlineRow:
    """One suite of the headline: where it is shown, its number for each checkpoint as dots, and as text."""

    anchor: str
    title: str
    note: str
    plot: Markup
    cells: tuple[Cell, ...]


def headline(overview: Overview) -> tuple[Markup, tuple[HeadlineRow, ...]]:
    """Return the axis over the rows, and a row for the clean digits and for every suite, in the order of the run."""
    clean = [Area(checkpoint.accuracy, checkpoint.low, checkpoint.high) for checkpoint in overview.clean]
    rows = [HeadlineRow("", "Clean digits", "accuracy", _dots(clean), _cells(clean, 2))]
    for score in overview.scores:
        # A map of more than two strengths is not drawn.
        drawn = score.kind is not ScoreKind.MAP or any(len(sweep.crossed) == 1 for sweep in score.suite.maps)
        link = anchor(ANCHORS[score.kind], score.index) if drawn else ""
        title, note = shorten(score.suite.title, TITLE), score_note(score.kind, score.draws)
        rows.append(HeadlineRow(link, title, note, _dots(score.shares), _cells(score.shares, 1)))
    return _axis(), tuple(rows)


def clearly_best(shares: Sequence[Area]) -> int | None:
    """Return whose interval lies wholly above all others', or None: that alone deserves to be marked as the best."""
    if len(shares) < 2:
        return None
    first = max(range(len(shares)), key=lambda k: shares[k].share)
    others = (area.high for k, area in enumerate(shares) if k != first)
    return first if shares[first].low > max(others) else None


def _cells(shares: Sequence[Area], decimals: int) -> tuple[Cell, ...]:
    best = clearly_best(shares)
    return tuple(
        Cell(percent(area.share, decimals, sign=False), interval(area.low, area.high), best=k == best)
        for k, area in enumerate(shares)
    )


def _x(share: float) -> float:
    return EDGE + share * (WIDTH - 2 * EDGE)


def _axis() -> Markup:
    parts = [
        word(_x(share), 11, f"{100 * share:.0f}" + (" %" if share == 1 else ""), "tmuted", "middle") for share in GRID
    ]
    return picture(WIDTH, 14, parts)


def _dots(shares: Sequence[Area]) -> Markup:
    # The cells beside it say the same as text, so it is hidden from screen readers.
    tall = min(max(LEAST, (len(shares) + 1) * PITCH), MOST)
    pitch = min(PITCH, tall / (len(shares) + 1))
    centres = [_x(area.share) for area in shares]
    parts = [
        stroke((((_x(share), 0.0), (_x(share), tall)) for share in GRID), "srule"),
        line([(min(centres), tall / 2), (max(centres), tall / 2)], "srule ln"),
    ]
    for k, area in enumerate(shares):
        y = tall / 2 + (k - (len(shares) - 1) / 2) * pitch
        parts.append(line([(_x(area.low), y), (_x(area.high), y)], f"s{hue(k)} wh"))
        parts.append(dots([(_x(area.share), y)], f"s{hue(k)} pt"))
    return picture(WIDTH, tall, parts)
