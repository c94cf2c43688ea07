"""training.html: a training as one page without script or request, in the style of the report."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from robustmnist.data import Dataset
from robustmnist.page.colours import MATRIX_STEPS, hue
from robustmnist.page.png import sheet, uri
from robustmnist.page.records import Banner, Cell, Chart, Fact, Key, Table
from robustmnist.page.signed import signed_sheet
from robustmnist.page.template import fill, style
from robustmnist.statistics.class_scores import class_scores
from robustmnist.statistics.wilson import wilson
from robustmnist.system.files import write_atomic
from robustmnist.system.installation import __version__
from robustmnist.training.evidence.charts import BOTH, READ, answer_charts, layer_charts, learning_charts
from robustmnist.training.evidence.facts import Answered, TrainingFacts, gather_facts
from robustmnist.training.evidence.words import DONE, answers, filter_words, matrix_words, sample_words
from robustmnist.training.run_folder import RunFolder
from robustmnist.wording.characters import printable
from robustmnist.wording.numbers import count, interval, percent, plain

__all__ = ["render_training", "write_page"]

RIGHT, WRONG = 10, 30  # samples that are shown, at most


@dataclass(frozen=True)
class Sample:
    """A digit: its picture, whether it is read right, what it is, what is read, and its id."""

    source: str
    right: bool
    title: str
    note: str


@dataclass(frozen=True)
class Filters:
    """The first layer as one picture."""

    source: str
    width: int
    height: int
    alt: str
    note: str


@dataclass(frozen=True)
class TrainingPage:
    """What the page shows."""

    title: str
    heading: str
    generator: str
    facts: tuple[Fact, ...]
    banners: tuple[Banner, ...]
    answers: tuple[str, ...]
    learning: tuple[Chart, ...]
    both: tuple[Key, ...]
    layers: tuple[Chart, ...]
    layer_keys: tuple[Key, ...]
    answered: tuple[Chart, ...]
    read: tuple[Key, ...]
    matrix: tuple[tuple[Cell, ...], ...]
    matrix_note: str
    scores: Table
    samples: tuple[Sample, ...]
    sample_note: str
    filters: Filters | None
    recipe: tuple[Fact, ...]
    done_note: str
    command: str


def write_page(
    run: RunFolder,
    validation: Dataset,
    metrics: dict[str, Any],
    codes: Sequence[str] = (),
    warnings: Sequence[str] = (),
) -> None:
    """Write the page of a run that has ended an epoch.

    Args:
        run: Its folder, everything else in it written.
        validation: The digits that choose the epoch; test digits show nothing here, so that nobody tunes by them.
        metrics: What metrics.json is to hold.
        codes: Code that the run's model may run, ``net.py:Net``.
        warnings: What is to be said of the digits at the head of the page.
    """
    write_atomic(run.page, render_training(gather_facts(run, validation, metrics, codes, warnings)))


def render_training(facts: TrainingFacts) -> str:
    """Return the page as HTML; the same facts give the same text."""
    recipe = facts.recipe
    page = TrainingPage(
        title=f"robustmnist train: {recipe.name}",
        heading=f"How {recipe.name} was trained",
        generator=f"robustmnist {__version__}",
        facts=_facts(facts),
        banners=tuple(Banner("Look at the digits.", sentence) for sentence in facts.warnings),
        answers=answers(facts),
        learning=learning_charts(facts),
        both=BOTH,
        layers=layer_charts(facts),
        layer_keys=tuple(Key(hue(at), name) for at, name in enumerate(facts.layers)),
        answered=answer_charts(facts.answered),
        read=READ,
        matrix=_matrix(facts.answered.confusion),
        matrix_note=matrix_words(facts),
        scores=_scores(facts.answered.confusion),
        samples=_samples(facts.answered),
        sample_note=sample_words(facts.answered, RIGHT, WRONG),
        filters=_filters(facts),
        recipe=tuple(Fact(key, value, code=True) for key, value in _flat(recipe.as_dict()).items() if value != ""),
        done_note=DONE,
        command="robustmnist train recipe.toml",
    )
    sheets = "\n".join([style(), (files(__package__) / "training.css").read_text(encoding="utf-8").strip()])
    return fill("training.html.jinja", page, package=str(__package__), sheet=sheets, finalize=_safe)


def _safe(value: object) -> object:
    return value if isinstance(value, Markup) else printable(value)


def _facts(facts: TrainingFacts) -> tuple[Fact, ...]:
    metrics, best = facts.metrics, facts.metrics["best"]
    test = best["test"]
    read = "not measured yet"
    if test is not None:
        ends = interval(test["low"], test["high"], 2)
        read = f"{percent(test['accuracy'], 2)} of {count(test['n'])} {test['dataset']} digits ({ends})"
    return (
        Fact("status", metrics["status"]),
        Fact("epochs", f"{metrics['epochs']} of {facts.recipe.epochs}, best {best['epoch']}"),
        Fact("validation accuracy", f"{percent(best['validation_accuracy'], 2)}"),
        Fact("test accuracy", read),
        Fact("time", f"{metrics['training_seconds']:,.1f} s"),
        Fact("device", facts.device),
        Fact("seed", str(facts.recipe.seed)),
    )


def _matrix(confusion: NDArray[np.int64]) -> tuple[tuple[Cell, ...], ...]:
    """Return the counts as cells, a mistake shaded by the root of its share of the row, so that 1 % shows."""
    steps, totals = len(MATRIX_STEPS) - 1, np.maximum(confusion.sum(1), 1)
    return tuple(
        tuple(
            Cell(
                str(int(times)) if times or true == read else "",
                level=0 if true == read or not times else math.ceil(steps * math.sqrt(times / totals[true])),
            )
            for read, times in enumerate(row)
        )
        for true, row in enumerate(confusion)
    )


def _scores(confusion: NDArray[np.int64]) -> Table:
    scores = class_scores(confusion)
    low, high = wilson(np.diagonal(confusion), scores.n)
    head = ("class", "digits", "precision, %", "recall, %", "95 % interval", "F1, %")

    def share(value: float) -> str:
        return percent(value, 2, sign=False)

    rows = [
        (
            str(digit),
            count(int(scores.n[digit])),
            share(scores.precision[digit]),
            share(scores.recall[digit]),
            interval(float(low[digit]), float(high[digit])) if scores.n[digit] else "–",
            share(scores.f1[digit]),
        )
        for digit in range(len(confusion))
    ]
    total = count(int(scores.n.sum()))
    rows.append(("mean over classes (macro)", total, "", "", "", share(scores.macro)))
    rows.append(("mean over digits (weighted)", total, "", "", "", share(scores.weighted)))
    return Table("Precision, recall and F1 of every class", head, tuple(rows))


def _samples(answered: Answered) -> tuple[Sample, ...]:
    """Return the least confident right answer of every class, and the most confident wrong answers."""
    right = [np.flatnonzero(answered.right & (answered.labels == digit)) for digit in range(RIGHT)]
    chosen = [rows[np.argmin(answered.confidence[rows])] for rows in right if len(rows)]
    wrong = np.flatnonzero(~answered.right)
    wrong = wrong[np.argsort(-answered.confidence[wrong], kind="stable")][:WRONG]
    return tuple(_sample(answered, int(row)) for row in [*chosen, *wrong])


def _sample(answered: Answered, row: int) -> Sample:
    right, label, read = bool(answered.right[row]), int(answered.labels[row]), int(answered.predicted[row])
    picture = uri(sheet(answered.images[None, row : row + 1]))
    title = f"✓ {read}" if right else f"✗ {read}, is {label}"
    return Sample(picture, right, title, f"{percent(float(answered.confidence[row]))} · #{answered.ids[row]}")


def _filters(facts: TrainingFacts) -> Filters | None:
    maps = facts.filters
    if not len(maps):
        return None
    zoom = 1 if maps.shape[1] >= 28 else 8
    png, width, height = signed_sheet(maps, 16, zoom)
    return Filters(uri(png), width, height, f"The weights of {len(maps)} units of the first layer", filter_words(facts))


def _flat(table: dict[str, object], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            number = isinstance(value, float | int) and not isinstance(value, bool)
            flat[f"{prefix}{key}"] = plain(float(value)) if number else str(value)  # type: ignore[arg-type]
    return flat
