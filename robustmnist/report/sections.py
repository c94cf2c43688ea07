"""The page and its six sections, as frozen records: the templates read these and compute nothing."""

from dataclasses import dataclass

from markupsafe import Markup

from robustmnist.report.breaks_parts import Breaks
from robustmnist.report.comparison import ComparisonSection
from robustmnist.report.content import Answer, Banner, Cell, Chart, Fact, Key, Table
from robustmnist.report.trust import TrustSection

__all__ = [
    "Card",
    "Done",
    "Fails",
    "Gallery",
    "GalleryGroup",
    "HeadlineRow",
    "Matrix",
    "MatrixGroup",
    "Page",
    "Robust",
    "SuiteCurves",
    "SweepRow",
    "SweepTable",
]


@dataclass(frozen=True)
class HeadlineRow:
    """One suite of the headline: where it is shown, its number for each checkpoint as dots, and as text."""

    anchor: str
    title: str
    note: str
    plot: Markup
    cells: tuple[Cell, ...]


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


@dataclass(frozen=True)
class SuiteCurves:
    """The curves of one suite on shared axes, with its caption and the numbers behind."""

    anchor: str
    title: str
    question: str
    caption: str
    charts: tuple[Chart, ...]
    table: SweepTable


@dataclass(frozen=True)
class Robust:
    """Is it robust? The headline on its axis, then all curves; `natural`: whether any panel is tinted."""

    axis: Markup
    headline: tuple[HeadlineRow, ...]
    curves: tuple[SuiteCurves, ...]
    natural: bool


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix of one checkpoint at one setting: ten rows of ten counts."""

    key: Key
    setting: str
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class MatrixGroup:
    """The matrices of all checkpoints at one setting, side by side; `extra` ones start folded."""

    title: str
    caption: str
    matrices: tuple[Matrix, ...]
    extra: bool


@dataclass(frozen=True)
class Card:
    """A mistake: its place on the sheet (None: no picture), what it is, was taken for, how surely, where, its break."""

    anchor: str
    place: int | None
    label: int
    predicted: int
    confidence: str
    where: str
    broke: str
    sample: int


@dataclass(frozen=True)
class Gallery:
    """The most confident mistakes of one checkpoint; the sheet holds `kept` digits and clean twins, "" where none."""

    key: Key
    sheet: str
    kept: int
    twins: bool
    cards: tuple[Card, ...]
    caption: str


@dataclass(frozen=True)
class GalleryGroup:
    """The galleries of all checkpoints under one heading; `extra` ones start folded."""

    title: str
    galleries: tuple[Gallery, ...]
    extra: bool


@dataclass(frozen=True)
class Fails:
    """How does it fail? Confusion matrices, galleries."""

    matrices: tuple[MatrixGroup, ...]
    galleries: tuple[GalleryGroup, ...]


@dataclass(frozen=True)
class Done:
    """What was done: command, provenance, checkpoints, suites, and what the strengths came to, if measured."""

    command: str
    facts: tuple[Fact, ...]
    checkpoints: Table
    suites: Table
    realised: Table | None


@dataclass(frozen=True)
class Page:
    """The whole report: the head, then the six questions; `better` is None with one checkpoint."""

    title: str
    question: str
    generator: str
    keys: tuple[Key, ...]
    answers: tuple[Answer, ...]
    banners: tuple[Banner, ...]
    facts: tuple[Fact, ...]
    robust: Robust
    breaks: Breaks
    fails: Fails
    trust: TrustSection
    better: ComparisonSection | None
    done: Done
