"""Thickness: the effect measured against scikit-image's medial axis, closed forms, and what every change promises."""

import math

import numpy as np
import pytest
import torch
from support.medial import medial_width
from support.pictures import DEVICES
from torch import Tensor

from robustmnist.errors import ImagesError, InputError
from robustmnist.measure import ink, stroke_width
from robustmnist.perturb.stroke.thickness import CHANGE_LOW, RINGS, prepare_stroke, thickness

SWEEP = [-2 + 0.5 * k for k in range(13)]
FINE = [-2 + 0.0625 * k for k in range(97)]


@pytest.fixture
def mnist200(mnist_test: tuple[np.ndarray, np.ndarray]) -> Tensor:
    return torch.from_numpy(mnist_test[0][::50]).float()[:, None] / 255


@pytest.fixture(scope="module")
def noise() -> Tensor:
    return torch.rand(20, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def soft(signed_distance: Tensor) -> Tensor:
    """Return `(B, 1, 28, 28)` ink from px inside an edge: a pixel is covered by half where the edge crosses it."""
    return (signed_distance + 0.5).clamp(0, 1).float()[:, None]


def bars(width: float) -> Tensor:
    """Return 12 long bars of a width in px through the middle, turned by 0°, 15° … 165°."""
    y, x = torch.meshgrid(*[torch.arange(28.0) - 13.5] * 2, indexing="ij")
    angle = torch.arange(12)[:, None, None] * (math.pi / 12)
    return soft(width / 2 - (x * angle.cos() + y * angle.sin()).abs())


def discs(radius: float) -> Tensor:
    """Return 9 discs, their centres at different places within a pixel."""
    y, x = torch.meshgrid(*[torch.arange(28.0) - 13.5] * 2, indexing="ij")
    sub = torch.arange(3) / 3
    cx, cy = (place.flatten()[:, None, None] for place in torch.meshgrid(sub, sub, indexing="ij"))
    return soft(radius - torch.hypot(x - cx, y - cy))


def test_measured_change_is_the_asked_one_on_real_digits(mnist200: Tensor) -> None:
    clean, prepared = medial_width(mnist200), prepare_stroke(mnist200)
    changes = (-2, -1.5, -1, -0.5, 0.5, 1, 1.5, 2, 3, 4)
    measured = {c: medial_width(thickness(mnist200, change=c, prepared=prepared)) - clean for c in changes}
    for asked in (-1, -0.5, 0.5, 1, 1.5, 2):
        assert abs(measured[asked].mean() - asked) <= 0.25
        assert measured[asked].std() < 0.5
    # Beyond that, as the module says: thin digits vanish, what survives is broad; then strokes merge.
    for asked, error, gone in ((-2, 0.46, 13), (-1.5, 0.21, 3), (3, 0.34, 0), (4, 0.79, 0)):
        assert np.isnan(measured[asked]).sum() == gone
        assert np.nanmean(measured[asked]) - asked == pytest.approx(error, abs=0.1)


def test_our_own_measure_agrees_on_embedded_digits(digits28: Tensor) -> None:
    clean = stroke_width(digits28)
    for asked in (-1, -0.5, 0.5, 1, 1.5):
        change = stroke_width(thickness(digits28, change=asked)) - clean
        assert abs(change.mean() - asked) <= 0.25


@pytest.mark.parametrize("width", [2.0, 3.0, 4.0])
def test_bars_at_any_angle_change_by_what_was_asked(width: float) -> None:
    images = bars(width)
    y, x = torch.meshgrid(*[torch.arange(28.0) - 13.5] * 2, indexing="ij")
    angle = torch.arange(12)[:, None, None] * (math.pi / 12)
    middle = ((9 - (y * angle.cos() - x * angle.sin()).abs()) / 4).clamp(0, 1)  # 14 px of the length, its ends soft
    for asked in SWEEP:
        if -asked <= width - 1:
            gained = (thickness(images, change=asked) - images)[:, 0] * middle
            change = gained.sum((1, 2)) / 14
            assert abs(change.mean() - asked) <= 0.12
            assert (change - asked).abs().max() <= 0.2


@pytest.mark.parametrize("radius", [2.0, 4.0, 6.0])
def test_discs_change_their_diameter_by_what_was_asked(radius: float) -> None:
    images = discs(radius)
    clean = 2 * (ink(images) / math.pi).sqrt()
    for asked in SWEEP:
        change = 2 * (ink(thickness(images, change=asked)) / math.pi).sqrt() - clean
        assert (change - asked).abs().max() <= 0.15


def test_a_loop_closes_when_the_change_is_its_width() -> None:
    y, x = torch.meshgrid(*[torch.arange(28.0) - 13.5] * 2, indexing="ij")
    ring = soft(1.25 - (torch.hypot(x, y)[None] - 2.75).abs())  # 2.5 px wide around a hole of 3 px
    middle = torch.stack([thickness(ring, change=c)[0, 0, 13:15, 13:15].mean() for c in (0, 1, 3, 4)])
    assert middle[0] == 0
    assert middle[1] < 0.4
    assert middle[2] > 0.75
    assert middle[3] > 0.99


def test_small_changes_are_distinct_unlike_morpho_mnists_quarter_pixels(digits28: Tensor) -> None:
    amounts = (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3)
    means = torch.stack([ink(thickness(digits28, change=change)) for change in amounts])
    assert (means.diff(dim=0) > 0).all()


@pytest.mark.parametrize("device", DEVICES)
def test_more_change_is_never_less_ink_in_any_pixel(device: str, digits28: Tensor, noise: Tensor) -> None:
    images = torch.cat([digits28[:20], noise]).to(device)
    prepared = prepare_stroke(images)
    before = thickness(images, change=CHANGE_LOW, prepared=prepared)
    for change in FINE[1:]:
        after = thickness(images, change=change, prepared=prepared)
        assert (after >= before).all()
        assert (after - before).max() < 0.3  # and no pixel jumps: 1/16 px at a time
        before = after


@pytest.mark.parametrize("device", DEVICES)
def test_no_change_is_the_input_bit_for_bit(device: str, digits28: Tensor, noise: Tensor) -> None:
    images = torch.cat([digits28, noise]).to(device)
    assert torch.equal(thickness(images, change=0), images)
    mixed = torch.linspace(-2, 4, len(images), device=device)
    mixed[::3] = 0
    assert torch.equal(thickness(images, change=mixed)[::3], images[::3])


@pytest.mark.parametrize("device", DEVICES)
def test_a_tensor_of_changes_equals_one_call_each(device: str, digits28: Tensor) -> None:
    images = digits28[:13].to(device)
    together = thickness(images, change=torch.tensor(SWEEP, device=device))
    for i, change in enumerate(SWEEP):
        assert torch.equal(together[i : i + 1], thickness(images[i : i + 1], change=change))


def test_prepared_serves_all_strengths_and_any_rows(digits28: Tensor) -> None:
    prepared = prepare_stroke(digits28)
    rows = torch.tensor([40, 3, 3, 17])
    for change in SWEEP:
        fresh = thickness(digits28, change=change)
        assert torch.equal(thickness(digits28, change=change, prepared=prepared), fresh)
        assert torch.equal(thickness(digits28[rows], change=change, prepared=prepared[rows]), fresh[rows])
    assert prepared.nbytes <= 16_000 * len(digits28)


def test_chunks_leave_no_trace(digits28: Tensor) -> None:
    images = digits28.repeat(9, 1, 1, 1)
    assert torch.equal(thickness(images, change=1.3), thickness(digits28, change=1.3).repeat(9, 1, 1, 1))


@pytest.mark.parametrize("change", [-1.7, 0.6, 4])
def test_mirrored_digits_come_out_mirrored(change: float, noise: Tensor) -> None:
    expected = thickness(noise, change=change)
    for axes in ((2,), (3,), (2, 3)):
        assert torch.equal(thickness(noise.flip(axes), change=change), expected.flip(axes))
    turned = thickness(noise.transpose(2, 3), change=change).transpose(2, 3)
    torch.testing.assert_close(turned, expected, atol=1.01 / 255, rtol=0)  # the surface is rounded to 255 levels


def test_blank_stays_blank_and_full_thins_from_the_frame() -> None:
    blank, full = torch.zeros(2, 1, 28, 28), torch.ones(2, 1, 28, 28)
    for change in SWEEP:
        assert torch.equal(thickness(blank, change=change), blank)
        if change >= 0:
            assert torch.equal(thickness(full, change=change), full)
    thinned = thickness(full, change=-1)
    assert torch.equal(thinned[..., 2:-2, 2:-2], full[..., 2:-2, 2:-2])
    assert thinned[0, 0, 14, 0] == pytest.approx(0.5, abs=0.05)


def test_paper_far_from_ink_stays_exactly_blank(digits28: Tensor) -> None:
    for change in SWEEP[5:]:
        reach = math.ceil(2 + change / 2)
        near = torch.nn.functional.max_pool2d(digits28, 2 * reach + 1, 1, reach) > 0
        assert (thickness(digits28, change=change)[~near] == 0).all()


def test_ink_between_the_255_levels_stays_in_range(noise: Tensor) -> None:
    for images in (noise, noise * 0.003, 1 - noise * 0.003):
        for change in SWEEP:
            out = thickness(images, change=change)
            assert 0 <= out.min() <= out.max() <= 1


def keys(distance: np.ndarray) -> np.ndarray:
    """Return the weight of a sample at a distance in px: Keys's cubic with the slope −1."""
    t = np.abs(distance)
    return np.where(t <= 1, t**3 - 2 * t**2 + 1, np.where(t < 2, -(t**3) + 5 * t**2 - 8 * t + 4, 0))


def surface(image: np.ndarray) -> np.ndarray:
    """Return the ink, 0 to 255, of a `(28, 28)` image at every 1/8 px from −2 to 29 px."""
    weight = keys(np.arange(-16, 233)[:, None] / 8 - np.arange(28))
    along = np.floor(16 * (weight @ np.round(255.0 * image)) + 0.5) / 16
    return np.clip(np.floor(along @ weight.T + 0.5), 0, 255)


def test_the_planes_are_those_of_keys_cubic_written_out(digits28: Tensor, noise: Tensor) -> None:
    images = torch.cat([noise[:3], torch.ones(1, 1, 28, 28), digits28[:3], torch.zeros(1, 1, 28, 28), noise[3:5]])
    for planes, image in zip(prepare_stroke(images).numpy(), images[:, 0].double().numpy(), strict=True):
        fine, points = surface(image), [(0, 0)]
        for knot, (radius, number) in enumerate([(0, 1), *RINGS]):
            angles = 2 * np.pi * np.arange(number) / number
            points += [(round(radius * math.sin(a)), round(radius * math.cos(a))) for a in angles]
            there = [fine[16 + y : 16 + y + 217 : 8, 16 + x : 16 + x + 217 : 8] for y, x in points]
            np.testing.assert_array_equal(planes[4 + knot], np.max(there, 0))
            if knot <= 4:
                np.testing.assert_array_equal(planes[4 - knot], np.min(there, 0))


@pytest.mark.skipif("cuda" not in DEVICES, reason="no CUDA device here")
def test_both_devices_prepare_the_same_bits(digits28: Tensor, noise: Tensor) -> None:
    images = torch.cat([digits28, noise])
    assert torch.equal(prepare_stroke(images.cuda()).cpu(), prepare_stroke(images))


@pytest.mark.parametrize("change", [-2.01, 4.01, math.nan, math.inf, torch.tensor([0.0, 5.0])])
def test_impossible_changes_are_refused(change: float | Tensor) -> None:
    with pytest.raises(InputError, match=r"change: must be -2 to 4 px of stroke width"):
        thickness(torch.zeros(2, 1, 28, 28), change=change)


def test_what_does_not_fit_is_refused(digits28: Tensor) -> None:
    with pytest.raises(InputError, match=r"one number or 64, not of shape \(3,\)"):
        thickness(digits28, change=torch.zeros(3))
    with pytest.raises(ImagesError, match=r"prepared strokes: of shape \(5, 13, 28, 28\) do not fit 64 images"):
        thickness(digits28, change=1, prepared=prepare_stroke(digits28[:5]))
