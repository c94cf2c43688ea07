"""Relations between outputs of the blur, intensity, occlusion, geometry and stroke perturbations (metamorphic)."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.pictures import pictures
from torch import Tensor

from robustmnist import perturb
from robustmnist.draws import Draws

images = st.builds(pictures, st.integers(1, 4), st.integers(0, 10_000), box=st.sampled_from([12, 20, 28]))
share = st.floats(0, 1)


def drawn(n: int, stream: str = "s") -> Draws:
    return Draws(0, stream, torch.arange(n))


def close(one: Tensor, other: Tensor, tolerance: float = 3e-6) -> bool:
    return torch.allclose(one, other, rtol=0, atol=tolerance)


# Blur


@given(images, st.floats(0.3, 5), share)
def test_a_blur_of_fainter_ink_is_a_fainter_blur(x: Tensor, sigma: float, faint: float) -> None:
    assert close(perturb.gaussian_blur(faint * x, sigma=sigma), faint * perturb.gaussian_blur(x, sigma=sigma))


@given(images, st.floats(0.5, 6))
def test_round_blurs_know_no_direction(x: Tensor, size: float) -> None:
    for blur in (lambda i: perturb.gaussian_blur(i, sigma=size), lambda i: perturb.defocus(i, radius=size)):
        assert close(blur(x.flip(-1)), blur(x).flip(-1))
        assert close(blur(x.transpose(-1, -2)), blur(x).transpose(-1, -2))


@given(images, st.floats(0.5, 6), st.floats(1.05, 2))
def test_no_blur_is_darker_than_its_picture(x: Tensor, size: float, factor: float) -> None:
    most = x.amax((1, 2, 3), keepdim=True) + 1e-6
    for out in (
        perturb.gaussian_blur(x, sigma=size),
        perturb.defocus(x, radius=size),
        perturb.motion_blur(x, length=size),
        perturb.zoom_blur(x, factor=factor),
        perturb.pixelate(x, block=size + 1),
    ):
        assert bool((out <= most).all())


@given(images, st.floats(1, 12), st.floats(0, 180))
def test_a_motion_has_no_sign(x: Tensor, length: float, angle: float) -> None:
    there, back = (perturb.motion_blur(x, length=length, angle=angle + turn) for turn in (0.0, -180.0))
    assert close(there, back, 2e-5)


@given(images, st.sampled_from([2.0, 4.0, 7.0, 14.0, 28.0]))
def test_whole_blocks_keep_the_ink_and_stay(x: Tensor, block: float) -> None:
    once = perturb.pixelate(x, block=block)
    assert close(once.sum((1, 2, 3)), x.sum((1, 2, 3)), 1e-3)
    assert close(perturb.pixelate(once, block=block), once)


# Intensity


@given(images, st.floats(-1, 1), st.floats(-1, 1))
def test_brighter_is_never_darker(x: Tensor, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert bool((perturb.brightness(x, change=low) <= perturb.brightness(x, change=high)).all())


@given(images, st.floats(0.1, 1), st.floats(0.1, 1))
def test_losses_of_contrast_multiply(x: Tensor, one: float, other: float) -> None:
    for about in ("mean", "middle", "paper"):
        twice = perturb.contrast(perturb.contrast(x, factor=one, about=about), factor=other, about=about)
        assert close(twice, perturb.contrast(x, factor=one * other, about=about))


@given(images, st.floats(0.3, 3), st.floats(0.3, 3))
def test_exponents_multiply(x: Tensor, one: float, other: float) -> None:
    twice = perturb.gamma(perturb.gamma(x, exponent=one), exponent=other)
    assert close(twice, perturb.gamma(x, exponent=one * other), 2e-5)


@given(images, st.floats(0.1, 10))
def test_gamma_keeps_the_order_of_greys(x: Tensor, exponent: float) -> None:
    greys = x.flatten().sort().values
    assert bool((perturb.gamma(greys[-784:].view(1, 1, 28, 28), exponent=exponent).flatten().diff() >= -1e-6).all())


@given(images, share)
def test_inversions_make_each_other_up(x: Tensor, fraction: float) -> None:
    assert close(perturb.inversion(perturb.inversion(x, fraction=1), fraction=1), x)
    both = perturb.inversion(x, fraction=fraction) + perturb.inversion(x, fraction=1 - fraction)
    assert close(both, torch.ones_like(x))


@given(images, st.integers(1, 255))
def test_quantised_once_is_quantised(x: Tensor, steps: int) -> None:
    once = perturb.quantise(x, step=1 / steps)
    assert close(perturb.quantise(once, step=1 / steps), once)
    assert bool(((once - x).abs() <= 0.5 / steps + 1e-6).all())


# Occlusion


@given(images, st.floats(0, 14), st.floats(0, 14), st.sampled_from(["paper", "ink"]))
def test_a_larger_patch_covers_the_smaller(x: Tensor, one: float, other: float, fill: str) -> None:
    small, large = (perturb.patch(x, side=side, draws=drawn(len(x)), fill=fill) for side in sorted((one, other)))
    target = 0.0 if fill == "paper" else 1.0
    assert bool(((large - target).abs() <= (small - target).abs() + 1e-6).all())


@given(images, share, share)
def test_rows_lost_stay_lost(x: Tensor, one: float, other: float) -> None:
    few, more = (perturb.missing_rows(x, fraction=f, draws=drawn(len(x))) for f in sorted((one, other)))
    assert bool((more <= few).all())
    assert bool((few <= x).all())


@given(images, st.floats(0, 20), st.sampled_from(["horizontal", "vertical"]))
def test_a_stripe_inverted_twice_is_gone(x: Tensor, width: float, direction: str) -> None:
    whole = float(round(width / 2) * 2)  # edges on pixels: in between a pixel is a mixture
    once = perturb.stripe(x, width=whole, direction=direction, fill="inverted")
    assert close(perturb.stripe(once, width=whole, direction=direction, fill="inverted"), x)


# Geometry


@given(images, st.floats(-1, 1))
def test_a_mirror_turns_the_slant_round(x: Tensor, slope: float) -> None:
    assert close(perturb.shear(x.flip(-1), horizontal=slope), perturb.shear(x, horizontal=-slope).flip(-1))


@given(images, st.floats(-1, 1))
def test_both_shears_are_each_others_transposes(x: Tensor, slope: float) -> None:
    swapped = perturb.shear(x.transpose(-1, -2), vertical=slope).transpose(-1, -2)
    assert close(swapped, perturb.shear(x, horizontal=slope))


@given(images, share, st.floats(0, 40), st.floats(0, 6))
def test_half_the_extent_is_half_the_range(x: Tensor, extent: float, angle: float, shift: float) -> None:
    halved = perturb.random_pose(x, extent=extent / 2, draws=drawn(len(x)), max_angle=angle, max_shift=shift)
    narrow = perturb.random_pose(x, extent=extent, draws=drawn(len(x)), max_angle=angle / 2, max_shift=shift / 2)
    assert close(halved, narrow, 2e-5)


@given(images, st.integers(-4, 4), st.integers(-4, 4), st.floats(-60, 60))
def test_a_pose_is_its_turn_and_its_shift(x: Tensor, dx: int, dy: int, angle: float) -> None:
    small = perturb.scale(x, factor=0.4)  # nothing reaches the frame
    both = perturb.pose(small, angle=angle, dx=dx, dy=dy)
    assert close(both, perturb.shift(perturb.rotation(small, angle=angle), dx=dx, dy=dy), 2e-5)


# Stroke


@given(images, st.floats(-0.7, 1), st.floats(-0.7, 1))
def test_a_thicker_pen_never_leaves_less_ink(x: Tensor, one: float, other: float) -> None:
    thin, thick = (perturb.relative_thickness(x, change=change) for change in sorted((one, other)))
    assert bool((thin <= thick + 1e-6).all())


@given(images, st.floats(0, 3), st.floats(0, 3))
def test_a_break_only_takes_ink_and_a_wider_one_more(x: Tensor, one: float, other: float) -> None:
    narrow, wide = (perturb.fracture(x, width=width, draws=drawn(len(x))) for width in sorted((one, other)))
    assert bool((wide <= narrow + 1e-6).all())
    assert bool((narrow <= x + 1e-6).all())


@pytest.mark.parametrize("name", ["shift", "rotation", "scale", "shear", "gaussian-blur", "defocus", "motion-blur"])
def test_blank_paper_stays_blank(name: str) -> None:
    blank = torch.zeros(2, 1, 28, 28)
    perturbation = perturb.PERTURBATIONS[name]
    key, parameter = next(iter(perturbation.parameters.items()))
    ready = perturb.prepare(name, blank, ids=torch.arange(2))
    assert torch.equal(ready(**{key: min(parameter.high, 5.0)}), blank)
