"""Train a checkpoint from a recipe, into a run folder."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from robustmnist.data import load_dataset
from robustmnist.data.seen import check_unseen, seen_record
from robustmnist.errors import RecipeError
from robustmnist.system.device import resolve_device
from robustmnist.system.files import sha256_bytes
from robustmnist.system.folders import output_folder
from robustmnist.system.python_code import code_for
from robustmnist.system.threads import torch_threads
from robustmnist.training.augmentation.pool import pool_of
from robustmnist.training.digits import Digits, Load, load_digits
from robustmnist.training.epoch import DivergedError, run_epoch
from robustmnist.training.evidence.tables import keep_epochs
from robustmnist.training.evidence.tensorboard import TensorBoard, check_tensorboard
from robustmnist.training.finish import check_complete, misread, summarise, temperature_of, test_best
from robustmnist.training.hooks import Hooks, Numbers, Report
from robustmnist.training.loop import State, start
from robustmnist.training.machine import Machine, other_machine, this_machine, threads_of
from robustmnist.training.parts import hashes_of, with_hashes
from robustmnist.training.recipe import Recipe
from robustmnist.training.run_folder import RunFolder
from robustmnist.training.state import check_begun, load_state, save_state

__all__ = ["temperature_of", "train"]

Notify = Callable[[str], object]


def train(
    recipe: Recipe,
    *,
    device: str = "auto",
    out: Path | None = None,
    resume: bool = False,
    data_dir: Path | None = None,
    on_progress: Report | None = None,
    on_step: Numbers | None = None,
    on_epoch: Numbers | None = None,
    tensorboard: bool = False,
    digits: Digits | None = None,
    load: Load = load_dataset,
    notify: Notify = warnings.warn,
    code: str | Sequence[str] = (),
) -> RunFolder:
    """Train what `recipe` says and return the run's folder.

    Each epoch ends with the whole state on disk, so that an interrupt at any moment leaves a usable run that
    ``resume=True`` continues. On a CPU it ends with the same weights, bit for bit: the number of torch's threads, on
    which sums depend in their last bits, is kept with the run and restored, whatever it is now. A processor with other
    instructions or another version of torch cannot be restored; `notify` says so.

    Args:
        recipe: What to train; when resuming, the run's own.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        out: The folder to write, absent or empty; by default a new one in ``runs/``.
        resume: Go on with the run in `out`.
        data_dir: Where MNIST is, if not in the usual places.
        on_progress: Called with epochs done, epochs in all, and digits seen; first when all is loaded.
        on_step: Called at most twice a second within an epoch, with ``epoch``, ``epochs`` and the ``train_loss``,
            ``train_accuracy`` and ``learning_rate`` of the latest steps.
        on_epoch: Called after every epoch with plain values: the row of history.csv, ``epochs``, ``best_epoch``,
            ``best_validation_accuracy``, and ``gradient_norm/LAYER`` and ``weight_norm/LAYER`` of every layer.
        tensorboard: Whether to write events for TensorBoard to ``tensorboard/`` in the folder; needs tensorboardX.
        digits: What to train on; by default what the recipe names.
        load: The function that reads the recipe's digits; it takes the arguments of `load_dataset`.
        notify: Called with one sentence: where something else is done than the recipe says, a resumed run will not end
            with the same weights, or no curves could be drawn. By default a warning.
        code: ``net.py:Net``, where the recipe's model is a class of your own, or ``mine.py:f``, where a suite of its
            augmentation asks for a function of yours: the recipe alone may not run them.

    Raises:
        InputError: If `tensorboard` is asked for and tensorboardX is not installed.
        DataError: If the digits are not there, are too few, look wrong beyond doubt, or lie in another file than when
            the run was begun; or those to test on are among those to train on.
        RunError: If `out` holds a run already, or none that can be resumed with this recipe.
        RecipeError: If the recipe names what is not there, cannot be trained on these digits, or the training diverges.
    """
    codes = [code] if isinstance(code, str) else list(code)
    if tensorboard:
        check_tensorboard()
    with output_folder(out, recipe.name) as folder:
        where, run = resolve_device(device), RunFolder(folder)
        if resume:
            recipe = with_hashes(recipe, run.recipe.data.sha256)
            check_begun({"recipe": run.recipe.as_dict()}, {"recipe": recipe.as_dict()}, where=run.path)
        if resume and run.metrics.get("status") == "complete":
            check_complete(run, recipe, codes)
            return run
        if not resume:
            run.check_absent()
        pool_of(recipe, codes)  # before any digit is loaded
        if recipe.own_model:
            code_for(recipe.own_model, codes, error=RecipeError, where=f"recipe '{recipe.name}'")
        if digits is None:
            digits = load_digits(recipe, where, data_dir, load, notify)
            recipe = with_hashes(recipe, hashes_of(recipe.data.dataset, digits.training, digits.test))
        check_unseen("the test digits", seen_record(digits.training, digits.validation, most=None), digits.test)
        state = start(recipe, where, codes)
        with run.claimed():
            begun: dict[str, Any] = {}
            if not resume:
                run.begin(recipe)
            elif run.state.is_file():
                begun = load_state(run.state, state, _begun(recipe, digits, state))
            with torch_threads(threads_of(begun)):
                machine = this_machine(recipe, where)
                if state.epoch and (difference := other_machine(begun, machine)):
                    notify(difference)
                hooks = Hooks(on_progress, on_step, on_epoch)
                for table in (run.steps, run.layers):
                    keep_epochs(table, state.epoch)
                board = TensorBoard(run.path / "tensorboard", state.epoch) if tensorboard else None
                _train(run, state, recipe, digits, where, machine, hooks, board, notify, codes)
                if board is not None:
                    board.finish(recipe, run.metrics, misread(run, digits.validation, codes))
    return run


def _train(
    run: RunFolder,
    state: State,
    recipe: Recipe,
    digits: Digits,
    device: torch.device,
    machine: Machine,
    hooks: Hooks,
    board: TensorBoard | None,
    notify: Notify,
    codes: Sequence[str],
) -> None:
    """Train the remaining epochs, test the best epoch, and write how the training ended."""
    try:
        while state.epoch < recipe.epochs and not _patience_spent(state, recipe):
            norms = run_epoch(run, state, recipe, digits, device, hooks)
            # Last of all: a kill before this line redoes the epoch and writes the same files again.
            save_state(run.state, state, _begun(recipe, digits, state), machine.as_dict())
            numbers = _epoch_numbers(state, recipe) | norms
            if board is not None:
                board.epoch(numbers, state.model)
            if hooks.on_epoch is not None:
                hooks.on_epoch(numbers)
            if hooks.on_progress is not None:
                hooks.on_progress(state.epoch, recipe.epochs, state.epoch * len(digits.training))
    except KeyboardInterrupt:
        summarise(run, state, recipe, digits, "interrupted", notify, codes)
        raise
    except DivergedError:
        summarise(run, state, recipe, digits, "diverged", notify, codes)
        raise _diverged(run, state, recipe) from None
    test_best(run, state, digits, codes)
    summarise(run, state, recipe, digits, "complete", notify, codes)


def _epoch_numbers(state: State, recipe: Recipe) -> dict[str, Any]:
    """Return the latest row of the history, and which epoch is the best so far."""
    assert state.best is not None  # an epoch has ended
    best = {"best_epoch": state.best.epoch, "best_validation_accuracy": state.best.accuracy}
    return state.history[-1] | {"epochs": recipe.epochs} | best


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


def _begun(recipe: Recipe, digits: Digits, state: State) -> dict[str, Any]:
    """Return what a training depends on and what must be equal when it is resumed."""
    code = {"code": {recipe.own_model: state.code.sha256}} if state.code else {}
    suites = {"suite file": state.pool.files} if state.pool.files else {}
    data = seen_record(digits.training, digits.validation)
    ids = digits.validation.ids.cpu().numpy().tobytes()
    writers = {} if digits.training.groups is None else {"validation digits": sha256_bytes(ids)}
    return {"recipe": recipe.as_dict(), "data set": data, **writers, **code, **suites}
