"""Shear and perspective against scipy and scikit-image, and what they measure on real digits."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from support.pictures import pictures
from torch import Tensor

from robustmnist.errors import InputError
from robustmnist.measure import slant
from robustmnist.perturb import perspective, rotation, scale, shear
from robustmnist.perturb.geometry.shear import SIDES

PX = torch.arange(28, dtype=torch.float64)


def blob(x: float, y: float, radius: float = 1.5) -> Tensor:
    square = (PX[None, :] - x) ** 2 + (PX[:, None] - y) ** 2
    return torch.exp(-square / (2 * radius**2)).float()[None, None]


def centroid(images: Tensor) -> tuple[float, float]:
    ink = images[0, 0].double()
    return float((ink.sum(0) * PX).sum() / ink.sum()), float((ink.sum(1) * PX).sum() / ink.sum())


@pytest.mark.parametrize(("horizontal", "vertical"), [(0.4, 0.0), (-1.2, 0.0), (0.0, 0.7), (0.3, -0.5)])
def test_shear_equals_scipy(horizontal: float, vertical: float) -> None:
    forward = np.array([[1, -vertical], [0, 1]]) @ np.array([[1, 0], [-horizontal, 1]])  # (y, x), rows first
    read = np.linalg.inv(forward)
    offset = np.full(2, 13.5) - read @ np.full(2, 13.5)
    images = pictures(4, box=28)
    for image, found in zip(images, shear(images, horizontal=horizontal, vertical=vertical), strict=True):
        expected = ndimage.affine_transform(image[0].double().numpy(), read, offset, order=1, mode="grid-constant")
        np.testing.assert_allclose(found[0].numpy(), expected, atol=2e-6)


@pytest.mark.parametrize("horizontal", [-0.6, -0.2, 0.1, 0.3, 0.6])
def test_the_slant_grows_by_what_is_asked(horizontal: float, digits28: Tensor) -> None:
    small = scale(digits28, factor=0.7)  # so that no ink leaves the frame
    change = slant(shear(small, horizontal=horizontal)) - slant(small)
    assert float((change - horizontal).abs().max()) < 0.01


def test_a_positive_shear_leans_as_italics_and_rises_as_writing() -> None:
    x, y = centroid(shear(blob(13.5, 7.5), horizontal=0.5))
    assert (x, y) == pytest.approx((16.5, 7.5), abs=0.01)
    x, y = centroid(shear(blob(19.5, 13.5), vertical=0.5))
    assert (x, y) == pytest.approx((19.5, 10.5), abs=0.01)


def test_a_row_keeps_its_ink(digits28: Tensor) -> None:
    small = scale(digits28, factor=0.6)
    assert torch.allclose(shear(small, horizontal=0.4).sum(3), small.sum(3), atol=1e-5)
    assert torch.allclose(shear(small, vertical=-0.4).sum(2), small.sum(2), atol=1e-5)


def test_shearing_back_nearly_restores() -> None:
    smooth = torch.nn.functional.avg_pool2d(pictures(5, box=12), 5, stride=1, padding=2)
    assert float((shear(shear(smooth, horizontal=0.3), horizontal=-0.3) - smooth).abs().mean()) < 0.005


@pytest.mark.parametrize("direction", SIDES)
@pytest.mark.parametrize("displacement", [0.5, 4.0, 8.0, 13.0])
def test_perspective_equals_scikit_image(direction: str, displacement: float) -> None:
    from skimage.transform import ProjectiveTransform, warp

    corners = np.array([[-0.5, -0.5], [27.5, -0.5], [27.5, 27.5], [-0.5, 27.5]])  # (x, y), clockwise from top left
    moved = corners.copy()
    first, second, axis = {"right": (1, 2, 1), "down": (2, 3, 0), "left": (3, 0, 1), "up": (0, 1, 0)}[direction]
    for one, other in ((first, second), (second, first)):
        moved[one, axis] += displacement * np.sign(corners[other, axis] - corners[one, axis])
    read = ProjectiveTransform.from_estimate(moved, corners)
    images = pictures(3, box=28)
    for image, found in zip(images, perspective(images, displacement=displacement, direction=direction), strict=True):
        wide = np.pad(image[0].double().numpy(), 2)  # scikit-image's border would be cut half a pixel off
        expected = warp(wide, lambda xy: read(xy - 2) + 2, order=1)[2:-2, 2:-2]
        np.testing.assert_allclose(found[0].numpy(), expected, atol=1e-4)


def test_quarter_turns_carry_one_side_to_the_next() -> None:
    images = pictures(3, box=28)
    for side, following in (("right", "up"), ("up", "left"), ("left", "down"), ("down", "right")):
        turned = rotation(perspective(images, displacement=5, direction=side), angle=90)
        assert torch.allclose(
            perspective(rotation(images, angle=90), displacement=5, direction=following), turned, atol=1e-5
        )


def test_the_far_side_is_smaller() -> None:
    ink = {}
    for place in (5.5, 21.5):
        image = blob(place, 13.5, 1.0)
        ink[place] = float(perspective(image, displacement=7).sum() / image.sum())
    assert ink[21.5] < 0.5 < 1 < ink[5.5]


def test_what_is_out_of_range_is_refused() -> None:
    with pytest.raises(InputError, match="displacement: must be 0 to below 14 px, not 14"):
        perspective(pictures(1), displacement=14)
    with pytest.raises(InputError, match="direction: must be one of right, down, left, up, not 'north'"):
        perspective(pictures(1), displacement=1, direction="north")
