"""MNIST-C's fog, spatter and brightness: the same distribution, the same thresholds, the same colours."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats
from skimage import color, filters
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb import mnist_c
from robustmnist.perturb.mnist_c.plasma import FIELD, plasma


def draws_of(n: int) -> Draws:
    return Draws(0, "s", torch.arange(n))


def test_brightness_is_the_value_of_hsv(digits28: Tensor) -> None:
    out = mnist_c.brightness(digits28, offset=0.3)
    for image, found in zip(digits28, out, strict=True):
        hsv = color.rgb2hsv(color.gray2rgb(image[0].double().numpy()))
        hsv[..., 2] = np.clip(hsv[..., 2] + 0.3, 0, 1)
        np.testing.assert_allclose(found[0], np.clip(color.rgb2gray(color.hsv2rgb(hsv)), 0, 1), atol=1e-6)


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
