"""The page: does it generalise, is its confidence honest there, and what is the difference?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from robustmnist.generalisation import words
from robustmnist.generalisation.dot_plot import Dot, Row, dot_plot
from robustmnist.generalisation.page_tables import (
    accuracy_table,
    confidence_table,
    explained_table,
    factor_tables,
    plain_rows,
    shift_table,
)
from robustmnist.generalisation.session import Generalisation
from robustmnist.page.colours import hue
from robustmnist.page.png import sheet, uri
from robustmnist.page.records import Answer, Banner, Fact, Key, Table
from robustmnist.page.template import fill
from robustmnist.wording.characters import printable, shorten
from robustmnist.wording.numbers import listing

__all__ = ["render"]


@dataclass(frozen=True)
class _Sample:
    name: str
    caption: str
    picture: str
    wide: int
    tall: int


@dataclass(frozen=True)
class _Explained:
    title: str
    figure: Markup
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class _Page:
    title: str
    generator: str
    keys: tuple[Key, ...]
    answers: tuple[Answer, ...]
    banners: tuple[Banner, ...]
    facts: tuple[Fact, ...]
    samples: tuple[_Sample, ...]
    accuracy: Markup
    accuracies: Table
    confidences: Table
    shift: Table
    explained: tuple[_Explained, ...]
    explained_losses: Table
    factors: tuple[Table, ...]
    command: str
    done: tuple[Fact, ...]
    words: Any = words


def render(result: Generalisation) -> str:
    """Return the page as HTML, without script or request; the same numbers give the same text."""
    names = [shorten(printable(name), words.NAME) for name in result.checkpoints]
    keys = tuple(Key(hue(index), name) for index, name in enumerate(names))
    by_name = dict(zip(result.checkpoints, keys, strict=True))
    digits = [record["set"] for record in result.sets if record["digits"]]
    page = _Page(
        title=f"robustmnist generalise: {listing(names)}",
        generator=f"robustmnist {result.manifest['robustmnist']}",
        keys=keys,
        answers=tuple(_answers(result, by_name, digits)),
        banners=tuple(_banners(result)),
        facts=tuple(Fact(record["set"], f"{record['n']:,} images") for record in result.sets),
        samples=tuple(_samples(result)),
        accuracy=_accuracy_chart(result, by_name, digits),
        accuracies=accuracy_table(result),
        confidences=confidence_table(result),
        shift=shift_table(result),
        explained=tuple(_explained(result, by_name, digits)),
        explained_losses=explained_table(result),
        factors=factor_tables(result),
        command=result.manifest["command"],
        done=tuple(_done(result)),
    )
    return fill("generalisation.html.jinja", page, package="robustmnist.generalisation", finalize=_safe)


def _safe(value: object) -> object:
    """Make whatever a template prints safe to stand in a page, whoever wrote it; escaping comes after this."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else printable(value)


def _banners(result: Generalisation) -> Iterator[Banner]:
    for record in result.sets:
        if record.get("fallback"):
            yield Banner("Not MNIST.", record["note"])
        for notice in record["notices"]:
            yield Banner(f"{shorten(record['set'], words.NAME)}:", notice)
    for name, entry in result.manifest["checkpoints"].items():
        if entry["trained on"] and entry["trained on"].partition(":")[0] != entry["home"].partition(":")[0]:
            yield Banner("Not at home.", words.not_at_home(name, entry["trained on"], entry["home"]))


def _answers(result: Generalisation, keys: Mapping[str, Key], digits: list[str]) -> Iterator[Answer]:
    rows = {(row["checkpoint"], row["set"]): row for row in plain_rows(result.tables["accuracy"])}
    for name, home in result.homes.items():
        if digits:
            others = [rows[name, other] for other in digits if other != home]
            yield Answer(keys[name], words.answer(rows[name, home], others))


def _samples(result: Generalisation) -> Iterator[_Sample]:
    for record in result.sets:
        rows = result.samples[record["set"]]
        down, across = rows.shape[:2]
        wide, tall = across * 30 - 2, down * 30 - 2
        caption = words.sample_caption(dict(record))
        yield _Sample(shorten(record["set"], words.NAME), caption, uri(sheet(rows)), wide, tall)


def _accuracy_chart(result: Generalisation, keys: Mapping[str, Key], digits: list[str]) -> Markup:
    by_set: dict[str, list[Dot]] = {name: [] for name in digits}
    for row in plain_rows(result.tables["accuracy"]):
        if row["set"] in by_set:
            share = (100 * row[key] for key in ("accuracy", "accuracy_low", "accuracy_high"))
            by_set[row["set"]].append(Dot(keys[row["checkpoint"]].hue, *share))
    rows = [Row(printable(name), tuple(dots)) for name, dots in by_set.items()]
    label = "Accuracy of every checkpoint on every set, with its 95 % interval."
    return dot_plot(rows, "% read right", label) if rows else Markup()


def _explained(result: Generalisation, keys: Mapping[str, Key], digits: list[str]) -> Iterator[_Explained]:
    table = result.tables["explained"]
    for name in digits:
        own = table[(table["set"] == name) & (table["home"] != name)] if len(table) else table
        if not len(own):
            continue
        answers = tuple(
            Answer(keys[str(checkpoint)], words.explained_answer(list(plain_rows(rows))))
            for checkpoint, rows in own.groupby("checkpoint", sort=False)
        )
        rows = [
            Row(
                str(what),
                tuple(
                    Dot(keys[row["checkpoint"]].hue, *(100 * row[key] for key in ("back", "back_low", "back_high")))
                    for row in plain_rows(part)
                ),
            )
            for what, part in own.groupby("matched", sort=False)
        ]
        label = f"Points of accuracy that come back on {printable(name)} when its digits are matched to those of home."
        figure = dot_plot(rows, "points that come back", label, zero=True)
        yield _Explained(shorten(name, words.NAME), figure, answers)


def _done(result: Generalisation) -> Iterator[Fact]:
    made = result.manifest
    for name, entry in made["checkpoints"].items():
        yield Fact(shorten(name, words.NAME), f"at home in {entry['home']}; sha256 {entry['sha256']}", code=True)
    for record in result.sets:
        for file, digest in sorted(record["sha256"].items()):
            yield Fact(f"{shorten(record['set'], words.NAME)}: {shorten(file, 60)}", digest, code=True)
    yield Fact("resamples", f"{made['resamples']:,}, seed {made['seed']}")
    yield Fact("device", shorten(made["device"], 120))
    yield Fact("versions", ", ".join(f"{name} {version}" for name, version in made["versions"].items()))
