"""A training from recipe to run folder: what is written, interrupted, resumed, refused; and the command line."""

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from support import small_mnist
from support.small_training import recipe, weights

from robustmnist.cli import COMMANDS, cli
from robustmnist.data import load_dataset
from robustmnist.errors import DataError, RobustMnistError, RunError
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.system.folders import locked
from robustmnist.training import RunFolder, load_recipe, train
from robustmnist.training.digits import load_digits
from robustmnist.training.loop import measure
from robustmnist.training.run_folder import COLUMNS

CNN = {"model": {"name": "cnn", "channels": [4, 8], "hidden": [16]}, "augment": {"shift": 1.0}, "epochs": 2}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return train(recipe(), device="cpu", out=tmp_path_factory.mktemp("train") / "run")


def history(run: RunFolder) -> list[dict[str, str]]:
    return list(csv.DictReader((run.path / "history.csv").read_text().splitlines()))


def test_the_run_folder(run: RunFolder) -> None:
    assert {file.name for file in run.path.iterdir()} == {
        "recipe.toml",
        "best.json",
        "best.safetensors",
        "best.toml",
        "last.json",
        "last.safetensors",
        "last.toml",
        "history.csv",
        "steps.csv",
        "layers.csv",
        "training.html",
        "metrics.json",
        "curves.png",
        "curves.svg",
        "state.safetensors",
    }
    assert run.recipe == recipe()
    recipes = {(run.path / f"{name}.toml").read_bytes() for name in ("recipe", "best", "last")}
    assert len(recipes) == 1  # a checkpoint taken elsewhere takes its recipe along
    rows = history(run)
    assert tuple(rows[0]) == COLUMNS
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert float(rows[-1]["train_loss"]) < float(rows[0]["train_loss"])


def test_the_best_epoch_is_the_one_kept(run: RunFolder) -> None:
    rows = history(run)
    best = max(rows, key=lambda row: (float(row["validation_accuracy"]), -float(row["validation_loss"])))
    card = load_checkpoint(run.best).card
    assert card.best_epoch == int(best["epoch"])
    assert card.validation_accuracy == float(best["validation_accuracy"])
    assert load_checkpoint(run.last).card.best_epoch == 3


def test_the_card_tells_the_truth(run: RunFolder) -> None:
    best = load_checkpoint(run.best)
    test = load_digits(recipe(), torch.device("cpu")).test
    card = best.card
    assert run.card == card
    assert card.test_accuracy is not None
    assert card.test_accuracy.n == len(test) == 601
    assert card.test_accuracy.correct == int((best(test.images).argmax(1) == test.labels).sum())
    assert card.test_accuracy.low < card.test_accuracy.accuracy < card.test_accuracy.high
    assert card.recipe == recipe().as_dict()
    assert card.data["training"] == 300
    assert (card.name, card.seed, card.epochs) == ("small", 0, 3)
    assert card.versions.keys() >= {"python", "torch", "robustmnist"}
    metrics = run.metrics
    assert metrics["status"] == "complete"
    assert metrics["best"]["test"] == card.test_accuracy.model_dump()
    assert load_checkpoint(run.last).card.test_accuracy is None


def test_the_parts_of_the_data_do_not_overlap() -> None:
    digits = load_digits(recipe(), torch.device("cpu"))
    parts = [set(part.ids.tolist()) for part in (digits.training, digits.validation, digits.test)]
    assert [len(part) for part in parts] == [300, 100, 601]
    assert len(set.union(*parts)) == 300 + 100 + 601


@pytest.mark.parametrize(("validation", "limit", "kept"), [(5000, 0, 99), (598, 0, 598), (599, 0, 99), (70, 120, 10)])
def test_too_many_digits_to_keep_back_are_a_twelfth(validation: int, limit: int, kept: int) -> None:
    said: list[str] = []
    wanted = recipe(data={"dataset": "digits", "validation": validation, "limit": limit})
    digits = load_digits(wanted, torch.device("cpu"), notify=said.append)
    whole = limit or 1196
    assert (len(digits.training), len(digits.validation)) == (whole - kept, kept)
    line = (
        f"data.validation: {validation:,} of {whole:,} digits are too many, {kept} are kept back to choose the epoch by"
    )
    assert said == ([] if kept == validation else [line])


def test_the_same_recipe_gives_the_same_weights(run: RunFolder, tmp_path: Path) -> None:
    torch.rand(5)
    train(recipe(), device="cpu", out=tmp_path / "again")
    assert weights(tmp_path / "again") == weights(run.path)
    train(recipe(seed=1), device="cpu", out=tmp_path / "other")
    assert weights(tmp_path / "other") != weights(run.path)


