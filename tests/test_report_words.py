"""Sentences and captions: every rule on numbers where one can see what must be said."""

from dataclasses import replace

import numpy as np
import pytest
from synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.report.captions import (
    Mistake,
    class_caption,
    curve_caption,
    gallery_caption,
    matrix_caption,
    strip_caption,
)
from robustmnist.report.charts import ClassDots, Curve
from robustmnist.report.study import Clean, Study, SuiteStudy, SweepStudy, Tolerance, study
from robustmnist.report.text import interval, percent, plain, printable, shorten, strength
from robustmnist.report.words import answer, at, axis_text, phrase, reach_text, weakest
from robustmnist.suites import Sweep

RIGHT = make_sweep("right", values=range(11))
TURN = make_sweep("angle", "rotation", "angle", "°", (-90, -60, -30, 0, 30, 60, 90))
SIZE = make_sweep("size", "scale", "factor", "×", (0.4, 0.6, 0.8, 1.0, 1.2), 1.0)
Bounds = tuple[float | None, float | None]


def told(text: str) -> str:
    return text.replace("\u00a0", " ")


def sweep_study(sweep: Sweep, *bounds: Bounds, clean: float = 0.99, place: tuple[int, int] = (0, 0)) -> SweepStudy:
    """Return a study of `sweep` whose checkpoints a, b, c … fall below 90 % at these strengths."""
    tolerances, curves = [], []
    low, high = min(sweep.values), max(sweep.values)
    for index, (below, above) in enumerate(bounds):
        name = "abcdef"[index]
        falls = [(below, low), (above, high)]
        reach = [abs((v - sweep.neutral) / ((end - sweep.neutral) or 1)) for v, end in falls if v is not None]
        tolerances.append(Tolerance(index, name, clean, 0.5, below, above, min(reach, default=1.0)))
        shares = tuple(0.95 - 0.08 * abs(i - sweep.values.index(sweep.neutral)) for i in range(len(sweep.values)))
        curves.append(Curve(index, name, shares, shares, shares))
    suite = make_suite("suite", sweep)
    return SweepStudy(place, suite, sweep, tuple(curves), tuple(tolerances), sweep.values[1], 0)


def whole(*suites: SuiteStudy) -> Study:
    return Study(synthetic_predictions(("a",), n=30, digits=False), (), suites)


def suite_study(title: str, *sweeps: SweepStudy) -> SuiteStudy:
    return SuiteStudy(0, replace(make_suite("x", *(one.sweep for one in sweeps)), title=title), sweeps)


# --- the head ----------------------------------------------------------------------------------------------------


def test_the_answer_names_the_strength_in_words() -> None:
    one = whole(suite_study("Shift", sweep_study(RIGHT, (None, 3.24))))
    sentence = told(answer(one, Clean(0, "a", 0.994, 0.99, 0.997)))
    assert sentence == "reads 99.4 % of 30 clean digits; it falls below 90 % when they move 3.2 px."


def test_the_answer_takes_the_weakest_sweep_and_side_of_each_suite_and_names_the_rest_last() -> None:
    left = replace(RIGHT, name="left", title="Left")
    one = whole(
        suite_study("Shift", sweep_study(RIGHT, (None, 3.0)), sweep_study(left, (None, 2.5))),
        suite_study("Rotation", sweep_study(TURN, (-50.0, 40.0))),
        suite_study("Scale", sweep_study(SIZE, (0.7, None))),
        suite_study("Noise", sweep_study(RIGHT, (None, None))),
    )
    sentence = told(answer(one, Clean(0, "a", 0.994, 0.99, 0.997)))
    assert sentence.endswith(
        "when they move 2.5 px (left), turn 40° counter-clockwise or shrink to 0.70×, and never under noise."
    )


