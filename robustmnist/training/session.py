"""Train a checkpoint from a recipe, into a run folder."""

import copy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from robustmnist.card import TestAccuracy, write_card
from robustmnist.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from robustmnist.device import describe_device, resolve_device
from robustmnist.errors import RunError
from robustmnist.models import without_norms
from robustmnist.results import fit_temperature, wilson
from robustmnist.training.digits import Digits, load_digits
from robustmnist.training.loop import Best, State, measure, start, train_epoch, uses_bfloat16
from robustmnist.training.recipe import Recipe
from robustmnist.training.run import RunFolder, new_folder
from robustmnist.training.state import load_state, save_state
from robustmnist.versions import versions

__all__ = ["temperature_of", "train"]

Report = Callable[[int, int, int], None]


def train(
    recipe: Recipe,
    *,
    device: str = "auto",
    out: Path | None = None,
    resume: bool = False,
    data_dir: Path | None = None,
    on_progress: Report | None = None,
    digits: Digits | None = None,
) -> RunFolder:
    """Train what `recipe` says and return the run's folder.

    Each epoch ends with the whole state on disk, so that an interrupt at any moment leaves a usable run that
    ``resume=True`` goes on with, to the same weights bit for bit on one machine's CPU.

    Args:
        recipe: What to train; when resuming, the run's own.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        out: The folder to write, absent or empty; by default a new one in ``runs/``.
        resume: Go on with the run in `out`.
        data_dir: Where MNIST is, if not in the usual places.
        on_progress: Called with epochs done, epochs in all, and digits seen.
        digits: What to train on; by default what the recipe names.

    Raises:
        DataError: If the training digits are not there.
        RunError: If `out` holds a run already, or none that can be resumed.
        RecipeError: If the recipe cannot be trained on these digits.
    """
    where = resolve_device(device)
    run = RunFolder(out if out is not None else new_folder(recipe.name))
    if resume and run.recipe != recipe:
        raise RunError("the run was begun with another recipe", where=run.path, remedy="resume it with its own")
    if resume and run.metrics.get("status") == "complete":
        return run
    if not resume:
        run.check_absent()
    digits = load_digits(recipe, where, data_dir) if digits is None else digits
    state = start(recipe, where)
    with run.claimed():
        if not resume:
            run.begin(recipe)
        elif run.state.is_file():
            facts = load_state(run.state, state)
            if facts["data"] != _data(digits):
                raise RunError("the training digits are not those it was begun with", where=run.path)
        try:
            while state.epoch < recipe.epochs and not _patience_spent(state, recipe):
                _epoch(run, state, recipe, digits, where, on_progress)
        except KeyboardInterrupt:
            _summarise(run, state, recipe, "interrupted")
            raise
        _test(run, state, digits)
        _summarise(run, state, recipe, "complete")
    return run


def _epoch(
    run: RunFolder, state: State, recipe: Recipe, digits: Digits, device: torch.device, on_progress: Report | None
) -> None:
    """Train one epoch, validate it, and bring the folder up to date.

    What is validated and saved has its batch norms folded: the plain network that will be used.
    """
    began = time.perf_counter()
    seen = state.epoch * len(digits.training)
    images, labels = digits.training.images, digits.training.labels

    def on_step(done: int) -> None:
        if on_progress is not None:
            on_progress(state.epoch, recipe.epochs, seen + done)

    trained = train_epoch(state, recipe, images, labels, on_step)
    architecture, model = without_norms(recipe.architecture, _with_weights(state))
    correct, loss = measure(model, digits.validation.images, digits.validation.labels)
    accuracy = correct / len(digits.validation)
    improved = state.best is None or state.best.beaten_by(accuracy, loss)
    if improved:
        state.best = Best(state.epoch, accuracy, loss, copy.deepcopy(state.weights))
    validated = {"validation_loss": loss, "validation_accuracy": accuracy}
    seconds = time.perf_counter() - began
    state.history.append({"epoch": state.epoch} | trained | validated | {"seconds": round(seconds, 3)})
    facts = {"architecture": architecture} | _facts(state, recipe, digits, device)
    if improved:
        save_checkpoint(run.best, model, **facts, validation_accuracy=accuracy, best_epoch=state.epoch)
    save_checkpoint(run.last, model, **facts, validation_accuracy=accuracy, best_epoch=state.epoch)
    run.write_history(state.history)
    # Last of all: a kill before this line redoes the epoch and writes the same files again.
    save_state(run.state, state, {"data": _data(digits)})
    if on_progress is not None:
        on_progress(state.epoch, recipe.epochs, seen + len(digits.training))


