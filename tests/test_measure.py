"""What a digit is, against scipy and scikit-image on real digits."""

import math

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage.measure import regionprops
from skimage.morphology import medial_axis
from torch import Tensor

from robustmnist.measure import centroid, extent, ink, stroke_width


@pytest.fixture
def mnist200(mnist_test: tuple[np.ndarray, np.ndarray]) -> Tensor:
    return torch.from_numpy(mnist_test[0][::50]).float()[:, None] / 255


def bars(width: float) -> Tensor:
    """Return 12 bars, `width` × 20 px, turned by 5°, 20°, … 170° about the middle, their edges soft by coverage."""
    y, x = torch.meshgrid(*[torch.arange(28.0) - 13.5] * 2, indexing="ij")
    angle = (torch.arange(12)[:, None, None] * 15 + 5) * (math.pi / 180)
    across = width / 2 - (x * angle.cos() + y * angle.sin()).abs()
    along = 10 - (y * angle.cos() - x * angle.sin()).abs()
    return ((across + 0.5).clamp(0, 1) * (along + 0.5).clamp(0, 1))[:, None]


def test_ink_is_the_sum(digits28: Tensor) -> None:
    torch.testing.assert_close(ink(digits28).double(), digits28.double().sum((1, 2, 3)), rtol=1e-6, atol=0)
    assert ink(torch.ones(2, 1, 28, 28)).tolist() == [784.0, 784.0]


def test_centroid_is_that_of_scipy(digits28: Tensor) -> None:
    expected = [ndimage.center_of_mass(image)[::-1] for image in digits28[:, 0].double().numpy()]
    np.testing.assert_allclose(centroid(digits28), expected, atol=1e-4)


def test_extent_is_that_of_scikit_image(digits28: Tensor) -> None:
    for threshold in (0.0, 0.5):
        for image, box in zip(digits28[:, 0].numpy(), extent(digits28, threshold=threshold).tolist(), strict=True):
            top, left, bottom, right = regionprops((image > threshold).astype(int))[0].bbox
            assert box == [left, top, right, bottom]


def test_centroid_and_extent_tell_x_from_y() -> None:
    images = torch.zeros(1, 1, 28, 28)
    images[0, 0, 5, 20] = 1.0
    assert centroid(images).tolist() == [[20.0, 5.0]]
    assert extent(images).tolist() == [[20, 5, 21, 6]]


def test_a_blank_image_has_no_place_and_no_width() -> None:
    blank = torch.zeros(2, 1, 28, 28)
    assert ink(blank).tolist() == [0.0, 0.0]
    assert centroid(blank).isnan().all()
    assert extent(blank).tolist() == [[0, 0, 0, 0]] * 2
    assert stroke_width(blank).isnan().all()


def test_no_images_are_fine() -> None:
    none = torch.zeros(0, 1, 28, 28)
    assert [len(f(none)) for f in (ink, centroid, extent, stroke_width)] == [0, 0, 0, 0]


@pytest.mark.parametrize("width", [1.5, 2, 2.5, 3, 4, 5.3])
def test_bars_are_as_wide_as_drawn(width: float) -> None:
    # The ends are edges too: over a w × 20 rectangle the mean distance is w / 4 − w² / 240.
    expected = torch.full((12,), width - width**2 / 60)
    torch.testing.assert_close(stroke_width(bars(width)), expected, atol=0.25, rtol=0)
    assert -0.18 < (stroke_width(bars(width)) - expected).mean() < 0


def test_the_mean_distance_is_that_of_scipy(digits28: Tensor) -> None:
    expected = []
    for image in digits28[:, 0].numpy():
        inside = ndimage.zoom(np.pad(image, 1), 4, order=1, grid_mode=True, mode="grid-constant") > 0.5
        expected.append((ndimage.distance_transform_edt(inside)[inside] - 0.5).mean())
    np.testing.assert_allclose(stroke_width(digits28), expected, atol=2e-3)


def test_stroke_width_is_that_of_the_medial_axis(mnist200: Tensor) -> None:
    side = 4 * 30
    enlarged = [
        ndimage.zoom(np.pad(image, 1), 4, order=1, grid_mode=True, mode="grid-constant") > 0.5
        for image in mnist200[:, 0].numpy()
    ]
    sheet = np.concatenate(enlarged, 1)  # one call: scikit-image's fixed cost is 50 ms
    axis, distance = medial_axis(sheet, return_distance=True, rng=0)
    expected = [
        2 * distance[:, i * side : (i + 1) * side][axis[:, i * side : (i + 1) * side]].mean() / 4 for i in range(200)
    ]
    measured = stroke_width(mnist200).numpy()
    assert abs(np.mean(measured - expected)) < 0.08
    assert np.std(measured - expected) < 0.18
    assert np.corrcoef(measured, expected)[0, 1] > 0.97


def test_what_an_image_measures_does_not_depend_on_its_batch(digits28: Tensor) -> None:
    apart = torch.cat([stroke_width(digits28[i : i + 1]) for i in range(64)])
    torch.testing.assert_close(apart, stroke_width(digits28), atol=1e-5, rtol=0)
