"""Rotation and shift in one interpolation: each tool's convention against its literal formula, and their defects."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import ndimage
from support.pictures import pictures
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.errors import InputError
from robustmnist.perturb import pose, random_pose, rotation, shift

POSES = [(30.0, 3.0, -3.0), (-12.5, 1.5, 0.0), (5.0, -3.0, 1.5), (0.0, 2.0, 1.0), (-30.0, 0.0, 0.0), (180.0, 1.5, -3.0)]
PX = torch.arange(28, dtype=torch.float64)


def drawn(n: int, index: int = 0) -> Draws:
    return Draws(0, "random-pose", torch.arange(n), index)


def blob(x: float, y: float) -> Tensor:
    square = (PX[None, :] - x) ** 2 + (PX[:, None] - y) ** 2
    return torch.exp(-square / 4.5).float()[None, None]


def centroid(images: Tensor) -> tuple[float, float]:
    ink = images[0, 0].double()
    return float((ink.sum(0) * PX).sum() / ink.sum()), float((ink.sum(1) * PX).sum() / ink.sum())


@pytest.mark.parametrize(("angle", "dx", "dy"), POSES)
def test_turned_about_the_centre_then_moved_as_scipy_does(angle: float, dx: float, dy: float) -> None:
    images = pictures(3, box=28)
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    read = np.array([[cosine, sine], [-sine, cosine]])  # (y, x) of the output to (y, x) of the input
    offset = np.full(2, 13.5) - read @ (np.full(2, 13.5) + np.array([dy, dx]))
    for image, found in zip(images.numpy(), pose(images, angle=angle, dx=dx, dy=dy).numpy(), strict=True):
        expected = ndimage.affine_transform(image[0].astype(float), read, offset, order=1, mode="grid-constant")
        np.testing.assert_allclose(found[0], expected, atol=2e-6)


def test_the_signs_are_those_of_rotation_and_shift() -> None:
    x, y = centroid(pose(blob(19.5, 13.5), angle=30, dx=2, dy=-1))
    assert x == pytest.approx(13.5 + 6 * math.cos(math.radians(30)) + 2, abs=0.02)
    assert y == pytest.approx(13.5 - 6 * math.sin(math.radians(30)) - 1, abs=0.02)


def test_whole_pixels_and_quarter_turns_are_copies() -> None:
    images = torch.rand(2, 1, 28, 28)
    assert torch.equal(pose(images, dx=3, dy=-2), shift(images, dx=3, dy=-2))
    assert torch.equal(pose(images, angle=-90, dx=3), shift(torch.rot90(images, -1, (-2, -1)), dx=3))


def test_one_interpolation_blurs_less_than_two() -> None:
    images = pictures(20)
    once = pose(images, angle=20, dx=1.5, dy=-1.5)
    twice = shift(rotation(images, angle=20), dx=1.5, dy=-1.5)
    assert torch.allclose(once, twice, atol=0.6)
    assert float((once**2).sum()) > 1.05 * float((twice**2).sum())


def test_what_is_turned_out_and_moved_in_is_there() -> None:
    image = blob(26.0, 26.0)
    assert float(pose(image, angle=45, dx=-8).sum()) > 10
    assert float(shift(rotation(image, angle=45), dx=-8).sum()) < 5


def foolbox(images: Tensor, angle: float, dx: float, dy: float) -> Tensor:
    """Their formula, spelled with torch's own corner-aligned grid."""
    turn = math.radians(angle)
    theta = torch.tensor(
        [[math.cos(turn), -math.sin(turn), dx / (28 / 2)], [math.sin(turn), math.cos(turn), dy / (28 / 2)]]
    )
    grid = F.affine_grid(theta.expand(len(images), 2, 3), list(images.shape), align_corners=True)
    return F.grid_sample(images, grid, align_corners=True)


@pytest.mark.parametrize(("angle", "dx", "dy"), POSES)
def test_foolbox_is_its_literal_formula(angle: float, dx: float, dy: float) -> None:
    images = pictures(3, box=28)
    found = pose(images, angle=angle, dx=dx, dy=dy, convention="foolbox")
    assert torch.allclose(found, foolbox(images, angle, dx, dy), atol=2e-5)


def test_foolbox_27_of_28_px() -> None:
    """foolbox's "1 px" is 27/28 px and blurred; the default's is 1 px and a copy."""
    images = blob(13.5, 13.5)
    assert centroid(pose(images, dx=1, convention="foolbox"))[0] == pytest.approx(13.5 - 27 / 28, abs=1e-3)
    assert centroid(pose(images, dx=1))[0] == pytest.approx(14.5, abs=1e-3)
    dots = torch.eye(28)[None, None]
    assert bool(((pose(dots, dx=1) == 0) | (pose(dots, dx=1) == 1)).all())
    assert float(pose(dots, dx=1, convention="foolbox").max()) < 0.98


