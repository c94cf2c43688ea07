"""A run that goes on: with its own recipe and digits or not at all, and a complete one only if it is whole."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from support.small_training import recipe, weights

from robustmnist.data.seen import seen_record
from robustmnist.errors import InputError, RunError
from robustmnist.training import Recipe, RunFolder, train
from robustmnist.training.digits import load_digits
from robustmnist.training.metrics import read_metrics
from robustmnist.training.run_folder import recipe_toml
from robustmnist.training.state import load_state, save_state

MODEL = {"name": "fc", "widths": [32], "dropout": 0.2, "batch_norm": False}


def cut(folder: Path, wanted: Recipe) -> RunFolder:
    """Return a run that was interrupted in its second epoch."""

    def interrupt(done: int, total: int, images: int) -> None:
        if done == 1 and images > 300:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(wanted, device="cpu", out=folder, on_progress=interrupt)
    return RunFolder(folder)


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return cut(tmp_path_factory.mktemp("resume") / "cut", recipe())


@pytest.fixture(scope="module")
def complete(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return train(recipe(epochs=1), device="cpu", out=tmp_path_factory.mktemp("resume") / "complete")


def copy(run: RunFolder, folder: Path) -> RunFolder:
    return RunFolder(Path(shutil.copytree(run.path, folder / "copy")))


def resume(run: RunFolder) -> RunFolder:
    """Go on as the command does: with what recipe.toml says now."""
    return train(run.recipe, device="cpu", out=run.path, resume=True)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"seed": 1}, ["seed = 0, not 1"]),
        ({"optimizer": {"lr": 0.1}, "epochs": 9}, ["optimizer.lr = 0.01, not 0.1", "epochs = 3, not 9"]),
        ({"model": MODEL}, ["model.batch_norm = True, not False"]),
        ({"model": {"name": "fc"}}, ["model.widths = [32], not None"]),
    ],
)
def test_another_recipe_is_refused_and_named(
    interrupted: RunFolder, complete: RunFolder, tmp_path: Path, changes: dict[str, Any], named: list[str]
) -> None:
    run = copy(interrupted, tmp_path)
    before = run.state.read_bytes(), weights(run.path)
    (run.path / "recipe.toml").write_text(recipe_toml(recipe(**changes)))
    with pytest.raises(RunError, match="the run was begun with another recipe") as caught:
        resume(run)
    assert all(words in str(caught.value) for words in named)
    assert "\n" not in str(caught.value)
    assert (run.state.read_bytes(), weights(run.path)) == before


def test_a_complete_run_with_another_recipe(complete: RunFolder, tmp_path: Path) -> None:
    run = copy(complete, tmp_path)
    (run.path / "recipe.toml").write_text(recipe_toml(recipe(epochs=2)))
    with pytest.raises(RunError, match=r"another recipe \(epochs = 1, not 2\)"):
        resume(run)


def test_other_digits_are_refused_and_named(interrupted: RunFolder, tmp_path: Path) -> None:
    run = copy(interrupted, tmp_path)
    other = load_digits(recipe(data={"dataset": "digits", "validation": 90, "limit": 400}), torch.device("cpu"))
    with pytest.raises(RunError, match=r"another data set \(training = 300, not 310; validation = 100, not 90\)"):
        train(run.recipe, device="cpu", out=run.path, resume=True, digits=other)


def test_a_run_begun_with_the_first_digits_does_not_go_on_with_a_sample(interrupted: RunFolder, tmp_path: Path) -> None:
    """So it was before a limit meant a sample: its record names no digits."""
    from robustmnist.training.loop import start

    run, digits = copy(interrupted, tmp_path), load_digits(recipe(), torch.device("cpu"))
    record = seen_record(digits.training, digits.validation)
    state = start(recipe(), torch.device("cpu"))
    begun = {"recipe": recipe().as_dict(), "data set": record}
    load_state(run.state, state, begun)
    save_state(run.state, state, {**begun, "data set": {key: record[key] for key in record if key != "ids"}}, {})
    with pytest.raises(RunError, match=r"begun with another data set \(ids = None, not '.*; put that back") as caught:
        resume(run)
    assert len(str(caught.value)) < 400


def test_a_state_that_does_not_say_what_it_was_begun_with(tmp_path: Path) -> None:
    from robustmnist.training.loop import start

    state = start(recipe(), torch.device("cpu"))
    save_state(tmp_path / "state", state, {"data set": {"name": "digits"}}, {})
    load_state(tmp_path / "state", state, {"data set": {"name": "digits"}})
    with pytest.raises(RunError, match="does not record with which recipe the run was begun; start the training again"):
        load_state(tmp_path / "state", state, {"recipe": recipe().as_dict()})


def test_weights_of_another_model_are_told_in_one_line(tmp_path: Path) -> None:
    from robustmnist.training.loop import start

    save_state(tmp_path / "state", start(recipe(), torch.device("cpu")), {}, {})
    with pytest.raises(RunError, match=r"state: cannot be resumed \(") as caught:
        load_state(tmp_path / "state", start(recipe(model=MODEL), torch.device("cpu")), {})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("gone", [["best.safetensors", "best.json"], ["best.safetensors"], ["best.json"]])
def test_a_complete_run_without_its_checkpoint(complete: RunFolder, tmp_path: Path, gone: list[str]) -> None:
    run = copy(complete, tmp_path)
    for name in gone:
        (run.path / name).unlink()
    with pytest.raises(RunError, match=r"its checkpoint does not load .*; train its recipe\.toml again"):
        resume(run)


BEST = {"epoch": 1, "validation_accuracy": 0.5, "validation_loss": 1.0, "test": None}
WHOLE = {"status": "interrupted", "name": "small", "epochs": 1, "training_seconds": 1, "best": BEST}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"status": "complete"}, "name: is missing"),
        (WHOLE | {"status": "complete", "best": None}, "complete, but without a best epoch that was tested"),
        (WHOLE | {"status": "complete"}, "complete, but without a best epoch that was tested"),
        (WHOLE | {"status": "done"}, "status: should be 'interrupted', 'diverged' or 'complete', not 'done'"),
        (WHOLE | {"best": {"epoch": 1}}, "best.validation_accuracy: is missing"),
        ([WHOLE], "holds no metrics"),
    ],
)
def test_metrics_that_are_none(complete: RunFolder, tmp_path: Path, content: Any, why: str) -> None:
    run = copy(complete, tmp_path)
    (run.path / "metrics.json").write_text(json.dumps(content))
    with pytest.raises(RunError, match=r"metrics\.json: holds no metrics .*; delete it and resume the run") as caught:
        resume(run)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
    (run.path / "metrics.json").unlink()
    assert resume(run).metrics == complete.metrics  # as the remedy says
    assert weights(run.path) == weights(complete.path)


def test_metrics_that_are_whole_or_damaged(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    assert read_metrics(path) == {}
    path.write_text(json.dumps(WHOLE))
    assert read_metrics(path) == WHOLE
    for text in ("{", "[" * 100_000):
        path.write_text(text)
        with pytest.raises(RunError, match=r"metrics\.json: cannot be read"):
            read_metrics(path)


def test_a_run_folder_that_cannot_be_looked_at(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        RunFolder(tmp_path / ("x" * 300)).recipe  # noqa: B018 - it is read when asked for
