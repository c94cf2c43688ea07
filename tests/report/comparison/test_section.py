"""Which is better: a sentence only where a test says so, a figure with the numbers' places, tables, names as text."""

import base64
import io
import math
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from PIL import Image
from support.synthetic import keys, make_suite, make_sweep, synthetic_predictions

from robustmnist.errors import RunError
from robustmnist.overview.gather import gather
from robustmnist.overview.printable_run import printable_run
from robustmnist.page.axis import ticks
from robustmnist.predictions import Digits, Predictions
from robustmnist.report.comparison.forest_plot import Side, forest
from robustmnist.report.comparison.galleries import SHOWN, PairGallery
from robustmnist.report.comparison.gallery_words import Overruled, gallery_caption
from robustmnist.report.comparison.section import ComparisonSection, comparison_section
from robustmnist.report.comparison.seed_words import SeedSpread, seed_sentences
from robustmnist.report.comparison.words import (
    Counts,
    Difference,
    clean_sentence,
    consistency_sentence,
    sentences,
    verdict,
)
from robustmnist.results import (
    clean_mistakes,
    compare,
    compare_pairs,
    holm,
    mistakes_read_right,
    seed_variance,
    wrong_and_right,
)
from robustmnist.wording.tests import difference_text, effect_text, p_text

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
    found = comparison_section(gather(run), resamples=200)
    assert found is not None
    return found


def html(section: ComparisonSection | None) -> str:
    loader = ChoiceLoader([PackageLoader("robustmnist.report", ""), PackageLoader("robustmnist.page")])
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    macro = environment.from_string(
        '{% from "comparison/comparison.html.jinja" import comparison %}{{ comparison(section) }}'
    )
    return macro.render(section=section)


# --- words -------------------------------------------------------------------------------------------------------


def test_a_sentence_per_suite_says_who_and_by_how_much() -> None:
    assert [told(one) for one in sentences("fc", "cnn", [BETTER, WORSE, SAME], 18)] == [
        "cnn is better than fc under shift: area +0.21 (95 % interval 0.20 to 0.22), "
        "p < 0.001 after Holm over 18 tests.",
        "fc is better than cnn under noise: area +0.05 (0.04 to 0.06), p = 0.010.",
        "The two are not shown to differ under scale (+0.001 (−0.002 to 0.004), p = 0.31).",
    ]


def test_the_verdict_gathers_the_suites() -> None:
    assert told(verdict("fc", "cnn", [BETTER, WORSE, SAME])) == (
        "cnn is better than fc under shift; fc is better than cnn under noise; "
        "the two are not shown to differ under scale."
    )
    second = Difference("rotation", 0.1, 0.09, 0.11, 0.001)
    assert told(verdict("fc", "cnn", [BETTER, second])) == (
        "cnn is better than fc under every suite, most under shift (area +0.21, 0.20 to 0.22)."
    )
    assert verdict("fc", "cnn", [SAME]) == "fc and cnn are not shown to differ under any suite."


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
        "On clean digits the two are not shown to differ: cnn alone reads 1 digit right, fc alone 3 digits (p = 0.60)."
    )


