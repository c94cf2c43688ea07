"""`robustmnist.evaluate`: whatever stands for classifiers, digits and suites, and then the evaluation."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from robustmnist import evaluation
from robustmnist.adoption.opened import open_checkpoint
from robustmnist.data import Dataset, load_dataset
from robustmnist.evaluation.compute import Progress
from robustmnist.inspection.preflight import checked
from robustmnist.models.checkpoints.checkpoint import Checkpoint
from robustmnist.models.contract import Adapted
from robustmnist.predictions import Predictions
from robustmnist.suites import Suite, load_suites
from robustmnist.system.notebook import notebook_progress

__all__ = ["evaluate"]

Classifier = str | Path | Checkpoint | nn.Module | Callable[..., Any]


def evaluate(
    models: Classifier | Sequence[Classifier] | Mapping[str, Classifier],
    dataset: Dataset | str,
    suites: Suite | str | Path | Sequence[Suite | str | Path],
    *,
    device: torch.device | str = "auto",
    seed: int | None = None,
    out: Path | None = None,
    on_progress: Progress | None = None,
    command: str | None = None,
    check: bool = True,
    fix: bool = False,
) -> Predictions:
    """Ask every model about every image under every setting, and return all logits.

    ``rm.evaluate("mnist_model.h5", "mnist", "shift")``, or with any of these as objects.

    Args:
        models: One, a list, or a dict by name, of: a `Checkpoint`; the name of one, or a path to it or to a model file
            (which is adopted); a torch module from images (B, 1, 28, 28) with ink in [0, 1] to logits (B, 10); a
            `robustmnist.Classifier`; any function that takes such images as a NumPy array and returns logits.
        dataset: A data set, or a name that `robustmnist.load_dataset` takes. Its digits are looked at first, unless
            they are known by their hashes: are they inverted, turned, labelled otherwise, MNIST's own?
        suites: One suite or several; each as it is, or a name or path that `robustmnist.load_suite` takes.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or a torch device.
        seed: Of all draws; by default each suite's own.
        out: A folder to write to; None: keep all in memory. See `robustmnist.evaluation.evaluate`.
        on_progress: Called as ``on_progress(done, total, images)``; by default a notebook shows how far it is.
        command: How to do this again from a shell, for the manifest.
        check: Whether to look at the digits first; False where they are meant to look wrong.
        fix: Whether to put right what looks wrong, instead of refusing it.

    Raises:
        DataError: If the digits look wrong beyond doubt.
        InputError: If the models, the data, the suites or the folder cannot be used; nothing was computed.
        RobustMnistError: If the disk is full or a single image does not fit into the memory.
    """
    data = load_dataset(dataset) if isinstance(dataset, str) else dataset
    return evaluation.evaluate(
        _by_name(models),
        checked(data, fix=fix) if check and isinstance(data, Dataset) else data,
        _suites(suites),
        device=device,
        seed=seed,
        out=out,
        on_progress=on_progress or notebook_progress("Evaluating", "settings"),
        command=command,
    )


def _by_name(models: Any) -> Any:
    """Return name -> model of what stands for models; what does not is left to the evaluation to refuse."""
    if isinstance(models, Mapping):
        return {name: _model(model) for name, model in models.items()}
    if isinstance(models, list | tuple):
        several: dict[str, Any] = {}
        for model in map(_model, models):
            name, number = _name(model), 2
            while name in several:
                name, number = f"{_name(model)}-{number}", number + 1
            several[name] = model
        return several
    classifier = _model(models)
    return {_name(classifier): classifier} if isinstance(classifier, Checkpoint | nn.Module) else classifier


def _model(given: Any) -> Any:
    if isinstance(given, str | Path):
        return open_checkpoint(given)
    is_function = callable(given) and not isinstance(given, Checkpoint | nn.Module | type)
    return Adapted(given) if is_function else given


def _name(model: Any) -> str:
    if isinstance(model, Checkpoint):
        return model.name
    inner = model.network if isinstance(model, Adapted) else model
    function = getattr(inner, "predict", None) if isinstance(model, Adapted) else None
    return str(getattr(function, "__name__", None) or type(function or inner).__name__)


def _suites(given: Any) -> Any:
    if isinstance(given, str | Path):
        return load_suites([given])
    if not isinstance(given, list | tuple):
        return given
    return [item for suite in given for item in (load_suites([suite]) if isinstance(suite, str | Path) else [suite])]
