"""One epoch of a run: train, validate, and write what came out to the run's folder."""

import copy
import math
import time
from typing import Any

import torch

from robustmnist.data.seen import seen_record
from robustmnist.models.checkpoints.adopted_card import CodeRecord
from robustmnist.models.checkpoints.checkpoint import round_weights, save_checkpoint
from robustmnist.models.checkpoints.fields import AugmentationRecord
from robustmnist.models.inference.folding import without_norms
from robustmnist.system.device import describe_device
from robustmnist.system.installation import versions
from robustmnist.training.augmentation.pool import Pool
from robustmnist.training.digits import Digits
from robustmnist.training.evidence.tables import append_rows
from robustmnist.training.evidence.trace import LAYERS, STEPS, Trace, layers_of
from robustmnist.training.finish import training_seconds
from robustmnist.training.hooks import Hooks
from robustmnist.training.loop import Best, State, measure, train_epoch, uses_bfloat16
from robustmnist.training.recipe import Recipe
from robustmnist.training.run_folder import RunFolder

__all__ = ["DivergedError", "run_epoch"]

PRECISION = "float16"  # of the matrices and kernels in a checkpoint
LIVE = 0.5  # seconds between two reports of the loss of the moment


class DivergedError(Exception):
    """An epoch ended with a loss or weights that are not finite."""


def run_epoch(
    run: RunFolder, state: State, recipe: Recipe, digits: Digits, device: torch.device, hooks: Hooks
) -> dict[str, float]:
    """Train one epoch, validate it, write everything but the state to the folder, and return norms of the layers.

    The norms are ``gradient_norm/LAYER``, the mean over the steps, and ``weight_norm/LAYER`` at the end. What is
    validated and saved is the plain network that will be used: batch norms folded, weights rounded as stored.
    """
    began = shown = time.perf_counter()
    trace = Trace()
    seen = state.epoch * len(digits.training)
    images, labels = digits.training_images, digits.training.labels

    def on_step(done: int) -> None:
        nonlocal shown
        if hooks.on_progress is not None:
            hooks.on_progress(state.epoch, recipe.epochs, seen + done)
        if hooks.on_step is not None and done and time.perf_counter() - shown > LIVE:
            hooks.on_step({"epoch": state.epoch + 1, "epochs": recipe.epochs} | trace.latest())
            shown = time.perf_counter()

    on_step(0)
    trained = train_epoch(state, recipe, images, labels, on_step, trace, digits.training.ids)
    norms = _norms(state.model, trace)
    append_rows(run.steps, STEPS, trace.step_rows(state.epoch))
    append_rows(run.layers, LAYERS, [(state.epoch, name, f"{a:.6g}", f"{b:.6g}") for name, (a, b) in norms.items()])
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
    gradients = {f"gradient_norm/{name}": gradient for name, (gradient, _) in norms.items()}
    return gradients | {f"weight_norm/{name}": weight for name, (_, weight) in norms.items()}


def _norms(model: torch.nn.Module, trace: Trace) -> dict[str, tuple[float, float]]:
    """Return of each layer with parameters the norm of its gradients, mean over the steps, and of its weights."""
    layers = layers_of(model)
    squares = torch.stack(torch._foreach_norm(list(model.parameters()))).detach().double().square().tolist()
    sums = dict.fromkeys(layers, 0.0)
    for layer, square in zip(layers, squares, strict=True):
        sums[layer] += square
    return {name: (norm, math.sqrt(sums[name])) for name, norm in trace.layer_norms(layers).items()}


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
        **({"augmentation": _augmentation(state.pool)} if state.pool.sources else {}),
        "data": seen_record(digits.training, digits.validation),
        "versions": versions("robustmnist", "torch", "numpy", "safetensors"),
        "seed": recipe.seed,
        "epochs": state.epoch,
        "training_seconds": training_seconds(state),
        "device": f"{describe_device(device)}, {precision}",
    }


def _augmentation(pool: Pool) -> AugmentationRecord:
    return AugmentationRecord(perturbations=pool.perturbations, suites=pool.files)