def test_the_answer_for_those_who_never_fall_and_those_who_never_stood() -> None:
    one = whole(suite_study("Shift", sweep_study(RIGHT, (None, None))))
    assert "at or above 90 % over the whole range of every sweep" in told(answer(one, Clean(0, "a", 0.95, 0.9, 0.96)))
    assert told(answer(one, Clean(0, "a", 0.85, 0.8, 0.9))) == (
        "reads 85.0 % of 30 clean digits: below 90 % before anything happens to them."
    )


def test_the_weakest_side_is_measured_as_a_share_of_the_way_to_the_end() -> None:
    sweep = sweep_study(SIZE, (0.7, 1.16))  # 0.7: half of the way to 0.4; 1.16: four fifths of the way to 1.2
    assert weakest(suite_study("Scale", sweep), 0) == (sweep, 0.7)
    assert weakest(suite_study("Scale", sweep_study(SIZE, (None, None))), 0) is None


@pytest.mark.parametrize(
    ("sweep", "value", "among", "text"),
    [
        (TURN, -35.0, 1, "turn 35° clockwise"),
        (SIZE, 1.15, 1, "grow to 1.15×"),
        (SIZE, 0.61, 3, "shrink to 0.61× (size)"),
        (make_sweep("t", "thickness", "change", "px", (-2, 0, 2)), -1.25, 1, "lose 1.2 px of stroke"),
        (
            make_sweep("d", "decentering", "fraction", "fraction", (0, 0.5, 1)),
            0.32,
            1,
            "drift by 0.3 of their free margin",
        ),
        (make_sweep("my-own", "mine", "knob", "turns", (0, 1)), 0.5, 1, "reach 0.5 turns in “My own”"),
    ],
)
def test_phrases(sweep: Sweep, value: float, among: int, text: str) -> None:
    assert told(phrase(sweep_study(sweep, (None, None)), value, among=among)) == text


# --- the headline table and axes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sweep", "bounds", "text"),
    [
        (RIGHT, (None, 3.24), "up to 3.2 px"),
        (RIGHT, (None, None), "beyond 10 px"),
        (TURN, (-31.6, 35.2), "−32° to +35°"),
        (TURN, (-31.6, None), "−32° to beyond +90°"),
        (make_sweep("s", "scale", "factor", "×", (0.4, 0.7, 1), 1.0), (0.61, None), "down to 0.61×"),
        (make_sweep("s", "scale", "factor", "×", (0.4, 0.7, 1), 1.0), (None, None), "beyond 0.4×"),
    ],
)
def test_ranges(sweep: Sweep, bounds: Bounds, text: str) -> None:
    one = sweep_study(sweep, bounds)
    assert told(reach_text(one, one.tolerances[0])) == text


def test_a_checkpoint_below_90_on_clean_digits_has_no_range() -> None:
    one = sweep_study(RIGHT, (0.0, 0.0), clean=0.8)
    assert told(reach_text(one, one.tolerances[0])) == "below 90 % clean"


def test_axes_name_what_varies_and_its_unit() -> None:
    assert axis_text(sweep_study(RIGHT)) == "distance, px"
    assert axis_text(sweep_study(make_sweep("d", "decentering", "fraction", "fraction", (0, 1)))) == "fraction"
    assert at(sweep_study(TURN), 30, exact=True) == "+30°"
    assert at(sweep_study(SIZE), 0.6, exact=True) == "0.6×"


