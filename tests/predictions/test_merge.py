"""Several runs as one: the same numbers as if they had been one run, and a clear word where they cannot be."""

import re
import tracemalloc
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.synthetic import keys, make_suite, make_sweep, synthetic_predictions

from robustmnist.errors import RunError
from robustmnist.predictions import Digits, Predictions, Shown, merge, only_checkpoint
from robustmnist.predictions.stacked import Stacked
from robustmnist.report.page import render
from robustmnist.results import areas, clean_mistakes, critical_strengths, mistakes, quality, summarise, survival

NAMES = ("fc", "cnn", "third")
SUITES = ("clean", "shift", "rotation", "noise")


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


def listed(run: Predictions) -> set[Shown]:
    """Return what all pictures of a run's most confident mistakes show."""
    return {key for name in run.checkpoints for suite in run.suites for key in keys(run, name, suite.name)}


def level(key: Shown | int) -> int:
    return 1 + zlib.crc32(repr(key).encode()) % 255


def drawn(run: Predictions) -> Predictions:
    """Return the run with pictures that say what they are of: each is grey of its own level."""
    rows = {row for name in run.checkpoints for row in clean_mistakes(run, name)["row"].tolist()}
    rows |= {key.row for key in listed(run)}
    perturbed = {key: np.full((28, 28), level(key), np.uint8) for key in listed(run)}
    return replace(run, digits=Digits({}, perturbed, {row: np.full((28, 28), level(row), np.uint8) for row in rows}))


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
    told = merge([first, with_manifest(second, duration_seconds=None)]).manifest  # gone on with: nobody knows
    assert (told["duration_seconds"], told["forward_passes"], told["images_per_second"]) == (None, 25, None)


def test_notices_of_all_runs_are_kept_once(whole: Predictions) -> None:
    first = with_manifest(part(whole, ("fc",)), notices=["b", "c"])
    second = with_manifest(part(whole, ("cnn",)), notices=["a", "b"])
    assert merge([first, second]).manifest["notices"] == ["b", "c", "a"]
    assert merge([first, part(whole, ("cnn",))]).manifest["notices"] == ["b", "c"]  # one of an earlier version


def test_phrases_of_all_runs_are_kept_the_first_ones_first(whole: Predictions) -> None:
    first = with_manifest(part(whole, ("fc",)), phrases={"rotation": {"angle": ["turn left", "turn right"]}})
    both = {"rotation": {"angle": ["lean left", "lean right"]}, "shear": {"horizontal": ["lean", "lean"]}}
    second = with_manifest(part(whole, ("cnn",)), phrases=both)
    merged = merge([first, second]).manifest["phrases"]
    assert merged == {"rotation": {"angle": ["turn left", "turn right"]}, "shear": both["shear"]}
    assert "phrases" not in merge([part(whole, ("fc",)), part(whole, ("cnn",))]).manifest


def test_pictures_go_with_their_mistakes(whole: Predictions) -> None:
    # All runs of all checkpoints have the same focus, so the same mistakes are shown and every picture is found.
    found = merge([part(whole, NAMES, ("shift", "rotation")), part(whole, NAMES, ("noise",))])
    assert found.digits is not None
    assert whole.digits is not None
    assert found.digits.perturbed.keys() == whole.digits.perturbed.keys() == listed(found)
    assert found.digits.clean.keys() == whole.digits.clean.keys()
    for key, examples in whole.digits.examples.items():
        assert np.array_equal(found.digits.examples[key], examples)


def test_a_mistake_that_no_run_drew_has_no_picture_and_the_others_have() -> None:
    # Alone, the weak checkpoint is looked at where it fails, early; with the strong one the look goes farther out.
    one = synthetic_predictions(("fc", "cnn", "third", "fourth"), n=60, digits=False)
    runs = [drawn(part(one, names)) for names in (("fc",), ("fourth",))]
    kept = {key for run in runs for key in listed(run)}
    found = merge(runs)
    assert found.digits is not None
    assert found.digits.perturbed.keys() == kept
    assert set() < listed(found) - kept < listed(found)
    for key in listed(found):
        pair = found.digits.pair(key)
        assert (pair is not None) == (key in kept)
        if pair is not None:
            assert [int(picture[0, 0]) for picture in pair] == [level(key), level(key.row)]
    html = render(found)
    assert re.search(r"The run kept no picture of \d+ of these \d+\.", html)
    assert '<i class="none"></i>' in html
    assert "The run kept no picture of" not in render(runs[0])


def test_nothing_is_read_before_it_is_asked_for() -> None:
    sweep = replace(make_sweep(values=(0, 2)), draws=2_000)
    whole = synthetic_predictions(NAMES, n=20, suites=[make_suite("s", sweep)])
    table = whole.logits["s", sweep.name]
    one = table[0].nbytes
    pieces = [part(whole, (name,)) for name in NAMES]
    tracemalloc.start()
    found = merge(pieces)
    assert tracemalloc.get_traced_memory()[1] < one / 20
    logits = found.logits["s", sweep.name]
    assert logits.shape == (3, 2, 2_000, 20, 10)
    assert found.at("third", "s", sweep.name, 2).shape == (2_000, 20, 10)
    assert [np.shares_memory(logits[k, 1], run.logits["s", sweep.name]) for k, run in enumerate(pieces)] == [True] * 3
    only = only_checkpoint(found, "cnn").logits["s", sweep.name]
    assert tracemalloc.get_traced_memory()[1] < one / 20
    tracemalloc.stop()
    assert np.array_equal(only, table[1:2])


@pytest.mark.parametrize(
    "key",
    [
        0,
        -1,
        slice(1, 3),
        (2, 1),
        (1, slice(None), 0, 7),
        (slice(None), 1, 0),
        (slice(0, 2), slice(1, 2)),
        (np.int64(1),),
    ],
    ids=str,
)
def test_tables_of_several_runs_are_indexed_as_one_array(whole: Predictions, key: Any) -> None:
    table = whole.logits["shift", "right"]
    found = merge([part(whole, (name,)) for name in NAMES]).logits["shift", "right"]
    assert isinstance(found, Stacked)
    assert (len(found), found.shape) == (len(table), table.shape)
    assert np.asarray(found[key]).shape == np.asarray(table[key]).shape
    assert np.array_equal(found[key], table[key])
    with pytest.raises(IndexError):
        found[3]
    with pytest.raises(ValueError, match="without a copy"):
        np.asarray(found, copy=False)


def test_every_result_is_that_of_one_run(whole: Predictions) -> None:
    found = merge([part(whole, (name,)) for name in NAMES])
    for table in (summarise, quality, areas, critical_strengths, survival):
        pd.testing.assert_frame_equal(table(found), table(whole))
    for suite in ("shift", "rotation", "noise"):
        pd.testing.assert_frame_equal(mistakes(found, "cnn", suite), mistakes(whole, "cnn", suite))
    again = merge([merge([part(whole, ("fc",)), part(whole, ("cnn",))]), part(whole, ("third",))])
    assert same(again, whole)


def test_a_gallery_that_lacks_a_picture_has_none(whole: Predictions) -> None:
    bare = replace(part(whole, ("cnn",)), digits=None)
    found = merge([replace(part(whole, ("fc",)), digits=None), bare])
    assert found.digits is not None
    assert found.digits == Digits()
