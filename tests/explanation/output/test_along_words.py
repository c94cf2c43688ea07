"""Where along the way, and on which stroke, a digit lost its reading."""

import numpy as np
import pytest
from support.explanations import setup

from robustmnist.explanation.cases import Answer, Case, Fall, Frame, View
from robustmnist.explanation.output.along_words import along_text
from robustmnist.explanation.regions import shares_by_stroke


def strokes_of_a_seven() -> np.ndarray:
    """Return a bar at the top and a leg that leaves its right end downwards, float32 (28, 28)."""
    image = np.zeros((28, 28), np.float32)
    image[5:8, 7:21] = 1.0
    for step in range(14):
        image[8 + step, 18 - step // 2 : 21 - step // 2] = 1.0
    return image


def test_a_loss_beside_a_stroke_is_that_strokes() -> None:
    image, lost = strokes_of_a_seven(), np.zeros((28, 28), np.float32)
    lost[4, 9], lost[6, 10], lost[18, 17], lost[27, 0] = 1.0, 0.5, 2.0, 8.0
    found = shares_by_stroke(lost, image)
    assert sum(found.values()) == pytest.approx(3.5)  # the corner is too far from all ink
    assert sorted(found.values())[-2:] == pytest.approx([1.5, 2.0])
    assert found[max(found, key=lambda name: found[name])] == pytest.approx(2.0)
    assert max(found, key=lambda name: found[name]).endswith("stroke")
    assert shares_by_stroke(lost, np.zeros_like(image)) == {}


@pytest.mark.parametrize("moves", [True, False])
def test_the_way_is_told_by_strengths_and_strokes(moves: bool) -> None:
    clean = strokes_of_a_seven()
    lower = np.roll(clean, 3, axis=0)
    answers = [Answer(7, 0.9, 1, score) for score in (6.0, 5.0, 1.0)]
    frames = tuple(map(Frame, (0.0, 15.0, 30.0), (clean, lower, np.roll(lower, 3, axis=0)), answers))
    on_the_bar = np.zeros((28, 28), np.float32)
    on_the_bar[9, 10] = 4.0  # on the bar of the second frame, and on no ink of the first, 2 px below its bar
    fall = Fall((0.0, 30.0), (6.0, 1.0), None, frames, (0 * on_the_bar, on_the_bar), 0.0, moves)
    view = View(clean, answers[0], {})
    case = Case(1, 7, "7 rather than 1", 7, 1, view, View(frames[-1].image, answers[-1], {}), on_the_bar, fall)
    assert along_text(case, setup()) == "4.0 of them between 15° and 30°, most on the top stroke (4.0)"
    assert fall.lost_by_stroke[0] == dict.fromkeys(fall.lost_by_stroke[0], 0.0)
