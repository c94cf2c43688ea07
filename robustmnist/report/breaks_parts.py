"""Where it breaks, as frozen records: maps, the worst of k, classes, digits with verdicts."""

from dataclasses import dataclass

from markupsafe import Markup

from robustmnist.report.content import Cell, Chart, Key, Table

__all__ = ["Breaks", "ClassMaps", "Map", "MapGroup", "Strip", "StripGroup", "StripRow", "Worst"]


@dataclass(frozen=True)
class Map:
    """The heat map of one checkpoint."""

    key: Key
    figure: Markup


@dataclass(frozen=True)
class MapGroup:
    """The map of a crossed sweep, each checkpoint's beside the others', then class by class, folded."""

    anchor: str
    title: str
    question: str
    caption: str
    maps: tuple[Map, ...]
    classes: tuple[tuple[str, tuple[Map, ...]], ...]
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class Worst:
    """How many images are read right in every one of k tries: a curve for each checkpoint."""

    question: str
    chart: Chart


@dataclass(frozen=True)
class ClassMaps:
    """Class against strength in the hardest sweep of a suite, a heat map for each checkpoint."""

    anchor: str
    title: str
    sweep: str
    caption: str
    maps: tuple[Map, ...]
    table: Table


@dataclass(frozen=True)
class StripRow:
    """One example digit along a sweep: its class, its sheet, and what each checkpoint read at each strength."""

    label: int
    sheet: str
    alt: str
    verdicts: tuple[tuple[Key, tuple[Cell, ...]], ...]


@dataclass(frozen=True)
class Strip:
    """Example digits along a sweep; columns are labels, each marked "clean", "focus" or nothing."""

    title: str
    axis: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[StripRow, ...]
    caption: str


@dataclass(frozen=True)
class StripGroup:
    """The strips of one suite: its hardest sweep's, and the others, which start folded."""

    title: str
    strip: Strip
    more: tuple[Strip, ...]


@dataclass(frozen=True)
class Breaks:
    """Where does it break? Maps, worst of k, classes, digits."""

    maps: tuple[MapGroup, ...]
    worst: tuple[Worst, ...]
    key: Markup
    classes: tuple[ClassMaps, ...]
    strips: tuple[StripGroup, ...]
