"""An architecture of the user's own: ``net.py:Net``, which runs because the user named it."""

import copy
import inspect
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from robustmnist.errors import CheckpointError, InputError
from robustmnist.models.architectures.build import float32
from robustmnist.models.sources.python_code import made
from robustmnist.system.python_code import Code, Named, load_named
from robustmnist.system.running_code import running
from robustmnist.system.validation import did_you_mean

__all__ = ["build_own", "check_trainable"]

TRIAL = 4  # images of a step that is tried before a training


def build_own(
    architecture: Mapping[str, Any], code: str, *, error: type[InputError] = CheckpointError, where: object
) -> tuple[nn.Module, Code]:
    """Build the user's network, freshly initialised from torch's global generator, and return what code has run.

    It takes images (B, 1, 28, 28) of ink in [0, 1], which it normalises itself, and returns logits (B, 10).

    Args:
        architecture: ``{"model": "net.py:Net", ...}``, the other keys being arguments of the class.
        code: The same code as the user has named it, with its folder.
        error: What to raise.
        where: What the message names.
    """
    arguments = {key: value for key, value in architecture.items() if key != "model"}
    try:
        named = load_named(code)
        _check_arguments(named, arguments)
        with float32():
            network = made(named, **arguments)
    except InputError as cause:
        raise error(cause.what, where=where, remedy=cause.remedy) from cause
    if not isinstance(network, nn.Module):
        remedy = "name a class, or a function that makes an instance"
        raise error(f"{named.name} is no torch module", where=where, remedy=remedy)
    for name, value in network.state_dict().items():
        if not isinstance(value, Tensor) or not (value.is_floating_point() or value.dtype == torch.int64):
            kind = str(value.dtype).removeprefix("torch.") if isinstance(value, Tensor) else type(value).__name__
            what = f"its {name} is {kind}, which a checkpoint does not hold"
            raise error(what, where=where, remedy="register it with persistent=False, or as float32")
    return network.float(), named.code


def check_trainable(network: nn.Module, code: Code, *, error: type[InputError], where: object) -> None:
    """Raise `error` unless a copy of `network` does a step of training on images and answers with logits (B, 10)."""
    images = torch.linspace(0, 1, TRIAL * 28 * 28, dtype=torch.float32).reshape(TRIAL, 1, 28, 28)
    try:
        with running(code.file), torch.enable_grad():
            trial = copy.deepcopy(network).train()
            logits = trial(images)
            _check_logits(logits)
            if not logits.requires_grad:
                raise InputError("has no parameter that its answers depend on")
            torch.autograd.backward(F.cross_entropy(logits.float(), torch.arange(TRIAL)))
            with torch.no_grad():
                _check_logits(trial.eval()(images))
    except InputError as cause:
        raise error(cause.what, where=where, remedy=cause.remedy) from cause


def _check_arguments(named: Named, arguments: Mapping[str, Any]) -> None:
    """Raise `InputError` where the class or function takes no argument of a name."""
    try:
        parameters = inspect.signature(named.value).parameters
    except (TypeError, ValueError):  # no function, or one without a signature: calling it says more
        return
    if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values()):
        return
    for key in arguments:
        if key not in parameters:
            known = ", ".join(parameters) or "none"
            raise InputError(f"{key}: {named.name} takes no such argument{did_you_mean(key, parameters)} ({known})")


def _check_logits(answer: Any) -> None:
    remedy = "let it return one tensor of ten logits per digit, float (B, 10)"
    if not isinstance(answer, Tensor) or answer.shape != (TRIAL, 10) or not answer.is_floating_point():
        shown = f"shape {tuple(answer.shape)}" if isinstance(answer, Tensor) else f"a {type(answer).__name__}"
        raise InputError(f"answers {TRIAL} digits with {shown}", remedy=remedy)
    rows = answer.detach().double()
    if bool((rows >= 0).all()) and bool(((rows.sum(1) - 1).abs() < 1e-3).all()):
        raise InputError("answers with probabilities, not with logits", remedy="leave the softmax out")
