"""Occlusion: how much is covered, where, and that more covers what less did."""

import itertools
import math

import numpy as np
import pytest
import torch
from support.pictures import pictures
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.errors import InputError
from robustmnist.measure import extent, ink
from robustmnist.perturb import lines, missing_rows, patch, stripe
from robustmnist.perturb.occlusion.cover import FILLS

N = 400


def drawn(n: int = N, stream: str = "occlusion") -> Draws:
    return Draws(0, stream, torch.arange(n))


def frame(n: int = N, value: float = 0.0) -> Tensor:
    return torch.full((n, 1, 28, 28), value)


def box(n: int = N) -> Tensor:
    """Return pictures whose ink's box is x 6 to 13, y 10 to 19."""
    images = frame(n)
    images[..., 10:20, 6:14] = 1.0
    return images


@pytest.mark.parametrize("side", [0.5, 1.0, 3.3, 7.0])
def test_a_patch_covers_its_area(side: float) -> None:
    """The middle of the frame's box: no patch reaches over the edge."""
    small = frame()
    small[..., 10:18, 10:18] = 0.01
    covered = ink(patch(small, side=side, draws=drawn(), fill="ink") - small)
    assert torch.allclose(covered, torch.tensor(side**2), rtol=0.011)


def test_a_patch_lies_anywhere_in_the_digits_box() -> None:
    cover = (patch(box() * 0.01, side=4.0, draws=drawn(), fill="ink") > 0.5)[:, 0]
    place = torch.arange(28)
    x = (cover.any(1) * place).sum(1) / cover.any(1).sum(1)
    y = (cover.any(2) * place).sum(1) / cover.any(2).sum(1)
    for centres, low, high in ((x, 5.5, 13.5), (y, 9.5, 19.5)):
        assert float(centres.min()) == pytest.approx(low, abs=0.6)
        assert float(centres.max()) == pytest.approx(high, abs=0.6)
        counts = np.histogram(centres.numpy(), bins=4, range=(low, high))[0]
        assert counts == pytest.approx(N / 4, rel=0.35)


def test_a_blank_images_box_is_the_frame() -> None:
    cover = patch(frame(), side=2.0, draws=drawn(), fill="ink")
    left, _, right, _ = extent(cover.amax(0, keepdim=True))[0].tolist()
    assert (left, right) == (0, 28)


@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
@pytest.mark.parametrize("width", [1, 2, 5.5, 28])
def test_a_stripe_is_as_wide_as_asked(direction: str, width: float) -> None:
    out = stripe(frame(1), width=width, direction=direction, fill="ink")
    across = out[0, 0].mean(1 if direction == "horizontal" else 0)
    assert float(across.sum()) == pytest.approx(width, abs=1e-5)
    assert torch.equal(across, across.flip(0))
    assert float(across[13]) == min(1.0, width / 2)


def test_fills_are_as_named() -> None:
    images = pictures(3)
    inside, outside = slice(10, 18), slice(0, 10)
    expected = {"paper": torch.zeros_like(images), "ink": torch.ones_like(images), "inverted": 1 - images}
    for fill in FILLS:
        out = stripe(images, width=8, fill=fill)
        assert torch.allclose(out[:, :, inside], expected[fill][:, :, inside], atol=1e-6)
        assert torch.equal(out[:, :, outside], images[:, :, outside])


@pytest.mark.parametrize("width", [0.5, 1.0, 2.5])
def test_a_line_is_as_wide_as_asked_at_any_angle(width: float) -> None:
    """The ink of a line is its width times its length inside of the frame, here from its own two ends."""
    out = lines(frame(), width=width, draws=drawn(), number=1, fill="ink")[:, 0].double()
    field = drawn().uniform(10, 3)[:, 0].double()
    x, y, angle = (field[:, 0] * 28 - 14), (field[:, 1] * 28 - 14), field[:, 2] * math.pi
    step_x, step_y = angle.cos(), -angle.sin()
    way = torch.stack([(side * 14 - at) / step for at, step in ((x, step_x), (y, step_y)) for side in (-1, 1)], 1)
    length = torch.where(way > 0, way, math.inf).amin(1) - torch.where(way < 0, way, -math.inf).amax(1)
    long = length > 15  # at a corner a short line's ends are cut askew
    ratio = out.sum((1, 2))[long] / (length[long] * width)
    assert float(ratio.mean()) == pytest.approx(1, abs=0.01)
    assert float(ratio.std()) < 0.03


def test_lines_go_through_the_digits_box_in_all_directions() -> None:
    blank = box() * 0.01
    out = lines(blank, width=1.5, draws=drawn(), number=1) > 0.3
    assert bool(out[..., 9:21, 5:15].flatten(1).any(1).all())
    horizontal, vertical = (float((out.any(axis)[:, 0].sum(1) == 28).float().mean()) for axis in (2, 3))
    assert horizontal == pytest.approx(vertical, abs=0.2)
    assert min(horizontal, vertical) > 0.1


def test_fewer_lines_are_the_first_of_more() -> None:
    few, many = (lines(frame(20), width=1.5, draws=drawn(20), number=number) for number in (2, 5))
    assert bool((few <= many).all())
    assert float(many.sum()) > 1.5 * float(few.sum())
    assert torch.equal(lines(box(5), width=2, draws=drawn(5), number=0), box(5))


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5, 0.77, 1.0])
def test_exactly_the_fraction_of_rows_is_missing(fraction: float) -> None:
    out = missing_rows(frame(value=1.0), fraction=fraction, draws=drawn())
    rows = out[:, 0].mean(2)
    assert torch.allclose(rows.sum(1), torch.tensor(28 * (1 - fraction)), atol=1e-4)
    assert int(((rows > 0) & (rows < 1)).sum(1).max()) <= 1
    assert torch.equal(rows[..., None].expand(-1, -1, 28), out[:, 0])
    often = (rows < 0.5).float().mean(0)
    assert torch.allclose(often, torch.tensor(round(28 * fraction) / 28), atol=0.1)


@pytest.mark.parametrize("name", ["patch", "lines", "stripe", "missing-rows"])
def test_more_covers_what_less_did(name: str) -> None:
    images, draws = frame(30, 1.0), drawn(30)
    run = {
        "patch": lambda s: patch(images, side=12 * s, draws=draws),
        "lines": lambda s: lines(images, width=4 * s, draws=draws, fill="paper"),
        "stripe": lambda s: stripe(images, width=20 * s, fill="paper"),
        "missing-rows": lambda s: missing_rows(images, fraction=s, draws=draws),
    }[name]
    steps = [run(share) for share in (0.1, 0.3, 0.5, 0.9)]
    assert all(bool((more <= less).all()) for less, more in itertools.pairwise(steps))
    assert not torch.equal(steps[0], steps[1])


def test_unknown_words_and_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="fill: must be one of paper, ink, inverted, not 'red'"):
        patch(frame(1), side=2, draws=drawn(1), fill="red")
    with pytest.raises(InputError, match="direction: must be one of horizontal, vertical, not 'up'"):
        stripe(frame(1), width=2, direction="up")
    with pytest.raises(InputError, match="number: must be 0 to 10, not 11"):
        lines(frame(1), width=2, draws=drawn(1), number=11)
