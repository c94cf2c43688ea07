"""Blur against scipy's filters and interpolation, scikit-image and Pillow, and against what theory says of kernels."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage, stats
from skimage.measure import block_reduce
from support.pictures import pictures
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb import defocus, gaussian_blur, glass_blur, motion_blur, pixelate, zoom_blur

Array = NDArray[np.float64]
Y, X = np.mgrid[:28, :28].astype(float)


def point(y: int = 14, x: int = 14) -> Tensor:
    image = torch.zeros(1, 1, 28, 28)
    image[..., y, x] = 1.0
    return image


def array(image: Tensor) -> Array:
    return image[0, 0].double().numpy()


def read(image: Array, y: Array, x: Array) -> Array:
    """Return scipy's bilinear reading, with paper outside."""
    return ndimage.map_coordinates(image, [y, x], order=1, mode="grid-constant", cval=0.0)


@pytest.mark.parametrize("sigma", [0.2, 0.7, 1.0, 2.5, 6.0, 20.0])
def test_gaussian_is_scipys(sigma: float) -> None:
    x = pictures(3, box=28)
    expected = [ndimage.gaussian_filter(image.double().numpy(), sigma, mode="constant") for image in x[:, 0]]
    np.testing.assert_allclose(gaussian_blur(x, sigma=sigma)[:, 0], expected, atol=1e-6)


def test_two_gaussians_make_one() -> None:
    x = pictures(5, box=8)
    twice = gaussian_blur(gaussian_blur(x, sigma=1.2), sigma=1.6)
    assert torch.allclose(twice, gaussian_blur(x, sigma=2.0), atol=2e-3)


@pytest.mark.parametrize("radius", [0.3, 1.0, 2.3, 5.0])
def test_defocus_is_the_mean_over_a_disc(radius: float) -> None:
    image = pictures(1, box=28)
    rings, spokes = np.polynomial.legendre.leggauss(24), 2 * np.pi * (np.arange(48) + 0.5) / 48
    expected = np.zeros((28, 28))
    for node, weight in zip(*rings, strict=True):  # evenly in r², so that equal areas count the same
        distance = radius * math.sqrt((node + 1) / 2)
        for spoke in spokes:
            shifted = read(array(image), Y + distance * np.sin(spoke), X + distance * np.cos(spoke))
            expected += weight / 2 / len(spokes) * shifted
    np.testing.assert_allclose(array(defocus(image, radius=radius)), expected, atol=2e-3)


@pytest.mark.parametrize("radius", [1.5, 4.0, 8.0])
def test_a_point_out_of_focus_is_a_disc(radius: float) -> None:
    disc = array(defocus(point(), radius=radius))
    distance = np.hypot(X - 14, Y - 14)
    assert disc.sum() == pytest.approx(1, abs=1e-5)
    assert not disc[distance > radius + math.sqrt(2)].any()
    if radius > 3:
        assert disc[distance < radius - 1.5] == pytest.approx(1 / (math.pi * radius**2), rel=0.02)
    for same in (disc[1:, 1:][::-1, ::-1], disc[1:, 1:].T):
        np.testing.assert_allclose(disc[1:, 1:], same, atol=1e-6)


@pytest.mark.parametrize(
    ("length", "weights"),
    [
        (1.0, [0, 1 / 8, 3 / 4, 1 / 8, 0]),
        (2.0, [0, 1 / 4, 1 / 2, 1 / 4, 0]),
        (4.0, [1 / 8, 1 / 4, 1 / 4, 1 / 4, 1 / 8]),
    ],
)
def test_motion_along_an_axis_in_closed_form(length: float, weights: list[float]) -> None:
    """The mean over the line of the tent 1 − |t|, by hand."""
    across, upright = motion_blur(point(), length=length), motion_blur(point(), length=length, angle=90)
    np.testing.assert_allclose(array(across)[14, 12:17], weights, atol=1e-6)
    assert array(across).sum() == pytest.approx(1, abs=1e-6)
    assert torch.equal(upright, across.transpose(2, 3))


@pytest.mark.parametrize(("length", "angle"), [(6.5, 30.0), (11.0, -75.0), (40.0, 45.0)])
def test_motion_is_the_mean_along_a_line(length: float, angle: float) -> None:
    image = pictures(1, box=28)
    steps = length * ((np.arange(600) + 0.5) / 600 - 0.5)
    right, up = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    expected = np.mean([read(array(image), Y - up * step, X + right * step) for step in steps], 0)
    np.testing.assert_allclose(array(motion_blur(image, length=length, angle=angle)), expected, atol=1e-4)


def test_motion_goes_where_its_angle_points() -> None:
    """45° rises to the right: up right of the point and down left of it, in image coordinates."""
    streak = array(motion_blur(point(), length=8, angle=45))
    assert streak[12, 16] > 0.05
    assert streak[16, 12] == pytest.approx(streak[12, 16], abs=1e-6)
    assert streak[12, 12] == 0


@pytest.mark.parametrize("factor", [1.1, 1.7, 4.0])
def test_zoom_is_the_mean_of_magnifications(factor: float) -> None:
    image = pictures(1, box=28)
    zooms = 1 + (factor - 1) * (np.arange(2000) + 0.5) / 2000
    expected = np.mean([read(array(image), (Y - 13.5) / z + 13.5, (X - 13.5) / z + 13.5) for z in zooms], 0)
    np.testing.assert_allclose(array(zoom_blur(image, factor=factor)), expected, atol=1e-3)


