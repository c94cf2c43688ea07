"""The gate: what passes, what is missed, what is bad input, and the code that a build sees."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.cli import cli, main
from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results import areas, critical_strengths, quality, wilson
from robustmnist.results.gate.conditions import max_ece, min_accuracy, min_critical
from robustmnist.results.gate.drop_since_baseline import max_drops
from robustmnist.results.gate.scope import Scope, read_scope, strength
from robustmnist.results.robustness.suite_areas import suite_areas
from robustmnist.suites import Setting
from robustmnist.terminal.gate import miss_line

SUITES = (
    make_suite("shift", make_sweep(), make_sweep("left", fixed={"direction": "left"})),
    make_suite("rotation", make_sweep("angle", "rotation", "angle", "°", (-60, -30, 0, 30, 60))),
    make_suite("scale", make_sweep("both", "scale", "factor", "×", (0.4, 0.7, 1.0, 1.3), 1.0)),
    make_suite("map", replace(make_sweep(over={"dy": (0.0, 1.0)}, fixed={}), crossed={"dy": 0.0})),
)


@pytest.fixture(scope="module")
def run() -> Predictions:
    found = synthetic_predictions(("fc", "cnn"), n=300, suites=SUITES, digits=False)
    return on(found, name="mnist", fallback=False, note="")


def on(run: Predictions, **dataset: object) -> Predictions:
    """Return a run with another record of its data."""
    return replace(run, manifest={**run.manifest, "dataset": {**run.manifest["dataset"], **dataset}})


@pytest.fixture
def gate(run: Predictions, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that calls the command on a run that need not lie on disk."""
    monkeypatch.setattr("robustmnist.predictions.read_predictions", lambda folder: run)

    def called(*words: str) -> Result:
        return CliRunner().invoke(cli, ["gate", "run", *words])

    return called


# --- places and strengths ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("clean", Scope("clean")),
        ("shift", Scope("shift")),
        ("shift.left", Scope("shift", "left")),
        ("shift.left@3px", Scope("shift", "left", Setting("shift", "left", 3.0), "3px")),
        ("rotation@-30deg", Scope("rotation", "angle", Setting("rotation", "angle", -30.0), "-30deg")),
    ],
)
def test_scopes_are_read_as_they_are_typed(text: str, scope: Scope, run: Predictions) -> None:
    assert read_scope(text, run) == scope
    assert read_scope(str(scope), run) == scope


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("shfit", "did you mean 'shift'"),
        ("shift.lft", "did you mean 'left'"),
        ("shift@3px", "several sweeps; write shift.right@3px"),
        ("shift.left@3.5", "not a value of sweep 'shift.left'; use one of 0, 1, 2, 3, 4"),
        ("shift.left@3deg", "is in deg, but sweep 'left' is in px"),
        ("shift.left@", "is not a strength"),
        ("clean.left", "clean images have no sweep"),
        ("map.right", "is a map"),
    ],
)
def test_scopes_that_are_not_there_are_named(text: str, words: str, run: Predictions) -> None:
    with pytest.raises(RunError, match=words):
        read_scope(text, run)


@pytest.mark.parametrize(
    ("text", "at", "value"),
    [("25deg", 1, 25), ("-25 °", 1, -25), ("−25", 1, -25), ("+2.5e1", 1, 25), ("0.7x", 2, 0.7), ("3 pixels", 0, 3)],
)
def test_units_may_be_typed_on_any_keyboard(text: str, at: int, value: float) -> None:
    assert strength(text, SUITES[at].sweeps[0]) == value


@pytest.mark.parametrize("text", ["25px", "deg", "", "nan", "inf", "1e3 x", "25 deg deg"])
def test_what_is_no_angle_is_refused(text: str) -> None:
    with pytest.raises(RunError):
        strength(text, SUITES[1].sweeps[0])


# --- conditions --------------------------------------------------------------------------------------------------


