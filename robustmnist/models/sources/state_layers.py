"""The layers of a state dict, by the names and shapes of its tensors, in the order of computation."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from robustmnist.models.sources.refusals import Unreadable, quoted
from robustmnist.models.sources.weights import Array

__all__ = ["GIVE_CODE", "Block", "Layers", "state_layers"]

GIVE_CODE = "name the class that the weights belong to: --code net.py:Net"
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


Layers = list[list[Block]]  # a convolution or dense layer, alone or with the norm behind it


def state_layers(arrays: dict[str, Array]) -> tuple[Layers, Layers]:
    """Return the convolutions and the dense layers, each with its norm.

    Raises:
        Unreadable: If there is something else, or their sizes do not follow from one another.
    """
    blocks = _blocks(arrays)
    try:
        convolutions, dense = _in_order(blocks)
    except Unreadable:
        convolutions, dense = _in_order(_reordered(blocks))
    if not dense or dense[-1][0].shape[0] < 2 or len(convolutions) > MAX_CONVOLUTIONS:
        raise Unreadable("holds weights that are those of no usual network", GIVE_CODE)
    return convolutions, dense


def _in_order(blocks: list[Block]) -> tuple[Layers, Layers]:
    """Return the convolutions and the dense layers as they follow on one another."""
    convolutions: Layers = []
    dense: Layers = []
    for block in blocks:
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
    return convolutions, dense


def _reordered(blocks: list[Block]) -> list[Block]:
    """Return the layers in an order in which they fit: safetensors files list them by their names."""
    norms = [block for block in blocks if len(block.shape) == 1]
    ordered: list[Block] = []
    for rank in (4, 2):
        rows = [block for block in blocks if len(block.shape) == rank]
        chains = itertools.permutations(rows) if len(rows) <= MAX_CONVOLUTIONS else [tuple(rows)]
        for block in next(filter(_is_chain, chains), rows):
            norm = next((norm for norm in norms if norm.shape[0] == block.shape[0]), None)
            ordered.append(block)
            if norm is not None:
                norms.remove(norm)
                ordered.append(norm)
    return ordered + norms


def _is_chain(rows: Iterable[Block]) -> bool:
    return all(before.shape[0] == after.shape[1] for before, after in itertools.pairwise(rows))


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