# --- captions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sweep", "bounds", "text"),
    [
        (RIGHT, [(None, 3.2)], "a falls below 90 % at 3.2 px."),
        (RIGHT, [(None, None)], "a never falls below 90 % up to 10 px."),
        (RIGHT, [(None, None)] * 2, "No checkpoint falls below 90 % up to 10 px."),
        (RIGHT, [(None, 4.0), (None, 3.2)], "b falls below 90 % first, at 3.2 px; a holds longest, to 4.0 px."),
        (RIGHT, [(None, 4.01), (None, 3.99)], "b and a fall below 90 % at 4.0 px."),
        (RIGHT, [(None, 4.0), (None, None)], "a falls below 90 % first, at 4.0 px; b never does up to 10 px."),
        (
            TURN,
            [(-30.0, 40.0), (-35.0, 35.0)],
            "Below 0°: a falls below 90 % first, at −30°; b holds longest, to −35°. "
            "Above 0°: b falls below 90 % first, at +35°; a holds longest, to +40°.",
        ),
        (
            TURN,
            [(-30.0, None), (None, None)],
            "Below 0°: a falls below 90 % first, at −30°; b never does up to −90°. "
            "Above 0°: no checkpoint falls below 90 % up to +90°.",
        ),
        (TURN, [(None, None)], "a never falls below 90 % up to −90° and +90°."),
    ],
)
def test_curve_captions(sweep: Sweep, bounds: list[Bounds], text: str) -> None:
    caption = told(curve_caption(sweep_study(sweep, *bounds)))
    assert caption.startswith(f"{text} Lowest: ")


def test_the_lowest_point_is_named() -> None:
    assert told(curve_caption(sweep_study(RIGHT, (None, 3.2)))).endswith("Lowest: 15.0 %, a at 10 px.")


def test_a_checkpoint_that_never_stood_is_named_as_such() -> None:
    one = sweep_study(RIGHT, (0.0, 0.0), (None, 3.0))
    tolerances = (replace(one.tolerances[0], clean=0.8), one.tolerances[1])
    caption = told(curve_caption(replace(one, tolerances=tolerances)))
    assert caption.startswith("a is below 90 % on clean digits already. b falls below 90 % at 3.0 px. Lowest")
    caption = told(curve_caption(replace(one, tolerances=tuple(replace(t, clean=0.8) for t in one.tolerances))))
    assert caption.startswith("a and b are below 90 % on clean digits already. Lowest")


def test_strip_captions_say_what_was_read_at_the_focus() -> None:
    assert (
        told(strip_caption(sweep_study(RIGHT, (None, 3.0), (None, 4.0))))
        == "◆ 1 px, read right by a 87.0 % and b 87.0 %."
    )


def test_class_captions_name_the_worst_class_and_pass_over_absent_ones() -> None:
    shares = (0.9, float("nan"), 0.4, *[0.95] * 7)
    dots = [ClassDots(0, "a", shares, shares, shares, shares)]
    assert told(class_caption(sweep_study(RIGHT, (None, 3.0)), dots)) == "Right, 1 px. Read worst: a 2 (40.0 %)."


def test_matrix_captions_name_the_most_frequent_mistake_and_the_invalid_rows() -> None:
    table = np.diag(np.full(10, 90))
    table[4, 9] = 12
    text = matrix_caption(["a", "b"], [table, np.diag(np.full(10, 90))], [3, 0])
    assert told(text) == "Most frequent mistake: a 4 read as 9 (12×) and b none. Invalid rows, in no cell: a 3."


def test_gallery_captions() -> None:
    first, last = Mistake(4, 9, 0.99991, "Right, 3 px"), Mistake(1, 7, 0.62, "")
    assert gallery_caption([]) == "No mistake."
    assert told(gallery_caption([last])) == "The surest: a 1 read as 7 with 62.00 %; there is no other."
    assert told(gallery_caption([first, last])) == (
        "The surest: a 4 read as 9 with 99.99 % (Right, 3 px); the last of these 2 with 62.00 %."
    )


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


def test_the_study_agrees_with_the_results() -> None:
    from robustmnist.results import headline

    run = synthetic_predictions(("fc", "cnn"), n=100)
    heads = headline(run).set_index(["suite", "sweep", "checkpoint"])
    found = study(run)
    for sweep in found.sweeps:
        for one in sweep.tolerances:
            head = heads.loc[(sweep.suite.name, sweep.sweep.name, one.name)]
            assert one.area == head["area"]
            assert one.above == (None if np.isnan(head["threshold_high"]) else head["threshold_high"])
            assert 0 <= one.reach <= 1
    assert [one.accuracy for one in found.clean] == list(headline(run)["clean_accuracy"][:2])