@pytest.mark.parametrize(
    ("kappas", "words"),
    [
        ([0.2, 0.5], "more often than by chance: error consistency κ 0.20 to 0.50"),
        ([0.2, math.nan], "κ 0.20."),
        ([-0.1, 0.0], "no more often than by chance"),
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
    families = {
        "headline": lambda one: [*one.settings.iloc[:1].itertuples(), *one.suites.itertuples()],
        "settings": lambda one: [*one.settings.iloc[1:].itertuples()],
        "sweeps": lambda one: [*one.sweeps.itertuples()],
        "sides": lambda one: [*one.sides.itertuples()],
    }
    for rows in families.values():
        p = [row.p for one in raw for row in rows(one)]
        found = [row.p_holm for one in pairs for row in rows(one)]
        assert np.array_equal(found, holm(p), equal_nan=True)
    assert len(families["headline"](pairs[0])) == 1 + len(run.suites)


def test_tables_hold_the_numbers_behind(section: ComparisonSection, run: Predictions) -> None:
    suites, sweeps, settings = section.pairs[0].tables
    assert [row[0] for row in suites.rows] == ["Clean digits: accuracy", *(suite.name for suite in run.suites)]
    assert len(sweeps.rows) == sum(len(suite.curves) for suite in run.suites)
    assert settings.rows[0][0] == "Clean digits"
    assert len(settings.rows) == 1 + len(run.suites)
    found = compare(run, "fc", "cnn", resamples=200)
    assert settings.rows[0][3:5] == (str(found.settings["only_a"].iloc[0]), str(found.settings["only_b"].iloc[0]))
    assert float(suites.rows[0][1].split()[0]) == pytest.approx(100 * found.settings["accuracy_a"].iloc[0], abs=0.051)
    assert float(suites.rows[1][1].split()[0]) == pytest.approx(100 * found.suites["area_a"].iloc[0], abs=0.051)
    headline, perturbed = 3 * (1 + len(run.suites)), 3 * (len(found.settings) - 1)
    assert suites.head[-1] == f"p, Holm over {headline}"
    assert settings.head[5] == f"p, Holm over {perturbed}; clean digits over {headline}"
    assert f"clean accuracy and the suites ({headline} tests)" in section.note
    assert f"the perturbed settings ({perturbed} tests), each over all pairs" in section.note
    assert suites.rows[0][4] == settings.rows[0][5]  # the clean test has one p wherever it stands


def test_every_region_of_the_section_has_a_name_of_its_own(run: Predictions) -> None:
    names = [("fc", "cnn"), ("cnn", "third")]
    labels = re.findall(
        'role="region" tabindex="0" aria-label="([^"]*)"', html(comparison_section(gather(run), 50, names))
    )
    assert len(labels) == len(set(labels)) == 3 * 3 + 2


def test_one_checkpoint_or_no_curve_compares_nothing() -> None:
    assert comparison_section(gather(synthetic_predictions(("a",), n=20, digits=False))) is None


def test_more_than_three_pairs_start_folded() -> None:
    names = ("a", "b", "c", "d")
    run = synthetic_predictions(names, n=40, suites=[make_suite("s", make_sweep(values=(0, 1, 2)))], digits=False)
    section = comparison_section(gather(run), resamples=50)
    assert section is not None
    assert [pair.extra for pair in section.pairs] == [False] * 3 + [True] * 3
    assert [len(pair.galleries) for pair in section.pairs] == [2] * 3 + [0] * 3
    assert "Under the first 3 pairs are digits" in section.note
    assert html(section).count('<details class="more">') == 3


# --- who reads what the other does not ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pictured() -> Predictions:
    """Return a run with pictures, in which either checkpoint misreads a quarter of the clean digits."""
    run = synthetic_predictions(("fc", "cnn"), n=120, invalid=2)
    rng = np.random.default_rng(4)
    chosen = np.where(rng.random((2, 120)) < 0.75, run.labels, (run.labels + 1) % 10)
    clean = (np.eye(10)[chosen] * rng.uniform(2, 9, (2, 120, 1))).astype(np.float32)
    lists = {name: clean_mistakes(replace(run, clean=clean), name) for name in run.checkpoints}
    digits = Digits((run.digits or Digits()).examples)
    for name, table in lists.items():
        digits.clean.update((row, marked(row)) for row in table["row"])
        for suite in run.suites:
            for key in keys(run, name, suite.name):
                digits.clean[key.row] = marked(key.row)
                digits.perturbed[key] = marked(key.row) + np.uint8(120)  # 120 and more: as it was seen
    return replace(run, clean=clean, digits=digits)


def marked(row: int) -> np.ndarray:
    """Return a picture that says of which digit it is."""
    picture = np.zeros((28, 28), np.uint8)
    picture[0, 0] = row
    return picture


def decoded(sheet: str, kept: int) -> np.ndarray:
    """Return the digits of a sheet, (kept, 28, 28), as levels of ink."""
    with Image.open(io.BytesIO(base64.b64decode(sheet.partition(",")[2]))) as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (28, 30 * kept - 2)
    return np.stack([pixels[:, 30 * k : 30 * k + 28] for k in range(kept)])


def pair_galleries(run: Predictions) -> tuple[PairGallery, ...]:
    section = comparison_section(gather(run), resamples=50)
    assert section is not None
    return section.pairs[0].galleries


def test_a_gallery_shows_the_surest_mistakes_that_the_other_reads(pictured: Predictions) -> None:
    first, second = pair_galleries(pictured)
    assert (first.wrong.name, first.right.name) == (second.right.name, second.wrong.name) == ("fc", "cnn")
    for gallery, names in ((first, ("fc", "cnn")), (second, ("cnn", "fc"))):
        table = wrong_and_right(pictured, *names)
        clean = [card for card in gallery.cards if card.where == "clean"]
        assert [card.sample for card in clean] == table["id"].tolist()[:SHOWN]
        assert told(clean[0].wrong) == f"{table['predicted'][0]}, {100 * table['confidence_wrong'][0]:.2f} %"
        assert told(clean[0].right) == f"{table['label'][0]}, {100 * table['confidence_right'][0]:.2f} %"
        assert f"{names[1]} reads {len(table)} clean digit" in gallery.caption
        disturbed = [card for card in gallery.cards if card.where != "clean"]
        assert len({card.sample for card in disturbed}) == len(disturbed) <= SHOWN
        every = pd.concat([mistakes_read_right(pictured, *names, suite.name) for suite in pictured.suites])
        assert {card.sample for card in disturbed} <= set(every["id"])
        if len(every):
            assert disturbed[0].sample == every.sort_values("log_odds", ascending=False)["id"].iloc[0]


def test_every_card_has_the_picture_of_its_own_digit(pictured: Predictions) -> None:
    for gallery in pair_galleries(pictured):
        assert gallery.kept == len([card for card in gallery.cards if card.picture is not None]) > 0
        levels = decoded(gallery.sheet, gallery.kept)
        for card in gallery.cards:
            if card.picture is not None:
                marked = card.sample + (0 if card.where == "clean" else 120)
                assert levels[card.picture, 0, 0] == round(marked * 14 / 255) + 1


def test_where_pictures_are_missing_the_digits_are_named_and_it_is_said(pictured: Predictions) -> None:
    assert pictured.digits is not None
    some = comparison_section(gather(replace(pictured, digits=replace(pictured.digits, clean={}))), resamples=50)
    none = comparison_section(gather(replace(pictured, digits=None)), resamples=50)
    assert some is not None
    assert none is not None
    for section in (some, none):
        for gallery in section.pairs[0].galleries:
            missing = sum(card.picture is None for card in gallery.cards)
            assert missing == len(gallery.cards) - gallery.kept > 0
            which = "any of these" if missing == len(gallery.cards) else f"{missing} of these {len(gallery.cards)}"
            assert f"The run kept no picture of {which}." in gallery.caption
    for gallery in none.pairs[0].galleries:
        assert (gallery.sheet, gallery.kept) == ("", 0)
    page = html(none)
    assert "url(" not in page
    assert "<i" not in page
    card = none.pairs[0].galleries[0].cards[0]
    assert f"#{card.sample}</li>" in page
    assert html(some).count('<i class="none">') == sum(
        card.picture is None for gallery in some.pairs[0].galleries for card in gallery.cards if gallery.sheet
    )


def test_galleries_cost_less_than_a_kilobyte_a_digit(pictured: Predictions) -> None:
    section = comparison_section(gather(synthetic_predictions(("fc", "cnn"), n=120)), resamples=50)
    assert section is not None
    bare = replace(section, pairs=tuple(replace(pair, galleries=()) for pair in section.pairs))
    cards = sum(len(gallery.cards) for pair in section.pairs for gallery in pair.galleries)
    assert cards > 0
    assert len(html(section).encode()) - len(html(bare).encode()) < 1000 * cards + 600


def test_a_caption_tells_the_count_and_the_surest() -> None:
    sure, unsure = Overruled(4, 9, 0.987, 0.61, "shift right, 3 px"), Overruled(3, 5, 0.5, 0.9, "")
    assert told(gallery_caption("fc", "cnn", 1095, [unsure, sure])) == (
        "cnn reads 1,095 clean digits right that fc gets wrong. "
        "The most confident mistake shown: a 4 read as 9 with 98.70 % (shift right, 3 px); cnn is right with 61.00 %."
    )
    assert gallery_caption("fc", "cnn", 0, []) == "cnn reads 0 clean digits right that fc gets wrong."
    none = Overruled(2, -1, math.nan, 0.8, "")
    assert "a 3 read as 5 with 50.00 % (clean)" in told(gallery_caption("fc", "cnn", 2, [none, unsure]))
    assert "a 2 without a valid answer (clean); cnn is right with 80.00 %." in told(
        gallery_caption("fc", "cnn", 1, [none])
    )
    assert gallery_caption("fc", "cnn", 2, [sure, unsure], 1).endswith("The run kept no picture of 1 of these 2.")


# --- luck of the seed --------------------------------------------------------------------------------------------

SPREAD = SeedSpread("Clean digits", 3, 500, 0.94733, 0.9278, 0.9668, 0.942, 0.956, 0.0057, 0.01, 0.1)


def test_it_is_said_which_spread_is_larger() -> None:
    assert [told(one) for one in seed_sentences([SPREAD], 17, 128)] == [
        "Over 3 seeds the recipe reads 94.73 % of the clean digits (92.78–96.68 for other seeds and other digits), its "
        "worst network 94.20 %, its best 95.60 %.",
        "On clean digits the choice of digits weighs more: another seed would move a network’s accuracy by 0.57 "
        "points, another 500 digits by 1.00 points (standard deviations).",
        "The networks are shown to differ in 17 of 128 settings (Cochran’s Q, Holm over these).",
        "A spread taken from 3 networks is itself uncertain by about 50 %.",
    ]
    heavy = replace(SPREAD, by_seed=0.02)
    assert "the seed weighs more: another seed would move a network’s accuracy by 2.00" in told(
        seed_sentences([heavy], 0, 3)[1]
    )
    assert "in none of 3 settings" in seed_sentences([heavy], 0, 3)[2]
    assert "no spread by seed is seen beside 1.00 points" in told(
        seed_sentences([replace(SPREAD, by_seed=0.0)], 0, 1)[1]
    )
    assert "itself uncertain" not in " ".join(seed_sentences([replace(SPREAD, seeds=10)], 0, 1))


def test_the_setting_where_the_seed_weighs_most_is_named_only_where_it_outdoes_the_clean_digits() -> None:
    far = replace(SPREAD, where="Shift, 3 px", by_seed=0.03)
    assert "The seed weighs most at Shift, 3 px: a standard deviation of 3.00 points by seed, 1.00 points" in told(
        " ".join(seed_sentences([SPREAD, replace(far, by_seed=0.02), far], 1, 3))
    )
    assert "weighs most" not in " ".join(seed_sentences([SPREAD, replace(far, by_seed=0.001)], 1, 3))


def test_the_spread_of_a_spread_is_that_of_normal_samples() -> None:
    rng = np.random.default_rng(0)
    for seeds in (3, 5):
        drawn = np.sqrt(rng.normal(size=(20_000, seeds)).var(axis=1, ddof=1))
        said = seed_sentences([replace(SPREAD, seeds=seeds)], 0, 1)[-1]
        assert float(told(said).split("about ")[1].split()[0]) / 100 == pytest.approx(drawn.std(), abs=0.05)


def test_seeds_of_a_recipe_have_a_section_with_the_numbers_of_the_library(run: Predictions) -> None:
    section = comparison_section(gather(run), resamples=50, seeds=[("fc", "third")])
    assert section is not None
    (group,) = section.seeds
    assert [key.name for key in group.keys] == ["fc", "third"]
    expected = seed_variance(run, ["fc", "third"]).iloc[0]
    row = group.table.rows[0]
    assert row[0] == "Clean digits"
    assert float(row[1].split()[0].rstrip("%")) == pytest.approx(100 * expected["accuracy"], abs=0.0051)
    assert float(row[5].split()[0]) == pytest.approx(100 * expected["sample_sd"], abs=0.0051)
    assert len(group.table.rows) == 1 + len(run.suites)
    page = html(section)
    assert page.count('id="seeds"') == 1
    assert "Accuracy of fc and third, networks of one recipe" in page
    with pytest.raises(RunError, match="each named once"):
        comparison_section(gather(run), resamples=50, seeds=[("fc",)])


def test_seeds_are_recognised_from_the_manifest_and_otherwise_not_spoken_of(run: Predictions) -> None:
    records = [dict(record) for record in run.manifest["checkpoints"]]
    for seed, record in enumerate(records[:2]):
        record["training"] = {"recipe": "r", "seed": seed}
    known = replace(run, manifest={**run.manifest, "checkpoints": records})
    section = comparison_section(gather(known), resamples=50)
    assert section is not None
    assert [[key.name for key in group.keys] for group in section.seeds] == [["fc", "cnn"]]
    plain = comparison_section(gather(run), resamples=50)
    assert plain is not None
    assert plain.seeds == ()
    assert 'id="seeds"' not in html(plain)


def test_names_stay_text_wherever_they_stand() -> None:
    names = {
        "name": HOSTILE[1],
        "title": HOSTILE[0],
        "over": {HOSTILE[2]: (HOSTILE[0], HOSTILE[3])},
        "unit": HOSTILE[0],
    }
    suite = make_suite("s", replace(make_sweep(values=(0, 1, 2)), **names))
    run = printable_run(synthetic_predictions(tuple(HOSTILE), n=30, suites=[suite]))
    tags: list[str] = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)
            assert not any(name.startswith("on") for name, _ in attrs)

    page = html(comparison_section(gather(run), resamples=50, seeds=[run.checkpoints[:2], run.checkpoints[2:]]))
    assert page.count('<div class="gallery either">') == 6
    assert page.count('<ul class="seeds">') == 2
    Parser().feed(page)
    assert not {"script", "img"} & set(tags)
    assert "{{ 7*7 }}" in page
