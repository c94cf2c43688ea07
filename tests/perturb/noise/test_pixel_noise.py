"""Noise: its formulas, its moments, its spectrum, and shot noise against scipy's Poisson quantiles."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from support.pictures import pictures
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb import band_noise, gaussian_noise, salt_and_pepper, shot_noise, speckle, uniform_noise
from robustmnist.perturb.noise import shot
from robustmnist.perturb.noise.band import BANDS
from robustmnist.perturb.noise.pixel_noise import impulse_noise  # as images are taken on trust: a test's are no ink
from robustmnist.perturb.noise.shot import prepare_shot

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


@pytest.mark.parametrize("probability", [0.1, 0.6, 1.0])
def test_impulses_are_of_any_grey(probability: float, draws: Draws) -> None:
    x = pictures(N)
    noisy = impulse_noise(x + 2, probability=probability, draws=draws)  # nothing of the picture looks like an impulse
    hit = noisy < 1
    assert torch.equal(noisy[~hit], (x + 2)[~hit])
    assert float(hit.float().mean()) == pytest.approx(probability, abs=0.01)
    assert stats.kstest(noisy[hit].numpy(), "uniform").pvalue > 0.001
    # Neither where nor how grey depends on the picture, and both stay as more pixels are hit.
    assert abs(np.corrcoef(x[hit], noisy[hit])[0, 1]) < 0.02
    more = impulse_noise(x + 2, probability=min(1.0, 1.5 * probability), draws=draws)
    assert torch.equal(more[hit], noisy[hit])


def waves(band: str, sigma: float, draws: Draws, cut: float) -> tuple[Tensor, np.ndarray]:
    """Return the field, whose noise is not clamped, and its mean power at every frequency by numpy's transform."""
    field = (band_noise(flat(0.5), sigma=sigma, draws=draws, band=band, cut=cut) - 0.5).double()
    return field, (np.abs(np.fft.fft2(field[:, 0].numpy(), norm="ortho")) ** 2).mean(0)


def frequency() -> np.ndarray:
    cycles = np.fft.fftfreq(28, 1 / 28)
    return np.hypot(cycles[:, None], cycles)


@pytest.mark.parametrize("cut", [2.5, 4.0, 7.0, 12.0])
def test_each_band_holds_its_own_frequencies_alone(cut: float, draws: Draws) -> None:
    for band, inside in (("low", frequency() <= cut), ("high", frequency() > cut)):
        _, power = waves(band, 0.1, draws, cut)
        assert power[~inside].max() < 1e-12
        # Evenly among them: each is a mean over N draws of a square, of relative deviation at most √(2 / N).
        level = 0.1**2 * 784 / inside.sum()
        assert power[inside] == pytest.approx(level, rel=6 * math.sqrt(2 / N))
        assert power[inside].mean() == pytest.approx(level, rel=6 * math.sqrt(2 / N / inside.sum()))


def test_the_bands_have_equal_power_in_every_pixel() -> None:
    many = Draws(1, "s", torch.arange(1500))
    x = torch.full((1500, 1, 28, 28), 0.5)
    for band in BANDS:
        noise = (band_noise(x, sigma=0.1, draws=many, band=band) - 0.5).double()
        assert float(noise.square().mean().sqrt()) == pytest.approx(0.1, rel=0.01)
        assert noise.square().mean(0).sqrt().flatten().tolist() == pytest.approx([0.1] * 784, rel=0.09)
        assert float(stats.kurtosis(noise.flatten()[::11].numpy())) == pytest.approx(0, abs=0.1)


def test_the_bands_together_are_white(draws: Draws) -> None:
    """Both come from one field of amplitudes: unscaled, their sum has the energy of all of it."""
    low, _ = waves("low", 0.1, draws, 7.0)
    high, _ = waves("high", 0.1, draws, 7.0)
    share = float((frequency() <= 7).mean())
    both = low * math.sqrt(share) + high * math.sqrt(1 - share)
    energy = draws.normal(1, 28, 28).double().square().sum((1, 2, 3)) * 0.1**2
    assert torch.allclose(both.square().sum((1, 2, 3)), energy, rtol=1e-4)
    assert abs(float((low * high).mean())) < 1e-8


def test_bands_that_do_not_exist_are_named(draws: Draws) -> None:
    with pytest.raises(ValueError, match="no band 'middle': low, high"):
        band_noise(flat(0.5), sigma=0.1, draws=draws, band="middle")
    with pytest.raises(ValueError, match=r"no wave of the frame has more than 20\.0 cycles"):
        band_noise(flat(0.5), sigma=0.1, draws=draws, band="high", cut=20.0)


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

        def part(self, start: int, stop: int) -> Draws:
            return self  # all of it: the batch is of one chunk

    extreme = Extreme(0, "s", torch.arange(N))
    level = ((torch.arange(N * 784) // 4) % 256).view(N, 1, 28, 28)
    for sigma in (0.01, 0.05, 0.4, 10.0):
        quantile = extreme.uniform(1, 28, 28).double().numpy() + 2.0**-25
        photons = stats.poisson.ppf(quantile, level.numpy() / 255 / sigma**2)
        found = shot_noise(level / 255, sigma=sigma, draws=extreme).numpy()
        np.testing.assert_allclose(found, np.clip(photons * sigma**2, 0, 1), atol=1e-6)


@pytest.mark.parametrize("ink", [0.0, 0.1, 0.45, 0.55, 1.0])
def test_photons_are_counted_wherever_there_is_ink(ink: float, draws: Draws) -> None:
    """Few inked pixels are looked up alone and many with the paper between them: half of them is where that changes."""
    level = torch.randint(1, 256, (N, 1, 28, 28)) * (torch.rand(N, 1, 28, 28) < ink)
    uniform = draws.uniform(1, 28, 28).double().numpy() + 2.0**-25
    photons = stats.poisson.ppf(uniform, level.numpy() / 255 / 0.3**2)
    (chunk,) = prepare_shot(level / 255, draws)
    assert (chunk.pixel is None) == (ink > 0.5)
    found = shot_noise(level / 255, sigma=0.3, draws=draws).numpy()
    np.testing.assert_allclose(found, np.clip(photons * 0.3**2, 0, 1), atol=1e-6)


@pytest.mark.parametrize("threads", [1, 2])
def test_noise_by_chunks_is_the_noise_of_each_image(threads: int) -> None:
    """Chunks of much ink, of little, of none, and an odd rest; once as they lie in memory and once not."""
    n = 3 * shot.CPU_CHUNK + 17
    images = torch.rand(n, 1, 28, 28)
    images[shot.CPU_CHUNK : 2 * shot.CPU_CHUNK] *= torch.rand(shot.CPU_CHUNK, 1, 28, 28) < 0.2
    images[2 * shot.CPU_CHUNK : 3 * shot.CPU_CHUNK] = 0
    ids, some = torch.arange(n), torch.tensor([0, 1, shot.CPU_CHUNK - 1, shot.CPU_CHUNK, 2 * shot.CPU_CHUNK, n - 1])
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for x in (images, images.transpose(2, 3)):
            for noise, strength in ((shot_noise, {"sigma": 0.3}), (uniform_noise, {"amplitude": 0.4})):
                found = noise(x, draws=Draws(0, "s", ids), **strength)
                assert torch.equal(found[some], noise(x[some], draws=Draws(0, "s", some), **strength))
                assert not torch.equal(found[some], x[some])
    finally:
        torch.set_num_threads(before)


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
