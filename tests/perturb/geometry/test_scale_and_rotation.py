"""Shift, scale and rotation against independent oracles, and the defects of others that they must not have."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage
from support.pictures import pictures
from torch import Tensor

from robustmnist.perturb import rotation, scale, shift, shift_towards
from robustmnist.perturb.geometry.shift import DIRECTIONS

PX = torch.arange(28, dtype=torch.float64)


def centroid(images: Tensor) -> tuple[float, float]:
    """Return the centre of mass (x, y) of the first picture, px."""
    ink = images[0, 0].double()
    return float((ink.sum(0) * PX).sum() / ink.sum()), float((ink.sum(1) * PX).sum() / ink.sum())


def blob(x: float = 13.5, y: float = 13.5, radius: float = 1.5) -> Tensor:
    """Return one smooth round blob (1, 1, 28, 28) about (x, y)."""
    square = (PX[None, :] - x) ** 2 + (PX[:, None] - y) ** 2
    return torch.exp(-square / (2 * radius**2)).float()[None, None]


@pytest.mark.parametrize(
    ("dx", "dy"), [(3, 0), (0, -4), (-5, 6), (2.5, 0), (0.3, -1.75), (-9.99, 3), (27, 27), (40, 1)]
)
def test_shift_equals_scipy(dx: float, dy: float) -> None:
    images = pictures(5, box=28)
    expected = ndimage.shift(images.double().numpy(), (0, 0, dy, dx), order=1, mode="grid-constant")
    np.testing.assert_allclose(shift(images, dx=dx, dy=dy).numpy(), expected, atol=2e-7)


def test_whole_pixels_are_exact_copies() -> None:
    """kornia's translation by whole px is off by 1.9e-6."""
    images = torch.rand(3, 1, 28, 28)
    moved = shift(images, dx=3, dy=-2)
    assert torch.equal(moved[..., :26, 3:], images[..., 2:, :25])
    assert not moved[..., 26:, :].any()
    assert not moved[..., :, :3].any()


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_whole_pixels_come_from_their_own_image(n: int) -> None:
    """Neighbours in memory, of the row, the batch and around it, are full of ink that must stay where it is."""
    memory = (torch.rand(n + 2, 1, 28, 28) + 1) / 2
    images, kept = memory[1:-1], memory.clone()
    for dx in (-29, -28, -27, -5, -1, 0, 1, 5, 27, 28):
        for dy in (-28, -27, -9, -1, 0, 1, 9, 27, 28, 29):
            padded = np.pad(images.numpy(), [(0, 0), (0, 0), (30, 30), (30, 30)])
            expected = padded[..., 30 - dy : 58 - dy, 30 - dx : 58 - dx]
            for x in (images, images.transpose(2, 3).contiguous().transpose(2, 3)):
                found = shift(x, dx=dx, dy=dy)
                assert np.array_equal(found.numpy(), expected), (dx, dy)
                assert found.is_contiguous()
    assert torch.equal(memory, kept)


@pytest.mark.parametrize("step", [1.0, 2.0, 0.5, 2.25])
def test_a_pixel_is_a_pixel(step: float) -> None:
    """foolbox's 1 px is 27/28 px; ART takes the channel count for the width, so its x shifts round to 0."""
    x, y = centroid(shift(blob(), dx=step, dy=-2 * step))
    assert x == pytest.approx(13.5 + step, abs=1e-3)
    assert y == pytest.approx(13.5 - 2 * step, abs=1e-3)


@pytest.mark.parametrize(("direction", "step"), DIRECTIONS.items())
def test_directions_are_as_seen_and_metrics_as_named(direction: str, step: tuple[int, int]) -> None:
    """mnist-c's translation is always diagonal; here each direction is its own."""
    for metric, length in (("euclidean", 4 / math.hypot(*step)), ("chessboard", 4.0)):
        x, y = centroid(shift_towards(blob(), distance=4, direction=direction, metric=metric))
        assert x == pytest.approx(13.5 + length * step[0], abs=2e-3)
        assert y == pytest.approx(13.5 + length * step[1], abs=2e-3)
    assert ("right" in direction) == (step[0] > 0)
    assert ("left" in direction) == (step[0] < 0)
    assert ("down" in direction) == (step[1] > 0)
    assert ("up" in direction) == (step[1] < 0)


def test_unknown_words_and_factors_are_refused() -> None:
    with pytest.raises(ValueError, match="no direction 'north'"):
        shift_towards(pictures(1), distance=1, direction="north")
    with pytest.raises(ValueError, match="by 'manhattan'"):
        shift_towards(pictures(1), distance=1, metric="manhattan")
    for factors in ({"factor": 0.0}, {"horizontal": -1.0}):
        with pytest.raises(ValueError, match="must be above 0"):
            scale(pictures(1), **factors)


@pytest.mark.parametrize("quarters", range(-4, 9))
def test_quarter_turns_equal_rot90(quarters: int) -> None:
    images = torch.rand(3, 1, 28, 28)
    assert torch.equal(rotation(images, angle=90.0 * quarters), torch.rot90(images, quarters, (-2, -1)))


