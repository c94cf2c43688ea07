"""What the page shows, as frozen records: the template reads these and computes nothing."""

from dataclasses import dataclass

from markupsafe import Markup

__all__ = [
    "Answer",
    "Banner",
    "Card",
    "Cell",
    "Chart",
    "ChartGroup",
    "Fact",
    "Gallery",
    "GalleryGroup",
    "Headline",
    "HeadlineGroup",
    "HeadlineRow",
    "Key",
    "Matrix",
    "MatrixGroup",
    "Page",
    "Strip",
    "StripGroup",
    "Table",
]


@dataclass(frozen=True)
class Key:
    """A checkpoint as it is named everywhere: the number of its hue and its shortened name."""

    hue: int
    name: str


@dataclass(frozen=True)
class Answer:
    """The answer for one checkpoint: its key and a sentence that goes on after its name."""

    key: Key
    sentence: str


@dataclass(frozen=True)
class Banner:
    """Something the reader must know before any number."""

    title: str
    text: str


@dataclass(frozen=True)
class Cell:
    """A cell of a table; `level` shades it (confusion matrices), `best` marks the better of a row."""

    text: str
    best: bool = False
    level: int = 0


@dataclass(frozen=True)
class Table:
    """A plain table: the first cell of each row is its header."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class HeadlineRow:
    """One sweep of the headline table: its range, a drawing of where each checkpoint holds, two cells for each."""

    anchor: str
    title: str
    span: str
    bars: Markup
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class HeadlineGroup:
    """The sweeps of one suite in the headline table."""

    title: str
    rows: tuple[HeadlineRow, ...]


@dataclass(frozen=True)
class Headline:
    """The headline table: a clean cell per checkpoint, then the suites."""

    clean: tuple[Cell, ...]
    groups: tuple[HeadlineGroup, ...]


@dataclass(frozen=True)
class Chart:
    """A figure with its caption and the numbers behind it."""

    anchor: str
    title: str
    svg: Markup
    caption: str
    table: Table


@dataclass(frozen=True)
class ChartGroup:
    """The charts of one suite."""

    title: str
    question: str
    charts: tuple[Chart, ...]


@dataclass(frozen=True)
class Strip:
    """Example digits along a sweep: one sheet, a label per column (marked: "clean", "focus" or nothing)."""

    title: str
    axis: str
    label: str
    sheet: str
    width: int
    height: int
    zoom: int
    columns: tuple[tuple[str, str], ...]
    caption: str


@dataclass(frozen=True)
class StripGroup:
    """The strips of one suite."""

    title: str
    strips: tuple[Strip, ...]


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
    """A mistake: its digit's place on the sheet, what it is, what it was taken for, how surely, where, which."""

    anchor: str
    place: int
    label: int
    predicted: int
    confidence: str
    where: str
    sample: int


@dataclass(frozen=True)
class Gallery:
    """The most confident mistakes of one checkpoint, with the sheet that holds their digits and clean twins."""

    anchor: str
    key: Key
    sheet: str
    twins: bool
    cards: tuple[Card, ...]
    caption: str


@dataclass(frozen=True)
class GalleryGroup:
    """The galleries of all checkpoints under one suite."""

    title: str
    galleries: tuple[Gallery, ...]


@dataclass(frozen=True)
class Fact:
    """A line of the provenance; `code` for what is to be compared or typed letter by letter."""

    name: str
    value: str
    code: bool = False


@dataclass(frozen=True)
class Page:
    """The whole report."""

    title: str
    question: str
    generator: str
    keys: tuple[Key, ...]
    answers: tuple[Answer, ...]
    banners: tuple[Banner, ...]
    facts: tuple[Fact, ...]
    headline: Headline
    curves: tuple[ChartGroup, ...]
    strips: tuple[StripGroup, ...]
    matrices: tuple[MatrixGroup, ...]
    classes: tuple[Chart, ...]
    galleries: tuple[GalleryGroup, ...]
    provenance: tuple[Fact, ...]
    checkpoints: Table
    suites: Table
    command: str