def test_accuracy_is_the_number_of_the_results(run: Predictions) -> None:
    table = areas(run).set_index(["checkpoint", "suite", "sweep"])
    means = suite_areas(run).set_index(["checkpoint", "suite"])
    whole = min_accuracy(run, "fc", Scope("shift"), 0.5, False)
    assert (whole.found, whole.low, whole.high) == tuple(means.loc[("fc", "shift")][["area", "area_low", "area_high"]])
    one = min_accuracy(run, "fc", Scope("shift", "left"), 0.5, False)
    assert one.found == table.loc[("fc", "shift", "left")]["area"]
    right = int((run.logits["shift", "left"][0, 3, 0].argmax(1) == run.labels).sum())
    at = min_accuracy(run, "fc", Scope("shift", "left", Setting("shift", "left", 3.0), "3px"), 0.5, False)
    assert at.found == pytest.approx(right / 300)
    assert (at.low, at.high) == pytest.approx(tuple(map(float, wilson(right, 300))))
    clean = min_accuracy(run, "cnn", Scope("clean"), 0.5, False)
    assert clean.found == pytest.approx((run.clean[1].argmax(1) == run.labels).mean())


def test_a_condition_is_missed_where_the_whole_interval_is_below(run: Predictions) -> None:
    scope = Scope("shift")
    known = min_accuracy(run, "fc", scope, 0.5, False)
    between = (known.found + known.high) / 2
    assert min_accuracy(run, "fc", scope, between, False).passed
    assert not min_accuracy(run, "fc", scope, between, True).passed
    assert not min_accuracy(run, "fc", scope, known.high + 1e-6, False).passed
    assert min_accuracy(run, "fc", scope, known.low, True).passed


def test_a_strength_without_a_sign_is_asked_of_both_sides(run: Predictions) -> None:
    scope = Scope("rotation")
    both = min_critical(run, "fc", scope, "10deg", False)
    assert [check.wanted for check in both] == [-10, 10]
    assert [check.wanted for check in min_critical(run, "fc", scope, "+10deg", False)] == [10]
    assert [check.wanted for check in min_critical(run, "fc", scope, "-10", False)] == [-10]
    assert [check.wanted for check in min_critical(run, "fc", Scope("scale"), "0.8x", False)] == [0.8]
    assert len(min_critical(run, "fc", Scope("shift"), "1px", False)) == 2


def test_critical_strengths_are_held_by_their_interval(run: Predictions) -> None:
    table = critical_strengths(run)
    row = table[(table["checkpoint"] == "fc") & (table["sweep"] == "angle") & (table["side"] == "above")].iloc[0]
    scope, near, far = Scope("rotation"), float(row["critical_near"]), float(row["critical_far"])
    assert near < row["critical"] < far
    for least, strict, passed in (
        (near, True, True),
        (far, True, False),
        (far, False, True),
        (far + 0.1, False, False),
    ):
        (check,) = min_critical(run, "fc", scope, f"+{least!r}deg", strict)
        assert check.passed == passed


def test_who_never_falls_passes_up_to_the_end(run: Predictions) -> None:
    same = {key: np.broadcast_to(run.clean[:, None, None], array.shape) for key, array in run.logits.items()}
    steady = replace(run, logits=same)
    assert all(check.passed for check in min_critical(steady, "fc", Scope("rotation"), "60deg", True))


def test_who_reads_nothing_clean_keeps_nothing(run: Predictions) -> None:
    nothing = {key: np.full_like(array, np.nan) for key, array in run.logits.items()}
    blind = replace(run, clean=np.full_like(run.clean, np.nan), logits=nothing)
    assert not any(check.passed for check in min_critical(blind, "fc", Scope("rotation"), "1deg", False))


@pytest.mark.parametrize(
    ("scope", "least", "words"),
    [
        (Scope("rotation"), "61deg", "does not reach 61deg; it goes from -60 to 60"),
        (Scope("shift"), "-1px", "on no side of sweep 'shift.right'"),
        (Scope("scale"), "1x", "on no side"),
        (Scope("map"), "1px", "has no sweep along one strength"),
        (Scope("clean"), "1px", "has no critical strength"),
    ],
)
def test_strengths_that_cannot_be_asked_are_refused(run: Predictions, scope: Scope, least: str, words: str) -> None:
    with pytest.raises(RunError, match=words):
        min_critical(run, "fc", scope, least, False)


