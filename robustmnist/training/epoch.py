"""One epoch of a run: train, validate, and write what came out to the run's folder."""

import copy
import math
import time
from collections.abc import Callable
from typing import Any

import torch

from robustmnist.data.seen import seen_record
from robustmnist.models.checkpoints.adopted_card import CodeRecord
from robustmnist.models.checkpoints.checkpoint import round_weights, save_checkpoint
from robustmnist.models.inference.folding import without_norms
from robustmnist.system.device import describe_device
from robustmnist.system.installation import versions
from robustmnist.training.digits import Digits
from robustmnist.training.finish import training_seconds
from robustmnist.training.loop import Best, State, measure, train_epoch, uses_bfloat16
from robustmnist.training.recipe import Recipe
from robustmnist.training.run_folder import RunFolder

__all__ = ["DivergedError", "Report", "run_epoch"]

Report = Callable[[int, int, int], None]

PRECISION = "float16"  # of the matrices and kernels in a checkpoint


class DivergedError(Exception):
    """An epoch ended with a loss or weights that are not finite."""


def run_epoch(
    run: RunFolder, state: State, recipe: Recipe, digits: Digits, device: torch.device, on_progress: Report | None
) -> None:
    """Train one epoch, validate it, and write everything but the state to the folder.

    What is validated and saved is the plain network that will be used: batch norms folded, weights rounded as stored.
    """
    began = time.perf_counter()
    seen = state.epoch * len(digits.training)
    images, labels = digits.training_images, digits.training.labels

    def on_step(done: int) -> None:
        if on_progress is not None:
            on_progress(state.epoch, recipe.epochs, seen + done)

    on_step(0)
    trained = train_epoch(state, recipe, images, labels, on_step)
    architecture, model = without_norms(recipe.architecture, _with_weights(state))
    round_weights(model, PRECISION)
    correct, loss = measure(model, digits.validation_images, digits.validation.labels)
    if not (math.isfinite(loss) and all(map(math.isfinite, trained.values())) and _is_finite(model)):
        raise DivergedError  # with the folder as the epoch before left it
    accuracy = correct / len(digits.validation)
    improved = state.best is None or state.best.beaten_by(accuracy, loss)
    if improved:
        state.best = Best(state.epoch, accuracy, loss, copy.deepcopy(state.weights))
    validated = {"validation_loss": loss, "validation_accuracy": accuracy}
    seconds = time.perf_counter() - began
    state.history.append({"epoch": state.epoch} | trained | validated | {"seconds": round(seconds, 3)})
    facts = {"architecture": architecture} | _facts(state, recipe, digits, device)
    for path in (run.best, run.last) if improved else (run.last,):
        run.write_recipe(path, recipe)
        save_checkpoint(path, model, **facts, validation_accuracy=accuracy, best_epoch=state.epoch)
    run.write_history(state.history)


def _with_weights(state: State) -> torch.nn.Module:
    """Return a copy of the model with the weights that are validated and saved."""
    model = copy.deepcopy(state.model)
    model.load_state_dict(state.weights)
    return model.eval()


def _is_finite(model: torch.nn.Module) -> bool:
    return all(bool(values.isfinite().all()) for values in model.state_dict().values())


def _facts(state: State, recipe: Recipe, digits: Digits, device: torch.device) -> dict[str, Any]:
    """Return what the cards of this epoch have in common."""
    code = state.code
    precision = "bfloat16 products" if uses_bfloat16(recipe, device) else "float32"
    return {
        "name": recipe.name,
        "description": recipe.description,
        "test_accuracy": None,
        "precision": PRECISION,
        **({"code": CodeRecord(file=code.file.name, object=code.name, sha256=code.sha256)} if code else {}),
        "recipe": recipe.as_dict(),
        "data": seen_record(digits.training, digits.validation),
        "versions": versions("robustmnist", "torch", "numpy", "safetensors"),
        "seed": recipe.seed,
        "epochs": state.epoch,
        "training_seconds": training_seconds(state),
        "device": f"{describe_device(device)}, {precision}",
    }
