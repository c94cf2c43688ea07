"""The page on quantisation: its numbers against a count by hand."""

import numpy as np
import pytest

import robustmnist as rm
from benchmarks.timing import Timing
from reports.quantisation_costs import costs
from reports.quantisation_page import page
from robustmnist.predictions import Predictions
from robustmnist.wording.numbers import NBSP


@pytest.fixture(scope="module")
def run() -> Predictions:
    """Return a run of fc-small, and of fc in the place of its int8 form."""
    digits = rm.load_dataset("digits").head(60)
    return rm.evaluate({"fc-small": "fc-small", "fc-small-int8": "fc"}, digits, ["shift", "noise"], device="cpu")


def test_costs_are_what_counting_gives(run: Predictions) -> None:
    cost = costs(run, "fc-small")
    classes = run.clean.argmax(-1)
    assert cost.clean == pytest.approx(tuple((classes == run.labels).mean(1)))
    assert cost.clean_changed.value == pytest.approx((classes[0] != classes[1]).mean())
    changed, right, places = [], [], []
    for suite in run.suites:
        for sweep in suite.sweeps:
            for at, value in enumerate(sweep.values):
                if value != sweep.neutral:
                    chosen = np.asarray(run.logits[suite.name, sweep.name])[:, at].argmax(-1)
                    changed.append((chosen[0] != chosen[1]).mean())
                    right.append((chosen == run.labels).mean((1, 2)))
                    places.append(suite.name)
    assert cost.perturbed_changed.value == pytest.approx(np.mean(changed))
    assert cost.perturbed == pytest.approx(tuple(np.mean(right, axis=0)))
    assert cost.perturbed_difference.value == pytest.approx(cost.perturbed[1] - cost.perturbed[0])
    shares = {
        name: np.mean([one for one, place in zip(changed, places, strict=True) if place == name]) for name in places
    }
    assert cost.by_suite == pytest.approx(shares)
    assert cost.worst[1] == pytest.approx(max(changed))
    for estimate in (cost.clean_difference, cost.clean_changed, cost.perturbed_difference, cost.perturbed_changed):
        assert estimate.low <= estimate.value <= estimate.high
        assert estimate.low < estimate.high


def test_the_page_says_them(run: Predictions) -> None:
    timing = Timing(1.0, 0.9, 1.1, 0.82, 0.8, 0.9)
    sizes, commands = {"fc-small": (1000, 260)}, ["robustmnist export fc-small"]
    text = page(run, ["fc-small"], sizes, {"fc-small": timing}, "Quantised by hand.", commands)
    cost = costs(run, "fc-small")
    assert f"{100 * cost.clean[0]:.2f} %" in text
    assert f"| {100 * cost.perturbed_changed.value:.2f} % (" in text
    assert "| `fc-small` | 1,000 | 260 | 0.26 | 0.82 (0.80–0.90) |" in text
    assert f"{cost.worst[0].replace(NBSP, ' ')}: {100 * cost.worst[1]:.2f} %" in text
    assert "robustmnist export fc-small\n```" in text
