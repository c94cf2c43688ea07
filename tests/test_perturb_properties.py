"""Relations between a perturbation's outputs that hold for any picture (metamorphic properties)."""

from collections.abc import Callable

import torch
from hypothesis import given
from hypothesis import strategies as st
from support.pictures import pictures
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb import (
    affine,
    decentering,
    gaussian_noise,
    rotation,
    salt_and_pepper,
    scale,
    shift,
    shift_towards,
    shot_noise,
    speckle,
    uniform_noise,
)
from robustmnist.perturb.geometry.shift import DIRECTIONS

images = st.builds(pictures, st.integers(1, 4), st.integers(0, 10_000), box=st.sampled_from([12, 20, 28]))
whole = st.integers(-9, 9)
part = st.floats(-9, 9, allow_nan=False)
angles = st.floats(-180, 180, allow_nan=False)
factors = st.floats(0.3, 2.5, allow_nan=False)
strengths = st.floats(0, 2, allow_nan=False)
pairs = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)
permutations = st.permutations(range(4))


def flip_x(pictures: Tensor) -> Tensor:
    return pictures.flip(-1)


def swap(pictures: Tensor) -> Tensor:
    return pictures.transpose(-1, -2)


def drawn(n: int, stream: str = "s") -> Draws:
    return Draws(0, stream, torch.arange(n))


def close(one: Tensor, other: Tensor, tolerance: float = 2e-6) -> bool:
    return torch.allclose(one, other, rtol=0, atol=tolerance)


# Shift


@given(images, whole, whole)
def test_shift_back_restores_the_inside(x: Tensor, dx: int, dy: int) -> None:
    back = shift(shift(x, dx=dx, dy=dy), dx=-dx, dy=-dy)
    inside = torch.zeros(28, 28, dtype=torch.bool)
    inside[max(0, -dy) : 28 - max(0, dy), max(0, -dx) : 28 - max(0, dx)] = True
    assert torch.equal(back[..., inside], x[..., inside])
    assert not back[..., ~inside].any()