def test_calibration_errors_are_held_by_the_interval_of_quality(run: Predictions) -> None:
    table = quality(run)
    table = table[(table["checkpoint"] == "cnn") & table["value"].isin([30.0, np.nan])].set_index("suite")
    for scope, suite in (
        (Scope("clean"), ""),
        (Scope("rotation", "angle", Setting("rotation", "angle", 30.0), "30"), "rotation"),
    ):
        row = table.loc[suite]
        low, error, high = (float(row[f"ece_width{end}"]) for end in ("_low", "", "_high"))
        assert low < error < high
        for ceiling, strict, passed in (
            (low, False, True),
            (low - 1e-6, False, False),
            (high, True, True),
            (high - 1e-6, True, False),
            (error, False, True),
        ):
            found = max_ece(run, "cnn", scope, ceiling, strict)
            assert (found.found, found.low, found.high) == (error, low, high)
            assert found.passed == passed
    with pytest.raises(RunError, match="not a single setting"):
        max_ece(run, "cnn", Scope("rotation"), 0.1, False)


def test_who_gives_no_valid_answer_has_no_calibration_error_and_misses(run: Predictions) -> None:
    blind = replace(run, clean=np.full_like(run.clean, np.nan))
    check = max_ece(blind, "fc", Scope("clean"), 1.0, False)
    assert not check.passed
    assert miss_line(check) == "fc, calibration error clean: no valid answer, wanted 1"


# --- the baseline ------------------------------------------------------------------------------------------------


def of(run: Predictions, scope: int, name: str) -> Predictions:
    """Return the run of one checkpoint alone, called `name`."""
    record = {**run.manifest["checkpoints"][scope], "name": name}
    logits = {key: array[scope : scope + 1] for key, array in run.logits.items()}
    manifest = {**run.manifest, "checkpoints": [record]}
    return replace(run, checkpoints=(name,), clean=run.clean[scope : scope + 1], logits=logits, manifest=manifest)


def test_a_loss_is_paired_and_signed(run: Predictions) -> None:
    worse, better = of(run, 0, "net"), of(run, 1, "net")
    lost = {check.what: check for check in max_drops(worse, better, "net", 0.01, False)}
    won = {check.what: check for check in max_drops(better, worse, "net", 0.01, True)}
    assert set(lost) == {
        "loss of accuracy clean",
        *(f"loss of accuracy {name}" for name in ("shift", "rotation", "scale")),
    }
    assert not lost["loss of accuracy shift"].passed
    assert won["loss of accuracy shift"].passed
    assert won["loss of accuracy shift"].found < 0
    for what, check in lost.items():
        assert check.found == pytest.approx(-won[what].found)
        assert check.low <= check.found <= check.high


def test_the_same_weights_have_lost_nothing(run: Predictions) -> None:
    assert {check.found for check in max_drops(run, run, "fc", 0.0, True)} == {0.0}


def test_the_same_weights_may_answer_otherwise_than_before(run: Predictions) -> None:
    # As under another version of the program: the hash of the weights alone must not decide.
    before = of(run, 0, "net")
    after = replace(of(run, 1, "net"), manifest=before.manifest)
    lost = {check.what: check for check in max_drops(before, after, "net", 0.01, False)}
    assert lost["loss of accuracy shift"].found > 0.01
    assert not lost["loss of accuracy shift"].passed


def test_a_baseline_that_cannot_be_held_against_is_refused(run: Predictions) -> None:
    with pytest.raises(RunError, match=r"'net' is not in the baseline, which has fc, cnn; .*--pair net=fc"):
        max_drops(of(run, 0, "net"), run, "net", 0.1, False)
    with pytest.raises(RunError, match=r"'fc' is not in the baseline, which has fc-small; .*--pair fc=fc-small"):
        max_drops(of(run, 0, "fc"), of(run, 0, "fc-small"), "fc", 0.1, False)  # one checkpoint each is no pair either
    with pytest.raises(RunError, match="different data: their name differ"):
        max_drops(run, on(run, name="qmnist"), "fc", 0.1, False)
    with pytest.raises(RunError, match="different data: their sha256 differ"):
        max_drops(run, on(run, sha256={"t10k-images-idx3-ubyte": "0" * 64}), "fc", 0.1, False)
    with pytest.raises(RunError, match="50 digits, another of 300"):
        max_drops(run, synthetic_predictions(("fc",), n=50, suites=SUITES, digits=False), "fc", 0.1, False)
    suites = [make_suite("other", make_sweep())]
    other = replace(synthetic_predictions(("fc",), n=300, suites=suites, digits=False), manifest=run.manifest)
    with pytest.raises(RunError, match="none of the run's suites"):
        max_drops(run, other, "fc", 0.1, False)


