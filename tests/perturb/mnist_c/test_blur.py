"""MNIST-C's blurs: the same draws through a literal reading of the data set's code."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage, stats
from skimage import filters
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb import mnist_c


def draws_of(n: int) -> Draws:
    return Draws(0, "s", torch.arange(n))


def columns_smoothed(image: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """Return the smoothing of a grey image whose second axis passes for channels, as in the data set's code."""
    return np.asarray(filters.gaussian(image, sigma=sigma, channel_axis=-1))


@pytest.mark.parametrize(
    ("sigma", "delta", "iterations"), [(0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)]
)
def test_glass_blur_one_pixel_after_the_other(sigma: float, delta: int, iterations: int, digits28: Tensor) -> None:
    images, draws = digits28[::16], draws_of(4)
    out = mnist_c.glass_blur(images, sigma=sigma, max_delta=delta, iterations=iterations, draws=draws)
    uniform = draws.uniform(784).double().numpy()
    for image, found, digit in zip(images.double().numpy(), out, uniform, strict=True):
        grey = np.uint8(columns_smoothed(image[0], sigma) * 255)
        choices, rest = 2 * (2 * delta) ** 2, digit.copy()
        for _ in range(iterations):
            for y in range(28 - delta, delta, -1):
                for x in range(28 - delta, delta, -1):
                    choice, rest[28 * y + x] = divmod(rest[28 * y + x] * choices, 1)
                    if choice >= choices // 2:
                        down, right = divmod(int(choice) - choices // 2, 2 * delta)
                        to = y + down - delta, x + right - delta
                        grey[y, x], grey[to] = grey[to], grey[y, x]
        expected = np.clip(columns_smoothed(grey / 255, sigma), 0, 1)
        np.testing.assert_allclose(found[0], expected, atol=2e-6)


def test_glass_blur_only_moves_ink() -> None:
    n = 1000
    spot = torch.zeros(n, 1, 28, 28)
    spot[:, :, :, 14] = 1  # a whole column, which smoothing leaves as it is
    out = mnist_c.glass_blur(spot, sigma=0.05, max_delta=2, iterations=1, draws=draws_of(n))
    assert set(out.unique().tolist()) == {0.0, 1.0}
    assert float(out.sum()) == n * 28
    # What one pixel goes to the left another goes to the right: on average ink stays where it is.
    where = (out[:, 0, 6:22].mean((0, 1)) * torch.arange(28.0)).sum()
    assert float(where) == pytest.approx(14, abs=0.05)
    # Swaps start from rows and columns 3 to 26 and go from −2 to 1 px.
    assert torch.equal(out[..., 0, :], spot[..., 0, :])
    for row in (1, 27):
        assert 0.5 < float(out[..., row, 14].mean()) < 1


@pytest.mark.parametrize(("sigma", "radius"), [(3, 10), (5, 15), (8, 15), (12, 15), (15, 20), (0.5, 1), (50, 28)])
def test_motion_blur_tap_by_tap(sigma: float, radius: int, digits28: Tensor) -> None:
    images, draws = digits28[:20].clone(), draws_of(20)
    images[0, 0, :, 26:] = 0.7  # ink at the frame, which goes on outside
    out = mnist_c.motion_blur(images, sigma=sigma, radius=radius, draws=draws)
    weights = stats.norm.pdf(np.arange(2 * radius + 1), scale=sigma)
    weights /= weights.sum()
    y, x = np.mgrid[:28, :28]
    for image, found, uniform in zip(images.double().numpy(), out, draws.uniform().double().numpy(), strict=True):
        angle = np.radians(-45 + 90 * uniform)
        expected = np.zeros((28, 28))
        for step, weight in enumerate(weights):
            down, right = np.ceil(step * np.sin(angle) - 0.5), np.ceil(step * np.cos(angle) - 0.5)
            expected += weight * ndimage.map_coordinates(image[0], [y + down, x + right], order=0, mode="nearest")
        np.testing.assert_allclose(found[0], expected, atol=2e-6)


def test_motion_blur_carries_digits_to_the_left() -> None:
    n = 2000
    spot = torch.zeros(n, 1, 28, 28)
    spot[:, :, 14, 20] = 1
    out = mnist_c.motion_blur(spot, sigma=3, draws=draws_of(n))
    place = torch.arange(28.0)
    weights = stats.norm.pdf(np.arange(21), scale=3)
    way = np.average(np.arange(21), weights=weights) * np.sinc(1 / 4)  # the mean cosine of an angle within ±45°
    assert float((out.sum((1, 2)) * place).sum(1).mean()) == pytest.approx(
        20 - way, abs=0.1
    )  # taps lie on whole pixels
    assert float((out.sum((1, 3)) * place).sum(1).mean()) == pytest.approx(14, abs=0.1)
