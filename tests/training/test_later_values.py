"""Values of a recipe that came later: what they do, and that recipes without them stay what they were."""

import math

import pytest
import torch
from support.small_training import recipe
from torch import nn

from robustmnist.errors import RecipeError
from robustmnist.models.architectures.build import build_model
from robustmnist.training.augment import Augment
from robustmnist.training.augmentation.moves import augment
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


def test_recipes_without_later_values_are_what_they_were() -> None:
    plain = recipe().as_dict()
    assert "initialisation" not in plain
    assert "noise" not in plain["augment"]
    other = recipe(initialisation="xavier", augment={"noise": 0.5}).as_dict()
    assert (other["initialisation"], other["augment"]["noise"]) == ("xavier", 0.5)
    with pytest.raises(RecipeError, match="initialisation"):
        recipe(initialisation="Xavier")


def test_noise_is_added_last_and_of_a_strength_of_its_own() -> None:
    grey = torch.full((400, 1, 28, 28), 0.5)
    noisy = augment(grey, Augment(noise=0.1), torch.Generator().manual_seed(0))
    spread = (noisy - grey).flatten(1).std(1)
    assert float(spread.max()) < 0.11
    assert float(spread.mean()) == pytest.approx(0.05, rel=0.1)  # strengths are even from 0 up to 0.1
    assert float(noisy.min()) >= 0
    untouched = augment(grey, Augment(noise=0.1, probability=1e-9), torch.Generator().manual_seed(0))
    assert torch.equal(untouched, grey)


def test_other_strengths_do_not_depend_on_noise(digits28: torch.Tensor) -> None:
    plain, noisy = (
        augment(digits28[:20], Augment(shift=2.0, noise=noise), torch.Generator().manual_seed(1))
        for noise in (0.0, 1e-6)
    )
    torch.testing.assert_close(plain, noisy, atol=1e-4, rtol=0)
