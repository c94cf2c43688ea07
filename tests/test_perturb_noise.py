"""Noise: its formulas, its moments, and shot noise against scipy's Poisson quantiles."""

import math

import numpy as np
import pytest
import torch
from pictures import pictures
from scipy import stats
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb import gaussian_noise, salt_and_pepper, shot_noise, speckle, uniform_noise

N = 60


@pytest.fixture
def draws() -> Draws:
    return Draws(0, "s", torch.arange(N))


def flat(ink: float) -> Tensor:
    return torch.full((N, 1, 28, 28), ink)


def test_formulas(draws: Draws) -> None:
    x = pictures(N)
    normal, uniform = draws.normal(1, 28, 28).double(), draws.uniform(1, 28, 28).double()
    expected = {
        gaussian_noise(x, sigma=0.3, draws=draws): x + 0.3 * normal,
        speckle(x, sigma=0.7, draws=draws): x + 0.7 * x * normal,
        uniform_noise(x, amplitude=0.4, draws=draws): x + 0.4 * (2 * uniform - 1),
        salt_and_pepper(x, probability=0.3, draws=draws): x + 2.0 * (uniform >= 0.85) - 2.0 * (uniform < 0.15),
    }
    for found, formula in expected.items():
        assert torch.allclose(found.double(), formula.double().clamp(0, 1), atol=1e-6)


def test_moments_in_the_middle_of_the_range(draws: Draws) -> None:
    tolerance = 5 / math.sqrt(N * 784)
    for noisy, sigma in (
        (gaussian_noise(flat(0.5), sigma=0.1, draws=draws), 0.1),
        (speckle(flat(0.5), sigma=0.2, draws=draws), 0.1),
        (uniform_noise(flat(0.5), amplitude=0.3, draws=draws), 0.3 / math.sqrt(3)),
        (shot_noise(flat(128 / 255), sigma=0.1, draws=draws), 0.1 * math.sqrt(128 / 255)),
    ):
        assert float(noisy.mean()) == pytest.approx(0.5, abs=0.003)
        assert float(noisy.std()) == pytest.approx(sigma, rel=tolerance * 2)


@pytest.mark.parametrize("probability", [0.05, 0.5, 1.0])
def test_salt_and_pepper_in_equal_parts(probability: float, draws: Draws) -> None:
    noisy = salt_and_pepper(flat(0.5), probability=probability, draws=draws)
    for part in (noisy == 0, noisy == 1):
        assert float(part.float().mean()) == pytest.approx(probability / 2, abs=0.01)


@pytest.mark.parametrize("sigma", [0.01, 0.1, 0.3, 0.5, 1.0, 3.0])
def test_photons_are_the_exact_quantiles(sigma: float, draws: Draws) -> None:
    level = (torch.arange(N * 784) % 256).view(N, 1, 28, 28)
    uniform = draws.uniform(1, 28, 28).double().numpy() + 2.0**-25
    photons = stats.poisson.ppf(uniform, level.numpy() / 255 / sigma**2)
    found = shot_noise(level / 255, sigma=sigma, draws=draws).numpy()
    np.testing.assert_allclose(found, np.clip(photons * sigma**2, 0, 1), atol=1e-6)


def test_the_outermost_draws_are_inside_the_window() -> None:
    class Extreme(Draws):
        def uniform(self, *shape: int) -> Tensor:
            ends = torch.tensor([0.0, 1 - 2.0**-24, 2.0**-24, 1 - 2.0**-23])
            return ends.repeat(N * 784 // 4).view(N, *shape)

    extreme = Extreme(0, "s", torch.arange(N))
    level = ((torch.arange(N * 784) // 4) % 256).view(N, 1, 28, 28)
    for sigma in (0.01, 0.05, 0.4, 10.0):
        quantile = extreme.uniform(1, 28, 28).double().numpy() + 2.0**-25
        photons = stats.poisson.ppf(quantile, level.numpy() / 255 / sigma**2)
        found = shot_noise(level / 255, sigma=sigma, draws=extreme).numpy()
        np.testing.assert_allclose(found, np.clip(photons * sigma**2, 0, 1), atol=1e-6)


def test_more_photons_than_the_table_holds_are_refused(draws: Draws) -> None:
    with pytest.raises(ValueError, match=r"sigma must be 0 or at least 0.01, not 0.001"):
        shot_noise(flat(0.5), sigma=0.001, draws=draws)


def test_ink_below_half_a_grey_level_is_background(draws: Draws) -> None:
    assert not shot_noise(flat(0.001), sigma=0.5, draws=draws).any()


def test_perturbations_have_draws_of_their_own() -> None:
    from robustmnist.perturb import prepare

    x = flat(0.5)
    ids = torch.arange(N)
    gaussian = prepare("gaussian-noise", x, ids=ids)(sigma=0.1) - 0.5
    others = [
        prepare("speckle", x, ids=ids)(sigma=0.2) - 0.5,
        prepare("gaussian-noise", x, ids=ids, draw=1)(sigma=0.1) - 0.5,
    ]
    for other in others:
        assert abs(np.corrcoef(gaussian.flatten(), other.flatten())[0, 1]) < 0.02
