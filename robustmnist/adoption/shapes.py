"""The shapes of input that classifiers of digits want, and which of them one takes."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from robustmnist.models.contract.rows import rows_of

__all__ = ["SHAPES", "taken_shapes"]

# Layout and shape without the batch, the most usual first.
SHAPES: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("nchw", (1, 28, 28)),
    ("nhwc", (28, 28, 1)),
    ("hw", (28, 28)),
    ("flat", (784,)),
    ("nchw", (1, 32, 32)),
    ("nchw", (3, 28, 28)),
    ("nchw", (3, 32, 32)),
    ("nhwc", (28, 28, 3)),
    ("nhwc", (32, 32, 3)),
    ("nchw", (3, 224, 224)),
)


def taken_shapes(
    call: Callable[[Tensor], Any], dtype: torch.dtype = torch.float32
) -> list[tuple[str, tuple[int, ...]]]:
    """Return the layouts and shapes of `SHAPES` of which `call` answers two blank inputs with two rows, usual first.

    A network that flattens takes several; where they differ, `find_contract` tells which it was trained with.
    """
    taken = []
    for layout, shape in SHAPES:
        try:
            rows_of(call(torch.zeros((2, *shape), dtype=dtype)), 2)
        except Exception:  # a stranger's code may raise anything at a shape that it does not want
            continue
        taken.append((layout, shape))
    return taken