def _with_weights(state: State) -> torch.nn.Module:
    """Return a model of its own that holds what is validated and saved."""
    model = copy.deepcopy(state.model)
    model.load_state_dict(state.weights)
    return model.eval()


def _patience_spent(state: State, recipe: Recipe) -> bool:
    patience = recipe.early_stopping.patience
    return bool(patience) and state.best is not None and state.epoch - state.best.epoch >= patience


def _facts(state: State, recipe: Recipe, digits: Digits, device: torch.device) -> dict[str, Any]:
    """Return what the cards of this epoch have in common."""
    precision = "bfloat16 products" if uses_bfloat16(recipe, device) else "float32"
    return {
        "name": recipe.name,
        "description": recipe.description,
        "test_accuracy": None,
        "precision": "float16",
        "recipe": recipe.as_dict(),
        "data": _data(digits),
        "versions": versions("robustmnist", "torch", "numpy", "safetensors"),
        "seed": recipe.seed,
        "epochs": state.epoch,
        "training_seconds": _seconds(state),
        "device": f"{describe_device(device)}, {precision}",
    }


def _data(digits: Digits) -> dict[str, Any]:
    """Return the provenance of the training digits without the folder, which means nothing elsewhere."""
    whole = digits.training.provenance.as_dict()
    kept = {key: whole[key] for key in ("name", "part", "sha256")}
    return kept | {"training": len(digits.training), "validation": len(digits.validation)}


def _test(run: RunFolder, state: State, digits: Digits) -> None:
    """Measure the best checkpoint as it is stored, once, and write the result and its temperature into its card."""
    test = digits.test
    best = load_checkpoint(run.best, device=test.images.device)
    temperature = temperature_of(best, digits)
    correct, _ = measure(best.deployed, test.images, test.labels)
    low, high = wilson(correct, len(test))
    accuracy = TestAccuracy(
        dataset=test.name,
        part=test.provenance.part,
        n=len(test),
        correct=correct,
        accuracy=correct / len(test),
        low=float(low),
        high=float(high),
    )
    facts = {
        "test_accuracy": accuracy,
        "temperature": temperature,
        "epochs": state.epoch,
        "training_seconds": _seconds(state),
    }
    write_card(best.path, best.card.model_copy(update=facts))


def temperature_of(checkpoint: Checkpoint, digits: Digits) -> float:
    """Return the temperature of `checkpoint` on the validation digits, to six decimals; no test digit is looked at."""
    logits = checkpoint.deployed(digits.validation.images)
    return round(fit_temperature(logits.cpu().numpy(), digits.validation.labels.cpu().numpy()), 6)


def _summarise(run: RunFolder, state: State, recipe: Recipe, status: str) -> None:
    """Write metrics.json and draw the curves."""
    best = None
    if state.best is not None:
        card = run.card
        best = {
            "epoch": state.best.epoch,
            "validation_accuracy": state.best.accuracy,
            "validation_loss": state.best.loss,
            "test": card.test_accuracy and card.test_accuracy.model_dump(),
        }
    run.write_curves(state.history, f"{recipe.name}: {recipe.title or recipe.architecture['model']}")
    run.write_metrics(
        {
            "status": status,
            "name": recipe.name,
            "epochs": state.epoch,
            "training_seconds": _seconds(state),
            "best": best,
        }
    )


def _seconds(state: State) -> float:
    return round(float(sum(row["seconds"] for row in state.history)), 1)
