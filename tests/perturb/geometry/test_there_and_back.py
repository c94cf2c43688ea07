"""The interpolation control: same place, same ink, only blurred, by as much as the closed form says."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from support.pictures import pictures
from torch import Tensor

from robustmnist.measure import centroid, slant
from robustmnist.perturb import scale, shift_and_back, turn_and_back


@pytest.mark.parametrize("distance", [0.1, 0.25, 0.5, 0.8])
def test_a_fraction_blurs_by_its_closed_form(distance: float) -> None:
    images = pictures(4)
    side = distance * (1 - distance)
    kernel = np.array([side, 1 - 2 * side, side])
    expected = ndimage.correlate1d(images.double().numpy(), kernel, axis=3, mode="constant")
    np.testing.assert_allclose(shift_and_back(images, distance=distance).numpy(), expected, atol=1e-6)
    both = ndimage.correlate1d(expected, kernel, axis=2, mode="constant")
    found = shift_and_back(images, distance=distance, direction="up-right", metric="chessboard")
    np.testing.assert_allclose(found.numpy(), both, atol=1e-6)


def test_whole_pixels_and_quarter_turns_come_back_bit_for_bit() -> None:
    images = pictures(5)
    assert torch.equal(shift_and_back(images, distance=3, direction="down"), images)
    for angle in (90, -180, 270):
        assert torch.equal(turn_and_back(images, angle=angle), images)


@pytest.mark.parametrize("angle", [-30.0, 7.5, 22.5, 45.0])
def test_digits_come_back_to_their_place_with_their_ink(angle: float, digits28: Tensor) -> None:
    small = scale(digits28, factor=0.8)
    back = turn_and_back(small, angle=angle)
    assert float((centroid(back) - centroid(small)).abs().max()) < 0.05
    assert float((slant(back) - slant(small)).abs().max()) < 0.05
    assert torch.allclose(back.sum((1, 2, 3)), small.sum((1, 2, 3)), rtol=0.02)
    assert bool((back.square().sum((1, 2, 3)) < small.square().sum((1, 2, 3))).all())


def test_turning_equals_scipy_twice() -> None:
    images = pictures(3).double().numpy()
    wide = np.pad(images, [(0, 0), (0, 0), (20, 20), (20, 20)])
    there = ndimage.rotate(wide, 20, axes=(3, 2), reshape=False, order=1)
    there = np.pad(there[..., 20:-20, 20:-20], [(0, 0), (0, 0), (20, 20), (20, 20)])  # what left the frame is lost
    back = ndimage.rotate(there, -20, axes=(3, 2), reshape=False, order=1)[..., 20:-20, 20:-20]
    found = turn_and_back(torch.from_numpy(images).float(), angle=20).numpy()
    np.testing.assert_allclose(found, back, atol=2e-6)
