"""A network in a few words: its layers in order, and which activations it has."""

import itertools
from collections.abc import Iterable

from torch import nn

from robustmnist.models.sources.keras_modules import AveragePool, Pooled, Slopes

__all__ = ["describe"]

ACTIVATIONS = {
    nn.ReLU: "relu",
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
    nn.ELU: "elu",
    nn.SELU: "selu",
    nn.GELU: "gelu",
    nn.SiLU: "silu",
    nn.LeakyReLU: "leaky relu",
    nn.PReLU: "prelu",
    Slopes: "prelu",
}
POOLS = (nn.MaxPool2d, nn.AvgPool2d, AveragePool, Pooled, nn.AdaptiveAvgPool2d)


def describe(modules: Iterable[nn.Module]) -> str:
    """Return the layers of a chain in short.

    >>> describe([nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1352, 10)])
    'conv 8 3×3, pool, dense 10, relu'
    """
    chain = list(modules)
    words = [word for module in chain if (word := _word(module))]
    parts = []
    for dense, group in itertools.groupby(words, lambda word: word.startswith("dense ")):
        run = list(group)
        parts.append(f"dense {'-'.join(word.removeprefix('dense ') for word in run)}" if dense else ", ".join(run))
    kinds = [ACTIVATIONS[type(module)] for module in chain if type(module) in ACTIVATIONS]
    return ", ".join([*parts, *dict.fromkeys(kinds)])


def _word(module: nn.Module) -> str:
    match module:
        case nn.Conv2d():
            rows, columns = module.kernel_size
            return f"conv {module.out_channels} {rows}×{columns}"
        case nn.Linear():
            return f"dense {module.out_features}"
        case nn.BatchNorm1d() | nn.BatchNorm2d():
            return "norm"
    return "pool" if isinstance(module, POOLS) else ""
