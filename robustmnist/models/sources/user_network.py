"""A network made by the user's code: with the weights of a file in it, and with the shape of images that it takes."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from robustmnist.models.sources.description import describe
from robustmnist.models.sources.python_code import made
from robustmnist.models.sources.refusals import Unreadable, quoted
from robustmnist.models.sources.source import Network, Predict
from robustmnist.models.sources.weights import Weights, common_prefix
from robustmnist.system.python_code import FORM, Named
from robustmnist.system.running_code import running

__all__ = ["user_network", "with_state"]

# Shapes of one image that a network of the user's is asked for, the likeliest first, and their layouts.
SHAPES: tuple[tuple[tuple[int, ...], str], ...] = (
    ((1, 28, 28), "nchw"),
    ((1, 32, 32), "nchw"),
    ((784,), "flat"),
    ((28, 28), "hw"),
    ((28, 28, 1), "nhwc"),
    ((3, 28, 28), "nchw"),
    ((3, 32, 32), "nchw"),
    ((3, 224, 224), "nchw"),
    ((1, 224, 224), "nchw"),
)


def user_network(network: nn.Module | Predict) -> Network:
    """Return the user's network with the first shape of images that goes through it; where none does, 28×28."""
    shape, layout = next(((shape, layout) for shape, layout in SHAPES if _takes(network, shape)), SHAPES[0])
    if not isinstance(network, nn.Module):
        return Network(network, False, shape, layout, None, "a function of the user's own")
    leaves = [module for module in network.modules() if not list(module.children())]
    return Network(network, True, shape, layout, None, f"{type(network).__name__}: {describe(leaves)}".strip(": "))


def with_state(named: Named, weights: Weights) -> tuple[nn.Module, list[str]]:
    """Return the named module with the arrays of a file in it, every name matched, and notes.

    Raises:
        Unreadable: If it is no torch module, or its names or shapes are others.
    """
    module = made(named)
    if not isinstance(module, nn.Module):
        raise Unreadable(f"{named.name} is no torch module, so that weights cannot be loaded into it", FORM)
    state = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in weights.arrays.items()}
    wanted = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    notes = []
    prefix = common_prefix(list(state))
    if prefix and not set(state) & set(wanted):
        state = {name.removeprefix(prefix): value for name, value in state.items()}
        notes.append(f"The prefix {quoted(prefix)} was cut off all names.")
    if problem := _mismatch({name: tuple(value.shape) for name, value in state.items()}, wanted):
        raise Unreadable(f"does not fit {named.name}: {problem}", "name the class that the weights were saved from")
    with running(named.file):
        module.load_state_dict(state)
    return module.eval(), notes


def _mismatch(have: Mapping[str, tuple[int, ...]], wanted: Mapping[str, tuple[int, ...]]) -> str:
    """Return in a few words how the names and shapes differ; "" where they do not."""
    parts = []
    for names, words in (
        (wanted.keys() - have.keys(), "the file lacks"),
        (have.keys() - wanted.keys(), "it does not know"),
    ):
        if names:
            shown = ", ".join(quoted(name) for name in sorted(names)[:3])
            parts.append(f"{words} {shown}{f' and {len(names) - 3} more' if len(names) > 3 else ''}")
    for name in sorted(have.keys() & wanted.keys()):
        if have[name] != wanted[name]:
            parts.append(f"{quoted(name)} is {have[name]}, not {wanted[name]}")
    return "; ".join(parts[:3])


def _takes(module: nn.Module | Predict, shape: tuple[int, ...]) -> bool:
    """Return whether two blank images of `shape` go through, and come out as rows of at least two scores."""
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            blank = np.zeros((2, *shape), np.float32)
            scores = module(torch.from_numpy(blank)) if isinstance(module, nn.Module) else module(blank)
        size = tuple(getattr(scores, "shape", ()))
    except Exception:  # the user's code may fail in any way on a shape that it was not made for
        return False
    return len(size) == 2 and size[0] == 2 and size[1] > 1
