"""Events for TensorBoard, written by tensorboardX, which is not needed for anything else."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from robustmnist.errors import InputError
from robustmnist.training.recipe import Recipe

__all__ = ["TensorBoard", "check_tensorboard"]

PICTURES = 36  # wrongly read digits in the grid
NAMES = ("title", "description")  # of a recipe, which train nothing


def check_tensorboard() -> None:
    """Raise InputError where tensorboardX is not installed."""
    try:
        import tensorboardX  # noqa: F401
    except ImportError as cause:
        raise InputError(
            "tensorboardX is not installed",
            where="TensorBoard",
            remedy="pip install tensorboardX; training.html needs no viewer",
        ) from cause


class TensorBoard:
    """The events of a run.

    Args:
        folder: Where they are written.
        done: Epochs that are there already: later events of an interrupted epoch are hidden.
    """

    def __init__(self, folder: Path, done: int) -> None:
        from tensorboardX import SummaryWriter

        self._writer: Any = SummaryWriter(str(folder), purge_step=done + 1 if done else None)

    def epoch(self, numbers: dict[str, Any], model: nn.Module) -> None:
        """Write the numbers of an epoch, and histograms of the weights and of the last step's gradients."""
        step = int(numbers["epoch"])
        for name, value in numbers.items():
            if isinstance(value, float):
                self._writer.add_scalar(_tag(name), value, step)
        for name, parameter in model.named_parameters():
            self._writer.add_histogram(f"weights/{name}", parameter.detach().float().cpu().numpy(), step)
            if parameter.grad is not None:
                self._writer.add_histogram(f"gradients/{name}", parameter.grad.float().cpu().numpy(), step)

    def finish(self, recipe: Recipe, metrics: dict[str, Any], images: torch.Tensor) -> None:
        """Write the hyper-parameters with their results and the misread validation digits, and close the file.

        Args:
            recipe: Its values are the hyper-parameters, but for what only names it.
            metrics: As in metrics.json, of a run that has ended an epoch.
            images: The misread digits, float32 (n, 1, 28, 28) in [0, 1].
        """
        best = metrics["best"]
        results = {"result/validation_accuracy": best["validation_accuracy"]}
        if best["test"] is not None:
            results["result/test_accuracy"] = best["test"]["accuracy"]
        varied = {key: value for key, value in recipe.as_dict().items() if key not in NAMES}
        self._writer.add_hparams(_plain(varied), results, name="hparams")
        if len(images):
            self._writer.add_images("misread", images[:PICTURES].cpu().numpy(), int(metrics["epochs"]))
        self._writer.close()


def _tag(name: str) -> str:
    """Return the tag of a number: losses stand together, and so do accuracies, norms and the rest."""
    part, _, kind = name.rpartition("_")
    return f"{kind}/{part}" if kind in ("loss", "accuracy") else name if "/" in name else f"training/{name}"


def _plain(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= _plain(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value if isinstance(value, bool | int | float | str) else str(value)
    return flat
