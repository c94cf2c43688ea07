"""Can its confidence be trusted: captions by rules, diagrams where the numbers are, names as text."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.overview.gather import gather
from robustmnist.overview.overview import Overview
from robustmnist.overview.printable_run import printable_run
from robustmnist.page.records import Cell
from robustmnist.predictions import Predictions
from robustmnist.report.confidence.charts import Bins, Risk, reliability_chart, risk_chart
from robustmnist.report.confidence.section import TrustSection, trust_section
from robustmnist.report.confidence.words import (
    Confidence,
    Error,
    confidence_text,
    reliability_caption,
    risk_caption,
    tempered_text,
    trust_answer,
)
from robustmnist.results import quality, reliability, risk_coverage, stored_temperatures

NAN = float("nan")
HOSTILE = [
    "<script>alert(1)</script>",
    "</bdi></h4><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "{{ 7*7 }}",
]


def told(text: str) -> str:
    return text.replace("\u00a0", " ")


def sure(confidence: float, accuracy: float = 0.9, *, where: str = "Shift, 3 px", name: str = "fc") -> Confidence:
    return Confidence(name, where, accuracy, accuracy - 0.01, accuracy + 0.01, confidence)


@pytest.fixture(scope="module")
def run() -> Predictions:
    return synthetic_predictions(("fc", "cnn"), n=150, digits=False)


@pytest.fixture(scope="module")
def whole(run: Predictions) -> Overview:
    return gather(run)


@pytest.fixture(scope="module")
def section(whole: Overview) -> TrustSection:
    return trust_section(whole)


def html(section: TrustSection) -> str:
    loader = ChoiceLoader([PackageLoader("robustmnist.report", ""), PackageLoader("robustmnist.page")])
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    macro = environment.from_string('{% from "confidence/trust.html.jinja" import trust %}{{ trust(section) }}')
    return macro.render(section=section)


# --- words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("confidence", "text"),
    [
        (0.905, "as confident as it is accurate (90.0 % right, mean confidence 90.5 %)"),
        (0.91, "as confident as it is accurate (90.0 % right, mean confidence 91.0 %)"),
        (0.96, "over-confident by 6.0 points (90.0 % right, mean confidence 96.0 %)"),
        (0.7, "under-confident by 20.0 points (90.0 % right, mean confidence 70.0 %)"),
        (NAN, "gave no valid answer"),
    ],
)
def test_over_or_under_by_how_much_and_not_within_the_interval(confidence: float, text: str) -> None:
    assert told(confidence_text(sure(confidence))) == text


def test_a_caption_goes_through_the_checkpoints() -> None:
    caption = reliability_caption([sure(0.9), sure(0.99, 0.5, name="cnn")])
    assert told(caption) == (
        "fc is as confident as it is accurate (90.0 % right, mean confidence 90.0 %); "
        "cnn is over-confident by 49.0 points (50.0 % right, mean confidence 99.0 %)."
    )


def test_the_answer_counts_settings_and_names_the_worst() -> None:
    shifted = [sure(0.95, where="A"), sure(0.5, where="B"), sure(0.9, where="C"), sure(NAN, where="D")]
    assert told(trust_answer(sure(0.9), shifted)) == (
        "is as confident as it is accurate (90.0 % right, mean confidence 90.0 %) on clean digits, and over-confident "
        "at 1 and under-confident at 1 of 4 perturbed settings, most at B: under-confident by 40.0 points "
        "(90.0 % right, mean confidence 50.0 %)."
    )


def test_an_honest_checkpoint_is_called_so() -> None:
    assert trust_answer(sure(0.9), [sure(0.9), sure(0.905)]).endswith(
        "as confident as it is accurate at every setting shown."
    )
    one = told(trust_answer(sure(0.9), [sure(0.99, where="Turn, 30°")]))
    assert one.endswith("at Turn, 30° over-confident by 9.0 points (90.0 % right, mean confidence 99.0 %).")
    assert told(trust_answer(sure(NAN), [])) == "is without a valid answer on clean digits."


def test_the_risk_caption_tells_all_and_the_surer_half() -> None:
    assert told(risk_caption(["fc", "cnn"], [0.2, NAN], [0.01, NAN])) == (
        "Wrong: fc 20.0 % of all answers, 1.0 % of the more confident half."
    )
    assert risk_caption(["fc"], [NAN], [NAN]) == "No valid answer."


def errors(*values: float) -> list[Error]:
    return [Error(value, value * 0.8, value * 1.2) for value in values]


@pytest.mark.parametrize(
    ("temperature", "raw", "tempered", "text"),
    [
        (
            0.5,
            errors(0.05, 0.1, 0.2, 0.3, NAN),
            errors(0.002, 0.05, 0.3, 0.29, NAN),
            "with its fitted temperature of 0.50, which raises its confidence, has a calibration error of 0.2 points "
            "(95 % interval 0.2–0.2) on clean digits; without it 5.0 points (4.0–6.0). The error with it is smaller "
            "than without it at 2 of 3 perturbed settings, at 1 with intervals that do not overlap.",
        ),
        (
            1.8,
            errors(0.05, 0.1),
            errors(0.01, 0.2),
            "with its fitted temperature of 1.80, which lowers its confidence, has a calibration error of 1.0 points "
            "(95 % interval 0.8–1.2) on clean digits; without it 5.0 points (4.0–6.0). The error with it is smaller "
            "than without it at 0 of 1 perturbed setting, at 0 with intervals that do not overlap.",
        ),
        (
            2.0,
            errors(0.03),
            errors(0.01),
            "with its fitted temperature of 2.00, which lowers its confidence, has a calibration error of 1.0 points "
            "(95 % interval 0.8–1.2) on clean digits; without it 3.0 points (2.4–3.6).",
        ),
        (2.0, errors(NAN, NAN), errors(NAN, NAN), "gave no valid answer."),
    ],
)
def test_a_temperature_is_told_by_what_it_changes(
    temperature: float, raw: list[Error], tempered: list[Error], text: str
) -> None:
    assert told(tempered_text(temperature, raw, tempered)) == text


# --- charts ------------------------------------------------------------------------------------------------------


def test_a_reliability_diagram_puts_dots_on_the_diagonal_where_calibrated() -> None:
    shares = (0.1, 0.5, 0.9)
    svg = reliability_chart(Bins((10, 20, 70), shares, shares, shares, shares), 2, "label")
    found = re.search(r'class="s2 knot" d="([^"]*)"', svg)
    assert found is not None
    places = np.array(re.findall(r"M(\S+) (\S+?)h0", found[1]), float)
    diagonal = re.search(r'class="smuted" d="M(\S+) (\S+) (\S+) (\S+)"', svg)
    assert diagonal is not None
    x0, y0, x1, y1 = map(float, diagonal.groups())
    assert np.allclose((places[:, 0] - x0) / (x1 - x0), shares, atol=0.002)
    assert np.allclose((places[:, 1] - y0) / (y1 - y0), shares, atol=0.002)


def test_bars_count_by_the_square_root() -> None:
    shares = (0.1, 0.5, 0.9)
    svg = reliability_chart(Bins((1, 0, 99), shares, shares, shares, shares), 0, "label")
    found = re.search(r'class="s0 bar" d="([^"]*)"', svg)
    assert found is not None
    heights = [float(a) - float(b) for a, b in re.findall(r"M\S+ (\S+) \S+ ([^M\s]+)", found[1])]
    assert len(heights) == 2
    assert heights[1] / heights[0] == pytest.approx(np.sqrt(99), rel=0.05)


def test_empty_bins_and_empty_curves_leave_gaps() -> None:
    empty = Bins((0, 5), (NAN, 0.8), (NAN, 0.7), (NAN, 0.6), (NAN, 0.9))
    curves = [Risk("fc", 0, (), (), (), ()), Risk("cnn", 1, (0.5, 1.0), (0.0, 0.1), (0.0, 0.05), (0.01, 0.2))]
    for svg in (reliability_chart(empty, 0, ""), risk_chart(curves, ""), risk_chart(curves[:1], "")):
        assert "nan" not in svg
        ET.fromstring(svg)


def test_charts_take_their_colours_from_the_style_sheet(section: TrustSection) -> None:
    for group in section.groups:
        for svg in (group.risk, *(panel.figure for panel in group.panels)):
            root = ET.fromstring(svg)
            assert root.attrib["role"] == "img"
            assert root.attrib["aria-label"]
            assert not re.search(r"#[0-9a-f]{3}|\bid=|href|style=|url\(|font", svg)
            assert len(svg) < 4_000
        for panel in group.panels:
            assert f'class="s{panel.key.hue} knot"' in panel.figure


# --- the section -------------------------------------------------------------------------------------------------


def test_it_shows_clean_digits_and_the_worst_calibrated_suite(section: TrustSection, whole: Overview) -> None:
    assert section.groups[0].title == "Clean digits"
    assert len(section.groups) == 2
    assert len(section.extra) == len(whole.suites) - 1
    table = quality(whole.predictions).set_index(["suite", "sweep", "value"]).sort_index()
    errors = {
        one.suite.name: table.loc[(one.suite.name, one.hardest.sweep.name, one.hardest.focus)]["ece_width"].mean()
        for one in whole.suites
    }
    worst = max(errors, key=lambda name: errors[name])
    place = [one.suite.name for one in whole.suites].index(worst)
    assert section.groups[1].anchor == f"trust-{place}"


def test_the_scores_are_those_of_quality_each_with_its_interval(section: TrustSection, whole: Overview) -> None:
    assert section.scores.metrics == ("NLL", "Brier", "ECE", "AURC")
    table = quality(whole.predictions)
    assert len(section.scores.rows) == 1 + len(whole.suites)
    focused = [("", np.nan), *((one.hardest.sweep.name, one.hardest.focus) for one in whole.suites)]
    for (_, cells), (sweep, value) in zip(section.scores.rows, focused, strict=True):
        rows = table[(table["sweep"] == sweep) & (table["value"].isna() if value != value else table["value"] == value)]
        columns = [f"{name}{end}" for name in ("nll", "brier", "ece_width", "aurc") for end in ("", "_low", "_high")]
        shown = [[float(cell.text), *map(float, cell.note.split("–"))] for cell in cells]
        np.testing.assert_allclose(np.ravel(shown), rows[columns].to_numpy().ravel(), atol=5.01e-4)
        assert all(low <= score <= high for score, low, high in shown)
    page = html(section)
    for _, cells in section.scores.rows:
        for cell in cells:
            assert f"<td>{cell.text} <small>{cell.note}</small></td>" in page


def with_temperatures(run: Predictions, *temperatures: float | None) -> Predictions:
    records = zip(run.manifest["checkpoints"], temperatures, strict=True)
    kept = [{**record, **({"temperature": one} if one else {})} for record, one in records]
    return replace(run, manifest={**run.manifest, "checkpoints": kept})


def test_temperatures_are_used_where_the_cards_carry_them(run: Predictions, section: TrustSection) -> None:
    assert stored_temperatures(run) == {}
    assert section.tempered == ()
    assert "temperature" not in html(section)
    warm = with_temperatures(run, 2.5, None)
    assert stored_temperatures(warm) == {"fc": 2.5}
    found = trust_section(gather(warm))
    assert found.groups == section.groups  # diagrams are of the confidence as it is given
    metrics = ("NLL", "NLL, T", "Brier", "ECE", "ECE, T", "AURC")
    assert found.scores.metrics == metrics
    expected = quality(warm, {"fc": 2.5}).iloc[0]
    cells, plain = found.scores.rows[0][1], section.scores.rows[0][1]
    clean, cnn = dict(zip(metrics, cells[:6], strict=True)), dict(zip(metrics, cells[6:], strict=True))
    for name, column in (("NLL, T", "nll"), ("ECE, T", "ece_width")):
        shown = [float(clean[name].text), *map(float, clean[name].note.split("–"))]
        assert shown == pytest.approx([expected[f"{column}{end}"] for end in ("", "_low", "_high")], abs=5e-4)
        assert cnn[name] == Cell("–")
    for name in ("NLL", "Brier", "ECE", "AURC"):
        at = section.scores.metrics.index(name)
        assert clean[name] == plain[at]
        assert cnn[name] == plain[4 + at]
    assert [answer.key.name for answer in found.tempered] == ["fc"]
    assert "with its fitted temperature of 2.50, which lowers its confidence" in html(found)
    assert "fitted on validation digits" in html(found)


def test_the_tables_hold_the_numbers_behind(section: TrustSection, run: Predictions) -> None:
    bins = reliability(run, "fc")
    answered = [int(row[1].replace(",", "")) for row in section.groups[0].bins.rows]
    assert sum(answered) == int(bins["n"].sum())
    risk = risk_coverage(run, "cnn")["risk"].iloc[-1]
    assert section.groups[0].risks.rows[0][0].startswith("100")
    assert float(section.groups[0].risks.rows[0][2].split()[0]) == pytest.approx(100 * risk, abs=0.051)


def test_a_checkpoint_without_a_valid_answer_is_said_to_have_none() -> None:
    run = synthetic_predictions(("nan", "cnn"), n=40, digits=False, invalid=40)
    section = trust_section(gather(run))
    assert any("gave no valid answer" in group.caption for group in (*section.groups, *section.extra))
    assert "nan%" not in html(section)


def test_names_stay_text_wherever_they_stand() -> None:
    sweep = replace(make_sweep(values=(0, 1, 2)), title=HOSTILE[1], unit=HOSTILE[2])
    suite = replace(make_suite("shift", sweep), title=HOSTILE[0])
    run = printable_run(synthetic_predictions(tuple(HOSTILE), n=30, suites=[suite], digits=False))
    tags: list[str] = []
    words: list[str] = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)
            assert not any(name.startswith("on") for name, _ in attrs)

        def handle_data(self, data: str) -> None:
            words.append(data)

    Parser().feed(html(trust_section(gather(run))))
    assert not {"script", "img"} & set(tags)
    text = "".join(words)
    assert HOSTILE[0] in text
    assert "{{ 7*7 }}" in text
