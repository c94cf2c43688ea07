"""Check what `robustmnist.evaluate` is given: the types of its arguments and the values of the data."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from robustmnist.data import Dataset
from robustmnist.data.form import check_digits
from robustmnist.data.seen import check_unseen
from robustmnist.errors import CheckpointError, DataError, InputError, SuiteError
from robustmnist.models.checkpoints.checkpoint import Checkpoint
from robustmnist.perturb import check_images
from robustmnist.suites import Suite, check_suites

__all__ = ["check_inputs"]


def check_inputs(models: Any, dataset: Any, suites: Sequence[Any]) -> None:
    """Check the types of all arguments of `robustmnist.evaluate`, and the values of the data.

    Raises:
        InputError: If something is of the wrong kind or cannot be used, with what to give instead; or if a checkpoint
            was trained on some of these digits.
    """
    if not isinstance(models, Mapping):
        given = "a bare model" if isinstance(models, Checkpoint | nn.Module) else f"a {type(models).__name__}"
        raise CheckpointError(f"the models came as {given}, not as a dict", remedy='give them by name: {"mine": model}')
    if not models:
        raise CheckpointError("no checkpoint was given", remedy="give at least one")
    for name, model in models.items():
        if not isinstance(name, str) or not name or not name.isprintable():
            raise CheckpointError(f"{name!r} is not a name for a checkpoint", remedy="use printable characters")
        if not isinstance(model, Checkpoint | nn.Module):
            hint = 'such as rm.load_checkpoint("cnn")' if isinstance(model, str) else "such as an nn.Module"
            remedy = f"give a Checkpoint or a torch module, {hint}"
            raise CheckpointError(f"is a {type(model).__name__}", where=name, remedy=remedy)
    for suite in suites:
        if not isinstance(suite, Suite):
            raise SuiteError(
                f"a {type(suite).__name__} is not a suite", remedy='give rm.load_suite("shift") or the like'
            )
    check_suites(suites)
    if "clean" in [suite.name for suite in suites]:
        raise SuiteError("'clean' stands for no suite at all", remedy="rename the suite")
    if not isinstance(dataset, Dataset):
        raise InputError(f"the data are a {type(dataset).__name__}, not a Dataset", remedy="give rm.load_dataset(...)")
    check_digits(dataset)
    for part in dataset.parts():
        check_images(part)
    if not len(dataset):
        raise DataError("holds no images", where=dataset.name)
    _check_labels(dataset)
    for name, model in models.items():
        if isinstance(model, Checkpoint):
            check_unseen(name, model.card.data, dataset)


def _check_labels(dataset: Dataset) -> None:
    labels = dataset.labels
    if labels.dtype != torch.int64 or labels.ndim != 1:
        what = f"its labels are {str(labels.dtype).removeprefix('torch.')} {tuple(labels.shape)}"
        raise DataError(what, where=dataset.name, remedy="give int64 (n,)")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high > 9:
        remedy = "subtract 1" if (low, high) == (1, 10) else "give each image the digit that it shows"
        raise DataError(f"its labels run from {low} to {high}, not from 0 to 9", where=dataset.name, remedy=remedy)
