"""MNIST-C's geometry, marks, edges and brightness, each against an independent way to the same picture."""

import itertools

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage import color, feature, transform
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


def test_brightness_is_the_value_of_hsv(digits28: Tensor) -> None:
    out = mnist_c.brightness(digits28, offset=0.3)
    for image, found in zip(digits28, out, strict=True):
        hsv = color.rgb2hsv(color.gray2rgb(image[0].double().numpy()))
        hsv[..., 2] = np.clip(hsv[..., 2] + 0.3, 0, 1)
        np.testing.assert_allclose(found[0], np.clip(color.rgb2gray(color.hsv2rgb(hsv)), 0, 1), atol=1e-6)


def test_stripes_are_inverted(digits28: Tensor) -> None:
    out = mnist_c.stripe(digits28, opacity=1.0)
    assert torch.equal(out[..., 7:21], digits28[..., 7:21])
    assert torch.equal(out[..., :7], 1 - digits28[..., :7])
    assert torch.equal(out[..., 21:], 1 - digits28[..., 21:])
    assert torch.equal(mnist_c.stripe(digits28, opacity=0.5)[..., :7], torch.full((64, 1, 28, 7), 0.5))


def profile(distance: float) -> float:
    """Return the line's ink at a vertical distance from its middle."""
    return max(0.0, 1 + np.log(1 - distance / 2.3)) if distance < 2.3 else 0.0


def segment(start: complex, stop: complex) -> NDArray[np.float64]:
    out = np.zeros((28, 28))
    slope = (stop - start).imag / (stop - start).real
    for x in range(max(0, int(np.floor(start.real))), int(np.ceil(stop.real))):
        for y in range(28):
            out[y, x] = profile(abs(y - start.imag - slope * (x - start.real)))
    return out


def test_dotted_lines(digits28: Tensor, draws: Draws) -> None:
    out = mnist_c.dotted_line(digits28, opacity=0.75, draws=draws)
    rows = np.floor(draws.uniform(2).numpy() * 27)
    for image, found, (first, last) in zip(digits28, out, rows, strict=True):
        line = segment(complex(0, first), complex(27, last))
        line[:, [x for x in range(28) if x % 4 in (0, 1)]] = 0
        assert not line[:, 27].any()
        np.testing.assert_allclose(found[0], np.clip(image[0].numpy() + 0.75 * line, 0, 1), atol=1e-6)


def test_zigzags(digits28: Tensor, draws: Draws) -> None:
    images = digits28[:12]
    out = mnist_c.zigzag(images, opacity=1.0, draws=draws.part(0, 12))
    for image, found, (row, rise) in zip(images, out, draws.uniform(2).numpy(), strict=False):
        start, way = complex(2, np.floor(row * 27)), complex(23, np.floor(rise * 10) - 5)
        # 23 px and a bit make six teeth of 4 px, the sixth cut short, turning at 2, 6, … 22 px.
        corners = [0, *(complex(2 + 4 * i, 2 * (-1) ** i) for i in range(6))]
        corners.append(complex(abs(way), -2 / (2 * (abs(way) - 20))))
        corners = [start + corner * way / abs(way) for corner in corners]
        expected = image[0].double().numpy()
        for one, next_one in itertools.pairwise(corners):
            expected = np.clip(expected + segment(one, next_one), 0, 1)
        np.testing.assert_allclose(found[0], expected, atol=1e-5)


def test_canny_edges_are_those_of_scikit_image(digits28: Tensor) -> None:
    out = mnist_c.canny_edges(digits28, opacity=1.0)
    levels = (digits28.double() * 255).round() / 255
    expected = np.stack([feature.canny(image[0].numpy()) for image in levels])
    assert expected.mean() > 0.05
    assert (out[:, 0].numpy() == expected).mean() >= 0.9999


@pytest.mark.parametrize("seed", range(3))
def test_canny_edges_of_any_picture(seed: int) -> None:
    """Long chains of weak pixels that wind through the picture, and the frame's rim."""
    field = torch.rand(60, 1, 28, 28, generator=torch.Generator().manual_seed(seed))
    images = torch.nn.functional.avg_pool2d(field, 3, 1, 1, count_include_pad=False) ** 2
    out = mnist_c.canny_edges(images, opacity=1.0)
    expected = np.stack([feature.canny(image[0].double().numpy()) for image in images])
    assert (out[:, 0].numpy() == expected).mean() >= 0.9999
    assert not out[..., 0].any()
    assert not out[..., 27, :].any()


def test_canny_edges_of_real_digits(mnist_test: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> None:
    digits = mnist_test[0][:200]
    out = mnist_c.canny_edges(torch.from_numpy(digits)[:, None].float() / 255, opacity=1.0)
    expected = np.stack([feature.canny(digit / 255) for digit in digits])
    assert np.array_equal(out[:, 0].numpy() > 0, expected)


def test_part_of_the_edges(digits28: Tensor) -> None:
    edges = mnist_c.canny_edges(digits28, opacity=1.0)
    assert set(edges.unique().tolist()) == {0.0, 1.0}
    half = mnist_c.canny_edges(digits28, opacity=0.25)
    assert torch.allclose(half, 0.75 * digits28 + 0.25 * edges)
