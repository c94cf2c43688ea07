"""Build a model from plain values: its name and parameters, which are checked."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from pydantic import create_model
from torch import nn

from robustmnist.errors import CheckpointError, InputError
from robustmnist.models.architectures.cnn import CNN
from robustmnist.models.architectures.fc import FC
from robustmnist.models.architectures.lenet5 import LeNet5
from robustmnist.system.python_code import is_code, plain_name
from robustmnist.system.validation import Table, did_you_mean, shorten, validate_table

__all__ = ["MODELS", "build_model", "complete_architecture", "count_parameters", "float32"]

MODELS: dict[str, Callable[..., nn.Module]] = {
    "fc": FC,
    "fc-small": partial(FC, widths=(128, 64)),
    "cnn": CNN,
    "lenet5": LeNet5,
}


def build_model(
    architecture: Mapping[str, Any], *, error: type[InputError] = CheckpointError, where: object = "architecture"
) -> nn.Module:
    """Build the model that `architecture` describes, freshly initialised from torch's global generator.

    It is float32, whatever torch's default float type is.

    Args:
        architecture: ``{"model": "cnn", ...}``: a name in `MODELS` and any of its parameters, as plain values.
        error: What to raise; a recipe and a card are different mistakes.
        where: What the message names: a file or a key path.

    Raises:
        CheckpointError: Or `error`: If the name is unknown or a parameter is of the wrong kind or out of range.

    >>> count_parameters(build_model({"model": "fc"}))
    235146
    """
    complete = complete_architecture(architecture, error=error, where=where)
    with float32():
        return MODELS[complete.pop("model")](**complete)


def complete_architecture(
    architecture: Mapping[str, Any], *, error: type[InputError] = CheckpointError, where: object = "architecture"
) -> dict[str, Any]:
    """Return `architecture` with every parameter spelled out, lists for tuples; raises as `build_model` does.

    That of a user's own model, ``net.py:Net``, is returned as it is: its code is not run for this.
    """
    parameters = dict(architecture)
    name = parameters.pop("model", None)
    if isinstance(name, str) and is_code(name):
        return {"model": plain_name(name)} | parameters
    if not isinstance(name, str) or name not in MODELS:
        hint = did_you_mean(name, MODELS) if isinstance(name, str) else ""
        raise error(
            f"model: no model is called {shorten(name)}{hint}",
            where=where,
            remedy=f"use {', '.join(MODELS)}, or a class of your own: net.py:Net",
        )
    table = validate_table(parameters, _table(MODELS[name]), error, where=where)
    return {"model": name} | table.model_dump(mode="json")


def count_parameters(model: nn.Module) -> int:
    """Return the number of trained values in `model`; running statistics do not count."""
    return sum(parameter.numel() for parameter in model.parameters())


@contextmanager
def float32() -> Iterator[None]:
    """Let float32 be torch's default dtype while the block runs."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _table(constructor: Callable[..., nn.Module]) -> type[Table]:
    """Return the table of a constructor's parameters, types and defaults read from its signature."""
    fields: dict[str, Any] = {
        name: (parameter.annotation, parameter.default)
        for name, parameter in inspect.signature(constructor).parameters.items()
    }
    return create_model("Architecture", __base__=Table, **fields)
