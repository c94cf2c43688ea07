"""The page about one data set or several, without script or request, in the style of the report."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from robustmnist.data.form import notices
from robustmnist.inspection.charts import count_chart, measure_charts, pixel_chart
from robustmnist.inspection.facts import InspectionFacts
from robustmnist.inspection.words import NOTES, doubt_words, findings, pair_words
from robustmnist.page.colours import hue
from robustmnist.page.png import sheet, uri
from robustmnist.page.records import Banner, Chart, Fact, Key
from robustmnist.page.template import fill, style
from robustmnist.system.installation import __version__
from robustmnist.wording.characters import printable
from robustmnist.wording.numbers import listing, many, percent, plain

__all__ = ["render_inspection"]

STRANGE, HARD, DOUBTED = 20, 20, 40  # digits that are shown


@dataclass(frozen=True)
class Picture:
    """Digits in one picture, its size in px of the page, and what it shows in words."""

    source: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True)
class Shown:
    """A digit, or a pair of them, with a line in bold and one below."""

    source: str
    width: int
    title: str
    note: str


@dataclass(frozen=True)
class Section:
    """What is shown of one data set alone."""

    key: Key
    anchor: str
    samples: Picture
    classes: Picture
    pair_note: str
    pairs: tuple[Shown, ...]
    strange: tuple[Shown, ...]
    hard: tuple[Shown, ...]
    doubt_note: str
    doubted: tuple[Shown, ...]


@dataclass(frozen=True)
class InspectionPage:
    """What the page shows."""

    title: str
    heading: str
    generator: str
    facts: tuple[Fact, ...]
    banners: tuple[Banner, ...]
    findings: tuple[str, ...]
    keys: tuple[Key, ...]
    overview: tuple[Chart, ...]
    measures: tuple[Chart, ...]
    notes: dict[str, str]
    sections: tuple[Section, ...]
    provenance: tuple[Fact, ...]
    command: str


def render_inspection(several: Sequence[InspectionFacts], command: str) -> str:
    """Return the page as HTML; the same facts give the same text.

    Args:
        several: One data set or more; each has a hue.
        command: What makes the page again.
    """
    names = [facts.dataset.name for facts in several]
    page = InspectionPage(
        title=f"robustmnist inspect: {listing(names)}",
        heading=f"What is in {listing(names)}?",
        generator=f"robustmnist {__version__}",
        facts=tuple(Fact(facts.dataset.name, many(len(facts.labels), "digit")) for facts in several),
        banners=tuple(
            Banner(f"{facts.dataset.name}:", notice) for facts in several for notice in notices(facts.dataset)
        ),
        findings=findings(several),
        keys=tuple(Key(hue(at), name) for at, name in enumerate(names)),
        overview=(count_chart(several), pixel_chart(several)),
        measures=measure_charts(several),
        notes=NOTES,
        sections=tuple(_section(facts, at) for at, facts in enumerate(several)),
        provenance=tuple(fact for facts in several for fact in _provenance(facts)),
        command=command,
    )
    own = (files(__package__) / "inspect.css").read_text(encoding="utf-8").strip()
    return fill("inspect.html.jinja", page, package=str(__package__), sheet=f"{style()}\n{own}", finalize=_safe)


def _safe(value: object) -> object:
    return value if isinstance(value, Markup) else printable(value)


def _section(facts: InspectionFacts, at: int) -> Section:
    hard, name = facts.hard, facts.dataset.name
    strange = facts.neighbours.strange
    farthest = np.argsort(-np.nan_to_num(strange, nan=-1.0), kind="stable")[:STRANGE]
    worst = np.argsort(-hard.loss, kind="stable")[:HARD] if hard is not None else np.zeros(0, np.int64)
    doubted = hard.doubted[:DOUBTED] if hard is not None else np.zeros(0, np.int64)
    return Section(
        key=Key(hue(at), name),
        anchor=f"set-{at}",
        samples=_grid(facts, f"Digits of every class of {name}"),
        classes=_classes(facts, f"Mean and spread of every class of {name}"),
        pair_note=pair_words(facts),
        pairs=tuple(_pair(facts, k) for k in range(len(facts.neighbours.pairs))),
        strange=tuple(
            _shown(facts, int(row), plain(float(strange[row]), 3)) for row in farthest if np.isfinite(strange[row])
        ),
        hard=tuple(_shown(facts, int(row), _answers(facts, int(row))) for row in worst),
        doubt_note=doubt_words(facts),
        doubted=tuple(_doubt(facts, int(row)) for row in doubted),
    )


def _grid(facts: InspectionFacts, alt: str) -> Picture:
    columns = max(map(len, facts.samples))
    rows = np.zeros((len(facts.samples), columns, 28, 28), np.uint8)
    for digit, chosen in enumerate(facts.samples):
        rows[digit, : len(chosen)] = facts.levels[list(chosen)]
    return _picture(rows, 1.5, alt)


def _classes(facts: InspectionFacts, alt: str) -> Picture:
    spread = facts.spreads / max(float(facts.spreads.max()), 1e-9)
    return _picture(np.rint(255 * np.stack([facts.means, spread])).astype(np.uint8), 2, alt)


def _picture(rows: NDArray[np.uint8], zoom: float, alt: str) -> Picture:
    down, across = rows.shape[:2]
    return Picture(uri(sheet(rows)), round(zoom * (30 * across - 2)), round(zoom * (30 * down - 2)), alt)


def _pair(facts: InspectionFacts, k: int) -> Shown:
    a, b = (int(row) for row in facts.neighbours.pairs[k])
    labels, ids = facts.labels, facts.ids
    same = "" if labels[a] == labels[b] else "≠ "
    pictures = uri(sheet(facts.levels[[a, b]][None]))
    return Shown(
        pictures,
        116,
        f"{same}{plain(float(facts.neighbours.distances[k]), 4)}",
        f"{labels[a]} #{ids[a]}, {labels[b]} #{ids[b]}",
    )


def _shown(facts: InspectionFacts, row: int, note: str) -> Shown:
    picture = uri(sheet(facts.levels[None, row : row + 1]))
    return Shown(picture, 56, str(facts.labels[row]), f"{note} · #{facts.ids[row]}")


def _answers(facts: InspectionFacts, row: int) -> str:
    assert facts.hard is not None
    pairs = zip(facts.hard.predicted[:, row], facts.hard.confidence[:, row], strict=True)
    return ", ".join(f"{read} ({percent(float(confidence), 0)})" for read, confidence in pairs)


def _doubt(facts: InspectionFacts, row: int) -> Shown:
    assert facts.hard is not None
    read, confidence = int(facts.hard.predicted[0, row]), float(facts.hard.confidence[:, row].min())
    picture = uri(sheet(facts.levels[None, row : row + 1]))
    return Shown(picture, 56, f"{facts.labels[row]}, or {read}?", f"{percent(confidence)} · #{facts.ids[row]}")


def _provenance(facts: InspectionFacts) -> list[Fact]:
    origin = facts.dataset.provenance
    rows = [Fact(facts.dataset.name, f"{origin.part}, from {origin.source}")]
    rows += [Fact(f"sha256 of {name}", digest, code=True) for name, digest in sorted(origin.sha256.items())]
    return rows
