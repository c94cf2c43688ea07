"""Which is better: a sentence only where a test says so, a figure with the numbers' places, tables, names as text."""

import math
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest
from jinja2 import Environment, PackageLoader, StrictUndefined
from synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.predictions import Predictions
from robustmnist.report.comparison import ComparisonSection, comparison_section
from robustmnist.report.comparison_words import (
    Counts,
    Difference,
    clean_sentence,
    consistency_sentence,
    difference_text,
    effect_text,
    p_text,
    sentences,
    verdict,
)
from robustmnist.report.forest import Side, forest
from robustmnist.report.readable import readable
from robustmnist.report.study import study
from robustmnist.report.ticks import ticks
from robustmnist.results import compare, compare_pairs, holm

HOSTILE = [
    "<script>alert(1)</script>",
    "</bdi></h3><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "{{ 7*7 }}",
]
BETTER = Difference("shift", 0.21, 0.20, 0.22, 1e-6)
WORSE = Difference("noise", -0.05, -0.06, -0.04, 0.01)
SAME = Difference("scale", 0.001, -0.002, 0.004, 0.31)


def told(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.fixture(scope="module")
def run() -> Predictions:
    return synthetic_predictions(("fc", "cnn", "third"), n=120, digits=False)


@pytest.fixture(scope="module")
def section(run: Predictions) -> ComparisonSection:
    found = comparison_section(study(run), resamples=200)
    assert found is not None
    return found


def html(section: ComparisonSection | None) -> str:
    loader = PackageLoader("robustmnist.report")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    macro = environment.from_string('{% from "comparison.html.jinja" import comparison %}{{ comparison(section) }}')
    return macro.render(section=section)


# --- words -------------------------------------------------------------------------------------------------------


def test_a_sentence_per_suite_says_who_and_by_how_much() -> None:
    assert [told(one) for one in sentences("fc", "cnn", [BETTER, WORSE, SAME], 18)] == [
        "cnn is better than fc under shift: area +0.21 (95 % interval 0.20 to 0.22), "
        "p < 0.001 after Holm over 18 tests.",
        "fc is better than cnn under noise: area +0.05 (0.04 to 0.06), p = 0.010.",
        "The two are not told apart under scale (+0.001 (−0.002 to 0.004), p = 0.31).",
    ]


def test_the_verdict_gathers_the_suites() -> None:
    assert told(verdict("fc", "cnn", [BETTER, WORSE, SAME])) == (
        "cnn is better than fc under shift; fc is better than cnn under noise; the two are not told apart under scale."
    )
    second = Difference("rotation", 0.1, 0.09, 0.11, 0.001)
    assert told(verdict("fc", "cnn", [BETTER, second])) == (
        "cnn is better than fc under every suite, most under shift (area +0.21, 0.20 to 0.22)."
    )
    assert verdict("fc", "cnn", [SAME]) == "fc and cnn are not told apart under any suite."


@pytest.mark.parametrize("p", [0.05, 0.2, 1.0, math.nan])
def test_nothing_is_better_unless_the_corrected_test_says_so(p: float) -> None:
    clear = Difference("shift", 0.3, 0.29, 0.31, p)
    assert "better" not in verdict("a", "b", [clear])
    assert "better" not in " ".join(sentences("a", "b", [clear], 3))
    assert "better" not in clean_sentence("a", "b", Counts(0, 90, p))


def test_clean_digits_are_told_by_counts() -> None:
    assert told(clean_sentence("fc", "cnn", Counts(16, 1095, 1e-9))) == (
        "On clean digits cnn is better: cnn alone reads 1,095 digits right, fc alone 16 digits (p < 0.001)."
    )
    assert told(clean_sentence("fc", "cnn", Counts(3, 1, 0.6))) == (
        "On clean digits the two are not told apart: cnn alone reads 1 digit right, fc alone 3 digits (p = 0.60)."
    )


@pytest.mark.parametrize(
    ("kappas", "words"),
    [
        ([0.2, 0.5], "more often than chance would have it: error consistency κ 0.20 to 0.50"),
        ([0.2, math.nan], "κ 0.20."),
        ([-0.1, 0.0], "no more often than chance"),
        ([-0.1, 0.3], "depends on the setting: error consistency κ −0.10 to 0.30 (0 is chance)"),
    ],
)
def test_error_consistency_is_read_against_chance(kappas: list[float], words: str) -> None:
    assert words in told(consistency_sentence(kappas))


def test_without_errors_there_is_no_sentence_on_them() -> None:
    assert consistency_sentence([math.nan]) == ""


def test_numbers_are_as_fine_as_they_deserve() -> None:
    assert p_text(0.0009999).endswith("0.001")
    assert "<" in p_text(0.0009999)
    assert told(p_text(0.0996)) == "p = 0.10"
    assert p_text(math.nan, name=False) == "–"
    assert difference_text(0.0, 0.0, 0.0) == "0.000 (0.000 to 0.000)"
    assert difference_text(0.16052, 0.1584, 0.1626) == "+0.161 (0.158 to 0.163)"
    assert [effect_text(one) for one in (0.5, math.nan, math.inf)] == ["0.50", "–", "∞"]


# --- the figure --------------------------------------------------------------------------------------------------


def test_the_figure_puts_dots_on_a_scale_and_greys_what_is_not_told_apart() -> None:
    svg = forest(Side("fc", 0), Side("cnn", 1), [BETTER, WORSE, SAME], [[0.2, 0.22], [-0.05], [0.0, 0.002]], "Look.")
    root = ET.fromstring(svg)
    assert root.attrib["role"] == "img"
    assert "cnn minus fc" in root.attrib["aria-label"]
    knobs = dict(re.findall(r'class="(s\w+) knob" d="M(\S+)', svg))
    assert list(knobs) == ["s1", "s0", "smuted"]
    zero = re.search(r'class="smuted" d="M(\S+)', svg)
    assert zero is not None
    x0, x1, x2 = (float(knobs[name]) - float(zero[1]) for name in ("s1", "s0", "smuted"))
    assert x0 / x1 == pytest.approx(0.21 / -0.05, rel=0.02)
    assert abs(x2) < 2
    assert {"shift", "noise", "scale", "cnn better →"} <= {word.text for word in root.iter("text")}
    assert not re.search(r"#[0-9a-f]{3}|\bid=|href|style=|url\(|font", svg)
    assert len(svg) < 4_000


def test_a_difference_of_nothing_is_still_drawn() -> None:
    svg = forest(Side("a", 0), Side("b", 1), [Difference("shift", 0, 0, 0, 1.0)], [[0.0]], "")
    assert "nan" not in svg
    ET.fromstring(svg)


@pytest.mark.parametrize(("low", "high", "most"), [(-0.3, 0.4, 6), (0, 1e-5, 5), (-3, 7000, 4), (0.2, 0.2, 5)])
def test_ticks_are_round_and_few(low: float, high: float, most: int) -> None:
    found = ticks(low, high, most)
    assert 1 <= len(found) <= most
    assert all(low - 1e-12 <= one <= high + 1e-12 for one in found)
    assert np.allclose(np.diff(found, 2), 0, atol=1e-9 * max(abs(high), 1e-5))


# --- the section -------------------------------------------------------------------------------------------------


def test_every_pair_is_compared_in_the_order_of_the_run(section: ComparisonSection) -> None:
    assert [(pair.a.name, pair.b.name) for pair in section.pairs] == [("fc", "cnn"), ("fc", "third"), ("cnn", "third")]
    assert [pair.extra for pair in section.pairs] == [False] * 3
    assert [pair.anchor for pair in section.pairs] == ["pair-0-1", "pair-0-2", "pair-1-2"]


def test_p_values_are_corrected_over_all_pairs(run: Predictions) -> None:
    pairs = compare_pairs(run, resamples=50)
    raw = [compare(run, one.a, one.b, resamples=50) for one in pairs]
    for name in ("suites", "sweeps", "settings", "sides"):
        p = np.concatenate([getattr(one, name)["p"] for one in raw])
        found = np.concatenate([getattr(one, name)["p_holm"] for one in pairs])
        assert np.array_equal(found, holm(p), equal_nan=True)


def test_tables_hold_the_numbers_behind(section: ComparisonSection, run: Predictions) -> None:
    suites, sweeps, settings = section.pairs[0].tables
    assert [row[0] for row in suites.rows] == [suite.name for suite in run.suites]
    assert len(sweeps.rows) == sum(len(suite.curves) for suite in run.suites)
    assert settings.rows[0][0] == "Clean digits"
    assert len(settings.rows) == 1 + len(run.suites)
    found = compare(run, "fc", "cnn", resamples=200)
    assert settings.rows[0][3:5] == (str(found.settings["only_a"].iloc[0]), str(found.settings["only_b"].iloc[0]))
    assert float(suites.rows[0][1].split()[0]) == pytest.approx(100 * found.suites["area_a"].iloc[0], abs=0.051)
    assert f"Holm over {3 * len(run.suites)}" in suites.head[-1]


def test_one_checkpoint_or_no_curve_compares_nothing() -> None:
    assert comparison_section(study(synthetic_predictions(("a",), n=20, digits=False))) is None


def test_more_than_three_pairs_start_folded() -> None:
    names = ("a", "b", "c", "d")
    run = synthetic_predictions(names, n=40, suites=[make_suite("s", make_sweep(values=(0, 1, 2)))], digits=False)
    section = comparison_section(study(run), resamples=50)
    assert section is not None
    assert [pair.extra for pair in section.pairs] == [False] * 3 + [True] * 3
    assert html(section).count('<details class="more">') == 3


def test_names_stay_text_wherever_they_stand() -> None:
    suite = make_suite("s", make_sweep(values=(0, 1, 2)))
    run = readable(synthetic_predictions(tuple(HOSTILE), n=30, suites=[suite], digits=False))
    tags: list[str] = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)
            assert not any(name.startswith("on") for name, _ in attrs)

    page = html(comparison_section(study(run), resamples=50))
    Parser().feed(page)
    assert not {"script", "img"} & set(tags)
    assert "{{ 7*7 }}" in page