@pytest.mark.parametrize("block", [2, 4, 7, 14, 28])
def test_whole_blocks_are_scikit_images(block: int) -> None:
    x = pictures(4, box=28)
    means = block_reduce(x.numpy(), (1, 1, block, block), np.mean)
    np.testing.assert_allclose(pixelate(x, block=block), np.kron(means, np.ones((block, block))), atol=1e-6)


@pytest.mark.parametrize("side", [20, 16, 10, 5])
def test_broken_blocks_are_whole_ones_of_a_finer_image(side: int) -> None:
    """Enlarged `side` times, a block of 28 / side px has 28 of the finer ones. (Pillow leaves out broken pixels.)"""
    x = pictures(3, box=28)
    means = block_reduce(np.kron(x.numpy(), np.ones((side, side))), (1, 1, 28, 28), np.mean)
    block = ((np.arange(28) + 0.5) * side / 28).astype(int)
    np.testing.assert_allclose(pixelate(x, block=28 / side), means[..., block, :][..., block], atol=1e-6)


def test_blocks_over_the_edge_average_over_paper() -> None:
    """28 = 9 × 3 + 1: the tenth block of 3 px has one column of ink and two of paper."""
    coarse = pixelate(torch.ones(1, 1, 28, 28), block=3)
    assert torch.allclose(coarse[..., :27, :27], torch.tensor(1.0))
    assert torch.allclose(coarse[..., :27, 27], torch.tensor(1 / 3))
    assert torch.allclose(coarse[..., 27, 27], torch.tensor(1 / 9))


PLACES = (torch.arange(784).view(1, 1, 28, 28) + 1) / 1024  # every pixel has a grey of its own


@pytest.mark.parametrize(("reach", "furthest"), [(0.3, 1), (1.0, 1), (2.0, 2), (2.6, 3)])
def test_glass_shows_pixels_within_reach(reach: float, furthest: int) -> None:
    n = 60
    draws = Draws(1, "s", torch.arange(n))
    seen = (glass_blur(PLACES.expand(n, -1, -1, -1), reach=reach, draws=draws, smoothing=0) * 1024).round().long() - 1
    inner = seen[:, 0, 4:-4, 4:-4]
    down = (inner // 28 - torch.arange(4, 24)[:, None]).flatten()
    right = (inner % 28 - torch.arange(4, 24)).flatten()
    for steps in (down, right):
        counts = torch.bincount(steps + furthest, minlength=2 * furthest + 1).double()
        assert len(counts) == 2 * furthest + 1
        edge = (reach + 1 - furthest) / (2 * reach + 1)  # what of the interval rounds to its ends
        expected = torch.full_like(counts, (1 - 2 * edge) / max(1, 2 * furthest - 1))
        expected[0] = expected[-1] = edge
        assert stats.chisquare(counts.numpy(), (expected * counts.sum()).numpy()).pvalue > 0.001
    assert abs(np.corrcoef(down, right)[0, 1]) < 0.02


def test_glass_is_smoothed_by_a_gaussian() -> None:
    x, draws = pictures(3), Draws(0, "s", torch.arange(3))
    rough = glass_blur(x, reach=2, draws=draws, smoothing=0)
    assert torch.equal(glass_blur(x, reach=2, draws=draws, smoothing=0.8), gaussian_blur(rough, sigma=0.8))
    assert set(rough.unique().tolist()) <= set(x.unique().tolist())


BLURS: dict[str, tuple[Callable[[Tensor, float], Tensor], list[float]]] = {
    "gaussian": (lambda x, value: gaussian_blur(x, sigma=value), [0.3, 0.6, 1, 2, 4]),
    "defocus": (lambda x, value: defocus(x, radius=value), [0.1, 0.5, 1, 2, 4, 8]),
    "motion": (lambda x, value: motion_blur(x, length=value, angle=20), [0.1, 1, 3, 6, 12, 20]),
    "glass": (lambda x, value: glass_blur(x, reach=value, draws=Draws(0, "s", torch.arange(len(x)))), [0.2, 1, 2, 4]),
    "zoom": (lambda x, value: zoom_blur(x, factor=value), [1.01, 1.1, 1.3, 2, 3]),
    "pixelate": (lambda x, value: pixelate(x, block=value), [1.1, 2, 4, 7, 14]),
}
kinds = pytest.mark.parametrize(("blur", "values"), BLURS.values(), ids=BLURS)


@kinds
def test_more_blur_takes_more_away(
    blur: Callable[[Tensor, float], Tensor], values: list[float], digits28: Tensor
) -> None:
    lost = [float((blur(digits28, value) - digits28).square().mean()) for value in values]
    assert lost == sorted(lost)
    assert lost[0] > 0


@kinds
def test_flat_ink_stays_flat_and_paper_clean(blur: Callable[[Tensor, float], Tensor], values: list[float]) -> None:
    patch = torch.zeros(1, 1, 28, 28)
    assert not blur(patch, values[1]).any()
    patch[..., :] = 0.7
    assert blur(patch, values[1])[..., 8:20, 8:20].flatten().tolist() == pytest.approx([0.7] * 144, abs=1e-5)


@kinds
def test_strengths_short_of_neutral_are_refused(blur: Callable[[Tensor, float], Tensor], values: list[float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        blur(pictures(1), -0.5)


@pytest.mark.parametrize("kind", ["gaussian", "defocus", "motion"])
def test_ink_and_its_place_are_kept(kind: str) -> None:
    x = pictures(6, box=10)
    out = BLURS[kind][0](x, 2.0)
    assert torch.allclose(out.sum((1, 2, 3)), x.sum((1, 2, 3)), rtol=1e-4)
    for place in (Y, X):
        before, after = ((images * torch.from_numpy(place).float()).sum((1, 2, 3)) for images in (x, out))
        assert torch.allclose(before, after, rtol=1e-4)
