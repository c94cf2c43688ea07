"""The networks that a bare state dict may belong to, read from the names and shapes of its tensors.

A state dict says how large the layers are and not what lies between them. What most people write is tried: convolution,
norm, activation, pooling; then dense layers, with activations between them. Which convolutions are padded and pooled
follows from the number of inputs of the first dense layer, often in one way only. The activation follows from nothing:
every candidate is returned, and how well it reads digits has to decide.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from robustmnist.models.sources.description import describe
from robustmnist.models.sources.refusals import Unreadable
from robustmnist.models.sources.source import Network
from robustmnist.models.sources.state_layers import GIVE_CODE, Block, Layers, state_layers
from robustmnist.models.sources.weights import Array

__all__ = ["networks_from_shapes"]

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
POOLINGS: dict[str, type[nn.Module]] = {"max": nn.MaxPool2d, "mean": nn.AvgPool2d}
SIZES = (28, 32)  # sides of images, px; the second only to say that it would fit


@dataclass(frozen=True)
class Plan:
    """What lies between the layers: padding of the convolutions in half kernels, and which of them are pooled."""

    padded: bool
    pooled: tuple[bool, ...]
    mean: bool = False  # over each map at the end, instead of flattening


def networks_from_shapes(arrays: dict[str, Array]) -> tuple[Network, ...]:
    """Return every network of the usual kinds whose layers have exactly these shapes, the most usual first.

    Args:
        arrays: Name -> values, float32, in the order of the layers.

    Raises:
        Unreadable: If there is none: the user's code is needed.
    """
    convolutions, dense = state_layers(arrays)
    if not convolutions and dense[0][0].shape[1] != SIZES[0] ** 2:
        raise Unreadable(f"holds a network of {dense[0][0].shape[1]:,} inputs, not {SIZES[0] ** 2}", GIVE_CODE)
    channels = convolutions[0][0].shape[1] if convolutions else 1
    plans = list(_plans(convolutions, dense, SIZES[0]))
    if not plans:
        other = any(_plans(convolutions, dense, SIZES[1]))
        hint = f" (one for {SIZES[1]}×{SIZES[1]} would)" if other else ""
        raise Unreadable(f"holds weights that fit no usual network for {SIZES[0]}×{SIZES[0]} images{hint}", GIVE_CODE)
    shape = (channels, SIZES[0], SIZES[0]) if convolutions else (dense[0][0].shape[1],)
    networks = []
    for plan, pooling, activation in itertools.product(plans, POOLINGS, ACTIVATIONS):
        if pooling == "mean" and not any(plan.pooled):
            continue  # nothing is pooled: the same network as with the other
        modules = _modules(convolutions, dense, plan, POOLINGS[pooling], ACTIVATIONS[activation])
        words = [describe(modules), "padded" * plan.padded, "pooled by mean" * (pooling == "mean")]
        network = nn.Sequential(*modules).eval()
        text = ", ".join(filter(None, words))
        networks.append(Network(network, True, shape, "nchw" if convolutions else "flat", None, text))
    return tuple(networks)


def _plans(convolutions: Layers, dense: Layers, size: int) -> Iterator[Plan]:
    """Yield what may lie between the layers for images of `size` px so that the first dense layer's inputs come out."""
    if not convolutions:
        yield Plan(False, ())
        return
    inputs, channels = dense[0][0].shape[1], convolutions[-1][0].shape[0]
    for padded in (False, True):
        # Pooled after all of them first: it is the most usual.
        for pooled in itertools.product((True, False), repeat=len(convolutions)):
            rows, columns = _sides(convolutions, padded, pooled, size)
            if min(rows, columns) >= 1 and channels * rows * columns == inputs:
                yield Plan(padded, pooled)
            elif min(rows, columns) >= 1 and channels == inputs and len(dense) == 1 and all(pooled[:-1]):
                yield Plan(padded, pooled, mean=True)


def _sides(convolutions: Layers, padded: bool, pooled: tuple[bool, ...], size: int) -> tuple[int, int]:
    """Return rows and columns of the last maps; below 1 where a kernel is larger than what it is laid on."""
    sides = []
    for axis in (2, 3):
        side = size
        for (convolution, *_), halved in zip(convolutions, pooled, strict=True):
            kernel = convolution.shape[axis]
            side += (kernel // 2 * 2 if padded else 0) - kernel + 1
            side = side // 2 if halved else side
            if side < 1:
                break
        sides.append(side)
    return sides[0], sides[1]


def _modules(
    convolutions: Layers, dense: Layers, plan: Plan, pooling: type[nn.Module], activation: type[nn.Module]
) -> list[nn.Module]:
    """Return the layers with what lies between them."""
    modules: list[nn.Module] = []
    for (convolution, *norms), pooled in zip(convolutions, plan.pooled, strict=True):
        outputs, inputs, rows, columns = convolution.shape
        padding = (rows // 2, columns // 2) if plan.padded else 0
        bias = "bias" in convolution.arrays
        modules.append(
            _filled(nn.Conv2d(inputs, outputs, (rows, columns), padding=padding, bias=bias, device="meta"), convolution)
        )
        modules.extend(_filled(nn.BatchNorm2d(outputs), norm) for norm in norms)
        modules.extend([activation(), pooling(2)] if pooled else [activation()])
    if convolutions:
        modules.extend([nn.AdaptiveAvgPool2d(1), nn.Flatten()] if plan.mean else [nn.Flatten()])
    for index, (linear, *norms) in enumerate(dense):
        outputs, inputs = linear.shape
        modules.append(_filled(nn.Linear(inputs, outputs, bias="bias" in linear.arrays, device="meta"), linear))
        modules.extend(_filled(nn.BatchNorm1d(outputs), norm) for norm in norms)
        modules.extend([activation()] if index < len(dense) - 1 else [])
    return modules


def _filled(module: nn.Module, block: Block) -> nn.Module:
    state = {name: torch.from_numpy(array) for name, array in block.arrays.items()}
    # Some old files lack the count of batches, which nothing needs in eval mode.
    module.load_state_dict(state, assign=True, strict=False)
    return module
