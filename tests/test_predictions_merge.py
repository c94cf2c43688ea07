"""Several runs as one: the same numbers as if they had been one run, and a clear word where they cannot be."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions, merge
from robustmnist.results import summarise

NAMES = ("fc", "cnn", "third")


@pytest.fixture(scope="module")
def whole() -> Predictions:
    return synthetic_predictions(NAMES, n=60)


def part(whole: Predictions, checkpoints: tuple[str, ...], suites: tuple[str, ...] = ()) -> Predictions:
    """Return the run that would have been, had only these checkpoints and suites been asked for."""
    at = [whole.checkpoints.index(name) for name in checkpoints]
    kept = tuple(suite for suite in whole.suites if not suites or suite.name in suites)
    logits = {
        (suite.name, sweep.name): whole.logits[suite.name, sweep.name][at] for suite in kept for sweep in suite.sweeps
    }
    manifest = {
        **whole.manifest,
        "checkpoints": [whole.manifest["checkpoints"][place] for place in at],
        "suites": [suite.as_dict() for suite in kept],
    }
    return replace(whole, checkpoints=checkpoints, suites=kept, clean=whole.clean[at], logits=logits, manifest=manifest)


def with_manifest(run: Predictions, **fields: Any) -> Predictions:
    return replace(run, manifest={**run.manifest, **fields})


def same(one: Predictions, other: Predictions) -> bool:
    return (
        one.checkpoints == other.checkpoints
        and one.suites == other.suites
        and np.array_equal(one.clean, other.clean)
        and all(np.array_equal(one.logits[key], other.logits[key]) for key in other.logits)
    )


def test_one_run_is_itself(whole: Predictions) -> None:
    assert merge([whole]) is whole


def test_runs_of_different_checkpoints_are_one_run(whole: Predictions) -> None:
    found = merge([part(whole, ("fc",)), part(whole, ("cnn", "third"))])
    assert same(found, whole)
    assert summarise(found).equals(summarise(whole))
    assert [record["name"] for record in found.manifest["checkpoints"]] == list(NAMES)


def test_runs_of_different_suites_are_one_run(whole: Predictions) -> None:
    found = merge([part(whole, NAMES, ("shift", "rotation")), part(whole, NAMES, ("noise",))])
    assert same(found, whole)


def test_a_whole_grid_may_come_in_pieces(whole: Predictions) -> None:
    pieces = [part(whole, (name,), (suite.name,)) for name in NAMES for suite in whole.suites]
    assert same(merge(pieces), whole)


def test_logits_of_one_run_are_not_copied(whole: Predictions) -> None:
    first = part(whole, NAMES, ("shift",))
    found = merge([first, part(whole, NAMES, ("noise",))])
    assert found.logits["shift", "right"] is first.logits["shift", "right"]


def test_a_hole_in_the_grid_is_named(whole: Predictions) -> None:
    with pytest.raises(RunError, match=r"'cnn' has not been through suite 'noise'.*--suite noise"):
        merge([part(whole, ("fc",)), part(whole, ("cnn",), ("shift", "rotation"))])


def test_a_checkpoint_of_two_runs_counts_once(whole: Predictions) -> None:
    found = merge([part(whole, ("fc", "cnn")), part(whole, ("cnn", "third"))])
    assert same(found, whole)


def test_one_name_with_other_weights_is_told_apart(whole: Predictions) -> None:
    again = part(whole, ("cnn",))
    record = {**again.manifest["checkpoints"][0], "name": "fc", "sha256": "c0ffee99" + "0" * 56}
    other = with_manifest(replace(again, checkpoints=("fc",)), checkpoints=[record])
    found = merge([part(whole, ("fc",)), other])
    assert found.checkpoints == ("fc", "fc@c0ffee99")
    assert np.array_equal(found.at("fc@c0ffee99"), whole.at("cnn"))
    assert found.manifest["checkpoints"][1]["name"] == "fc@c0ffee99"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda run: replace(run, ids=run.ids + 1), "ids or labels differ"),
        (lambda run: replace(run, labels=run.labels[::-1]), "ids or labels differ"),
        (lambda run: synthetic_predictions(("cnn",), n=50), "60 digits, another of 50"),
        (lambda run: with_manifest(run, seed=7), "ran with seed 0 and with seed 7"),
        (lambda run: with_manifest(run, seed={"noise": 3}), "'noise' ran with seed 0 and with seed 3"),
        (lambda run: with_manifest(run, dataset={**run.manifest["dataset"], "sha256": {"x": "y"}}), "sha256 differ"),
        (lambda run: with_manifest(run, dataset={**run.manifest["dataset"], "name": "mnist"}), "'digits' and 'mnist'"),
        (
            lambda run: replace(run, suites=(make_suite("shift", make_sweep(values=(0, 9))),)),
            "suite 'shift' is not the",
        ),
    ],
    ids=["ids", "labels", "n", "seed", "one seed", "hash", "name", "suite"],
)
def test_what_differs_is_named(whole: Predictions, change: Any, words: str) -> None:
    with pytest.raises(RunError, match=words):
        merge([part(whole, ("fc",)), change(part(whole, ("cnn",)))])


def test_nothing_to_merge_is_an_error() -> None:
    with pytest.raises(RunError, match="no run"):
        merge([])


def test_the_manifest_tells_of_all_runs(whole: Predictions) -> None:
    first = with_manifest(part(whole, ("fc",)), command="one", device="cpu", duration_seconds=2.0, forward_passes=10)
    second = with_manifest(part(whole, ("cnn",)), command="two", device="gpu", duration_seconds=3.0, forward_passes=15)
    told = merge([first, second]).manifest
    assert told["command"] == "one && two"
    assert told["device"] == "cpu / gpu"
    assert (told["duration_seconds"], told["forward_passes"], told["images_per_second"]) == (5.0, 25, 5.0)
    assert "files" not in told
    assert "sha256" not in told


def test_pictures_go_with_their_mistakes(whole: Predictions) -> None:
    # All runs of all checkpoints have the same focus, so the same mistakes are shown and every picture is found.
    found = merge([part(whole, NAMES, ("shift", "rotation")), part(whole, NAMES, ("noise",))])
    assert found.digits is not None
    assert whole.digits is not None
    assert set(found.digits.arrays) == {key for key, array in whole.digits.arrays.items() if len(array)}
    for key in ("examples/shift/right", "examples/noise/gaussian"):
        assert np.array_equal(found.digits.arrays[key], whole.digits.arrays[key])
    assert found.digits.mistakes("cnn", "noise").shape == whole.digits.mistakes("cnn", "noise").shape


def test_a_gallery_that_lacks_a_picture_has_none(whole: Predictions) -> None:
    bare = replace(part(whole, ("cnn",)), digits=None)
    found = merge([replace(part(whole, ("fc",)), digits=None), bare])
    assert found.digits is not None
    assert found.digits.arrays == {}
