"""The published page on explanations, and its chapter of README, from the record of `reports.explanations`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from reports.chapters import with_chapter
from robustmnist.explanation.methods.registry import METHODS
from robustmnist.explanation.metrics.candidate import CONTROLS, TITLES
from robustmnist.explanation.metrics.registry import MEASURES
from robustmnist.explanation.output.curve_chart import Line, Panel, panel_chart
from robustmnist.explanation.output.curve_page import CHARTS
from robustmnist.explanation.output.curve_words import HOW, at
from robustmnist.explanation.verdict import short
from robustmnist.page.colours import hue
from robustmnist.page.records import Key, Table
from robustmnist.page.template import fill, style
from robustmnist.system.installation import __version__
from robustmnist.wording.numbers import NBSP, count, listing, percent, strength
from robustmnist.wording.tests import ALPHA, p_text

__all__ = ["chapter", "render"]

Record = Mapping[str, Any]
TITLE = "Can the explanations be believed?"
HEADING = "## Whether the explanations can be believed"
NAN = float("nan")


@dataclass(frozen=True)
class Chart:
    """A chart with its title."""

    title: str
    figure: Markup


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
    sections = [*_believed(record), *_truth(record), *_curves(record), *_measures(record), *_grid(record)]
    versions = ", ".join(f"{name} {value}" for name, value in record["versions"].items())
    command = "python -m reports.explanations"
    page = Page(TITLE, f"robustmnist {__version__}", tuple(sections), versions, command)
    return fill(
        "explanations.html.jinja", page, package="reports", sheet=f"{style()}\n{CHARTS}.scroll{{margin-top:1.2rem}}"
    )


def chapter(text: str, record: Record) -> str:
    """Return README's `text` with the chapter on explanations put in, or put in anew."""
    body = "\n\n".join([HEADING, *summary(record)])
    body = f"{body}\n\nAll figures, and what is behind them: [explanations.html](explanations.html).".replace(NBSP, " ")
    return with_chapter(text, body)


def summary(record: Record) -> Iterator[str]:
    """Yield the findings, a paragraph for each question."""
    yield " ".join(_belief_sentences(record))
    if any(_planted(record)):
        yield f"{_truth_sentence(record)} {_moved_sentence(record)}"
    for _, found in _followed(record):
        yield " ".join(_break_sentences(found))


def _belief_sentences(record: Record) -> Iterator[str]:
    yield (
        "A map is believed where ink that it calls important matters more than what the image alone suggests: its SRG "
        "(how much longer the answer lasts when ink goes from the least important on than from the most important) "
        "beats that of the image itself used as a map, by a paired 95 % interval over the digits."
    )
    for name, found in _verdicts(record):
        believed = [method for method, over in found["over"].items() if _over(over)]
        others = [method for method in found["over"] if method not in believed]
        best = max(believed, key=lambda method: found["over"][method]["image"]["mean"], default="")
        words = f"On `{name}` ({count(found['n'])} digits) "
        if believed:
            words += f"{listing([_title(method) for method in believed])} are to be believed"
            words += f", most of all {_title(best)} ({_gain(found['over'][best]['image'])})"
        else:
            words += "no method is to be believed"
        words += f"; {listing([_title(method) for method in others])} do not beat the image." if others else "."
        yield words


def _truth_sentence(record: Record) -> str:
    parts = []
    for name, found in _planted(record):
        ranks = _of_methods(found["found"]["clean"]["rank"])
        best = max(ranks, key=lambda method: ranks[method])
        worst = min(ranks, key=lambda method: ranks[method])
        words = f"{percent(ranks[best], 0)} by {_title(best)} and {percent(ranks[worst], 0)} by {_title(worst)}"
        parts.append(f"on `{name}` {words}")
    return (
        "Some checkpoints read a planted mark of 3 × 3 px, and the digit says nothing about the answer. The share of "
        f"the mark among a map’s nine highest pixels is, best and worst, {'; '.join(parts)}; the image itself finds "
        "none of it."
    )


