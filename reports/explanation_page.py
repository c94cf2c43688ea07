"""The published page on explanations, a section for each question, from the record of `reports.explanations`."""

from collections.abc import Iterator
from dataclasses import dataclass

from reports.explanation_charts import Chart, charts
from reports.explanation_record import Record, followed, pieces
from reports.explanation_tables import (
    belief_tables,
    grid_table,
    half_life_table,
    measure_tables,
    pair_table,
    truth_tables,
)
from reports.explanation_words import BELIEF, belief_sentences, break_sentences, truth_sentence, undefined_sentence
from robustmnist.explanation.output.curve_page import CHARTS
from robustmnist.explanation.output.curve_words import HOW
from robustmnist.page.colours import hue
from robustmnist.page.records import Key, Table
from robustmnist.page.template import fill, style
from robustmnist.system.installation import __version__
from robustmnist.wording.numbers import count

__all__ = ["render"]

TITLE = "Can the explanations be believed?"


@dataclass(frozen=True)
class Section:
    """A question of the page: paragraphs, charts with their key, tables."""

    anchor: str
    title: str
    paragraphs: tuple[str, ...]
    tables: tuple[Table, ...]
    charts: tuple[Chart, ...] = ()
    keys: tuple[Key, ...] = ()
    caption: str = ""


@dataclass(frozen=True)
class Page:
    """The page."""

    title: str
    generator: str
    sections: tuple[Section, ...]
    versions: str
    command: str


def render(record: Record) -> str:
    """Return the page as HTML; the same record gives the same bytes."""
    versions = ", ".join(f"{name} {value}" for name, value in record["versions"].items())
    command = "python -m reports.explanations"
    page = Page(TITLE, f"robustmnist {__version__}", tuple(_sections(record)), versions, command)
    return fill(
        "explanations.html.jinja", page, package="reports", sheet=f"{style()}\n{CHARTS}.scroll{{margin-top:1.2rem}}"
    )


def _sections(record: Record) -> Iterator[Section]:
    if any(pieces(record, "verdicts")):
        yield Section(
            "believed",
            "Which can be believed, and on which checkpoint",
            (BELIEF, *belief_sentences(record)),
            tuple(belief_tables(record)),
        )
    if any(pieces(record, "planted")):
        worth = (
            "A measure is only worth its agreement with the truth: the last table holds its ranking of methods and "
            "controls beside the ranking by how much of the mark they find."
        )
        title = "What the planted truth says"
        yield Section("truth", title, (truth_sentence(record), worth), tuple(truth_tables(record)))
    for piece in followed(record):
        yield _broken(piece)
    if any(pieces(record, "measures")):
        yield Section(
            "measures",
            "Every measure",
            ("Means over the digits. No measure is to be read without the three controls under it.",),
            tuple(measure_tables(record)),
        )
    if "grids" in record:
        yield Section(
            "grids",
            "Four digits on a sheet",
            (
                "A sheet holds four digits of four classes, and its logits are the mean over the four. The evidence "
                "for a class should lie in its own cell; by chance a quarter does. "
                f"{count(record['grids']['n'])} sheets.",
            ),
            (grid_table(record["grids"]["found"]),),
        )


def _broken(piece: Record) -> Section:
    digits = f"Integrated gradients, {count(piece['n'])} digits."
    return Section(
        f"curves-{piece['suite']}",
        f"Does the explanation break before the prediction? {piece['title']}",
        tuple(break_sentences(piece)),
        (half_life_table(piece), *([pair_table(piece)] if piece["pairs"] else [])),
        tuple(charts(piece)),
        tuple(Key(hue(index), name) for index, name in enumerate(piece["curves"])),
        f"{digits} {HOW} {undefined_sentence(piece)} Bands: 95 % intervals over the digits.",
    )
