"""Weights at the start of a training: their variance, orthogonal rows, zeros, and torch's own."""

import math

import pytest
import torch
from support.small_training import recipe
from torch import nn

from robustmnist.models.architectures.build import build_model
from robustmnist.training.initialise import initialise
from robustmnist.training.loop import start

CPU = torch.device("cpu")


def weights_of(name: str) -> list[torch.Tensor]:
    state = start(recipe(initialisation=name, model={"name": "fc", "widths": [512]}), CPU)
    return [module.weight.detach() for module in state.model.modules() if isinstance(module, nn.Linear)]


@pytest.mark.parametrize(("name", "variance"), [("xavier", 2 / (784 + 512)), ("kaiming", 2 / 784)])
def test_the_variance_of_weights_at_the_start(name: str, variance: float) -> None:
    first, _ = weights_of(name)
    assert float(first.var()) == pytest.approx(variance, rel=0.02)
    assert float(first.mean()) == pytest.approx(0, abs=4 * math.sqrt(variance / first.numel()))


def test_orthogonal_rows_and_zeros() -> None:
    first, last = weights_of("orthogonal")
    torch.testing.assert_close(first @ first.T, torch.eye(512), atol=1e-4, rtol=0)
    torch.testing.assert_close(last @ last.T, torch.eye(10), atol=1e-4, rtol=0)
    assert not any(weight.any() for weight in weights_of("zero"))


def test_the_default_leaves_layers_as_torch_makes_them() -> None:
    model = build_model({"model": "cnn"})
    before = [parameter.clone() for parameter in model.parameters()]
    drawn = torch.random.get_rng_state()
    initialise(model, "default")
    assert all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))
    assert torch.equal(drawn, torch.random.get_rng_state())
