"""What an evaluation holds at once does not grow with the digits."""

from typing import Any

import pytest
import torch
from support.synthetic import make_suite, make_sweep
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from robustmnist.data import Dataset, Provenance
from robustmnist.evaluation import evaluate, plan
from robustmnist.models.checkpoints.checkpoint import load_checkpoint

SUITE = make_suite("shift", make_sweep(values=(0, 2)))


class Largest(TorchDispatchMode):
    """Note the largest floating-point tensor that an operation of torch returns, in elements."""

    elements = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, Tensor) and result.is_floating_point():
            self.elements = max(self.elements, result.numel())
        return result


def largest(n: int) -> int:
    """Return the elements of the largest tensor of an evaluation of `n` digits."""
    generator = torch.Generator().manual_seed(0)
    levels = torch.randint(256, (n, 1, 28, 28), generator=generator, dtype=torch.uint8)
    data = Dataset.of_levels(
        levels, torch.arange(n) % 10, torch.arange(n), Provenance("made up", "test", n, {}, "here")
    )
    with Largest() as noted:
        evaluate({"small": load_checkpoint("fc-small")}, data, SUITE, device="cpu")
    return noted.elements


def test_no_tensor_grows_with_the_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("robustmnist.data.dataset.PART", 500)
    monkeypatch.setattr(plan, "SHARD", 500)
    least = largest(2000)
    assert least >= 500 * 784  # what is noted is the images
    assert largest(6000) == least