@pytest.mark.parametrize("angle", [7.5, -30.0, 45.0, 89.999, 133.0, 300.0])
def test_rotation_equals_scipy(angle: float) -> None:
    images = pictures(3, box=28).double().numpy()
    wide = np.pad(images, [(0, 0), (0, 0), (20, 20), (20, 20)])  # so that scipy's border never comes in
    expected = ndimage.rotate(wide, angle, axes=(3, 2), reshape=False, order=1)[..., 20:-20, 20:-20]
    found = rotation(torch.from_numpy(images).float(), angle=angle).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_positive_angles_turn_counter_clockwise_as_seen() -> None:
    x, y = centroid(rotation(blob(x=19.5), angle=30))
    assert x == pytest.approx(13.5 + 6 * math.cos(math.radians(30)), abs=0.02)
    assert y == pytest.approx(13.5 - 6 * math.sin(math.radians(30)), abs=0.02)


@pytest.mark.parametrize("angle", [10.0, 45.0, 77.0, 90.0, 180.0])
def test_the_centre_is_the_middle_of_the_frame(angle: float) -> None:
    """Quantus turns half a pixel off centre: a round blob in the middle would wander."""
    x, y = centroid(rotation(blob(), angle=angle))
    assert x == pytest.approx(13.5, abs=1e-3)
    assert y == pytest.approx(13.5, abs=1e-3)
    for factors in ({"factor": 0.7}, {"factor": 1.2}, {"horizontal": 1.4}):
        assert centroid(scale(blob(), **factors)) == pytest.approx((13.5, 13.5), abs=1e-3)


def kernel(line: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    """Magnify one line about its centre, as the docstring of `scale` says, one pixel at a time."""
    out, plane = np.zeros(28), np.arange(-300, 328)
    endless = np.pad(line, 300)
    for place in range(28):
        source = 13.5 + (place - 13.5) / factor
        weights = np.maximum(0.0, 1 - np.abs(plane - source) / max(1.0, 1 / factor))
        out[place] = weights @ endless / weights.sum()
    return out


@pytest.mark.parametrize(("in_x", "in_y"), [(0.4, 0.4), (0.75, 1.0), (1.0, 1.3), (1.6, 0.55), (0.1, 3.0)])
def test_scale_equals_its_definition(in_x: float, in_y: float) -> None:
    image = pictures(1, box=28)
    across = np.apply_along_axis(kernel, 1, image[0, 0].double().numpy(), in_x)
    expected = np.apply_along_axis(kernel, 0, across, in_y)
    found = scale(image, factor=2.0, horizontal=in_x / 2, vertical=in_y / 2)[0, 0].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("factor", [1.2, 1.6, 2.5])
def test_enlarging_equals_scipy(factor: float) -> None:
    images = pictures(3, box=28).double().numpy()
    matrix = np.diag([1, 1, 1 / factor, 1 / factor])
    offset = [0, 0, *[13.5 - 13.5 / factor] * 2]
    expected = ndimage.affine_transform(images, matrix, offset, order=1, mode="grid-constant")
    np.testing.assert_allclose(scale(torch.from_numpy(images).float(), factor=factor).numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("factor", [0.5, 0.75])
def test_shrinking_is_near_scikit_image(factor: float, digits28: Tensor) -> None:
    from skimage.transform import rescale

    side = round(28 * factor)
    for digit in digits28[:5]:
        small = scale(digit[None], factor=factor)[0, 0].numpy()
        edge = (28 - side) // 2
        oracle = rescale(digit[0].numpy(), factor, order=1, anti_aliasing=True)
        found = small[edge : edge + side, edge : edge + side]
        if (28 - side) % 2 == 0:  # else the two grids lie half a pixel apart
            assert np.abs(found - oracle).mean() < 0.03
            assert np.corrcoef(found.ravel(), oracle.ravel())[0, 1] > 0.97


@pytest.mark.parametrize("factor", [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.1, 1.2])
def test_ink_grows_with_the_area(factor: float, digits28: Tensor) -> None:
    clean = digits28.sum((1, 2, 3))
    assert torch.allclose(scale(digits28, factor=factor).sum((1, 2, 3)), clean * factor**2, rtol=0.02)
    assert torch.allclose(scale(digits28, horizontal=factor).sum((1, 2, 3)), clean * factor, rtol=0.02)


def test_shrinking_does_not_alias() -> None:
    stripes = torch.zeros(1, 1, 28, 28)
    stripes[..., ::2] = 1.0
    small = scale(stripes, factor=0.4)[0, 0, 10:18, 10:18]
    assert float((small - 0.5).abs().max()) < 0.12
    thin = torch.zeros(40, 1, 28, 28)
    for step in range(28):
        thin[step, 0, :, step] = 1.0  # a stroke of 1 px weighs the same wherever it lies between the samples
    ink = scale(thin[8:20], factor=0.5).sum((1, 2, 3))
    assert float(ink.max() / ink.min()) < 1.05


def test_flat_ink_keeps_its_value() -> None:
    flat = torch.full((1, 1, 28, 28), 0.6)
    for factor in (0.4, 0.77, 1.5):
        inside = scale(flat, factor=factor)[0, 0, 12:16, 12:16]
        assert torch.allclose(inside, torch.tensor(0.6), atol=1e-6)


def test_kornia_rotate_turns_the_same_way() -> None:
    kornia = pytest.importorskip("kornia")
    images = pictures(3)
    found = kornia.geometry.transform.rotate(images, torch.full((3,), 25.0))
    assert torch.allclose(found, rotation(images, angle=25.0), atol=1e-4)
    assert not torch.allclose(found, rotation(images, angle=-25.0), atol=0.1)