def _moved_sentence(record: Record) -> str:
    parts = []
    for name, found in _planted(record):
        for key, one in found["found"].items():
            rank = one["rank_read"].get("integrated-gradients")
            if key != "clean" and rank and rank["n"]:
                parts.append(
                    f"`{name}` {_setting(key)}: {percent(one['read'], 0)} of the marks are still read, and "
                    f"{percent(rank['mean'], 0)} of such a mark is found"
                )
    return f"Perturbed, mark and all, by Integrated gradients: {'; '.join(parts)}."


def _break_sentences(found: Record) -> Iterator[str]:
    yield f"{found['title']}: does the map of integrated gradients break before the reading?"
    for row in found["half_lives"]:
        side = f" ({row['side']} neutral)" if len({one["side"] for one in found["half_lives"]}) > 1 else ""
        middle, misread = (_median(row[name]) for name in ("explanation", "prediction"))
        low, high = row["first_interval"]
        yield (
            f"`{row['checkpoint']}`{side}: half of the maps are broken at {at(middle, row['unit'])}, half of the "
            f"digits misread at {at(misread, row['unit'])}; the map breaks first on "
            f"{percent(row['first'], 0)} of the digits ({percent(low, 0)} to {percent(high, 0)})."
        )


def _believed(record: Record) -> Iterator[Section]:
    found = dict(_verdicts(record))
    if not found:
        return
    methods = list(dict.fromkeys(method for one in found.values() for method in one["over"]))
    rows = []
    for method in methods:
        cells = [_gain(one["over"][method]["image"]) if method in one["over"] else "–" for one in found.values()]
        verdict = [_over(one["over"][method]) if method in one["over"] else None for one in found.values()]
        rows.append(
            (
                _title(method),
                *(f"{cell}{' believed' if good else ''}" for cell, good in zip(cells, verdict, strict=True)),
            )
        )
    head = ("map", *(f"{name}, n = {count(one['n'])}" for name, one in found.items()))
    scores = [
        (_title(method), *(_score(one["means"].get(method)) for one in found.values()))
        for method in (*methods, *CONTROLS)
    ]
    yield Section(
        "believed",
        "Which can be believed, and on which checkpoint",
        tuple(_belief_sentences(record)),
        (
            Table(
                "SRG of a map minus SRG of the image itself, paired over the digits, with 95 % intervals",
                head,
                tuple(rows),
            ),
            Table("SRG of each map, with 95 % intervals; controls last", head, tuple(scores)),
        ),
    )


def _truth(record: Record) -> Iterator[Section]:
    planted = dict(_planted(record))
    if not planted:
        return
    methods = _ordered(method for one in planted.values() for method in one["found"]["clean"]["rank"])
    tables = []
    for column, words in (
        ("rank", "Share of the mark among a map’s nine highest pixels"),
        ("mass", "Share of a map’s absolute values in the mark"),
    ):
        rows = [
            (_title(method), *(_score(one["found"]["clean"][column].get(method)) for one in planted.values()))
            for method in methods
        ]
        head = ("map", *(f"{name}, n = {count(one['n'])}" for name, one in planted.items()))
        tables.append(Table(f"{words}, with 95 % intervals; controls last", head, tuple(rows)))
    for name, one in planted.items():
        settings = list(one["found"])
        head = ("map", *(f"{_setting(key)}: {percent(one['found'][key]['read'], 0)} read" for key in settings))
        rows = [
            (
                _title(method),
                *(_score(one["found"][key]["rank_read"].get(method), count_undefined=False) for key in settings),
            )
            for method in methods
        ]
        caption = f"{name}: rank in the mark, perturbed, over digits whose mark is still read"
        tables.append(Table(caption, head, tuple(rows)))
    head = ("measure", *(f"{name}, n = {count(one['ranked_n'])}" for name, one in planted.items()))
    known = [name for name in MEASURES if any(name in one["tau"] for one in planted.values())]
    rows = [
        (MEASURES[name].title, *(short(_number(one["tau"].get(name)), True) for one in planted.values()))
        for name in known
    ]
    tables.append(
        Table(
            "Kendall’s τ of each measure’s ranking of the maps with the true one; 1 is the same ranking",
            head,
            tuple(rows),
        )
    )
    yield Section(
        "truth",
        "What the planted truth says",
        (
            _truth_sentence(record),
            _moved_sentence(record),
            "A measure is only worth its agreement with the truth: the last table holds its ranking of methods and "
            "controls beside the ranking by how much of the mark they find.",
        ),
        tuple(tables),
    )