@pytest.mark.parametrize(("angle", "percent_x", "percent_y"), [(30, 10, -10), (-7.5, 5.3, 0), (0, 5.4, 9), (120, 0, 3)])
def test_art_is_its_literal_formula(angle: float, percent_x: float, percent_y: float) -> None:
    images = pictures(4, box=28)
    across, down = (int(round(28 * percent / 100.0)) for percent in (percent_x, percent_y))  # noqa: RUF046
    moved = ndimage.shift(images.double().numpy(), [0, 0, down, across])
    turned = np.clip(ndimage.rotate(moved, angle=angle, axes=(2, 3), reshape=False), 0, 1)
    found = pose(images, angle=angle, dx=28 * percent_x / 100, dy=28 * percent_y / 100, convention="art")
    # At the end pixels' centres scipy's own rounding decides what is inside; nowhere else.
    far = np.abs(found.numpy() - turned) > 3e-6
    assert far.mean() < 0.001


def test_art_channel_count_is_not_taken_for_the_width() -> None:
    """ART's SpatialTransformation takes the channel count for the width in NCHW, so its x shifts round to 0."""
    images = pictures(2)
    assert torch.equal(pose(images, dx=2.8, convention="art"), shift(images, dx=3))
    assert torch.equal(pose(images, dy=2.8, convention="art"), shift(images, dy=3))


def test_art_has_one_global_transformation_for_the_whole_set() -> None:
    """Here each sample has its own, and so have foolbox's draws, which the whole batch shares there."""
    for convention in ("pixels", "foolbox"):
        out = random_pose(blob(17, 13.5).expand(50, -1, -1, -1), extent=1, draws=drawn(50), convention=convention)
        assert len({picture.numpy().tobytes() for picture in out}) == 50


@pytest.mark.parametrize("convention", ["pixels", "foolbox"])
def test_each_sample_goes_by_its_own_draws(convention: str) -> None:
    images, draws = pictures(20), drawn(20)
    found = random_pose(images, extent=0.5, draws=draws, max_angle=40, max_shift=4, convention=convention)
    amounts = (draws.uniform(3).double() * 2 - 1) * 0.5 * torch.tensor([40, 4, 4])
    for row, (angle, dx, dy) in enumerate(amounts.tolist()):
        alone = pose(images[row : row + 1], angle=angle, dx=dx, dy=dy, convention=convention)
        assert torch.allclose(found[row], alone[0], atol=3e-5)


def test_amounts_are_uniform_within_the_maxima() -> None:
    """The default is ±30° and ±3 px: Engstrom et al. 2019."""
    n = 4000
    out = random_pose(blob(13.5, 13.5).expand(n, -1, -1, -1), extent=1, draws=drawn(n))
    x = (out[:, 0].double().sum(1) * PX).sum(1) / out.double().sum((1, 2, 3)) - 13.5
    assert float(x.abs().max()) < 3 + 1e-3
    assert np.histogram(x.numpy(), bins=6, range=(-3, 3))[0] == pytest.approx(n / 6, rel=0.15)
    turned = random_pose(blob(19.5, 13.5).expand(n, -1, -1, -1), extent=1, draws=drawn(n), max_shift=0)
    y = (turned[:, 0].double().sum(2) * PX).sum(1) / turned.double().sum((1, 2, 3)) - 13.5
    angle = torch.asin((-y / 6).clamp(-1, 1)).rad2deg()
    assert float(angle.abs().max()) < 30.5
    assert np.histogram(angle.numpy(), bins=6, range=(-30, 30))[0] == pytest.approx(n / 6, rel=0.15)


def test_further_draws_leave_the_first_ones_alone() -> None:
    """Worst-of-k: the draws for k are a prefix of those for k + 1."""
    images = pictures(6)
    several = [random_pose(images, extent=1, draws=drawn(6, index)) for index in range(3)]
    assert torch.equal(random_pose(images, extent=1, draws=drawn(6, 1)), several[1])
    assert not torch.equal(several[0], several[1])


def test_unknown_conventions_are_refused() -> None:
    with pytest.raises(InputError, match="convention: must be one of pixels, foolbox, art, not 'kornia'"):
        pose(pictures(1), angle=3, convention="kornia")
    with pytest.raises(InputError, match="must be one of pixels, foolbox, not 'art'"):
        random_pose(pictures(1), extent=1, draws=drawn(1), convention="art")
