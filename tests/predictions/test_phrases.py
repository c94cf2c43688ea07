"""What the digits do, in words: from the run, or as the version said that wrote no words into its runs."""

import pytest
from support.synthetic import make_sweep

from robustmnist.predictions.manifest import Manifest
from robustmnist.predictions.phrases import phrases_of
from robustmnist.system.validation import mistakes_in

TURN = make_sweep("turn", "rotation", "angle", "°", (-10, 0, 10))
MINE = make_sweep("mine", "my-own", "knob", "turns", (0, 1))


def test_a_run_says_what_its_strengths_do() -> None:
    manifest = {"phrases": {"rotation": {"angle": ["lean left", "lean right"], "other": ["", ""]}, "my-own": {}}}
    assert phrases_of(manifest, TURN) == ("lean left", "lean right")
    assert phrases_of(manifest, MINE) is None
    assert phrases_of({"phrases": {"my-own": {"knob": ["", ""]}}}, MINE) is None


def test_a_run_of_before_says_what_it_said_then() -> None:
    assert phrases_of({}, TURN) == ("turn {a} clockwise", "turn {a} counter-clockwise")
    assert phrases_of({}, MINE) is None


@pytest.mark.parametrize(
    "phrases", ["turn", {"rotation": ["a", "b"]}, {"rotation": {"angle": ["a"]}}, {"a": {"b": ["c" * 121, ""]}}]
)
def test_other_phrases_are_not_a_run(phrases: object) -> None:
    run = {"n": 1, "dataset": {"name": "x"}, "checkpoints": [{"name": "a"}], "suites": [], "files": {}}
    assert mistakes_in(run, Manifest) == []
    assert mistakes_in({**run, "phrases": {"rotation": {"angle": ["a", "b"]}}}, Manifest) == []
    assert mistakes_in({**run, "phrases": phrases}, Manifest)[0].startswith("phrases")