def _curves(record: Record) -> Iterator[Section]:
    for suite, found in _followed(record):
        names = list(found["curves"])
        kinds = [(found["kind"], "all"), *([("raw", "all")] if found["kind"] != "raw" else [])]
        kinds += [(found["kind"], "kept"), (found["kind"], "flipped")]
        titles = {("aligned", "all"): "Turned back", ("raw", "all"): "Pixel by pixel"}
        titles |= {
            ("aligned", "kept"): "Where the prediction stays",
            ("aligned", "flipped"): "Where the prediction flips",
        }
        values = tuple(found["values"])
        axis = found["parameter"] if found["unit"] == found["parameter"] else f"{found['parameter']}, {found['unit']}"
        charts = []
        for key in kinds:
            lines = []
            for index, name in enumerate(names):
                curve, floor = (found["curves"][name][f"cosine {one}"] for one in (f"{key[0]} {key[1]}", "floor all"))
                mean, low, high = (tuple(_number(point[end]) for point in curve) for end in ("mean", "low", "high"))
                lines += [
                    Line(index, mean, low, high),
                    Line(index, tuple(_number(point["mean"]) for point in floor), thin=True),
                ]
            title = titles[key]
            label = f"{found['title']}, {title.lower()}: cosine with the clean map, by checkpoint"
            charts.append(Chart(title, panel_chart(Panel(values, axis, tuple(lines), label))))
        kept = tuple(Line(index, tuple(found["curves"][name]["kept"])) for index, name in enumerate(names))
        label = f"{found['title']}: share of predictions that stay, by checkpoint"
        charts.append(Chart("Share of predictions that stay", panel_chart(Panel(values, axis, kept, label))))
        pairs = [_pair(pair) for pair in found["pairs"]]
        yield Section(
            f"curves-{suite}",
            f"Does the explanation break before the prediction? {found['title']}",
            (*list(_break_sentences(found))[1:], *pairs),
            (_half_lives(found),),
            tuple(charts),
            tuple(Key(hue(index), name) for index, name in enumerate(names)),
            f"Integrated gradients, {count(found['n'])} digits. {HOW} Bands: 95 % intervals over the digits.",
        )


def _half_lives(found: Record) -> Table:
    head = ("checkpoint", "side", "maps broken at", "digits misread at", "map first", "floor", "n", "undefined")
    rows = tuple(
        (
            row["checkpoint"],
            row["side"],
            at(_median(row["explanation"]), row["unit"]),
            at(_median(row["prediction"]), row["unit"]),
            percent(row["first"], 0),
            short(_number(row["floor"])),
            str(row["n"]),
            str(row["undefined"]),
        )
        for row in found["half_lives"]
    )
    return Table("Medians over the digits, with 95 % intervals (Kaplan-Meier)", head, rows)


def _pair(pair: Record) -> str:
    over = pair["over"]
    low, high = (strength(over[end], pair["unit"], 2) for end in ("low", "high"))
    p, side = p_text(_number(over["p"])), f"{pair['side'].capitalize()} neutral"
    if not _number(over["p"]) < ALPHA:
        return f"{side}, the maps of {pair['a']} and {pair['b']} are not told apart ({p}, Holm)."
    word = "farther" if over["mean"] > 0 else "less far"
    by = strength(abs(over["mean"]), pair["unit"], 2)
    return f"{side}, the maps of {pair['a']} last {by} {word} than those of {pair['b']} ({low} to {high}; {p}, Holm)."


