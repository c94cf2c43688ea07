"""The networks that a bare state dict may belong to, read from the names and shapes of its tensors.

A state dict says how large the layers are and not what lies between them. What most people write is tried: convolution,
norm, activation, pooling; then dense layers, with activations between them. Which convolutions are padded and pooled
follows from the number of inputs of the first dense layer, often in one way only. The activation follows from nothing:
every candidate is returned, and how well it reads digits has to decide.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from robustmnist.models.sources.description import describe
from robustmnist.models.sources.refusals import Unreadable, quoted
from robustmnist.models.sources.source import Network
from robustmnist.models.sources.weights import Array

__all__ = ["networks_from_shapes"]

GIVE_CODE = "name the class that the weights belong to: --code net.py:Net"
ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
POOLINGS: dict[str, type[nn.Module]] = {"max": nn.MaxPool2d, "mean": nn.AvgPool2d}
SIZES = (28, 32)  # sides of images, px; the second only to say that it would fit
MAX_CONVOLUTIONS = 6
STATISTICS = {"running_mean", "running_var", "num_batches_tracked"}


@dataclass(frozen=True, eq=False)
class Block:
    """A convolution (4 axes), a dense layer (2) or a norm (1), with its arrays by their last name."""

    name: str
    arrays: dict[str, Array]

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the shape of its weight."""
        return self.arrays["weight"].shape


@dataclass(frozen=True)
class Plan:
    """What lies between the layers: padding of the convolutions in half kernels, and which of them are pooled."""

    padded: bool
    pooled: tuple[bool, ...]
    mean: bool = False  # over each map at the end, in place of flattening


def networks_from_shapes(arrays: dict[str, Array]) -> tuple[Network, ...]:
    """Return every network of the usual kinds whose layers have exactly these shapes, the most usual first.

    Args:
        arrays: Name -> values, float32, in the order of the layers.

    Raises:
        Unreadable: If there is none: the user's code is needed.
    """
    convolutions, dense = _layers(arrays)
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


Layers = list[list[Block]]  # a convolution or dense layer, alone or with the norm behind it


def _layers(arrays: dict[str, Array]) -> tuple[Layers, Layers]:
    """Return the convolutions and the dense layers, each with its norm.

    Raises:
        Unreadable: If there is something else, or their sizes do not follow from one another.
    """
    convolutions: Layers = []
    dense: Layers = []
    for block in _blocks(arrays):
        rank = len(block.shape)
        rows = convolutions if rank == 4 else dense
        current = dense or convolutions
        if rank == 1 and current and len(current[-1]) == 1 and block.shape[0] == current[-1][0].shape[0]:
            current[-1].append(block)
        elif (rank == 4 and not dense) or rank == 2:
            if rows and rows[-1][0].shape[0] != block.shape[1]:
                raise Unreadable(f"holds {quoted(block.name)}, which does not follow on the layer before it", GIVE_CODE)
            rows.append([block])
        else:
            raise Unreadable(f"holds {quoted(block.name)}, which is in no usual network", GIVE_CODE)
    if not dense or dense[-1][0].shape[0] < 2 or len(convolutions) > MAX_CONVOLUTIONS:
        raise Unreadable("holds weights that are those of no usual network", GIVE_CODE)
    if not convolutions and dense[0][0].shape[1] != SIZES[0] ** 2:
        raise Unreadable(f"holds a network of {dense[0][0].shape[1]:,} inputs, not {SIZES[0] ** 2}", GIVE_CODE)
    return convolutions, dense


def _blocks(arrays: dict[str, Array]) -> list[Block]:
    """Return the layers in the order of the file."""
    grouped: dict[str, dict[str, Array]] = {}
    for name, array in arrays.items():
        head, _, last = name.rpartition(".")
        grouped.setdefault(head, {})[last] = array
    for name, parts in grouped.items():
        weight = parts.get("weight")
        allowed = {"weight", "bias"} | (STATISTICS if weight is not None and weight.ndim == 1 else set())
        if weight is None or set(parts) - allowed or weight.ndim not in (1, 2, 4) or weight.dtype != np.float32:
            odd = next(iter(set(parts) - allowed), "weight")
            raise Unreadable(f"holds {quoted(f'{name}.{odd}'.strip('.'))}, which is in no usual network", GIVE_CODE)
        widths = {array.shape for last, array in parts.items() if last not in ("weight", "num_batches_tracked")}
        if widths - {(weight.shape[0],)} or (weight.ndim == 1) != ("running_mean" in parts and "running_var" in parts):
            raise Unreadable(f"holds {quoted(name)}, whose parts do not fit each other", GIVE_CODE)
    return [Block(name, parts) for name, parts in grouped.items()]


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
