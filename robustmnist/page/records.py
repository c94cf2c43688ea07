"""The records of which every section of the page is made: keys, cells, tables, figures, facts."""

from dataclasses import dataclass

from markupsafe import Markup

__all__ = ["Answer", "Banner", "Cell", "Chart", "Fact", "Key", "Table"]


@dataclass(frozen=True)
class Key:
    """A checkpoint as it is named everywhere: the number of its hue and its shortened name."""

    hue: int
    name: str


@dataclass(frozen=True)
class Answer:
    """The answer for a checkpoint: its key, and a sentence whose subject is the checkpoint's name."""

    key: Key
    sentence: str


@dataclass(frozen=True)
class Banner:
    """Something the reader must know before any number."""

    title: str
    text: str


@dataclass(frozen=True)
class Cell:
    """A cell of a table: text, a smaller `note` after it; `level` shades it, `best` marks the better of a row."""

    text: str
    note: str = ""
    best: bool = False
    level: int = 0


@dataclass(frozen=True)
class Table:
    """A plain table: the first cell of each row is its header.

    Attributes:
        hashes: Columns of hashes, which may break anywhere on paper; 0 is that of the headers.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    hashes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Chart:
    """A figure with its caption and the numbers behind it."""

    anchor: str
    title: str
    figure: Markup
    caption: str
    table: Table


@dataclass(frozen=True)
class Fact:
    """A line of the provenance; `code` for what is to be compared or typed letter by letter."""

    name: str
    value: str
    code: bool = False
