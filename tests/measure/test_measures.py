"""What a digit is, against scipy and scikit-image on real digits."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import ndimage
from skimage.measure import moments_central, regionprops
from skimage.morphology import medial_axis
from torch import Tensor

from robustmnist.errors import ImagesError
from robustmnist.measure import MEASURES, box_size, centroid, extent, ink, principal_angle, slant, stroke_width
from robustmnist.perturb import rotation, scale, shift


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


def test_a_blank_image_has_no_property_but_no_ink() -> None:
    blank = torch.zeros(2, 1, 28, 28)
    assert extent(blank).tolist() == [[0, 0, 0, 0]] * 2
    for name, measure in MEASURES.items():
        assert (measure.function(blank) == 0).all() if name == "ink" else measure.function(blank).isnan().all()


def test_no_images_are_fine() -> None:
    none = torch.zeros(0, 1, 28, 28)
    assert [len(f(none)) for f in (extent, *(measure.function for measure in MEASURES.values()))] == [0] * 11


# --- slant and angle ---------------------------------------------------------------------------------------------


def test_slant_is_that_of_scikit_image(digits28: Tensor) -> None:
    central = [moments_central(image, order=2) for image in digits28[:, 0].double().numpy()]
    np.testing.assert_allclose(slant(digits28), [-m[1, 1] / m[2, 0] for m in central], atol=1e-6)


def test_principal_angle_is_that_of_scikit_image_where_the_digit_is_long(digits28: Tensor) -> None:
    solid = (torch.cat([digits28, scale(digits28, vertical=0.6)]) > 0.5).float()  # many of the latter are not long
    regions = [regionprops(image.astype(int))[0] for image in solid[:, 0].numpy()]
    # scikit-image's angle is from the rows' axis too, counter-clockwise, in radians.
    angles = np.array([math.degrees(region.orientation) for region in regions])
    long = [region.axis_major_length >= 1.5 * region.axis_minor_length for region in regions]
    assert 0.3 * len(solid) < sum(long) < 0.8 * len(solid)
    np.testing.assert_allclose(principal_angle(solid), np.where(long, angles, np.nan), atol=1e-4)


@pytest.mark.parametrize("turn", [0.0, 30.0, 45.0, 90.0])
def test_only_what_is_half_as_long_again_as_broad_has_a_long_axis(turn: float) -> None:
    y, x = torch.meshgrid(*[torch.arange(28.0).double() - 13.5] * 2, indexing="ij")
    radians = math.radians(turn)
    along, across = x * math.sin(radians) + y * math.cos(radians), x * math.cos(radians) - y * math.sin(radians)

    def bell(ratio: float) -> Tensor:  # of standard deviations 2 px across and 2 · ratio along; what is cut off is 1e-6
        return torch.exp(-(across**2 + (along / ratio) ** 2) / 8)[None, None]

    assert principal_angle(bell(1.48)).isnan().all()
    assert float(principal_angle(bell(1.52))) == pytest.approx(turn, abs=0.01)


def test_a_digit_that_leans_to_the_right_has_a_positive_slant_and_a_negative_angle() -> None:
    image = torch.zeros(1, 1, 28, 28)
    for y in range(4, 24):
        image[0, 0, y, 14 + (14 - y) // 2] = 1  # one px to the right for two up
    assert 0.45 < float(slant(image)) < 0.55
    assert -29 < float(principal_angle(image)) < -24  # −arctan(1/2) = −26.6°
    assert float(slant(image.flip(3))) == -float(slant(image))
    assert float(principal_angle(image.flip(3))) == -float(principal_angle(image))


def test_shearing_by_the_slant_sets_a_digit_upright(digits28: Tensor) -> None:
    lean = slant(digits28)
    middle = centroid(digits28)[:, 1]
    for image, by, y in zip(digits28[:, 0].numpy(), lean.tolist(), middle.tolist(), strict=True):
        # output[row, column] = input[row, column − slant · (row − y)], in a wide frame so that no ink is lost
        wide = np.pad(image, ((0, 0), (20, 20))).astype(float)
        upright = ndimage.affine_transform(wide, [[1, 0], [-by, 1]], offset=[0, by * y], order=1)
        m = moments_central(upright, order=2)
        assert abs(m[1, 1] / m[2, 0]) < 0.01


def test_turning_adds_to_the_angle(digits28: Tensor) -> None:
    angle = MEASURES["angle"]
    long = principal_angle(digits28).isfinite()
    before = angle.function(digits28[long])
    assert len(before) > 25
    for turn in (-75, -20, 20, 130):
        change = angle.difference(before, angle.function(rotation(digits28[long], angle=turn)), near=turn)
        change = change[change.isfinite()]  # a digit that is just long enough may be just too broad once turned
        assert len(change) > len(before) - 4
        torch.testing.assert_close(change, torch.full_like(change, turn), atol=1.0, rtol=0)
    quarter = angle.difference(before, angle.function(rotation(digits28[long], angle=90.0)))
    torch.testing.assert_close(quarter.abs(), torch.full_like(quarter, 90), atol=1e-3, rtol=0)


def test_the_ends_of_the_angle() -> None:
    lying, standing, disc, dot = torch.zeros(4, 1, 1, 28, 28)
    lying[..., 10, 4:24] = 1
    standing[..., 4:24, 10] = 1
    y, x = torch.meshgrid(*[torch.arange(28.0) - 13.5] * 2, indexing="ij")
    disc[0, 0] = (x**2 + y**2 < 80).float()
    dot[..., 3, 4] = 0.5
    assert [float(principal_angle(image)) for image in (lying, standing)] == [90.0, 0.0]
    assert principal_angle(torch.cat([disc, dot])).isnan().all()
    assert slant(torch.cat([lying, dot])).isnan().all()  # of no height
    assert slant(torch.cat([standing, disc])).tolist() == [0.0, 0.0]


def test_a_difference_of_angles_is_the_short_way_round() -> None:
    angle = MEASURES["angle"]
    before, after = np.array([80.0, -80.0, 0.0, 0.0]), np.array([-80.0, 80.0, 90.0, -90.0])
    assert angle.difference(before, after).tolist() == [20.0, -20.0, 90.0, 90.0]
    assert angle.difference(before, after, near=-170).tolist() == [-160.0, -200.0, -90.0, -90.0]
    assert MEASURES["width"].difference(before, after).tolist() == [-160.0, 160.0, 90.0, -90.0]


# --- the box -----------------------------------------------------------------------------------------------------


def test_a_bar_is_as_wide_and_as_high_as_drawn() -> None:
    image = torch.zeros(3, 1, 28, 28)
    image[0, 0, 5:25, 10:17] = 1
    image[1, 0, 5:25, 10:17] = 0.3  # paler, not smaller
    image[2] = 1
    torch.testing.assert_close(box_size(image), torch.tensor([[7.0, 20.0], [7.0, 20.0], [28.0, 28.0]]))
    for part in (0.25, 0.5, 0.6):  # moved between pixels it stays as wide as it was
        torch.testing.assert_close(box_size(shift(image[:1], dx=part)), torch.tensor([[7.0, 20.0]]))


def test_the_box_is_that_of_the_enlarged_digit(digits28: Tensor) -> None:
    expected = []
    for image in digits28[:, 0].double().numpy():
        # Profiles enlarged 200 times by numpy: where they are above half of the highest ink.
        fine = np.arange(-1, 28, 1 / 200)
        sides = []
        for axis in (0, 1):
            profile = np.interp(fine, np.arange(-1, 29), np.pad(image.max(axis), 1))
            inked = np.flatnonzero(profile >= image.max() / 2)
            sides.append((inked[-1] - inked[0]) / 200)
        expected.append(sides)
    np.testing.assert_allclose(box_size(digits28), expected, atol=0.02)


@pytest.mark.parametrize(("factor", "within"), [(0.6, 0.03), (0.8, 0.02), (0.9, 0.02), (1.1, 0.02), (1.2, 0.02)])
def test_scaling_multiplies_the_box(mnist200: Tensor, factor: float, within: float) -> None:
    before = box_size(mnist200)
    both = box_size(scale(mnist200, factor=factor)) / before
    torch.testing.assert_close(both.mean(0), torch.full((2,), factor), atol=within, rtol=0)
    one = box_size(scale(mnist200, horizontal=factor)) / before
    torch.testing.assert_close(one.mean(0), torch.tensor([factor, 1.0]), atol=within, rtol=0)


# --- all of them -------------------------------------------------------------------------------------------------


def test_moving_moves_the_centroid(digits28: Tensor) -> None:
    moved = shift(digits28, dx=1.5, dy=-2)
    steps = {
        name: MEASURES[name].function(moved) - MEASURES[name].function(digits28)
        for name in ("centroid-x", "centroid-y")
    }
    torch.testing.assert_close(steps["centroid-x"], torch.full((64,), 1.5), atol=1e-4, rtol=0)
    torch.testing.assert_close(steps["centroid-y"], torch.full((64,), -2.0), atol=1e-4, rtol=0)
    away = MEASURES["centroid-radius"]
    assert away.parts == ("centroid-x", "centroid-y")
    expected = torch.hypot(*(MEASURES[name].function(moved) for name in away.parts))
    torch.testing.assert_close(away.function(moved), expected)


def test_every_measure_is_one_number_per_image(digits28: Tensor) -> None:
    for name, measure in MEASURES.items():
        found = measure.function(digits28)
        assert (found.shape, found.dtype) == ((64,), torch.float32), name
        known = found.isfinite() | torch.tensor(name == "angle")  # round digits have none
        assert known.all(), name
        assert name == name.lower()
        assert measure.unit


def test_measures_are_plausible_for_mnist(mnist200: Tensor) -> None:
    # Digits fill a box of 20 px, are centred by mass at (14, 14) to the pixel, and lean to the right.
    typical = {name: float(measure.function(mnist200).median()) for name, measure in MEASURES.items()}
    assert 19 < typical["size"] < 20.5
    assert abs(typical["centroid-x"] - 0.5) < 0.5
    assert abs(typical["centroid-y"] - 0.5) < 0.5
    assert 0.05 < typical["slant"] < 0.3
    assert 2 < typical["stroke-width"] < 3


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
    def same(one: Tensor, other: Tensor, name: str) -> None:
        torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True, msg=name)

    rough = shift(digits28, dx=0.3, dy=0.7) * 0.9  # ink that is no multiple of 1/255
    for images in (digits28, rough):
        for name, measure in MEASURES.items():
            together = measure.function(images)
            for size in (1, 7, 50):
                same(torch.cat([measure.function(part) for part in torch.split(images, size)]), together, name)
            same(measure.function(images.flip(0)), together.flip(0), name)
            same(measure.function(images.contiguous(memory_format=torch.channels_last)), together, name)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_measures_the_same(digits28: Tensor) -> None:
    for name, measure in MEASURES.items():
        torch.testing.assert_close(
            measure.function(digits28.cuda()).cpu(),
            measure.function(digits28),
            atol=1e-4,
            rtol=0,
            equal_nan=True,
            msg=name,
        )


def test_strokes_of_any_breadth_have_the_exact_mean_distance(digits28: Tensor) -> None:
    y, x = torch.meshgrid(*[torch.arange(28.0) - 13.5] * 2, indexing="ij")
    radius = torch.tensor([0.6, 1.5, 3.5, 3.7, 3.9, 6.0, 11.0, 13.9])[:, None, None]
    discs = (radius + 0.5 - torch.hypot(x + 0.3, y - 0.2)).clamp(0, 1)[:, None]
    corner = torch.zeros(1, 1, 28, 28)
    corner[..., 27, 0] = 1
    # In one batch: what is broad is measured once more and the rest is not, and blank pictures have no width.
    images = torch.cat([digits28[:5], discs, torch.ones(1, 1, 28, 28), corner, torch.zeros(2, 1, 28, 28), 1 - corner])
    enlarged = F.interpolate(F.pad(images, (2,) * 4), scale_factor=4, mode="bilinear")[:, 0].numpy() > 0.5
    distance = [ndimage.distance_transform_edt(cut)[cut] - 0.5 for cut in enlarged]
    expected = [it.mean() if len(it) else np.nan for it in distance]
    np.testing.assert_allclose(stroke_width(images), expected, rtol=1e-6)
    assert np.nanmax([it.max() for it in distance if len(it)]) > 50  # sub-pixels, of the 57 that a frame allows


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_widths_come_back_in_the_images_order(threads: int, digits28: Tensor) -> None:
    apart, before = torch.cat([stroke_width(image[None]) for image in digits28]), torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert torch.equal(stroke_width(digits28.repeat(9, 1, 1, 1)), apart.repeat(9))
    finally:
        torch.set_num_threads(before)
    assert stroke_width(digits28[:0]).shape == (0,)


def test_ink_of_exactly_one_half_is_outside() -> None:
    bar = torch.zeros(1, 1, 28, 28)
    bar[..., 10], bar[..., 11], bar[..., 12] = 3 / 16, 11 / 16, 3 / 16
    # Of the middle's 4 sub-pixels the outer hold 5/8 · 11/16 + 3/8 · 3/16 = 1/2, the inner 7/8 · 11/16 + 1/8 · 3/16.
    assert float(stroke_width(bar)[0]) == 0.5  # both half a sub-pixel from the edge
    assert float(stroke_width(bar * 1.001)[0]) == pytest.approx(1, abs=0.03)  # but for the bar's ends


def test_a_full_frame_has_a_stroke_as_wide_as_a_distance_field_says() -> None:
    full = torch.ones(2, 1, 28, 28)
    inside = np.pad(np.ones((112, 112)), 2)  # half a pixel of ink lies outside of the outermost centres
    expected = (ndimage.distance_transform_edt(inside)[inside > 0] - 0.5).mean()
    assert float(stroke_width(full)[0]) == pytest.approx(expected, abs=0.3)


@pytest.mark.parametrize("name", [name for name in MEASURES if name != "stroke-width"])
def test_the_gradient_of_a_measure_is_that_of_finite_differences(name: str, digits28: Tensor) -> None:
    uneven, step = torch.rand(2, *digits28.shape, generator=torch.Generator().manual_seed(0)).double()
    # No two pixels are the highest.
    measure, images = MEASURES[name].function, torch.where(digits28 > 0, 0.1 + 0.7 * digits28 + 0.1 * uneven, 0.0)
    step *= (images > 0) * 1e-5
    followed = images.clone().requires_grad_()
    found = measure(followed)
    torch.testing.assert_close(found, measure(images), rtol=0, atol=0, equal_nan=True)
    (slope,) = torch.autograd.grad(found.nan_to_num(nan=0.0).sum(), followed)
    change = (measure(images + step) - measure(images - step)) / 2
    has = found.isfinite()
    assert has.sum() > 30
    torch.testing.assert_close((slope * step).sum((1, 2, 3))[has], change[has], rtol=1e-2, atol=1e-7)


def test_stroke_width_has_no_gradient(digits28: Tensor) -> None:
    with pytest.raises(ImagesError, match="stroke_width: has no gradient"):
        stroke_width(digits28.requires_grad_())
