"""Sentences and captions: every rule on numbers where one can see what must be said."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.overview.gather import gather
from robustmnist.overview.in_words import at, axis_text, fall_text, reach_text
from robustmnist.overview.overview import Overview, SuiteOverview, SweepOverview
from robustmnist.overview.tolerance import Area, Clean, Curve, Fall, Tolerance
from robustmnist.perturb import PERTURBATIONS
from robustmnist.report.breakdown.strips import columns
from robustmnist.report.breakdown.tries import Tries
from robustmnist.report.breakdown.words import class_caption, map_caption, strip_caption, worst_caption
from robustmnist.report.mistakes.words import Mistake, gallery_caption, matrix_caption
from robustmnist.report.robustness.caption_words import curve_caption, natural_sentence, suite_caption
from robustmnist.report.robustness.headline import clearly_best
from robustmnist.report.robustness.words import answer, phrase, weakest
from robustmnist.results.mistakes.first_misread import first_misread
from robustmnist.suites import Sweep
from robustmnist.wording.characters import printable, shorten
from robustmnist.wording.numbers import interval, percent, plain, strength

RIGHT = make_sweep("right", values=range(11))
TURN = make_sweep("angle", "rotation", "angle", "°", (-90, -60, -30, 0, 30, 60, 90))
SIZE = make_sweep("size", "scale", "factor", "×", (0.4, 0.6, 0.8, 1.0, 1.2), 1.0)
Bounds = tuple[float | None, float | None]


def told(text: str) -> str:
    return text.replace("\u00a0", " ")


def fall(end: float, neutral: float, at: float | None) -> Fall | None:
    """Return a fall with an interval of 0.1 on both sides, or None where there is no such side."""
    if end == neutral:
        return None
    away = 0.1 if end > neutral else -0.1
    return Fall(end, None, None, None) if at is None else Fall(end, at, at - away, at + away)


def swept(sweep: Sweep, *bounds: Bounds, area: float = 0.5, place: tuple[int, int] = (0, 0)) -> SweepOverview:
    """Return the overview of `sweep` whose checkpoints a, b, c … lose a tenth at these strengths."""
    tolerances, curves = [], []
    low, high = min(sweep.values), max(sweep.values)
    for index, (below, above) in enumerate(bounds):
        name = "abcdef"[index]
        falls = [(below, low), (above, high)]
        reach = [abs((v - sweep.neutral) / ((end - sweep.neutral) or 1)) for v, end in falls if v is not None]
        sides = (fall(low, sweep.neutral, below), fall(high, sweep.neutral, above))
        tolerances.append(Tolerance(index, name, 0.99, Area(area, area, area), *sides, min(reach, default=1.0)))
        shares = tuple(0.95 - 0.08 * abs(i - sweep.values.index(sweep.neutral)) for i in range(len(sweep.values)))
        curves.append(Curve(index, name, shares, shares, shares))
    suite = make_suite("suite", sweep)
    entry = PERTURBATIONS.get(sweep.perturbation)
    strength = entry.parameters[sweep.parameter] if entry is not None else None
    phrases = None if strength is None else (strength.below or strength.above, strength.above)
    return SweepOverview(place, suite, sweep, tuple(curves), tuple(tolerances), sweep.values[1], 0, phrases=phrases)


def whole(*suites: SuiteOverview) -> Overview:
    return Overview(synthetic_predictions(("a",), n=30, digits=False), (), (), suites)


def suited(title: str, *sweeps: SweepOverview, areas: tuple[Area, ...] = ()) -> SuiteOverview:
    suite = replace(make_suite("x", *(one.sweep for one in sweeps)), title=title)
    return SuiteOverview(0, suite, sweeps, areas)


# --- the head ----------------------------------------------------------------------------------------------------

CLEAN = Clean(0, "a", 0.994, 0.99, 0.997)
OPENING = "reads 99.4 % (99.0–99.7) of 30 clean digits"


def test_the_answer_names_the_strength_in_words() -> None:
    one = whole(suited("Shift", swept(RIGHT, (None, 3.24))))
    assert told(answer(one, CLEAN)) == f"{OPENING}; a tenth of that is lost once they move 3.2 px."


def test_the_answer_tells_what_was_measured_where_that_is_not_what_was_asked_for() -> None:
    sweep = swept(RIGHT, (None, 3.24))
    known = sweep.tolerances[0]
    assert known.above is not None
    off = replace(sweep, tolerances=(replace(known, above=replace(known.above, measured=2.61)),))
    assert told(answer(whole(suited("Shift", off)), CLEAN)).endswith("once they move 3.2 px (measured 2.6 px).")


def test_who_never_falls_has_the_beginning_of_its_interval_told() -> None:
    sweep = swept(RIGHT, (None, None))
    known = sweep.tolerances[0]
    assert known.above is not None
    assert "never loses a tenth up to 10 px." in told(curve_caption(sweep))
    near = replace(sweep, tolerances=(replace(known, above=replace(known.above, near=9.6)),))
    assert "never loses a tenth up to 10 px (95 % interval from 9.6 px on)." in told(curve_caption(near))


def test_the_answer_takes_the_weakest_sweep_and_side_of_each_suite_and_names_the_rest_last() -> None:
    left = replace(RIGHT, name="left", title="Left")
    one = whole(
        suited("Shift", swept(RIGHT, (None, 3.0)), swept(left, (None, 2.5))),
        suited("Rotation", swept(TURN, (-50.0, 40.0))),
        suited("Scale", swept(SIZE, (0.7, None))),
        suited("Noise", swept(RIGHT, (None, None))),
    )
    assert told(answer(one, CLEAN)).endswith(
        "once they move 2.5 px (left), turn 40° counter-clockwise or shrink to 0.70×; never in “Noise”."
    )


def test_the_answer_names_the_first_three_suites_of_the_run_and_counts_the_others() -> None:
    suites = [suited(f"S{at}", swept(RIGHT, (None, float(at)))) for at in (8, 3, 9, 2, 4)]
    held = [suited(f"H{i}", swept(RIGHT, (None, None))) for i in range(4)]
    sentence = told(answer(whole(*suites, *held), CLEAN))
    assert sentence.endswith(
        "once they move 8.0 px, move 3.0 px or move 9.0 px, and in 2 more suites; never in 4 suites."
    )


def test_the_answer_for_those_who_never_fall_and_those_who_never_stood() -> None:
    one = whole(suited("Shift", swept(RIGHT, (None, None))))
    assert told(answer(one, CLEAN)) == f"{OPENING} and never loses a tenth of that, in any sweep."
    assert told(answer(one, Clean(0, "a", 0.4, 0.3, 0.5))) == (
        "reads 40.0 % (30.0–50.0) of 30 clean digits: too few to ask how far it can be trusted."
    )
    assert told(answer(whole(), CLEAN)) == f"{OPENING}."


def test_the_weakest_side_is_measured_as_a_share_of_the_way_to_the_end() -> None:
    sweep = swept(SIZE, (0.7, 1.16))  # 0.7: half of the way to 0.4; 1.16: four fifths of the way to 1.2
    assert weakest(suited("Scale", sweep), 0) == (sweep, 0.7)
    assert weakest(suited("Scale", swept(SIZE, (None, None))), 0) is None


def test_only_an_interval_above_all_others_is_marked() -> None:
    assert clearly_best([Area(0.9, 0.88, 0.92), Area(0.95, 0.93, 0.97)]) == 1
    assert clearly_best([Area(0.9, 0.88, 0.94), Area(0.95, 0.93, 0.97)]) is None
    assert clearly_best([Area(0.9, 0.88, 0.94)]) is None


@pytest.mark.parametrize(
    ("sweep", "value", "among", "text"),
    [
        (TURN, -35.0, 1, "turn 35° clockwise"),
        (SIZE, 1.15, 1, "grow to 1.15×"),
        (SIZE, 0.61, 3, "shrink to 0.61× (size)"),
        (make_sweep("t", "thickness", "change", "px", (-2, 0, 2)), -1.25, 1, "lose 1.2 px of stroke width"),
        (
            make_sweep("d", "decentering", "fraction", "fraction", (0, 0.5, 1)),
            0.32,
            1,
            "drift by 0.3 of their free margin",
        ),
        (make_sweep("r", "missing-rows", "fraction", "fraction", (0, 0.1, 0.2)), 0.135, 1, "lose 14 % of their rows"),
        (make_sweep("j", "jpeg", "loss", "quality", (0, 50, 99)), 72.4, 1, "lose 72 points of JPEG quality"),
        (make_sweep("x", "shift", "dx", "px", (-2, 0, 2)), -1.5, 1, "move 1.5 px to the left"),
        (make_sweep("w", "scale", "horizontal", "×", (0.5, 1, 2), 1.0), 1.5, 1, "grow to 1.5× their width"),
        (make_sweep("my-own", "mine", "knob", "turns", (0, 1)), 0.5, 1, "meet “My own” at 0.5 turns"),
    ],
)
def test_phrases(sweep: Sweep, value: float, among: int, text: str) -> None:
    assert told(phrase(swept(sweep, (None, None)), value, among=among)) == text


# --- critical strengths and axes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sweep", "one", "text"),
    [
        (RIGHT, Fall(10, 2.083, 2.05, 2.11), "2.08 px (2.05–2.11)"),
        (RIGHT, Fall(10, 2.083, 1.9, 2.3), "2.1 px (1.9–2.3)"),
        (RIGHT, Fall(10, 9.8, 9.5, None), "9.8 px (9.5 and beyond)"),
        (RIGHT, Fall(10, 9.8, 9.5, None, 8.1), "9.8 px (9.5 and beyond; measured 8.1)"),
        (RIGHT, Fall(10, 2.083, 2.05, 2.11, 1.7), "2.08 px (2.05–2.11; measured 1.70)"),
        (RIGHT, Fall(10, None, None, None), "> 10 px"),
        (RIGHT, Fall(10, None, 9.6, None), "> 10 px (9.6 px and beyond)"),
        (TURN, Fall(-90, -31.6, -30.2, -33.4), "−32° (−33 to −30)"),
        (TURN, Fall(-90, None, None, None), "< −90°"),
        (TURN, Fall(90, 31.6, 30.2, 33.4), "+32° (30–33)"),
        (SIZE, Fall(0.4, 0.61, 0.62, 0.6), "0.61× (0.60–0.62)"),
    ],
)
def test_a_critical_strength_has_as_many_decimals_as_its_interval_deserves(sweep: Sweep, one: Fall, text: str) -> None:
    assert told(fall_text(swept(sweep), one)) == text


def test_both_sides_are_told() -> None:
    one = swept(TURN, (-31.6, None))
    assert told(reach_text(one, one.tolerances[0])) == "−31.6° (−31.7 to −31.5); > +90°"


def test_axes_name_what_varies_and_its_unit() -> None:
    assert axis_text(swept(RIGHT)) == "distance, px"
    assert axis_text(swept(make_sweep("d", "decentering", "fraction", "fraction", (0, 1)))) == "fraction"
    assert at(swept(TURN), 30, exact=True) == "+30°"


# --- captions of curves ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sweep", "bounds", "text"),
    [
        (RIGHT, [(None, 4.0), (None, 3.0)], "b loses a tenth first, at 3.0 px; a last, at 4.0 px."),
        (RIGHT, [(None, 4.0)], "a loses a tenth at 4.0 px."),
        (RIGHT, [(None, None), (None, None)], "No checkpoint loses a tenth up to 10 px."),
        (RIGHT, [(None, None)], "a never loses a tenth up to 10 px."),
        (RIGHT, [(None, 4.01), (None, 3.99)], "b and a lose a tenth at 4.0 px."),
        (RIGHT, [(None, 4.0), (None, None)], "a loses a tenth first, at 4.0 px; b never does up to 10 px."),
        (
            TURN,
            [(-30.0, 40.0), (-35.0, 35.0)],
            "Below 0°: a loses a tenth first, at −30°; b last, at −35°. "
            "Above 0°: b loses a tenth first, at +35°; a last, at +40°.",
        ),
        (
            TURN,
            [(-30.0, None), (None, None)],
            "Below 0°: a loses a tenth first, at −30°; b never does up to −90°. "
            "Above 0°: no checkpoint loses a tenth up to +90°.",
        ),
        (TURN, [(None, None)], "a never loses a tenth up to −90° and +90°."),
    ],
)
def test_curve_captions(sweep: Sweep, bounds: list[Bounds], text: str) -> None:
    caption = told(curve_caption(swept(sweep, *bounds)))
    assert caption.startswith(f"{text} Lowest: ")


def test_the_lowest_point_is_named_with_its_interval() -> None:
    one = swept(RIGHT, (None, 3.2))
    curve = replace(one.curves[0], low=tuple(share - 0.02 for share in one.curves[0].accuracy))
    caption = told(curve_caption(replace(one, curves=(curve,))))
    assert caption.endswith("Lowest: 15.0 % (13.0–15.0), a at 10 px.")


AREAS = Area(0.5, 0.49, 0.51), Area(0.8, 0.78, 0.82), Area(0.81, 0.79, 0.83)


@pytest.mark.parametrize(
    ("areas", "text"),
    [
        (AREAS[:1], "a keeps 50.0 % of the area (49.0–51.0)."),
        (AREAS[:2], "b keeps the most, 80.0 % of the area (78.0–82.0); a the least, 50.0 % (49.0–51.0)."),
        (AREAS[1:], "Their intervals overlap: 80.0 % to 81.0 % of the area."),
        (
            AREAS,
            "b and c keep the most, 81.0 % of the area and intervals that overlap; a the least, 50.0 % (49.0–51.0).",
        ),
    ],
)
def test_suite_captions_say_who_follows_farthest(areas: tuple[Area, ...], text: str) -> None:
    sweep = swept(RIGHT, *[(None, 3.0)] * len(areas))
    caption = told(suite_caption(suited("Shift", sweep, areas=areas)))
    assert caption == f"{text} First, a loses a tenth at 3.0 px (2.9–3.1)."


def test_suite_captions_name_the_hardest_sweep_and_who_fails_first_there() -> None:
    left = replace(RIGHT, name="left", title="Left")
    sweeps = swept(RIGHT, (None, 5.0), (None, 6.0)), swept(left, (None, 4.0), (None, 3.0))
    caption = told(suite_caption(suited("Shift", *sweeps, areas=AREAS[:2])))
    assert caption.endswith("Hardest is “Left”, where b loses a tenth at 3.0 px (2.9–3.1).")
    calm = suited("Shift", swept(RIGHT, (None, None)), areas=AREAS[:1])
    assert told(suite_caption(calm)).endswith("No checkpoint loses a tenth in any sweep.")


def test_what_fails_within_natural_variation_is_said() -> None:
    right = replace(swept(RIGHT, (None, 1.0), (None, 3.0)), natural=(0.0, 2.0))
    left = replace(swept(replace(RIGHT, name="left"), (None, 1.0), (None, 1.5)), natural=(0.0, 2.0))
    assert natural_sentence([swept(RIGHT, (None, 1.0))]) == ""
    assert natural_sentence([right]) == "Within natural variation a loses a tenth already."
    assert natural_sentence([right, left]) == (
        "Within natural variation a (right and left) and b (left) lose a tenth already."
    )
    calm = replace(right, natural=(0.0, 0.5))
    assert natural_sentence([calm]) == "No checkpoint loses a tenth within natural variation."


# --- captions of what breaks -------------------------------------------------------------------------------------


def test_map_captions_say_what_is_kept_where_it_is_lowest_and_how_consistent() -> None:
    sweep = make_sweep("m", "shift", "dx", "px", (-1, 0, 1), over={"dy": (-1.0, 0.0)}, crossed={"dy": 0.0})
    grids = [np.array([[0.2, 0.9, 0.95], [0.9, 0.99, 0.9]]), np.full((2, 3), 0.95)]
    agree = pd.DataFrame({"consistency": [0.5, 0.7], "consistency_low": [0.4, 0.6], "consistency_high": [0.6, 0.8]})
    assert told(map_caption(sweep, ["a", "b"], grids, [0.9, 0.9], agree)) == (
        "Points at which nine tenths of clean accuracy are kept (framed), of 6: a 5 and b 6. "
        "Lowest: 20.0 %, a at dx −1 px and dy −1 px. How often a digit gets the same answer, right or wrong, "
        "at two points of the map: a 50.0 % (40.0–60.0) and b 70.0 % (60.0–80.0)."
    )


def test_worst_captions_say_what_is_left_of_a_random_pose() -> None:
    worst = Area(0.9, 0.88, 0.92), Area(0.6, 0.58, 0.62)
    one = Tries(0, "a", 0.99, 0.91, worst, ((775, Area(0.3, 0.28, 0.32)),))
    assert told(worst_caption([one])) == (
        "a reads 91.0 % of digits in a random pose, 60.0 % (58.0–62.0) in each of 2 random poses, "
        "30.0 % (28.0–32.0) at all 775 points of the grid."
    )


def test_strip_captions_say_what_was_read_at_the_focus() -> None:
    assert (
        told(strip_caption(swept(RIGHT, (None, 3.0), (None, 4.0))))
        == "Share of all digits that are read right at ◆ 1 px: a 87.0 % and b 87.0 %."
    )


def test_class_captions_name_the_worst_class_and_pass_over_absent_ones() -> None:
    shares = np.array([0.9, np.nan, 0.4, *[0.95] * 7])[None, :, None].repeat(11, axis=2)
    caption = told(class_caption(swept(RIGHT, (None, 3.0)), shares, shares - 0.1, shares + 0.02))
    assert caption == (
        "At ◆ 1 px: a reads 2 worst (40.0 %, 30.0–42.0) and 3 best (95.0 %). 95 % intervals are ±6.0 points at most."
    )


def test_strips_show_both_ends_neutral_and_the_focus() -> None:
    assert columns(tuple(range(11)), 0, 3) == [0, 1, 2, 3, 6, 8, 10]
    many = tuple(range(-90, 91, 5))
    shown = [many[i] for i in columns(many, 0, 25)]
    assert len(shown) == 7
    assert {-90, 0, 25, 90} <= set(shown)
    assert columns((0.0, 1.0), 0.0, 1.0) == [0, 1]


# --- captions of failures ----------------------------------------------------------------------------------------


def test_matrix_captions_name_the_most_frequent_mistake_and_the_invalid_rows() -> None:
    table = np.diag(np.full(10, 90))
    table[4, 9] = 12
    text = matrix_caption(["a", "b"], [table, np.diag(np.full(10, 90))], [3, 0])
    assert told(text) == "Most frequent mistake: a 4 read as 9 (12×) and b none. Invalid answers are in no cell: a 3."


def test_gallery_captions() -> None:
    first, last = Mistake(4, 9, 0.99991, "Right, 3 px"), Mistake(1, 7, 0.62, "")
    assert gallery_caption([]) == "No mistake."
    assert told(gallery_caption([last])) == "Most confident: a 1 read as 7 with 62.00 %; there is no other."
    assert told(gallery_caption([first, last])) == (
        "Most confident: a 4 read as 9 with 99.99 % (Right, 3 px); the last of these 2 with 62.00 %."
    )
    assert told(gallery_caption([first, last], 1)).endswith("62.00 %. The run kept no picture of 1 of these 2.")
    assert told(gallery_caption([last], 1)).endswith("no other. The run kept no picture of any of these.")


# --- numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.9941, "99.4"), (1.0, "100.0"), (0.99999, "99.999"), (1 - 1e-12, "> 99.999999"), (0.9999, "99.99"),
        (0.0, "0.0"), (0.0001, "0.01"), (1e-12, "< 0.000001"), (float("nan"), "–"),
    ],
)  # fmt: skip
def test_no_share_is_rounded_to_what_it_is_not(share: float, text: str) -> None:
    assert percent(share, sign=False) == text
    if text != "–":
        assert told(percent(share)) == f"{text} %"


def test_numbers_have_a_true_minus_sign_and_zero_has_none() -> None:
    assert plain(-0.0001, 2) == "0.00"
    assert plain(-3) == "−3"
    assert plain(0, signed=True) == "0"
    assert strength(0.5, "probability") == "0.5"
    assert interval(0.5, 0.625) == "50.0–62.5"


def test_texts_are_made_printable_and_short() -> None:
    assert printable("a\ud800\x00\u202e\nb") == "a\ufffd\ufffd\ufffd b"
    assert shorten("x" * 50, 11) == "xxxxx…xxxxx"
    assert shorten("short", 5) == "short"


# --- against the results -----------------------------------------------------------------------------------------


def test_the_overview_agrees_with_the_results() -> None:
    from robustmnist.overview.gather import RESAMPLES
    from robustmnist.results.robustness.areas import areas
    from robustmnist.results.robustness.critical_strengths import critical_strengths

    run = synthetic_predictions(("fc", "cnn"), n=100)
    keys = ["suite", "sweep", "checkpoint"]
    shares = areas(run, RESAMPLES).set_index(keys)
    falls = critical_strengths(run, RESAMPLES).set_index([*keys, "side"])
    for sweep in gather(run).sweeps:
        for one in sweep.tolerances:
            key = (sweep.suite.name, sweep.name, one.name)
            assert one.area.share == shares.loc[key, "area"]
            assert one.above is not None
            critical = falls.loc[(*key, "above"), "critical"]
            assert one.above.at == (None if np.isnan(critical) else critical)
            assert 0 <= one.reach <= 1


def test_a_suite_is_the_mean_of_its_sweeps() -> None:
    run = synthetic_predictions(("fc", "cnn"), n=100)
    for suite, score in zip(gather(run).suites, gather(run).scores, strict=True):
        for k in range(2):
            mean = np.mean([sweep.tolerances[k].area.share for sweep in suite.sweeps])
            assert suite.areas[k].share == pytest.approx(mean)
            assert suite.areas[k].low <= suite.areas[k].share <= suite.areas[k].high
        assert score.shares == suite.areas


def test_where_a_digit_broke_is_its_first_failure() -> None:
    from robustmnist.results import critical_severity

    run = synthetic_predictions(("fc",), n=60)
    for suite, sweep, side in (("shift", "right", "above"), ("rotation", "angle", "below")):
        table = critical_severity(run, "fc", suite, sweep, side).set_index("row")
        end = run.sweep(suite, sweep).values[-1 if side == "above" else 0]
        for row, first in table["first_failure"].items():
            if not np.isnan(first):
                broke = first_misread(run, "fc", suite, sweep, 0, int(row), end)
                assert broke == pytest.approx(np.nan if first == 0 else first, nan_ok=True)
