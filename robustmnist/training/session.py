"""Train a checkpoint from a recipe, into a run folder."""

import copy
import math
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from robustmnist.data import load_dataset
from robustmnist.data.seen import check_unseen, seen_record
from robustmnist.errors import RecipeError
from robustmnist.models.checkpoints.checkpoint import round_weights, save_checkpoint
from robustmnist.models.inference.folding import without_norms
from robustmnist.system.device import describe_device, resolve_device
from robustmnist.system.folders import output_folder
from robustmnist.system.installation import versions
from robustmnist.system.threads import torch_threads
from robustmnist.training.digits import Digits, Load, load_digits
from robustmnist.training.finish import check_complete, summarise, temperature_of, test_best, training_seconds
from robustmnist.training.loop import Best, State, measure, start, train_epoch, uses_bfloat16
from robustmnist.training.machine import Machine, other_machine, this_machine, threads_of
from robustmnist.training.recipe import Recipe
from robustmnist.training.run_folder import RunFolder
from robustmnist.training.state import check_begun, load_state, save_state

__all__ = ["temperature_of", "train"]

Report = Callable[[int, int, int], None]
Notify = Callable[[str], object]

PRECISION = "float16"  # of the matrices and kernels in a checkpoint


class _DivergedError(Exception):
    """An epoch ended with a loss or weights that are not finite."""


def train(
    recipe: Recipe,
    *,
    device: str = "auto",
    out: Path | None = None,
    resume: bool = False,
    data_dir: Path | None = None,
    on_progress: Report | None = None,
    digits: Digits | None = None,
    load: Load = load_dataset,
    notify: Notify = warnings.warn,
) -> RunFolder:
    """Train what `recipe` says and return the run's folder.

    Each epoch ends with the whole state on disk, so that an interrupt at any moment leaves a usable run that
    ``resume=True`` goes on with. On a CPU it ends with the same weights, bit for bit: the number of torch's threads, on
    which sums depend in their last bits, is kept with the run and restored, whatever it is now. A processor with other
    instructions or another version of torch cannot be restored; `notify` says so.

    Args:
        recipe: What to train; when resuming, the run's own.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        out: The folder to write, absent or empty; by default a new one in ``runs/``.
        resume: Go on with the run in `out`.
        data_dir: Where MNIST is, if not in the usual places.
        on_progress: Called with epochs done, epochs in all, and digits seen; first when all is loaded.
        digits: What to train on; by default what the recipe names.
        load: What reads the recipe's digits, called as `load_dataset` is.
        notify: Called with one sentence: where something else is done than the recipe says, a resumed run will not end
            with the same weights, or no curves could be drawn. By default a warning.

    Raises:
        DataError: If the digits are not there, or those to test on are among those to train on.
        RunError: If `out` holds a run already, or none that can be resumed with this recipe.
        RecipeError: If the recipe cannot be trained on these digits, or the training diverges.
    """
    with output_folder(out, recipe.name) as folder:
        where, run = resolve_device(device), RunFolder(folder)
        if resume:
            check_begun({"recipe": run.recipe.as_dict()}, {"recipe": recipe.as_dict()}, where=run.path)
        if resume and run.metrics.get("status") == "complete":
            check_complete(run, recipe)
            return run
        if not resume:
            run.check_absent()
        digits = load_digits(recipe, where, data_dir, load, notify) if digits is None else digits
        check_unseen("the test digits", seen_record(digits.training, digits.validation), digits.test)
        state = start(recipe, where)
        with run.claimed():
            begun: dict[str, Any] = {}
            if not resume:
                run.begin(recipe)
            elif run.state.is_file():
                begun = load_state(run.state, state, _begun(recipe, digits))
            with torch_threads(threads_of(begun)):
                machine = this_machine(recipe, where)
                if state.epoch and (difference := other_machine(begun, machine)):
                    notify(difference)
                _train(run, state, recipe, digits, where, machine, on_progress, notify)
    return run


def _train(
    run: RunFolder,
    state: State,
    recipe: Recipe,
    digits: Digits,
    device: torch.device,
    machine: Machine,
    on_progress: Report | None,
    notify: Notify,
) -> None:
    """Train the epochs that are left, test the best one, and say in the folder how it ended."""
    try:
        while state.epoch < recipe.epochs and not _patience_spent(state, recipe):
            _epoch(run, state, recipe, digits, device, on_progress)
            # Last of all: a kill before this line redoes the epoch and writes the same files again.
            save_state(run.state, state, _begun(recipe, digits), machine.as_dict())
            if on_progress is not None:
                on_progress(state.epoch, recipe.epochs, state.epoch * len(digits.training))
    except KeyboardInterrupt:
        summarise(run, state, recipe, "interrupted", notify)
        raise
    except _DivergedError:
        summarise(run, state, recipe, "diverged", notify)
        raise _diverged(run, state, recipe) from None
    test_best(run, state, digits)
    summarise(run, state, recipe, "complete", notify)


def _epoch(
    run: RunFolder, state: State, recipe: Recipe, digits: Digits, device: torch.device, on_progress: Report | None
) -> None:
    """Train one epoch, validate it, and bring the folder up to date, but for the state.

    What is validated and saved is the plain network that will be used: batch norms folded, weights rounded as stored.
    """
    began = time.perf_counter()
    seen = state.epoch * len(digits.training)
    images, labels = digits.training.images, digits.training.labels

    def on_step(done: int) -> None:
        if on_progress is not None:
            on_progress(state.epoch, recipe.epochs, seen + done)

    on_step(0)
    trained = train_epoch(state, recipe, images, labels, on_step)
    architecture, model = without_norms(recipe.architecture, _with_weights(state))
    round_weights(model, PRECISION)
    correct, loss = measure(model, digits.validation.images, digits.validation.labels)
    if not (math.isfinite(loss) and all(map(math.isfinite, trained.values())) and _is_finite(model)):
        raise _DivergedError  # with the folder as the epoch before left it
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
    """Return a model of its own that holds what is validated and saved."""
    model = copy.deepcopy(state.model)
    model.load_state_dict(state.weights)
    return model.eval()


def _is_finite(model: torch.nn.Module) -> bool:
    return all(bool(one.isfinite().all()) for one in model.state_dict().values())


def _diverged(run: RunFolder, state: State, recipe: Recipe) -> RecipeError:
    kept = "" if state.best is None else f"; {run.best} holds epoch {state.best.epoch}"
    return RecipeError(
        f"the training diverged in epoch {len(state.history) + 1}: its loss or weights are no longer finite{kept}",
        where=run.path,
        remedy=f"train into another folder with an optimizer.lr below {recipe.optimizer.lr:g}",
    )


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
        "precision": PRECISION,
        "recipe": recipe.as_dict(),
        "data": seen_record(digits.training, digits.validation),
        "versions": versions("robustmnist", "torch", "numpy", "safetensors"),
        "seed": recipe.seed,
        "epochs": state.epoch,
        "training_seconds": training_seconds(state),
        "device": f"{describe_device(device)}, {precision}",
    }


def _begun(recipe: Recipe, digits: Digits) -> dict[str, Any]:
    """Return what a training depends on and a resumed one must find again."""
    return {"recipe": recipe.as_dict(), "data set": seen_record(digits.training, digits.validation)}
