"""A training whose numbers are no longer finite: it ends at once, says so, and keeps what was good."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from support.small_training import recipe
from torch import Tensor, nn

from robustmnist.errors import RecipeError
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.training import RunFolder, epoch, train
from robustmnist.training.loop import State, measure, train_epoch

WILD: dict[str, Any] = {
    "model": {"name": "fc", "widths": [32]},
    "optimizer": {"name": "sgd", "lr": 10.0},
    "schedule": {"name": "none"},
    "average": {"decay": 0.0},
}


class Broken(nn.Module):
    """Reads every digit as a 0, but the first ones as nothing: of equal values too, argmax names the first."""

    def __init__(self, bad: float, rows: int) -> None:
        super().__init__()
        self.bad, self.rows = bad, rows

    def forward(self, images: Tensor) -> Tensor:
        logits = torch.zeros(len(images), 10)
        logits[:, 0] = 9.0
        logits[: self.rows] = self.bad
        return logits


@pytest.mark.parametrize("bad", [float("nan"), float("-inf")])
def test_logits_that_are_not_finite_read_nothing(monkeypatch: pytest.MonkeyPatch, bad: float) -> None:
    monkeypatch.setattr("robustmnist.training.loop.deployed", lambda model: model)
    images, labels = torch.zeros(8, 1, 28, 28), torch.zeros(8, dtype=torch.int64)
    assert measure(Broken(bad, 0), images, labels)[0] == 8
    assert measure(Broken(bad, 3), images, labels)[0] == 5
    assert measure(Broken(bad, 8), images, labels)[0] == 0


EVIDENCE = {"steps.csv", "layers.csv"}  # the steps of the epoch that diverged


def test_a_training_that_diverges_at_once(tmp_path: Path) -> None:
    wanted = recipe(**WILD | {"optimizer": {"name": "sgd", "lr": 10.0, "momentum": 0.99, "weight_decay": 1.0}})
    for again in (False, True):
        with pytest.raises(RecipeError, match=r"diverged in epoch 1: .*; train .* with an optimizer\.lr below 10$"):
            train(wanted, device="cpu", out=tmp_path / "run", resume=again)
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"recipe.toml", "metrics.json", *EVIDENCE}
    metrics = RunFolder(tmp_path / "run").metrics
    assert (metrics["status"], metrics["epochs"], metrics["best"]) == ("diverged", 0, None)


@pytest.mark.parametrize("value", [float("nan"), 1e6], ids=["weights", "too large for a checkpoint"])
def test_the_epochs_before_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: float) -> None:
    def derail(state: State, *given: Any) -> dict[str, float]:
        numbers = train_epoch(state, *given)
        if state.epoch == 3:
            with torch.no_grad():
                next(parameter for parameter in state.model.parameters() if parameter.ndim > 1)[0, 0] = value
        return numbers

    monkeypatch.setattr(epoch, "train_epoch", derail)
    wanted = recipe(model=WILD["model"], epochs=5, average={"decay": 0.0})
    with pytest.raises(RecipeError, match=r"diverged in epoch 3: .*run/best holds epoch [12]; train") as caught:
        train(wanted, device="cpu", out=tmp_path / "run")
    assert "\n" not in str(caught.value)
    run = RunFolder(tmp_path / "run")
    rows = list(csv.DictReader((run.path / "history.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert (run.metrics["status"], run.metrics["epochs"]) == ("diverged", 2)
    assert load_checkpoint(run.best).card.best_epoch == run.metrics["best"]["epoch"]
    assert load_checkpoint(run.last).card.best_epoch == 2
    assert (run.path / "curves.png").is_file()
    json.loads((run.path / "metrics.json").read_text(), parse_constant=pytest.fail)
    monkeypatch.setattr(epoch, "train_epoch", train_epoch)
    assert train(wanted, device="cpu", out=run.path, resume=True).metrics["status"] == "complete"


def test_a_loss_that_is_not_finite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = {"train_loss": float("inf")}
    monkeypatch.setattr(epoch, "train_epoch", lambda state, *given: train_epoch(state, *given) | numbers)
    with pytest.raises(RecipeError, match="diverged in epoch 1"):
        train(recipe(), device="cpu", out=tmp_path / "run")
