"""What a model file of somebody else's gives: networks to call, and where they come from."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from robustmnist.system.python_code import Code

__all__ = ["Code", "Network", "Predict", "Source"]

Predict = Callable[[NDArray[np.float32]], Any]


@dataclass(frozen=True, eq=False)
class Network:
    """A network that can be called, and the form of images that it takes.

    Attributes:
        module: A torch module in eval mode, or a function of NumPy arrays; both take ``(B, *shape)``, float32.
        torch: Whether `module` is a torch module, which has gradients.
        shape: Shape of one image: ``(1, 28, 28)``, ``(28, 28, 1)``, ``(28, 28)``, ``(784,)``, ``(1, 32, 32)`` ...
        layout: How `shape` is to be read: ``nchw``, ``nhwc``, ``hw`` or ``flat``.
        output: ``logits``, ``probabilities`` or ``log-probabilities``; None where the file does not tell.
        description: The layers in short: "conv 32 3×3, pool, dense 128-10, relu".
    """

    module: nn.Module | Predict
    torch: bool
    shape: tuple[int, ...]
    layout: str
    output: str | None
    description: str


@dataclass(frozen=True, eq=False)
class Source:
    """A model file that was read.

    Attributes:
        form: ``keras h5``, ``keras``, ``torch state dict``, ``safetensors``, ``onnx``, ``npz`` or ``python code``.
        path: The file.
        sha256: Hash of the file's bytes; with external data behind an ONNX file, of those bytes too.
        networks: Usually one. Several where a bare state dict leaves open which of them it belongs to.
        code: The code that was run because the user named it, else None.
        notes: What was done to the file's content on the way, one plain sentence each.
    """

    form: str
    path: Path
    sha256: str
    networks: tuple[Network, ...]
    code: Code | None
    notes: tuple[str, ...]
