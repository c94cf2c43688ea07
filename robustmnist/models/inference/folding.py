"""Batch norms folded into the layers before them: fewer numbers, less to compute, the same function."""

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from robustmnist.models.architectures.build import build_model, complete_architecture
from robustmnist.system.python_code import is_code

__all__ = ["fold_norms", "without_norms"]


def without_norms(architecture: Mapping[str, Any], model: nn.Module) -> tuple[dict[str, Any], nn.Module]:
    """Return the same classifier built without batch norms, and its architecture, in eval mode.

    What has no batch norm, or one that cannot be folded (`fold_norms`), comes back as it was.

    Args:
        architecture: What `build_model` made `model` from.
        model: A trained model; it is copied, not changed.
    """
    complete = complete_architecture(architecture)
    if is_code(str(complete["model"])):  # what a network of the user's computes is not known
        return complete, copy.deepcopy(model).eval()
    folded = fold_norms(copy.deepcopy(model).eval())
    if not complete.get("batch_norm") or any(
        isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) for module in folded.modules()
    ):
        return complete, copy.deepcopy(model).eval()
    complete["batch_norm"] = False
    with torch.random.fork_rng(devices=[]):
        plain = build_model(complete).eval()
    with torch.no_grad():
        for target, source in zip(_layers(plain), _layers(folded), strict=True):
            for name, parameter in target.named_parameters():
                parameter.copy_(source.get_parameter(name))
    return complete, plain.to(next(model.parameters()).device)


def fold_norms(model: nn.Module) -> nn.Module:
    """Fold batch norms into the convolution or linear layer before them, within every `Sequential`.

    A max pooling may stand in between: it commutes with a norm whose scales are all positive. One with another scale,
    without scales or without running statistics is left as it is. Changes `model`, which is in eval mode and an
    understood one (`robustmnist.models.inference.structure`), and returns it.
    """
    for sequence in [module for module in model.modules() if isinstance(module, nn.Sequential)]:
        for at, norm in enumerate(sequence):
            if not _can_be_folded(norm):
                continue
            before = at - 1
            if before > 0 and isinstance(sequence[before], nn.MaxPool2d) and _scales_are_positive(norm):
                before -= 1
            layer = sequence[before] if before >= 0 else None
            if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                sequence[before] = fuse_conv_bn_eval(layer, norm)
            elif isinstance(layer, nn.Linear) and isinstance(norm, nn.BatchNorm1d):
                sequence[before] = fuse_linear_bn_eval(layer, norm)
            else:
                continue
            sequence[at] = nn.Identity()
    return model


def _can_be_folded(norm: nn.Module) -> bool:
    return isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d) and norm.affine and norm.running_mean is not None


def _scales_are_positive(norm: nn.Module) -> bool:
    return isinstance(norm, nn.BatchNorm2d) and bool((norm.weight > 0).all())


def _layers(model: nn.Module) -> list[nn.Module]:
    return [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
