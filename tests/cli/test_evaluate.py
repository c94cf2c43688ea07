"""``robustmnist evaluate``: what it prints, what it writes, and how it stops."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click import unstyle
from click.testing import CliRunner, Result
from support.folder_content import content
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.cli import cli
from robustmnist.errors import RunError
from robustmnist.models.architectures.build import build_model
from robustmnist.models.checkpoints.checkpoint import save_checkpoint
from robustmnist.overview.gather import gather
from robustmnist.overview.in_words import fall_text
from robustmnist.predictions import read_predictions
from robustmnist.results import areas, critical_strengths, map_means, wilson, worst_of_k, worst_over_grid
from robustmnist.terminal.evaluation import show_headline
from robustmnist.wording.numbers import MINUS, NBSP, share_text

SUITE = """
title = "Two sweeps"
question = "How far may a digit move or turn?"
source = "this test"

[[sweep]]
name = "right"
title = "To the right"
perturbation = "shift-towards"
parameter = "distance"
unit = "px"
values = [0, 2, 4]
[sweep.fixed]
direction = "right"

[[sweep]]
name = "turn"
title = "Turn"
perturbation = "rotation"
parameter = "angle"
unit = "°"
values = [-40, -20, 0, 20]
"""


COMMON = ("evaluate", "--suite", "./mine.toml", "--dataset", "digits", "--device", "cpu", "--limit", "40")


def save(path: Path, name: str, seed: int) -> None:
    torch.manual_seed(seed)
    architecture = {"model": "fc", "widths": [16]}
    save_checkpoint(
        path,
        build_model(architecture),
        name=name,
        architecture=architecture,
        test_accuracy=None,
        validation_accuracy=None,
        precision="float32",
        recipe={},
        data={},
        versions={},
        seed=seed,
        epochs=0,
        best_epoch=0,
        training_seconds=0.0,
        device="cpu",
    )


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the working directory, with a suite and three untrained checkpoints, two of one name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # with so little to do, two threads wait for each other more than they work
    Path("mine.toml").write_text(SUITE, encoding="utf-8")
    save(Path("one"), "one", 1)
    save(Path("two"), "two", 2)
    save(Path("other"), "one", 3)
    yield tmp_path
    torch.set_num_threads(threads)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, [*COMMON, *arguments])


ONE_TWO = ("--checkpoint", "one.json", "--checkpoint", "two.json")


def test_a_run_prints_the_headline_and_where_the_files_are(here: Path) -> None:
    result = run(*ONE_TWO, "-o", "run")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert re.fullmatch(r"one: reads (\d+\.\d+) % of 40 clean digits \(95 % interval \d+\.\d+–\d+\.\d+\)", lines[0])
    assert lines[3] == "with 95 % intervals from 10,000 resamples of the 40 digits:"
    assert re.split("  +", lines[4]) == ["suite", "sweep", "checkpoint", "a tenth is lost at", "area"]
    assert re.match(r"mine +right +one +[<>]? ?[\d.]+ px( \([^)]*\))? +\d+\.\d \(\d+\.\d–\d+\.\d\)$", lines[5])
    assert "\N{NO-BREAK SPACE}" not in result.stdout
    assert "report:  run/report.html" in result.stdout
    assert "data: digits (test), 40 images (a stratified sample of 40 of 1,797), sha256 " in result.stderr
    assert "<html" in Path("run/report.html").read_text(encoding="utf-8")
    assert {"run.json", "summary.csv", "report.html"} <= {path.name for path in Path("run").iterdir()}


def test_a_suite_of_maps_alone_is_evaluated_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table = SUITE.split("[[sweep]]")[0] + (
        '[[sweep]]\nname = "grid"\ntitle = "Grid"\nperturbation = "shift"\nparameter = "dx"\nunit = "px"\n'
        "values = [-3, 0, 3]\n[sweep.over]\ndy = [-3, 0, 3]\n"
    )
    Path("mine.toml").write_text(table, encoding="utf-8")
    result = CliRunner().invoke(cli, [*COMMON, "-c", "cnn", "-o", "out"])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert re.match(r"cnn: reads \d+\.\d\d % of 40 clean digits", lines[0])
    run = read_predictions(tmp_path / "out")
    (row,) = worst_over_grid(run, "mine", "grid").to_dict("records")
    (mean,) = map_means(run).to_dict("records")
    shown = (
        (mean["mean"], mean["mean_low"], mean["mean_high"]),
        (row["accuracy"], row["accuracy_low"], row["accuracy_high"]),
    )
    assert re.split("  +", lines[4]) == ["mine", "grid", "cnn", *(share_text(*three) for three in shown)]
    assert (tmp_path / "out" / "report.html").is_file()
    again = CliRunner().invoke(cli, [*COMMON, "-c", "cnn", "-o", "out", "--json"])
    told = json.loads(again.stdout)
    assert told["headline"] == []
    assert told["maps"][0]["metric"] == "worst of grid 3×3"
    assert told["maps"][0]["mean_low"] < told["maps"][0]["mean"] < told["maps"][0]["mean_high"]


@pytest.mark.parametrize("terminal", [False, True])
def test_the_terminal_says_what_the_page_says(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    along = make_sweep("right", "shift-towards", "distance", "px", (0, 2, 4, 6))
    both = make_sweep("angle", "rotation", "angle", "°", (-40, -20, 0, 20, 40))
    drawn = replace(make_sweep("pose", "rotation", "angle", "°", (0, 30)), draws=6)
    found = synthetic_predictions(("fc", "cnn"), n=400, suites=[make_suite("s", along, both), make_suite("k", drawn)])
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    show_headline(found, Path("run"), Path("run/report.html"), as_json=False)
    said = unstyle(capsys.readouterr().out)
    assert max(map(len, said.splitlines())) <= 100
    numbers = gather(found)
    for one in numbers.clean:
        assert f"{one.name}: reads {100 * one.accuracy:.2f} % of 400 clean digits" in said
    for sweep in numbers.sweeps:
        for one in sweep.tolerances:
            for fall in one.falls:
                assert fall_text(sweep, fall).replace(NBSP, " ").replace(MINUS, "-") in said
            assert share_text(one.area.share, one.area.low, one.area.high) in said
    (fc, _) = worst_of_k(found, "k", "pose").query("k == 6 and value == 30").to_dict("records")
    assert share_text(fc["accuracy"], fc["accuracy_low"], fc["accuracy_high"]) in said


def test_json_is_all_that_is_on_standard_output(here: Path) -> None:
    result = run(*ONE_TWO, "-o", "run", "--json")
    printed = json.loads(result.stdout)
    assert printed["report"] == "run/report.html"
    assert printed["n"] == 40
    assert printed["dataset"]["name"] == "digits"
    assert [(row["checkpoint"], row["sweep"]) for row in printed["headline"]][:3] == [
        ("one", "right"),
        ("two", "right"),
        ("one", "turn"),
    ]
    first = printed["headline"][0]
    assert first["threshold_low"] is None
    found = read_predictions(Path("run"))
    area = areas(found, printed["resamples"]).iloc[0]
    assert (first["area"], first["area_low"], first["area_high"]) == tuple(area[["area", "area_low", "area_high"]])
    assert first["area_low"] < first["area"] < first["area_high"]
    assert [side["side"] for side in first["critical"]] == ["above"]
    assert [side["side"] for side in printed["headline"][2]["critical"]] == ["below", "above"]
    critical = critical_strengths(found, printed["resamples"]).iloc[0]
    assert first["critical"][0]["critical"] == (None if critical["beyond"] else critical["critical"])
    low, high = wilson(40 * printed["clean"][1]["accuracy"], 40)
    assert [printed["clean"][1][key] for key in ("checkpoint", "accuracy_low", "accuracy_high")] == ["two", low, high]


def test_the_command_in_the_manifest_does_it_again(here: Path) -> None:
    run(*ONE_TWO, "-o", "first", "--seed", "3")
    command = read_predictions(Path("first")).manifest["command"]
    assert command == (
        "robustmnist evaluate --suite ./mine.toml --checkpoint one.json --checkpoint two.json "
        "--dataset digits --limit 40 --device cpu --seed 3"
    )
    result = CliRunner().invoke(cli, [*shlex.split(command)[1:], "-o", "second"])
    assert result.exit_code == 0, result.output
    first, second = content(Path("first")), content(Path("second"))
    first.pop("report.html")  # tells when the run was made
    second.pop("report.html")
    assert first == second


def test_a_new_folder_for_every_run_and_none_for_a_finished_one(here: Path) -> None:
    run(*ONE_TWO)
    run(*ONE_TWO)
    folders = sorted(Path("runs").iterdir())
    assert len(folders) == 2
    assert all(re.fullmatch(r"evaluate-mine-\d{8}-\d{6}(-2)?", folder.name) for folder in folders)
    before = content(folders[0])
    result = run(*ONE_TWO, "-o", str(folders[0]))
    assert result.exit_code == 0
    assert content(folders[0]) == before


def test_checkpoints_of_one_name_are_told_apart_by_their_paths(here: Path) -> None:
    result = run(
        "--checkpoint", "one", "--checkpoint", "other", "--checkpoint", "two", "--checkpoint", "one", "-o", "r"
    )
    assert result.exit_code == 0, result.output
    assert read_predictions(Path("r")).checkpoints == ("one", "other", "two")


def test_another_run_in_the_folder_is_refused(here: Path) -> None:
    run(*ONE_TWO, "-o", "run")
    result = run("--checkpoint", "one", "-o", "run")
    assert isinstance(result.exception, RunError)
    assert result.exception.exit_code == 2
    assert str(result.exception).startswith(
        "run: holds another run, different in checkpoints (one, two there, one asked"
    )
    assert result.stdout == ""


def test_ctrl_c_says_how_to_go_on_and_going_on_works(here: Path) -> None:
    values = ", ".join(str(value) for value in range(40))
    Path("mine.toml").write_text(SUITE.replace("-40, -20, 0, 20", values), encoding="utf-8")
    words = ["evaluate", "--suite", "./mine.toml", "-c", "one", "--dataset", "digits", "--limit", "900", "-o", "my run"]
    child = subprocess.Popen(
        [sys.executable, "-m", "robustmnist", *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    journal = Path("my run/journal.jsonl")
    deadline = time.monotonic() + 300
    while not (journal.exists() and journal.read_bytes().count(b"\n") > 3) and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    stdout, stderr = child.communicate(timeout=60)
    assert child.returncode == 130, stderr
    assert stdout == ""
    assert "Traceback" not in stderr
    command = re.search(r"interrupted; to continue: (.*)", stderr)
    assert command is not None
    result = CliRunner().invoke(cli, shlex.split(command[1])[1:])
    assert result.exit_code == 0, result.output
    assert len(read_predictions(Path("my run"))) == 900


def test_shipped_checkpoints_on_the_embedded_digits(here: Path) -> None:
    result = CliRunner().invoke(
        cli, ["evaluate", "-s", "./mine.toml", "--dataset", "digits", "--limit", "100", "-o", "run", "--json"]
    )
    assert result.exit_code == 0, result.output
    clean = {row["checkpoint"]: row["clean_accuracy"] for row in json.loads(result.stdout)["headline"]}
    assert set(clean) == {"fc", "cnn"}
    assert all(accuracy > 0.8 for accuracy in clean.values())
