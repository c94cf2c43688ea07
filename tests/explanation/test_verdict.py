"""Verdicts: paired over digits against the image itself, in words."""

import numpy as np
import pytest

from robustmnist.explanation.verdict import short, verdicts

RANDOM = np.random.default_rng(0)
HARD = RANDOM.normal(0.3, 0.2, 600)  # some digits are easy for every map: what pairing takes out


def scores(gain: float, spread: float = 0.02) -> dict[str, np.ndarray]:
    return {
        "method": np.clip(HARD + gain + RANDOM.normal(0, spread, 600), -1, 1),
        "random": RANDOM.normal(0, 0.1, 600),
        "image": np.clip(HARD, -1, 1),
        "edges": np.clip(HARD - 0.4, -1, 1),
    }


def test_a_small_gain_on_every_digit_is_believed() -> None:
    (verdict,) = verdicts("cnn", scores(0.05))
    assert verdict.believed
    over = verdict.over["image"]
    assert over.mean == pytest.approx(0.05, abs=0.01)
    assert 0 < over.low < over.mean < over.high
    assert verdict.sentence.startswith(f"beats the image itself by {short(over.mean)} ({short(over.low)} to ")
    assert over.p < 0.05


def test_no_gain_is_not_believed() -> None:
    for gain in (0.0, -0.2):
        (verdict,) = verdicts("cnn", scores(gain))
        assert not verdict.believed
        assert verdict.sentence == "does not beat the image itself: do not read it as a reason"
        assert verdict.over["random"].low > 0


def test_where_low_is_good_a_lower_score_beats_the_image() -> None:
    given = {name: -values for name, values in scores(0.05).items()}
    (verdict,) = verdicts("cnn", given, "deletion")
    assert verdict.believed


def test_undefined_digits_do_not_decide_and_nothing_is_said_so() -> None:
    given = scores(0.05)
    given["method"][:30] = np.nan
    (verdict,) = verdicts("cnn", given)
    assert (verdict.over["image"].n, verdict.over["image"].undefined) == (570, 30)
    given["method"][:] = np.nan
    (verdict,) = verdicts("cnn", given)
    assert not verdict.believed
    assert "no value" in verdict.sentence


def test_holm_corrects_over_all_methods_and_controls() -> None:
    one, two = scores(0.01), scores(0.01)
    alone = verdicts("cnn", one)[0].over["image"].p
    both = verdicts("cnn", {**one, "second": two["method"]})[0].over["image"].p
    assert both >= alone