# --- the command -------------------------------------------------------------------------------------------------


def test_it_shows_every_number_when_it_passes(gate: Any) -> None:
    result = gate("--min-accuracy", "clean=0.1", "--min-critical", "rotation=1deg", "--max-ece", "clean=1")
    lines = result.output.splitlines()
    assert (result.exit_code, lines[0], lines[-1]) == (
        0,
        "data: 300 digits of mnist, part test",
        "passed: 8 conditions met",
    )
    assert len(lines) == 1 + 1 + 8 + 1
    assert all(line.endswith("met") for line in lines[2:-1])


def test_a_line_per_miss_and_code_1(gate: Any) -> None:
    result = gate("--min-accuracy", "shift=0.99", "--min-critical", "rotation=59deg", "-c", "fc")
    assert result.exit_code == 1
    data, *lines = result.output.splitlines()
    assert data == "data: 300 digits of mnist, part test"
    table, lines = lines[:4], lines[4:]
    assert [line.rpartition("  ")[2] for line in table[1:]] == ["missed"] * 3
    assert len(lines) == 3
    assert lines[0].startswith("missed: fc, accuracy shift: 0.")
    assert lines[0].endswith(", wanted 0.99")
    assert all("95 % interval" in line for line in lines)
    assert lines[1].endswith("wanted -59°")


def test_a_missed_calibration_error_shows_its_interval(gate: Any, run: Predictions) -> None:
    result = gate("--max-ece", "rotation.angle@30deg=0.001", "-c", "fc")
    assert result.exit_code == 1
    row = quality(run, at=[("rotation", "angle", 30.0)]).query("checkpoint == 'fc'").iloc[1]
    error, low, high = (f"{row[f'ece_width{end}']:.4g}" for end in ("", "_low", "_high"))
    assert float(low) < float(high)
    number = f"{error} (95 % interval {low} to {high})"
    assert result.output.endswith(
        f"missed\nmissed: fc, calibration error rotation.angle@30deg: {number}, wanted 0.001\n"
    )


def test_json_tells_every_check(gate: Any) -> None:
    result = gate("--min-accuracy", "shift=0.99", "--min-accuracy", "clean=0.1", "--json")
    assert result.exit_code == 1
    told = json.loads(result.output)
    assert told["passed"] is False
    assert [check["passed"] for check in told["checks"]] == [False, True, False, True]
    assert {"checkpoint", "what", "wanted", "found", "low", "high", "unit", "passed", "margin", "ceiling"} == set(
        told["checks"][0]
    )
    data = {"dataset": "mnist", "part": "test", "n": 300, "fallback": False, "note": "", "accepted": True}
    assert (told["data"], told["pairs"]) == (data, {})


def test_the_lower_end_is_the_lower_number_of_every_check(gate: Any) -> None:
    words = ["--min-critical", "rotation=10deg", "--max-ece", "clean=1", "--min-accuracy", "shift=0.1"]
    told = json.loads(gate(*words, "--baseline", "run", "--max-drop", "0.1", "--json").output)
    known = [check for check in told["checks"] if check["low"] is not None and check["high"] is not None]
    assert {check["what"].partition(" ")[0] for check in known} == {"critical", "calibration", "accuracy", "loss"}
    assert all(check["low"] <= check["found"] <= check["high"] for check in known)