def _measures(record: Record) -> Iterator[Section]:
    tables = []
    for name in ("fc", "cnn"):
        found = record.get(f"measures-{name}")
        if not found:
            continue
        for key, n in (("means", found["n"]), ("slow", found["slow_n"])):
            known = [one for one in MEASURES if one in found[key]]
            methods = list(found[key][known[0]])
            rows = tuple((_title(method), *(_mean(found[key][one][method]) for one in known)) for method in methods)
            head = ("map", *(f"{MEASURES[one].title} {MEASURES[one].arrow}" for one in known))
            tables.append(Table(f"{name}, {count(n)} digits; ↑ high is good, ↓ low is good; controls last", head, rows))
    if tables:
        yield Section(
            "measures",
            "Every measure",
            ("Means over the digits. No measure is to be read without the three controls under it.",),
            tuple(tables),
        )


def _grid(record: Record) -> Iterator[Section]:
    if "grids" not in record:
        return
    found, n = record["grids"]["found"], record["grids"]["n"]
    methods = _ordered(method for one in found.values() for method in one)
    rows = tuple((_title(method), *(_score(one.get(method)) for one in found.values())) for method in methods)
    yield Section(
        "grids",
        "Four digits on a sheet",
        (
            "A sheet holds four digits of four classes, and its logits are the mean over the four. The evidence for a "
            f"class should lie in its own cell; by chance a quarter does. {n} sheets.",
        ),
        (Table("Share of the positive evidence in the cell of the class, with 95 % intervals", ("map", *found), rows),),
    )


def _verdicts(record: Record) -> Iterator[tuple[str, Record]]:
    for name, found in record.items():
        if name.startswith("verdicts-"):
            yield name.removeprefix("verdicts-"), found


def _planted(record: Record) -> Iterator[tuple[str, Record]]:
    for name, found in record.items():
        if name.startswith("planted-"):
            yield name, found


def _followed(record: Record) -> Iterator[tuple[str, Record]]:
    for name, found in record.items():
        if name.startswith("curves-"):
            yield name.removeprefix("curves-"), found


def _over(over: Record) -> bool:
    return bool(_number(over["image"]["low"]) > 0)


def _gain(found: Record) -> str:
    mean, low, high = (_number(found[key]) for key in ("mean", "low", "high"))
    return f"{short(mean, True)} ({short(low, True)} to {short(high, True)})"


def _ordered(names: Iterable[str]) -> list[str]:
    """Return the names once each, controls last."""
    return sorted(dict.fromkeys(names), key=lambda name: name in CONTROLS)


def _score(found: Record | None, *, count_undefined: bool = True) -> str:
    if found is None or found["n"] == 0:
        return "–"
    mean, low, high = (_number(found[key]) for key in ("mean", "low", "high"))
    undefined = f", {found['undefined']} undefined" if found["undefined"] and count_undefined else ""
    return f"{short(mean)} ({short(low)} to {short(high)}{undefined})"


def _mean(found: Record) -> str:
    missing = f" ({found['undefined']} undefined)" if found["undefined"] and found["n"] else ""
    return f"{short(_number(found['mean']))}{missing}"


def _of_methods(found: Record) -> dict[str, float]:
    return {name: one["mean"] for name, one in found.items() if name not in CONTROLS and one["mean"] is not None}


def _median(values: list[float | None]) -> tuple[float, float, float]:
    middle, low, high = (_number(value) for value in values)
    return middle, low, high


def _number(value: float | None) -> float:
    return NAN if value is None else float(value)


def _setting(key: str) -> str:
    suite, _, value = key.partition(" ")
    return {"noise": f"noise, sd {value}", "rotation": f"turned {value}°"}.get(suite, "as planted").replace(
        " ", NBSP, 1
    )


def _title(method: str) -> str:
    return TITLES[method].lower() if method in TITLES else METHODS[method].title