@given(images, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_shifts_one_way_add_up(x: Tensor, a: int, b: int, c: int, d: int) -> None:
    assert torch.equal(shift(shift(x, dx=a, dy=-b), dx=c, dy=-d), shift(x, dx=a + c, dy=-b - d))


@given(images, part, part)
def test_axes_of_a_shift_are_separate(x: Tensor, dx: float, dy: float) -> None:
    both = shift(x, dx=dx, dy=dy)
    assert close(shift(shift(x, dx=dx), dy=dy), both)
    assert close(shift(shift(x, dy=dy), dx=dx), both)


@given(images, part, part)
def test_a_mirror_turns_the_shift_round(x: Tensor, dx: float, dy: float) -> None:
    assert close(shift(flip_x(x), dx=dx, dy=dy), flip_x(shift(x, dx=-dx, dy=dy)))


@given(images, part, part)
def test_transposing_swaps_the_axes_of_a_shift(x: Tensor, dx: float, dy: float) -> None:
    assert close(shift(swap(x), dx=dx, dy=dy), swap(shift(x, dx=dy, dy=dx)))


@given(st.builds(pictures, st.integers(1, 3), st.integers(0, 999), box=st.just(12)), st.floats(-7, 7), st.floats(-7, 7))
def test_shift_keeps_the_ink_that_stays_inside(x: Tensor, dx: float, dy: float) -> None:
    assert torch.allclose(shift(x, dx=dx, dy=dy).sum((1, 2, 3)), x.sum((1, 2, 3)), rtol=1e-5)


@given(images, st.integers(-8, 8), st.floats(0, 1))
def test_a_fraction_lies_between_whole_pixels(x: Tensor, dx: int, share: float) -> None:
    between = (1 - share) * shift(x, dx=dx) + share * shift(x, dx=dx + 1)
    assert close(shift(x, dx=dx + share), between)


@given(images, part, st.sampled_from(sorted(DIRECTIONS)), st.sampled_from(["euclidean", "chessboard"]))
def test_opposite_directions_are_negative_distances(x: Tensor, distance: float, word: str, metric: str) -> None:
    opposite = next(other for other, step in DIRECTIONS.items() if step == tuple(-s for s in DIRECTIONS[word]))
    there = shift_towards(x, distance=distance, direction=word, metric=metric)
    assert torch.equal(there, shift_towards(x, distance=-distance, direction=opposite, metric=metric))


@given(images, st.integers(0, 9))
def test_chessboard_diagonals_are_shifts_of_both_axes(x: Tensor, distance: int) -> None:
    found = shift_towards(x, distance=distance, direction="down-right", metric="chessboard")
    assert torch.equal(found, shift(x, dx=distance, dy=distance))


# Rotation


@given(images)
def test_four_quarter_turns_are_none(x: Tensor) -> None:
    turned = x
    for _ in range(4):
        turned = rotation(turned, angle=90)
    assert torch.equal(turned, x)


@given(images, angles)
def test_a_full_turn_changes_nothing(x: Tensor, angle: float) -> None:
    assert close(rotation(x, angle=angle + 360), rotation(x, angle=angle), 1e-5)


@given(images, angles, st.integers(-3, 3))
def test_quarter_turns_commute_with_any_turn(x: Tensor, angle: float, quarters: int) -> None:
    expected = rotation(x, angle=angle + 90 * quarters)
    assert close(rotation(rotation(x, angle=90 * quarters), angle=angle), expected, 1e-5)
    assert close(rotation(rotation(x, angle=angle), angle=90 * quarters), expected, 1e-5)


@given(images, angles)
def test_a_mirror_turns_the_rotation_round(x: Tensor, angle: float) -> None:
    assert close(rotation(flip_x(x), angle=angle), flip_x(rotation(x, angle=-angle)), 1e-5)


@given(st.integers(0, 999), st.floats(-45, 45))
def test_turning_back_nearly_restores_smooth_pictures(seed: int, angle: float) -> None:
    smooth = torch.nn.functional.avg_pool2d(pictures(2, seed, box=12), 5, stride=1, padding=2)
    assert float((rotation(rotation(smooth, angle=angle), angle=-angle) - smooth).abs().mean()) < 0.01


# Scale


@given(images, factors, factors)
def test_stretches_along_both_axes_are_one_scale(x: Tensor, in_x: float, in_y: float) -> None:
    both = scale(x, horizontal=in_x, vertical=in_y)
    assert close(scale(scale(x, horizontal=in_x), vertical=in_y), both, 1e-5)


@given(images, factors)
def test_equal_stretches_are_a_factor(x: Tensor, factor: float) -> None:
    assert torch.equal(scale(x, factor=factor), scale(x, horizontal=factor, vertical=factor))


@given(images, factors, factors)
def test_mirrors_and_transposes_commute_with_scale(x: Tensor, in_x: float, in_y: float) -> None:
    scaled = scale(x, horizontal=in_x, vertical=in_y)
    assert close(scale(flip_x(x), horizontal=in_x, vertical=in_y), flip_x(scaled))
    assert close(scale(swap(x), horizontal=in_y, vertical=in_x), swap(scaled))


@given(images, factors)
def test_quarter_turns_commute_with_scale(x: Tensor, factor: float) -> None:
    assert close(rotation(scale(x, factor=factor), angle=90), scale(rotation(x, angle=90), factor=factor))


# All maps of pixels


LINEAR: list[Callable[[Tensor], Tensor]] = [
    lambda x: shift(x, dx=2.3, dy=-1),
    lambda x: scale(x, factor=0.6),
    lambda x: scale(x, horizontal=1.4),
    lambda x: rotation(x, angle=40),
    lambda x: affine(x, dx=1.5, angle=20, scale=0.8),
]


@given(st.integers(0, 999), st.floats(0, 1), st.sampled_from(LINEAR))
def test_maps_of_pixels_are_linear(seed: int, share: float, move: Callable[[Tensor], Tensor]) -> None:
    a, b = pictures(2, seed, box=28), pictures(2, seed + 1, box=28)
    assert close(move(share * a + (1 - share) * b), share * move(a) + (1 - share) * move(b), 1e-5)


@given(permutations, st.sampled_from(LINEAR))
def test_maps_of_pixels_treat_each_picture_alone(order: list[int], move: Callable[[Tensor], Tensor]) -> None:
    x = pictures(4)
    assert torch.equal(move(x[order]), move(x)[order])


@given(images, whole, whole, st.floats(-180, 180), st.floats(0.7, 2))
def test_affine_is_its_parts_where_one_is_asked(x: Tensor, dx: int, dy: int, angle: float, factor: float) -> None:
    assert close(affine(x, dx=dx, dy=dy), shift(x, dx=dx, dy=dy), 2e-5)
    assert close(affine(x, angle=angle), rotation(x, angle=angle), 2e-5)
    assert close(affine(x, scale=max(factor, 1.0)), scale(x, factor=max(factor, 1.0)), 2e-5)


# Decentering


@given(images, st.floats(0, 1), st.integers(0, 1000))
def test_decentering_loses_no_ink(x: Tensor, fraction: float, first: int) -> None:
    out = decentering(x, fraction=fraction, draws=Draws(0, "s", torch.arange(first, first + len(x))))
    assert torch.equal(out.flatten(1).sort(1).values, x.flatten(1).sort(1).values)


@given(images, st.floats(0, 1), st.integers(-2, 2), st.integers(-2, 2))
def test_decentering_fully_forgets_how_far_there_was_to_go(x: Tensor, fraction: float, dx: int, dy: int) -> None:
    draws = drawn(len(x))
    once = decentering(x, fraction=1, draws=draws)
    assert torch.equal(decentering(once, fraction=fraction, draws=draws).sum(), once.sum())


# Noise


@given(images, pairs)
def test_noise_on_a_pixel_only_grows(x: Tensor, pair: list[float]) -> None:
    low, high = pair
    for change in (
        lambda s: gaussian_noise(x, sigma=s, draws=drawn(len(x))),
        lambda s: speckle(x, sigma=s, draws=drawn(len(x))),
        lambda s: uniform_noise(x, amplitude=s, draws=drawn(len(x))),
        lambda s: salt_and_pepper(x, probability=s, draws=drawn(len(x))),
    ):
        less, more = change(low) - x, change(high) - x
        assert bool((less.abs() <= more.abs() + 1e-6).all())
        assert bool((less * more >= -1e-6).all())


@given(images, strengths)
def test_noise_in_proportion_leaves_the_background(x: Tensor, sigma: float) -> None:
    assert not speckle(x, sigma=sigma, draws=drawn(len(x)))[x == 0].any()
    assert not shot_noise(x, sigma=max(sigma, 0.01), draws=drawn(len(x)))[x == 0].any()


@given(images, st.floats(0, 1))
def test_a_replaced_pixel_is_full_or_empty(x: Tensor, probability: float) -> None:
    out = salt_and_pepper(x, probability=probability, draws=drawn(len(x)))
    assert bool(((out == x) | (out == 0) | (out == 1)).all())


@given(images, st.floats(0, 1))
def test_uniform_noise_stays_within_its_amplitude(x: Tensor, amplitude: float) -> None:
    assert float((uniform_noise(x, amplitude=amplitude, draws=drawn(len(x))) - x).abs().max()) <= amplitude + 1e-6


@given(st.integers(0, 999), st.floats(0.01, 2))
def test_more_ink_never_catches_fewer_photons(seed: int, sigma: float) -> None:
    x, draws = pictures(2, seed), drawn(2)
    brighter = (x + 0.2 * (x > 0)).clamp(max=1)
    less, more = (shot_noise(it, sigma=sigma, draws=draws) for it in (x, brighter))
    assert bool((less <= more).all())


@given(images, st.floats(0.01, 2))
def test_photons_are_whole(x: Tensor, sigma: float) -> None:
    out = shot_noise(x, sigma=sigma, draws=drawn(len(x))).double()
    photons = out[out < 1] / sigma**2
    assert torch.allclose(photons, photons.round(), atol=1e-2)


@given(permutations, strengths)
def test_noise_follows_its_sample(order: list[int], sigma: float) -> None:
    x, ids = pictures(4), torch.tensor([3, 1, 4, 15])
    for change in (gaussian_noise, speckle):
        there = change(x, sigma=sigma, draws=Draws(0, "s", ids))
        assert torch.equal(change(x[order], sigma=sigma, draws=Draws(0, "s", ids[order])), there[order])
