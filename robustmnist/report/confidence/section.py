"""Can a checkpoint's confidence be trusted: reliability and risk, clean and where each suite is hardest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup

from robustmnist.overview.in_words import NAME, TITLE, at, focus_text
from robustmnist.overview.overview import Overview, SweepOverview
from robustmnist.page.anchors import anchor
from robustmnist.page.colours import hue
from robustmnist.page.records import Answer, Key, Table
from robustmnist.report.confidence.charts import Bins, Risk, reliability_chart, risk_chart
from robustmnist.report.confidence.scores import Score, Scores, scores
from robustmnist.report.confidence.tables import bin_table, risk_at, risk_table
from robustmnist.report.confidence.words import (
    CLEAN,
    DIAGRAM_NOTE,
    Confidence,
    Error,
    reliability_caption,
    risk_caption,
    score_note,
    tempered_text,
    trust_answer,
)
from robustmnist.results import quality, reliability, risk_coverage, stored_temperatures
from robustmnist.results.confidence.metrics.registry import METRICS
from robustmnist.wording.characters import shorten

__all__ = ["Panel", "Scores", "TrustGroup", "TrustSection", "trust_section"]

POINTS = 20  # of a risk-coverage curve: every 5 % of the answers


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
    """Can its confidence be trusted?

    Attributes:
        answers: A sentence per checkpoint.
        note: How to read the diagrams.
        score_note: What the scores are.
        scores: A table of them.
        tempered: What a fitted temperature changes.
        groups: The settings that are shown.
        extra: Those that start folded.
    """

    answers: tuple[Answer, ...]
    note: str
    score_note: str
    scores: Scores
    tempered: tuple[Answer, ...]
    groups: tuple[TrustGroup, ...]
    extra: tuple[TrustGroup, ...]


def trust_section(overview: Overview) -> TrustSection:
    """Return the section; shown are the clean digits and the suite with the largest calibration error, averaged.

    Diagrams and scores are of the confidence as the checkpoints give it. Where one carries a fitted temperature, NLL
    and calibration error are shown with it too.
    """
    run, looked_at = overview.predictions, [None, *(suite.hardest for suite in overview.suites)]
    keys = tuple(Key(hue(checkpoint.index), shorten(checkpoint.name, NAME)) for checkpoint in overview.clean)
    temperatures = stored_temperatures(run)
    # Only the settings that are shown: those of a whole run would take minutes.
    shown = [sweep.setting for sweep in looked_at if sweep is not None]
    raw = quality(run, at=shown)
    tempered = quality(run, temperatures, at=shown) if temperatures else raw
    rows = [_rows(raw, overview, sweep) for sweep in looked_at]
    tempered_rows = [_rows(tempered, overview, sweep) for sweep in looked_at]
    measured = [
        [_confidence(row, key, sweep) for (_, row), key in zip(table.iterrows(), keys, strict=True)]
        for table, sweep in zip(rows, looked_at, strict=True)
    ]
    groups = [_group(overview, keys, sweep, row) for sweep, row in zip(looked_at, measured, strict=True)]
    errors = [float(table["ece_width"].mean()) for table in rows[1:]]
    worst = 1 + int(np.nanargmax(errors)) if np.isfinite(errors).any() else 0
    first = {0, worst}
    answers = (Answer(key, trust_answer(row[0], row[1:])) for key, *row in zip(keys, *measured, strict=True))
    cooled = (
        Answer(keys[k], tempered_text(temperatures[checkpoint.name], _errors(rows, k), _errors(tempered_rows, k)))
        for k, checkpoint in enumerate(overview.clean)
        if checkpoint.name in temperatures
    )
    fitted = [checkpoint.name in temperatures for checkpoint in overview.clean]
    return TrustSection(
        answers=tuple(answers),
        note=DIAGRAM_NOTE,
        score_note=_score_note(tempered=any(fitted)),
        scores=scores(
            keys, [_title(sweep) for sweep in looked_at], rows, tempered_rows, fitted, _shown(tempered=any(fitted))
        ),
        tempered=tuple(cooled),
        groups=tuple(group for index, group in enumerate(groups) if index in first),
        extra=tuple(group for index, group in enumerate(groups) if index not in first),
    )


def _shown(*, tempered: bool) -> list[Score]:
    """Return the columns of the scores: of each metric with a label, and with the fitted temperature where asked."""
    shown = []
    for metric in METRICS.values():
        if metric.label:
            shown.append(Score(metric.label, metric.column, tempered=False))
            if tempered and metric.with_temperature:
                shown.append(Score(f"{metric.label}, T", metric.column, tempered=True))
    return shown


def _score_note(*, tempered: bool) -> str:
    shown = [metric for metric in METRICS.values() if metric.label]
    lower, higher = ([metric.label for metric in shown if metric.better == way] for way in ("lower", "higher"))
    return score_note({metric.label: metric.title for metric in shown}, lower, higher, tempered=tempered)


def _errors(tables: Sequence[pd.DataFrame], checkpoint: int) -> list[Error]:
    columns = ["ece_width", "ece_width_low", "ece_width_high"]
    return [Error(*map(float, table[columns].iloc[checkpoint])) for table in tables]


def _rows(table: pd.DataFrame, overview: Overview, sweep: SweepOverview | None) -> pd.DataFrame:
    rows = table[table["suite"] == ("" if sweep is None else sweep.suite.name)]
    return rows.set_index("checkpoint").loc[list(overview.predictions.checkpoints)]


def _confidence(row: "pd.Series[float]", key: Key, sweep: SweepOverview | None) -> Confidence:
    numbers = (float(row[name]) for name in ("accuracy", "accuracy_low", "accuracy_high", "mean_confidence"))
    where = CLEAN if sweep is None else f"“{shorten(sweep.title, TITLE)}”, {at(sweep, sweep.focus, exact=True)}"
    return Confidence(key.name, where, *numbers)


def _group(
    overview: Overview, keys: Sequence[Key], sweep: SweepOverview | None, measured: Sequence[Confidence]
) -> TrustGroup:
    title, run = _title(sweep), overview.predictions
    setting = () if sweep is None else sweep.setting
    bins = [_bins(reliability(run, name, *setting)) for name in run.checkpoints]
    panels = []
    for key, bins_ in zip(keys, bins, strict=True):
        panels.append(
            Panel(key, reliability_chart(bins_, key.hue, f"Accuracy against confidence, {key.name}, {title}"))
        )
    named = zip(keys, run.checkpoints, strict=True)
    curves = [_risk(risk_coverage(run, name, *setting, points=POINTS), key) for key, name in named]
    whole, half = ([risk_at(curve, coverage)[0] for curve in curves] for coverage in (1.0, 0.5))
    return TrustGroup(
        anchor=anchor("trust", "clean" if sweep is None else sweep.index[0]),
        title=title,
        panels=tuple(panels),
        caption=reliability_caption(measured),
        bins=bin_table(title, keys, bins),
        risk=risk_chart(curves, f"Share of wrong answers against coverage, {title}"),
        risk_caption=risk_caption([key.name for key in keys], whole, half),
        risks=risk_table(title, curves),
    )


def _title(sweep: SweepOverview | None) -> str:
    return CLEAN if sweep is None else focus_text(sweep)


def _bins(table: pd.DataFrame) -> Bins:
    columns = ("confidence", "accuracy", "accuracy_low", "accuracy_high")
    return Bins(tuple(map(int, table["n"])), *(tuple(map(float, table[column])) for column in columns))


def _risk(table: pd.DataFrame, key: Key) -> Risk:
    columns = (tuple(map(float, table[column])) for column in ("coverage", "risk", "risk_low", "risk_high"))
    return Risk(key.name, key.hue, *columns)
