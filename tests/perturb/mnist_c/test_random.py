"""MNIST-C's blurs, fog and spatter: the same draws through a literal reading, or the same distribution."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage, stats
from skimage import filters
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb import mnist_c
from robustmnist.perturb.mnist_c.plasma import FIELD, plasma


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


def whole_map(decay: float, rng: np.random.Generator, size: int = 256) -> NDArray[np.float64]:
    """Return a plasma fractal drawn in full, as the data set does: 0 to 1."""
    height, step, amplitude = np.zeros((size, size)), size, 1.0

    def mean_of_four(*four: NDArray[np.float64]) -> NDArray[np.float64]:
        return sum(four) / 4 + amplitude * rng.uniform(-1, 1, four[0].shape)

    while step >= 2:
        half = step // 2
        corners = height[::step, ::step]
        right = np.roll(corners, -1, 1)
        below = np.roll(corners, -1, 0)
        middle = mean_of_four(corners, right, below, np.roll(right, -1, 0))
        height[half::step, half::step] = middle
        height[::step, half::step] = mean_of_four(middle, np.roll(middle, 1, 0), corners, right)
        height[half::step, ::step] = mean_of_four(middle, np.roll(middle, 1, 1), corners, below)
        step, amplitude = half, amplitude / decay**2
    return (height - height.min()) / np.ptp(height)


@pytest.mark.parametrize("decay", [1.4, 2.0])
def test_fog_is_distributed_as_the_corner_of_whole_maps(decay: float) -> None:
    rng = np.random.default_rng(3)
    whole = np.stack([whole_map(decay, rng)[:28, :28] for _ in range(250)])
    found = plasma(draws_of(2500).uniform(FIELD), decay).double().numpy()
    assert 0 <= found.min() <= found.max() <= 1
    features = {
        "corner": lambda maps: maps[:, 0, 0],
        "middle": lambda maps: maps[:, 13, 13],
        "far end": lambda maps: maps[:, 27, 27],
        "mean": lambda maps: maps.mean((1, 2)),
        "range": lambda maps: np.ptp(maps.reshape(len(maps), -1), axis=1),
        "slope": lambda maps: maps[:, :, 27] - maps[:, :, 0],
        "roughness at 1 px": lambda maps: np.diff(maps, axis=1).std((1, 2)),
        "roughness at 1 px, across": lambda maps: np.diff(maps, axis=2).std((1, 2)),
        "roughness at 4 px": lambda maps: (maps[:, 4:] - maps[:, :-4]).std((1, 2)),
    }
    for name, feature in features.items():
        mine, theirs = feature(found).ravel(), feature(whole).ravel()
        if name == "slope":
            mine, theirs = mine[::28], theirs[::28]
        assert stats.ks_2samp(mine, theirs).pvalue > 1e-3, name


def test_fog_lies_over_the_digit(digits28: Tensor) -> None:
    images, draws = digits28 * torch.linspace(0, 1, 64)[:, None, None, None], draws_of(64)
    out = mnist_c.fog(images, amount=2.5, decay=1.7, draws=draws)
    most = images.amax((1, 2, 3), keepdim=True)
    veil = plasma(draws.uniform(FIELD), 1.7)[:, None]
    assert torch.allclose(out, ((images + 2.5 * veil) * most / (most + 2.5)).clamp(0, 1), atol=1e-6)
    assert not out[0].any()  # nothing to scale the fog by


@pytest.mark.parametrize(
    ("mean", "sd", "blur", "threshold", "edge", "coverage"),
    [
        (0.65, 0.3, 4, 0.69, 0.6, 0.029346653),
        (0.65, 0.3, 3, 0.68, 0.6, 0.143797603),
        (0.65, 0.3, 2, 0.68, 0.5, 0.239175703),
        (0.65, 0.3, 1, 0.65, 1.5, 0.5),
        (0.67, 0.4, 1, 0.65, 1.5, 0.570334561),
    ],
)
def test_spatter_by_the_data_sets_thresholds(
    mean: float, sd: float, blur: float, threshold: float, edge: float, coverage: float, digits28: Tensor
) -> None:
    draws = draws_of(64)
    out = mnist_c.spatter(digits28, coverage=coverage, blur=blur, edge=edge, draws=draws)
    for image, found, normal in zip(digits28, out, draws.normal(1, 28, 28), strict=True):
        liquid = filters.gaussian(mean + sd * normal[0].double().numpy(), sigma=blur)
        mask = filters.gaussian((liquid > threshold).astype(np.float64), sigma=edge)
        mask[mask < 0.8] = 0
        expected = image[0].double().numpy() * (1 - mask) + 63 / 255 * mask
        assert (np.abs(found[0].numpy() - expected) > 1e-5).sum() <= 2


def test_coverage_is_what_it_says() -> None:
    paper = torch.zeros(2000, 1, 28, 28)
    for coverage, blur in ((0.1, 1.0), (0.5, 2.0), (0.9, 1.0)):
        # An edge of next to no width keeps the mask as it is.
        out = mnist_c.spatter(paper, coverage=coverage, blur=blur, edge=0.1, draws=draws_of(2000))
        inside = out[..., 9:19, 9:19]
        assert float((inside > 0).float().mean()) == pytest.approx(coverage, abs=0.02)
        assert float(inside.max()) == pytest.approx(63 / 255)
