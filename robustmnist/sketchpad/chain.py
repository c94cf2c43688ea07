"""A classifier as data: the operations from 784 values of ink to 10 logits, one after the other.

Any program can compute such a chain; `robustmnist.sketchpad.interpret` does in torch, ``page/network.js`` in a page.
Values between operations have the shape (C, H, W), (H, W) or (N,).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ACTIVATIONS", "Array", "Chain", "Operation"]

Array = NDArray[np.float32]

# Name -> its formula; `a` is the number that some activations have.
ACTIVATIONS = {
    "relu": "max(x, 0)",
    "leaky": "x above 0, else a x",
    "elu": "x above 0, else a (exp x - 1)",
    "selu": "1.0507… (x above 0, else 1.6732… (exp x - 1))",
    "gelu": "x (1 + erf(x / √2)) / 2",
    "silu": "x / (1 + exp -x)",
    "mish": "x tanh(log(1 + exp x))",
    "tanh": "tanh x",
    "sigmoid": "1 / (1 + exp -x)",
    "softplus": "log(1 + exp x)",
    "softsign": "x / (1 + |x|)",
    "exponential": "exp x",
    "clip": "x, no less than 0 and no more than a",
    "log": "log max(x, a)",
}


@dataclass(frozen=True, eq=False)
class Operation:
    """A step of a chain.

    Attributes:
        kind: Its name, a key of `robustmnist.sketchpad.interpret.OPERATIONS`.
        settings: Plain values: strides, padding, the name of an activation.
        arrays: float32: weights and biases.
    """

    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Chain:
    """A whole classifier.

    Attributes:
        name: What it is called.
        operations: In the order of computation.
    """

    name: str
    operations: tuple[Operation, ...]