@pytest.mark.parametrize("changes", [{}, CNN, {"optimizer": {"name": "sgd", "lr": 0.05}}], ids=["fc", "cnn", "sgd"])
def test_interrupted_and_resumed(tmp_path: Path, changes: dict[str, Any]) -> None:
    wanted = recipe(**changes)
    whole = train(wanted, device="cpu", out=tmp_path / "whole")
    seen: list[int] = []

    def interrupt(done: int, total: int, images: int) -> None:
        seen.append(images)
        if done == 1 and images > 400:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(wanted, device="cpu", out=tmp_path / "cut", on_progress=interrupt)
    cut = RunFolder(tmp_path / "cut")
    assert seen == sorted(seen)
    assert (cut.metrics["status"], cut.metrics["epochs"]) == ("interrupted", 1)
    assert load_checkpoint(cut.best).card.epochs == 1  # usable as it is
    assert (cut.path / "curves.png").is_file()
    train(cut.recipe, device="cpu", out=cut.path, resume=True)
    assert weights(cut.path) == weights(whole.path)
    assert cut.metrics["best"] == whole.metrics["best"]
    without_seconds = [
        [line.rpartition(",")[0] for line in (folder / "history.csv").read_text().splitlines()]
        for folder in (cut.path, whole.path)
    ]
    assert without_seconds[0] == without_seconds[1]


def test_interrupted_before_the_first_epoch_ended(tmp_path: Path, run: RunFolder) -> None:
    def interrupt(done: int, total: int, images: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe(), device="cpu", out=tmp_path / "cut", on_progress=interrupt)
    assert RunFolder(tmp_path / "cut").metrics["best"] is None
    train(recipe(), device="cpu", out=tmp_path / "cut", resume=True)
    assert weights(tmp_path / "cut") == weights(run.path)


def test_killed_before_the_recipe_was_written(tmp_path: Path, run: RunFolder) -> None:
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / ".recipe.toml.abc.part").write_text("epo")
    train(recipe(), device="cpu", out=tmp_path / "cut")  # there is nothing yet to resume: it is begun again
    assert weights(tmp_path / "cut") == weights(run.path)
    assert {path.name for path in (tmp_path / "cut").iterdir()} == {path.name for path in run.path.iterdir()}


def test_what_a_kill_left_goes_when_the_run_goes_on(tmp_path: Path, run: RunFolder) -> None:
    def interrupt(done: int, total: int, images: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe(), device="cpu", out=tmp_path / "cut", on_progress=interrupt)
    (tmp_path / "cut" / ".state.safetensors.abc.part").write_text("half a st")
    train(recipe(), device="cpu", out=tmp_path / "cut", resume=True)
    assert {path.name for path in (tmp_path / "cut").iterdir()} == {path.name for path in run.path.iterdir()}


