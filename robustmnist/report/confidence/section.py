"""Can a checkpoint's confidence be trusted: reliability and risk, clean and where each suite is hardest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup

from robustmnist.overview.in_words import NAME, TITLE, at, focus_text
from robustmnist.overview.overview import Overview, SweepOverview
from robustmnist.page.colours import hue
from robustmnist.page.records import Answer, Key, Table
from robustmnist.predictions import Predictions
from robustmnist.report.confidence.charts import Bins, Risk, reliability_chart, risk_chart
from robustmnist.report.confidence.scores import Scores, focus_quality, scores
from robustmnist.report.confidence.words import (
    Error,
    Sureness,
    reliability_caption,
    risk_caption,
    tempered_text,
    trust_answer,
)
from robustmnist.results import reliability, risk_coverage, stored_temperatures
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import anchor, count, interval, percent

__all__ = ["Panel", "Scores", "TrustGroup", "TrustSection", "trust_section"]

POINTS = 20  # of a risk-coverage curve: every 5 % of the answers
TOLD = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)  # coverages that the table behind it tells
CLEAN = "Clean digits"


@dataclass(frozen=True)
class Panel:
    """The reliability diagram of one checkpoint."""

    key: Key
    figure: Markup


@dataclass(frozen=True)
class TrustGroup:
    """One setting: a reliability diagram per checkpoint, one risk-coverage chart, captions and the numbers behind."""

    anchor: str
    title: str
    panels: tuple[Panel, ...]
    caption: str
    bins: Table
    risk: Markup
    risk_caption: str
    risks: Table


@dataclass(frozen=True)
class TrustSection:
    """An answer per checkpoint, the scores, what a fitted temperature changes, the settings shown, and those folded."""

    answers: tuple[Answer, ...]
    scores: Scores
    tempered: tuple[Answer, ...]
    groups: tuple[TrustGroup, ...]
    extra: tuple[TrustGroup, ...]


def trust_section(overview: Overview) -> TrustSection:
    """Return the section; shown are the clean digits and the suite with the largest calibration error, averaged.

    Diagrams and scores are of the confidence as the checkpoints give it. Where one carries a fitted temperature, NLL
    and calibration error are told with it too.
    """
    places: list[SweepOverview | None] = [None, *(suite.hardest for suite in overview.suites)]
    keys = tuple(Key(hue(k), shorten(one.name, NAME)) for k, one in enumerate(overview.clean))
    temperatures = stored_temperatures(overview.predictions)
    raw, cooled = focus_quality(overview, temperatures)
    rows = [_rows(raw, overview, place) for place in places]
    cool = [_rows(cooled, overview, place) for place in places]
    found = [
        [_sureness(row, key, place) for (_, row), key in zip(t.iterrows(), keys, strict=True)]
        for t, place in zip(rows, places, strict=True)
    ]
    groups = [_group(overview, keys, place, sure) for place, sure in zip(places, found, strict=True)]
    errors = [float(table["ece_width"].mean()) for table in rows[1:]]
    worst = 1 + int(np.nanargmax(errors)) if np.isfinite(errors).any() else 0
    answers = (Answer(key, trust_answer(found[0][k], [sure[k] for sure in found[1:]])) for k, key in enumerate(keys))
    tempered = (
        Answer(keys[k], tempered_text(temperatures[one.name], _errors(rows, k), _errors(cool, k)))
        for k, one in enumerate(overview.clean)
        if one.name in temperatures
    )
    return TrustSection(
        answers=tuple(answers),
        scores=scores(keys, tuple(map(_title, places)), rows, cool, tempered=bool(temperatures)),
        tempered=tuple(tempered),
        groups=(groups[0], *groups[worst : worst + 1 if worst else 0]),
        extra=tuple(group for place, group in enumerate(groups) if place not in (0, worst)),
    )


def _errors(tables: Sequence[pd.DataFrame], checkpoint: int) -> list[Error]:
    columns = ["ece_width", "ece_width_low", "ece_width_high"]
    return [Error(*map(float, table[columns].iloc[checkpoint])) for table in tables]


def _rows(table: pd.DataFrame, overview: Overview, place: SweepOverview | None) -> pd.DataFrame:
    rows = table[table["suite"] == ("" if place is None else place.suite.name)]
    return rows.set_index("checkpoint").loc[list(overview.predictions.checkpoints)]


def _sureness(row: "pd.Series[float]", key: Key, place: SweepOverview | None) -> Sureness:
    numbers = (float(row[name]) for name in ("accuracy", "accuracy_low", "accuracy_high", "mean_confidence"))
    where = CLEAN if place is None else f"“{shorten(place.sweep.title, TITLE)}”, {at(place, place.focus, exact=True)}"
    return Sureness(key.name, where, *numbers)


def _group(
    overview: Overview, keys: Sequence[Key], place: SweepOverview | None, found: Sequence[Sureness]
) -> TrustGroup:
    title, caption = _title(place), reliability_caption(found)
    setting = _setting(place)
    bins = [_bins(overview.predictions, one.name, setting) for one in overview.clean]
    panels = []
    for key, table in zip(keys, bins, strict=True):
        label = f"Accuracy against confidence, {key.name}, {title}"
        panels.append(Panel(key, reliability_chart(table, key.hue, label)))
    curves = [
        _risk(overview.predictions, one.name, key, setting) for key, one in zip(keys, overview.clean, strict=True)
    ]
    whole, half = ([_at(curve, coverage)[0] for curve in curves] for coverage in (1.0, 0.5))
    said = risk_caption([key.name for key in keys], whole, half)
    label = f"Share of wrong answers against coverage, {title}"
    part = anchor("trust", *(("clean",) if place is None else (place.index[0],)))
    return TrustGroup(
        part, title, tuple(panels), caption, _bin_table(title, keys, bins), risk_chart(curves, label), said,
        _risk_table(title, curves),
    )  # fmt: skip


def _setting(place: SweepOverview | None) -> tuple[str | None, str | None, float | None]:
    return (None, None, None) if place is None else (place.suite.name, place.sweep.name, place.focus)


def _title(place: SweepOverview | None) -> str:
    return CLEAN if place is None else focus_text(place)


def _bins(predictions: Predictions, name: str, setting: tuple[str | None, str | None, float | None]) -> Bins:
    table = reliability(predictions, name, *setting)
    columns = ("confidence", "accuracy", "accuracy_low", "accuracy_high")
    return Bins(tuple(map(int, table["n"])), *(tuple(map(float, table[column])) for column in columns))


def _risk(predictions: Predictions, name: str, key: Key, setting: tuple[str | None, str | None, float | None]) -> Risk:
    table = risk_coverage(predictions, name, *setting, points=POINTS)
    columns = (tuple(map(float, table[column])) for column in ("coverage", "risk", "risk_low", "risk_high"))
    return Risk(key.name, key.hue, *columns)


def _at(curve: Risk, coverage: float) -> tuple[float, float, float]:
    if not curve.coverage:
        return float("nan"), float("nan"), float("nan")
    place = int(np.abs(np.asarray(curve.coverage) - coverage).argmin())
    return curve.risk[place], curve.low[place], curve.high[place]


def _bin_table(title: str, keys: Sequence[Key], bins: Sequence[Bins]) -> Table:
    number = len(bins[0].n)
    rows = []
    for i in range(number):
        if not any(one.n[i] for one in bins):
            continue
        cells = []
        for one in bins:
            right = f"{percent(one.accuracy[i], sign=False)} ({interval(one.low[i], one.high[i])})"
            cells += [count(one.n[i]), percent(one.confidence[i], sign=False), right] if one.n[i] else ["0", "–", "–"]
        rows.append((f"{percent(i / number, sign=False)}–{percent((i + 1) / number, sign=False)}", *cells))
    head = [text for key in keys for text in (f"{key.name}: answers", "sure", "right (95 % interval)")]
    return Table(f"{title}: answers, mean confidence and accuracy per bin, in %", ("confidence", *head), tuple(rows))


def _risk_table(title: str, curves: Sequence[Risk]) -> Table:
    rows = []
    for coverage in TOLD:
        cells = []
        for curve in curves:
            risk, low, high = _at(curve, coverage)
            cells.append(f"{percent(risk, sign=False)} ({interval(low, high)})" if risk == risk else "–")
        rows.append((percent(coverage, 0), *cells))
    head = ("answers given", *(curve.name for curve in curves))
    return Table(f"{title}: wrong among the surest answers, in % with its 95 % interval", head, tuple(rows))
