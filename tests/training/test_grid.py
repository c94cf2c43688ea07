"""Many runs: seeds, grids, what is resumed, the table; and the range test of learning rates."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from support.small_training import recipe

from robustmnist.cli import cli
from robustmnist.errors import RecipeError
from robustmnist.training import RunFolder
from robustmnist.training.digits import load_digits
from robustmnist.training.grid import grid_of, seeds_of, split_values
from robustmnist.training.rate_range import EXPLODED, draw_rates, find_rate, rates_csv

TINY = """
epochs = 1
batch_size = 32
[model]
name = "fc"
widths = [8]
[data]
dataset = "digits"
validation = 0.1
limit = 200
"""


def call(*arguments: object) -> Any:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.mark.parametrize("text", ["", "a", "3..1", "1..", "-1", "0..5000", "9" * 20, "1,,2", "٣"])
def test_what_is_no_seed(text: str) -> None:
    with pytest.raises(RecipeError, match=r"write 3, 0\.\.9 or 0,2,5"):
        seeds_of(text)


def test_seeds_stand_once() -> None:
    assert seeds_of("1,0..2,1") == [1, 0, 2]


def test_every_combination_has_a_folder_of_its_own() -> None:
    runs = grid_of(["model.name=fc,lenet5", "optimizer.name=sgd,adam", "model.widths=[16, 8],[16-8]"], [0, 1])
    assert len(runs) == 16
    assert runs["model.name=fc,optimizer.name=sgd,widths=16-8,seed=1"] == [
        "model.name=fc",
        "optimizer.name=sgd",
        "model.widths=[16, 8]",
        "seed=1",
    ]
    assert all("/" not in name and len(name) <= 210 for name in runs)
    assert split_values('"a",[1,2]') == ['"a"', "[1,2]"]


@pytest.mark.parametrize("grids", [["optimizer.lr"], ["=1"], ["lr=1,"], ["a=1", "a=2"], ["seed=1,2"]])
def test_what_is_no_grid(grids: list[str]) -> None:
    with pytest.raises(RecipeError, match="--grid"):
        grid_of(grids, [0])


def test_runs_are_made_once_and_shown_as_a_table(tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(TINY)
    command = (
        "train",
        tmp_path / "tiny.toml",
        "--grid",
        "optimizer.lr=0.01,0.1",
        "--seed",
        "0..1",
        "-o",
        tmp_path / "g",
    )
    first = call(*command, "--json")
    assert first.exit_code == 0, first.output
    rows = json.loads(first.stdout)
    assert first.stderr.count("data: digits:train") == 1  # read once for all four
    assert [row["differs"] for row in rows] == [
        {"seed": seed, "optimizer.lr": lr} for lr in (0.01, 0.1) for seed in (0, 1)
    ]
    assert len({row["validation"] for row in rows}) > 1
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "g").rglob("*") if path.is_file()}
    again = call(*command)
    assert again.stderr.count("is complete already") == 4
    assert {path: path.stat().st_mtime_ns for path in before} == before
    other = call(*command, "--epochs", "2")
    assert "begun with another recipe" in str(other.exception)


def test_a_share_of_the_digits_validates() -> None:
    wanted = recipe(data={"dataset": "digits", "validation": 0.25, "limit": 400})
    digits = load_digits(wanted, torch.device("cpu"), notify=pytest.fail)
    assert (len(digits.training), len(digits.validation)) == (300, 100)
    with pytest.raises(RecipeError, match=r"data\.validation"):
        recipe(data={"dataset": "digits", "validation": 0.6})


def test_the_range_test_finds_where_the_loss_falls_and_explodes(tmp_path: Path) -> None:
    wanted = recipe(model={"name": "fc", "widths": [32]}, optimizer={"name": "sgd", "lr": 0.1})
    found = find_rate(wanted, load_digits(wanted, torch.device("cpu")))
    assert found.suggestion is not None
    assert 1e-3 < found.suggestion < 2
    lowest = found.rates[int(np.argmin(found.smoothed))]
    assert found.suggestion == pytest.approx(lowest / 10)
    falls = -np.diff(found.smoothed[: found.rates.index(lowest) + 1])
    assert found.steepest == found.rates[int(np.argmax(falls)) + 1]
    assert found.explodes is not None
    assert found.explodes > found.suggestion
    assert found.smoothed[-1] > EXPLODED * min(found.smoothed) or found.losses[-1] != found.losses[-1]
    rows = list(csv.DictReader(rates_csv(found).splitlines()))
    assert [float(row["learning_rate"]) for row in rows] == pytest.approx(found.rates, rel=1e-4)
    assert find_rate(wanted, load_digits(wanted, torch.device("cpu"))) == found
    assert draw_rates(found, "$x$")["png"].startswith(b"\x89PNG")


def test_lr_find_writes_a_chart_and_trains_nothing(tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(TINY)
    shown = call("train", tmp_path / "tiny.toml", "--lr-find", "-o", tmp_path / "lr")
    assert shown.exit_code == 0, shown.output
    assert "suggestion: --set optimizer.lr=" in shown.stdout
    assert "the loss falls most steeply at " in shown.stdout
    assert {path.name for path in (tmp_path / "lr").iterdir()} == {"rates.csv", "rates.png", "rates.svg"}


def test_embedded_digits_train_as_the_help_says(tmp_path: Path) -> None:
    done = call(
        "train", "fc", "--dataset", "digits", "--epochs", "1", "--set", "data.validation=0.2", "-o", tmp_path / "r"
    )
    assert done.exit_code == 0, done.output
    assert RunFolder(tmp_path / "r").card.data["validation"] == 239


@pytest.mark.parametrize(
    "words",
    [
        ["--grid", "a=1", "--sanity"],
        ["--seed", "0..3", "--lr-find"],
        ["--lr-find", "--sanity"],
        ["--sanity", "-o", "x"],
    ],
)
def test_options_that_exclude_each_other(words: list[str]) -> None:
    refused = call("train", "fc", *words)
    assert refused.exit_code == 2
    assert not Path("x").exists()
