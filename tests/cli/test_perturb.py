"""``robustmnist perturb``: what it prints, how it stops and goes on, and that evaluate reads what it wrote."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from robustmnist.cli import cli
from robustmnist.data.manifest import MANIFEST
from robustmnist.errors import InputError
from robustmnist.predictions import read_predictions

SUITE = """
title = "Turn"
question = "How far may a digit turn?"
source = "this test"

[[sweep]]
name = "turn"
title = "Turn"
perturbation = "rotation"
parameter = "angle"
unit = "°"
values = [-40, 0, 20]
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder with a suite of one's own."""
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(SUITE, encoding="utf-8")


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["perturb", "-s", "./mine.toml", "--dataset", "digits", "--limit", "30", *words])


def test_the_folders_are_all_that_is_on_standard_output() -> None:
    result = run("-o", "out")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == ["out/mine/turn/-40", "out/mine/turn/0", "out/mine/turn/20"]
    assert "3 data sets of 30 digits written as idx to out\n" in result.stderr
    again = run("-o", "out")
    assert again.stdout == result.stdout
    assert "0 data sets of 30 digits written as idx to out, 3 were there already\n" in again.stderr


def test_json_tells_what_lies_where() -> None:
    table = json.loads(run("-o", "out", "--json", "--format", "png", "--seed", "4").stdout)
    assert (table["out"], table["format"], table["n"], table["dataset"]["name"]) == ("out", "png", 30, "digits")
    assert [(one["folder"], one["value"], one["written"]) for one in table["datasets"]] == [
        ("out/mine/turn/-40", -40.0, True),
        ("out/mine/turn/0", 0.0, True),
        ("out/mine/turn/20", 20.0, True),
    ]
    assert {one["seed"] for one in table["datasets"]} == {4}
    assert table["command"] == (
        "robustmnist perturb --suite ./mine.toml --format png --dataset digits --limit 30 --seed 4"
    )
    before = {path: path.read_bytes() for path in Path("out").rglob("*.png")}
    assert len(before) == 90
    CliRunner().invoke(cli, [*shlex.split(table["command"])[1:], "-o", "second"])
    assert {Path("second", *path.parts[1:]).read_bytes() for path in before} == set(before.values())


def test_without_out_a_new_folder_is_made() -> None:
    assert run().exit_code == 0
    assert run().exit_code == 0
    folders = sorted(path.name for path in Path("runs").iterdir())
    assert len(folders) == 2
    assert all(re.fullmatch(r"perturb-mine-\d{8}-\d{6}(-2)?", name) for name in folders)


def test_evaluate_reads_what_was_written_and_says_so_in_its_command() -> None:
    run("-o", "out")
    words = ["evaluate", "-s", "./mine.toml", "-c", "fc", "--dataset", "idx:out/mine/turn/20", "-o", "run"]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    assert "data: digits mine.turn 20 ° (test), 30 images, sha256 " in result.stderr
    manifest = read_predictions(Path("run")).manifest
    assert manifest["dataset"]["name"] == "digits mine.turn 20 °"
    assert manifest["command"] == (
        "robustmnist evaluate --suite ./mine.toml --checkpoint fc --dataset idx:out/mine/turn/20"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "ixd"], "'ixd': is not a format, did you mean 'idx'?; use idx, npy, png"),
        (["-s", "shfit"], "did you mean 'shift'"),
        (["--dataset", "idx:nowhere"], "nowhere: there is no such folder"),
        (["--dataset", "mnist-c:fogg"], "did you mean 'fog'"),
        (["--device", "gpu"], "use auto, cpu, cuda or cuda:N"),
        (["-o", "mine.toml"], "mine.toml: cannot be made"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_writes_nothing(words: list[str], said: str) -> None:
    result = run(*words)
    assert isinstance(result.exception, InputError)
    assert result.exception.exit_code == 2
    assert said in str(result.exception)
    assert "\n" not in str(result.exception)
    assert result.stdout == ""
    assert [path.name for path in Path().iterdir()] == ["mine.toml"]


def test_a_suite_must_be_named() -> None:
    result = CliRunner().invoke(cli, ["perturb", "-o", "out"])
    assert result.exit_code == 2
    assert "--suite" in result.stderr


def test_ctrl_c_says_how_to_go_on_and_going_on_works() -> None:
    values = ", ".join(str(value) for value in range(60))
    Path("mine.toml").write_text(SUITE.replace("-40, 0, 20", values), encoding="utf-8")
    words = ["perturb", "-s", "./mine.toml", "--format", "png", "--dataset", "digits", "-o", "my run"]
    child = subprocess.Popen(
        [sys.executable, "-m", "robustmnist", *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while not list(Path("my run").rglob(MANIFEST)) and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    stdout, stderr = child.communicate(timeout=60)
    assert child.returncode == 130, stderr
    assert stdout == ""
    assert "Traceback" not in stderr
    command = re.search(r"interrupted; to continue: (.*)", stderr)
    assert command is not None
    assert shlex.split(command[1])[1:] == [
        "perturb", "--suite", "./mine.toml", "--format", "png", "--dataset", "digits", "-o", "my run",
    ]  # fmt: skip