def test_data_that_stand_in_for_mnist_are_a_miss_unless_allowed(
    run: Predictions, gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = on(run, name="digits", fallback=True, note="MNIST was not there")
    monkeypatch.setattr("robustmnist.predictions.read_predictions", lambda folder: stand_in)
    result = gate("--min-accuracy", "clean=0.1")
    assert result.exit_code == 1
    assert result.output.startswith("data: 300 digits of digits, part test\n")
    assert result.output.endswith(
        "missed: digits stands in for MNIST (MNIST was not there): evaluate on MNIST or give --allow-fallback\n"
    )
    told = json.loads(gate("--min-accuracy", "clean=0.1", "--json").output)
    assert (told["passed"], told["data"]["fallback"], told["data"]["accepted"]) == (False, True, False)
    result = gate("--min-accuracy", "clean=0.1", "--allow-fallback")
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "passed: 2 conditions met")
    unnamed = replace(run, manifest={})
    monkeypatch.setattr("robustmnist.predictions.read_predictions", lambda folder: unnamed)
    assert gate("--min-accuracy", "clean=0.1").output.startswith("data: 300 digits of unnamed data\n")


def test_a_baseline_is_held_against_name_by_name_or_as_paired(
    run: Predictions, gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = ["--baseline", "old", "--max-drop", "0.5"]
    assert gate(*same).output.splitlines()[1:3] == [
        "compared with the baseline: fc",
        "compared with the baseline: cnn",
    ]
    runs = {"run": run, "old": of(run, 0, "fc-small")}
    monkeypatch.setattr("robustmnist.predictions.read_predictions", lambda folder: runs[str(folder)])
    unlike = gate(*same, "-c", "fc")
    assert isinstance(unlike.exception, RunError)
    paired = gate(*same, "-c", "fc", "--pair", "fc=fc-small")
    assert paired.exit_code == 0
    assert paired.output.splitlines()[1] == "compared with the baseline: fc with its 'fc-small'"
    told = json.loads(gate(*same, "-c", "fc", "--pair", "fc=fc-small", "--json").output)
    assert told["pairs"] == {"fc": "fc-small"}
    assert told["checks"][0]["what"] == "loss of accuracy clean since 'fc-small'"


def test_twenty_digits_all_right_do_not_pass_a_strict_gate(
    run: Predictions, gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = synthetic_predictions(("fc",), n=20, suites=SUITES, digits=False)
    right = np.eye(10, dtype=np.float32)[few.labels] * 9
    logits = {key: np.broadcast_to(right, array.shape) for key, array in few.logits.items()}
    perfect = replace(few, clean=right[None], logits=logits, manifest=run.manifest)
    monkeypatch.setattr("robustmnist.predictions.read_predictions", lambda folder: perfect)
    for condition in ("clean=0.9999", "shift=0.9999", "shift.left=0.9999", "shift.left@2px=0.9999", "map=0.9999"):
        assert gate("--min-accuracy", condition).exit_code == 0
        assert gate("--min-accuracy", condition, "--strict").exit_code == 1, condition
    assert gate("--max-ece", "clean=0.01").exit_code == 0
    assert gate("--max-ece", "clean=0.01", "--strict").exit_code == 1
    assert gate("--baseline", "run", "--max-drop", "0.001", "--strict").exit_code == 1


@pytest.mark.parametrize(
    "words",
    [
        "",
        "--max-drop 0.01",
        "--min-accuracy shift",
        "--min-accuracy shift=90",
        "--min-accuracy shift=nan",
        "--min-accuracy shfit=0.9",
        "--min-critical rotation=25px",
        "--min-critical rotation=many",
        "--min-accuracy clean=0.9 --checkpoint nobody",
        "--baseline b --max-drop 2",
        "--baseline b --max-drop nan",
        "--baseline b --max-drop many",
        "--baseline b --max-drop 0.1 --pair fc",
        "--baseline b --max-drop 0.1 --pair nobody=fc",
        "--baseline b --max-drop 0.1 --pair fc=nobody",
        "--min-accuracy clean=0.1 --pair fc=cnn",
    ],
)
def test_bad_input_is_code_2(
    words: str, run: Predictions, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("robustmnist.predictions.read_predictions", lambda folder: run)
    monkeypatch.setattr(sys, "argv", ["robustmnist", "gate", "run", *words.split()])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.strip()


def test_a_folder_without_a_run_is_code_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["robustmnist", "gate", str(tmp_path), "--min-accuracy", "clean=0.9"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