def test_two_processes_do_not_train_in_one_folder(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with locked(tmp_path / "run"), pytest.raises(RunError, match="another process is writing there"):
        train(recipe(), device="cpu", out=tmp_path / "run")
    assert not list((tmp_path / "run").iterdir())


def test_a_folder_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot be made"):
        train(recipe(), device="cpu", out=tmp_path / "file" / "run")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(RobustMnistError, match=r"No space left on device.*run the same command again"):
        train(recipe(), device="cpu", out=tmp_path / "run")
    assert not list((tmp_path / "run").iterdir())


def test_a_finished_run_is_left_alone(run: RunFolder) -> None:
    before = {file: file.stat().st_mtime_ns for file in run.path.iterdir()}
    train(recipe(), device="cpu", out=run.path, resume=True)
    assert {file: file.stat().st_mtime_ns for file in run.path.iterdir()} == before


def test_early_stopping(tmp_path: Path) -> None:
    # At this rate nothing is learnt: the first epoch stays the best one.
    stuck = recipe(epochs=30, optimizer={"lr": 1e-12}, early_stopping={"patience": 2}, average={"decay": 0.0})
    metrics = train(stuck, device="cpu", out=tmp_path / "run").metrics
    assert metrics["epochs"] < 30
    assert metrics["epochs"] - metrics["best"]["epoch"] == 2


def test_what_is_refused(run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is there already and not empty"):
        train(recipe(), device="cpu", out=run.path)
    with pytest.raises(RunError, match="begun with another recipe"):
        train(recipe(seed=5), device="cpu", out=run.path, resume=True)
    with pytest.raises(RunError, match="is not a training run"):
        train(recipe(), device="cpu", out=tmp_path, resume=True)
    with pytest.raises(DataError):
        train(recipe(data={}), device="cpu", out=tmp_path / "run", data_dir=tmp_path / "nowhere")
    assert not (tmp_path / "run").exists()
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="is not a folder"):
        train(recipe(), device="cpu", out=tmp_path / "file")


@pytest.mark.parametrize("damage", [lambda file: file.unlink(), lambda file: file.write_bytes(b"cut")])
def test_damaged_test_digits_are_found_before_the_training(
    damage: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = small_mnist.write(tmp_path / "data", small_mnist.install(monkeypatch))
    wanted = recipe(data={"dataset": "mnist", "validation": 20})
    assert len(load_digits(wanted, torch.device("cpu"), data).test) == 30
    damage(data / "t10k-images-idx3-ubyte")
    with pytest.raises(DataError, match="t10k-images-idx3-ubyte"):
        train(wanted, device="cpu", out=tmp_path / "run", data_dir=data)
    assert not (tmp_path / "run").exists()


def test_a_damaged_state(tmp_path: Path) -> None:
    wanted = recipe(epochs=2)

    def interrupt(done: int, total: int, images: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(wanted, device="cpu", out=tmp_path / "run", on_progress=interrupt)
    state = tmp_path / "run" / "state.safetensors"
    data = state.read_bytes()
    for damaged in (data[:-1], b"", data[: len(data) // 2], data[:-3] + bytes([data[-3] ^ 1]) + data[-2:]):
        state.write_bytes(damaged)
        with pytest.raises(RunError, match=r"state\.safetensors"):
            train(wanted, device="cpu", out=tmp_path / "run", resume=True)


def call(*arguments: object) -> Any:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_train_from_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "tiny.toml"
    file.write_text('batch_size = 32\n[model]\nname = "fc"\nwidths = [16]\n[data]\nvalidation = 50\nlimit = 200\n')
    out = tmp_path / "run"
    result = call(
        "train", file, "--epochs", 2, "--seed", 3, "--dataset", "digits", "--set", "optimizer.lr=0.01", "-o", out
    )
    assert result.exit_code == 0, result.output
    assert "test accuracy" in result.output
    assert "95 % interval" in result.output
    assert str(out) in result.output
    written = RunFolder(out).recipe
    assert (written.name, written.epochs, written.seed, written.optimizer.lr) == ("tiny", 2, 3, 0.01)
    assert written.data.dataset == "digits"
    again = call("train", "--resume", out, "--json")
    assert json.loads(again.stdout)["status"] == "complete"
    card = call("checkpoints", out / "best", "--json")
    assert json.loads(card.stdout)[0]["name"] == "tiny"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "give a RECIPE or --resume RUN"),
        (["train", "fc", "--resume", "."], "give a RECIPE or --resume RUN"),
        (["train", "--resume", ".", "--epochs", "3"], "--resume continues with the run's own recipe"),
        (["train", "fc", "--epochs", "0"], "--epochs"),
    ],
)
def test_wrong_options(arguments: list[str], message: str) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert message in result.output


@pytest.mark.parametrize(
    "arguments", [["train", "nothing"], ["train", "fc", "--set", "epoch=3"], ["checkpoints", "fd"]]
)
def test_wrong_values(arguments: list[str]) -> None:
    from robustmnist.errors import InputError

    result = call(*arguments)
    assert isinstance(result.exception, InputError)


def test_the_list_of_checkpoints() -> None:
    listed = call("checkpoints")
    assert listed.exit_code == 0
    cards = json.loads(call("checkpoints", "--json").stdout)
    lines = listed.output.splitlines()
    assert len(lines) == 1 + len(cards)
    for card, line in zip(cards, lines[1:], strict=True):
        assert line.startswith(card["name"])
        described = call("checkpoints", card["name"]).output
        assert card["sha256"] in described


@pytest.mark.parametrize("name", ["train", "checkpoints"])
def test_help(name: str) -> None:
    result = call(name, "--help")
    assert result.exit_code == 0
    assert COMMANDS[name] in result.output
    assert "\\b" not in result.output
    assert f"  robustmnist {name}" in result.output


def test_mnist_is_split_as_promised(mnist_dir: Path) -> None:
    whole = load_dataset("mnist", part="train", data_dir=mnist_dir)
    digits = load_digits(load_recipe("fc"), torch.device("cpu"), mnist_dir)
    assert (len(digits.training), len(digits.validation)) == (55_000, 5_000)
    both = torch.cat([digits.training.ids, digits.validation.ids])
    assert torch.equal(both.sort().values, torch.arange(60_000))
    expected = torch.bincount(whole.labels).double() / 12
    assert (torch.bincount(digits.validation.labels).double() - expected).abs().max() < 1


def test_what_is_said_of_an_epoch_is_true_of_the_stored_weights(tmp_path: Path) -> None:
    """Weights of 40 and more are rounded by up to 0.016 in float16: enough to read other digits."""
    wanted = recipe(epochs=1, optimizer={"name": "sgd", "lr": 5.0, "momentum": 0.0}, model={"name": "fc", "widths": []})
    done = train(wanted, device="cpu", out=tmp_path / "run")
    digits = load_digits(wanted, torch.device("cpu")).validation
    correct, loss = measure(load_checkpoint(done.best).deployed, digits.images, digits.labels)
    assert done.card.validation_accuracy == correct / len(digits)
    assert done.metrics["best"]["validation_loss"] == loss
    assert history(done)[0]["validation_loss"] == str(loss)
