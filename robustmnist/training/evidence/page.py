"""training.html: a training as one page without script or request, in the style of the report."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from robustmnist.data import Dataset
from robustmnist.page.colours import hue
from robustmnist.page.records import Banner, Cell, Chart, Fact, Key, Table
from robustmnist.page.template import fill, style
from robustmnist.system.files import write_atomic
from robustmnist.system.installation import __version__
from robustmnist.training.evidence.answered import RIGHT, WRONG, Filters, Sample, filters, matrix, samples, scores
from robustmnist.training.evidence.charts import BOTH, READ, answer_charts, layer_charts, learning_charts
from robustmnist.training.evidence.facts import TrainingFacts, gather_facts
from robustmnist.training.evidence.words import DONE, answers, matrix_words, sample_words
from robustmnist.training.run_folder import RunFolder
from robustmnist.wording.characters import printable
from robustmnist.wording.numbers import count, interval, percent, plain

__all__ = ["render_training", "write_page"]


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
        matrix=matrix(facts.answered.confusion),
        matrix_note=matrix_words(facts),
        scores=scores(facts.answered.confusion),
        samples=samples(facts.answered),
        sample_note=sample_words(facts.answered, RIGHT, WRONG),
        filters=filters(facts),
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


def _flat(table: dict[str, object], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            number = isinstance(value, float | int) and not isinstance(value, bool)
            flat[f"{prefix}{key}"] = plain(float(value)) if number else str(value)  # type: ignore[arg-type]
    return flat
