"""Several training runs as a table: what differs, how well they read, and what an evaluation among them adds."""

import json
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.small_training import recipe

from robustmnist.cli import cli
from robustmnist.data import load_dataset
from robustmnist.evaluation import evaluate
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.results import suite_areas
from robustmnist.suites import load_suite
from robustmnist.training import train
from robustmnist.training.runs_table import runs_table


def call(*arguments: object) -> Any:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    train(recipe(epochs=1), device="cpu", out=folder / "a")
    train(recipe(epochs=1, seed=4, optimizer={"lr": 0.02}), device="cpu", out=folder / "b")
    digits = load_dataset("digits:test").head(40)
    evaluate({"x": load_checkpoint(folder / "b" / "best")}, digits, load_suite("shift"), device="cpu", out=folder / "e")
    return folder


def test_only_what_differs_is_shown(folder: Path) -> None:
    one, other = runs_table([folder / "a", folder / "b"], [folder / "e"])
    assert one.differs == {"seed": 0, "optimizer.lr": 0.01}
    assert other.differs == {"seed": 4, "optimizer.lr": 0.02}
    assert one.areas == {}
    from robustmnist.predictions import read_predictions

    [area] = suite_areas(read_predictions(folder / "e"))["area"]
    assert other.areas == {"shift": pytest.approx(area)}
    assert runs_table([folder / "a"])[0].differs == {}


def test_the_table_on_the_terminal(folder: Path) -> None:
    (folder / "notes").mkdir(exist_ok=True)
    shown = call("checkpoints", *sorted(folder.iterdir()))
    assert shown.exit_code == 0, shown.output
    assert "notes holds neither a training run nor an evaluation: it is left out" in shown.stderr
    head, *lines = shown.stdout.splitlines()
    assert len(lines) == 2
    assert head.split()[1:3] == ["seed", "optimizer.lr"]
    assert "shift: area" in head
    inside = call("checkpoints", folder)
    assert inside.stdout == shown.stdout
    rows = json.loads(call("checkpoints", folder, "--json").stdout)
    assert [row["differs"]["seed"] for row in rows] == [0, 4]
    assert rows[1]["test"]["accuracy"] > 0


def test_epochs_stand_once_with_how_many_there_are_to_be(folder: Path) -> None:
    from robustmnist.terminal.runs import show_runs

    table = runs_table([folder / "a", folder / "b"])
    several = [replace(row, differs={"epochs": wanted}) for row, wanted in zip(table, (1, 3), strict=True)]
    with redirect_stdout(StringIO()) as shown:
        show_runs(several)
    head, first, second = shown.getvalue().splitlines()
    assert head.split().count("epochs") == 1
    assert first.split()[1:2] == ["1"]
    assert second.split()[1:4] == ["1", "of", "3"]


def test_folders_without_a_run_are_refused(tmp_path: Path) -> None:
    from robustmnist.errors import InputError

    refused = call("checkpoints", tmp_path)
    assert isinstance(refused.exception, InputError)
    assert "no training run is among these" in str(refused.exception)
