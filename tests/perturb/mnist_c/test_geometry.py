"""MNIST-C's geometry, against an independent way to the same picture."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage import transform
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb import mnist_c, rotation

MIDDLE = 13.5


@pytest.fixture
def draws() -> Draws:
    return Draws(0, "s", torch.arange(64))


def warped(image: Tensor, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return scikit-image's warp of the image by a 2 by 2 map from output to input, about the centre."""
    around = np.eye(3)
    around[:2, :2] = matrix
    around[:2, 2] = MIDDLE - matrix @ [MIDDLE, MIDDLE]
    return np.asarray(transform.warp(image[0].double().numpy(), transform.ProjectiveTransform(around)))


def turning(angle: float) -> NDArray[np.float64]:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def slanting(angle: float) -> NDArray[np.float64]:
    """Return scikit-image's shear before version 0.19, which the data set was made with."""
    return np.array([[1, -np.sin(angle)], [0, np.cos(angle)]])


@pytest.mark.parametrize(("function", "matrix"), [(mnist_c.rotate, turning), (mnist_c.shear, slanting)])
@pytest.mark.parametrize("angle", [0.2, 0.4, 1.0])
def test_turned_and_slanted_as_scikit_image_does(
    function, matrix, angle: float, digits28: Tensor, draws: Draws
) -> None:
    out = function(digits28, angle=angle, draws=draws)
    for image, found, uniform in zip(digits28, out, draws.uniform(), strict=True):
        signed = angle if uniform < 0.5 else -angle
        np.testing.assert_allclose(found[0], warped(image, matrix(signed)), atol=2e-5)


def test_rotation_is_this_projects_in_degrees(digits28: Tensor, draws: Draws) -> None:
    out = mnist_c.rotate(digits28, angle=0.4, draws=draws)
    turned = [rotation(digits28, angle=sign * np.degrees(0.4)) for sign in (1, -1)]
    expected = torch.where((draws.uniform() < 0.5)[:, None, None, None], *turned)
    assert torch.allclose(out, expected, atol=1e-6)


@pytest.mark.parametrize("factor", [0.5, 0.7, 0.9, 1.4])
def test_scale_skips_pixels_as_scikit_image_does(factor: float, digits28: Tensor) -> None:
    out = mnist_c.scale(digits28, factor=factor)
    for image, found in zip(digits28, out, strict=True):
        np.testing.assert_allclose(found[0], warped(image, np.eye(2) / factor), atol=2e-5)


def test_a_factor_must_be_above_0(digits28: Tensor) -> None:
    with pytest.raises(ValueError, match="must be above 0, not 0"):
        mnist_c.scale(digits28, factor=0)


def test_translation_goes_along_a_diagonal(digits28: Tensor, draws: Draws) -> None:
    out = mnist_c.translate(digits28, distance=3, draws=draws)
    signs = torch.where(draws.uniform(2) < 0.5, 1, -1)
    for image, found, (right, down) in zip(digits28, out, signs.tolist(), strict=True):
        # scikit-image's inverse map: the output at (x, y) is the input at (x − 3 right, y − 3 down).
        back = transform.AffineTransform(translation=[-3 * right, -3 * down])
        np.testing.assert_allclose(found[0], transform.warp(image[0].double().numpy(), back), atol=1e-6)


def test_signs_are_drawn_evenly_and_apart() -> None:
    n = 4000
    spot = torch.zeros(n, 1, 28, 28)
    spot[:, :, 10, 14] = 1
    moved = mnist_c.translate(spot, distance=2, draws=Draws(0, "s", torch.arange(n)))
    for y, x in ((8, 12), (8, 16), (12, 12), (12, 16)):
        assert float(moved[:, 0, y, x].mean()) == pytest.approx(0.25, abs=0.03)
    turned = mnist_c.rotate(spot, angle=1, draws=Draws(0, "s", torch.arange(n)))
    assert float((turned[:, 0, :, :14].sum((1, 2)) > 0.5).float().mean()) == pytest.approx(0.5, abs=0.03)
