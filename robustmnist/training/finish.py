"""The end of a training, finished or interrupted: the test, metrics.json and the curves."""

from collections.abc import Callable, Sequence

from torch import Tensor

from robustmnist.data import Dataset
from robustmnist.errors import CheckpointError, RunError
from robustmnist.models.checkpoints.card import TestAccuracy
from robustmnist.models.checkpoints.card_file import write_card
from robustmnist.models.checkpoints.checkpoint import Checkpoint, load_checkpoint
from robustmnist.results import fit_temperature, wilson
from robustmnist.system.validation import shorten
from robustmnist.training.curves import draw_curves
from robustmnist.training.digits import Digits
from robustmnist.training.evidence.page import write_page
from robustmnist.training.loop import State, measure
from robustmnist.training.recipe import Recipe
from robustmnist.training.run_folder import RunFolder
from robustmnist.training.state import check_begun

__all__ = ["check_complete", "misread", "summarise", "temperature_of", "test_best", "training_seconds"]


def check_complete(run: RunFolder, recipe: Recipe, codes: Sequence[str] = ()) -> None:
    """Raise RunError where the best checkpoint of a complete run is not there, damaged, or of another recipe."""
    try:
        load_checkpoint(run.best, code=codes)
        card = run.card
    except CheckpointError as cause:
        what = f"the run is complete, but its checkpoint does not load ({cause.where}: {cause.what})"
        raise RunError(what, where=run.path, remedy="train its recipe.toml again, into another folder") from cause
    check_begun({"recipe": card.recipe}, {"recipe": recipe.as_dict()}, where=run.path)


def test_best(run: RunFolder, state: State, digits: Digits, codes: Sequence[str]) -> None:
    """Measure the best checkpoint as it is stored, once, and write the result and its temperature into its card."""
    test = digits.test
    best = load_checkpoint(run.best, device=test.device, code=codes)
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
        "training_seconds": training_seconds(state),
    }
    write_card(best.path, best.card.model_copy(update=facts))


def temperature_of(checkpoint: Checkpoint, digits: Digits) -> float:
    """Return the temperature of `checkpoint` on the validation digits, to six decimals; no test digit is looked at."""
    logits = checkpoint.deployed(digits.validation_images)
    return round(fit_temperature(logits.cpu().numpy(), digits.validation.labels.cpu().numpy()), 6)


def misread(run: RunFolder, validation: Dataset, codes: Sequence[str] = ()) -> Tensor:
    """Return the validation digits that the best checkpoint reads wrong, float32 (n, 1, 28, 28)."""
    best = load_checkpoint(run.best, device=validation.device, code=codes)
    answers = best.deployed(validation.images).argmax(1)
    return validation.images[answers != validation.labels]


def summarise(
    run: RunFolder,
    state: State,
    recipe: Recipe,
    digits: Digits,
    status: str,
    notify: Callable[[str], object],
    codes: Sequence[str] = (),
) -> None:
    """Write the page and the curves of the finished epochs, and metrics.json last: where it is, nothing is missing.

    Curves that cannot be drawn cost no metrics: `notify` is called with one sentence about them.
    """
    best = None
    if state.best is not None:
        card = run.card
        best = {
            "epoch": state.best.epoch,
            "validation_accuracy": state.best.accuracy,
            "validation_loss": state.best.loss,
            "test": card.test_accuracy and card.test_accuracy.model_dump(),
        }
    metrics = {
        "status": status,
        "name": recipe.name,
        "epochs": len(state.history),
        "training_seconds": training_seconds(state),
        "best": best,
    }
    if state.history:
        write_page(run, digits.validation, metrics, codes, digits.warnings)
    try:
        title = f"{recipe.name}: {recipe.title or recipe.architecture['model']}"
        curves = draw_curves(state.history, title) if state.history else {}
    except Exception as cause:  # of matplotlib, which can be set up in ways that nobody foresees
        notify(f"no curves are drawn: matplotlib fails ({shorten(str(cause))})")
        curves = {}
    run.write_curves(curves)
    run.write_metrics(metrics)


def training_seconds(state: State) -> float:
    """Return the wall time of all epochs together."""
    return round(float(sum(row["seconds"] for row in state.history)), 1)
