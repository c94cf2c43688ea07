"""Elastic deformation: the field's length, mean and smoothness, and that pixels go where it says."""

import math

import numpy as np
import pytest
import torch
from scipy import ndimage
from support.pictures import pictures

from robustmnist.draws import Draws
from robustmnist.perturb import elastic
from robustmnist.perturb.geometry.elastic import elastic_field


def drawn(n: int) -> Draws:
    return Draws(0, "elastic", torch.arange(n))


@pytest.mark.parametrize("smoothing", [3.0, 4.0, 10.0])
def test_every_field_is_one_px_long_and_goes_nowhere(smoothing: float) -> None:
    field = elastic_field(drawn(50), smoothing).double()
    assert torch.allclose(field.square().sum(1).mean((1, 2)).sqrt(), torch.ones(50, dtype=torch.float64), atol=1e-5)
    assert float(field.mean((2, 3)).abs().max()) < 1e-5


@pytest.mark.parametrize("displacement", [0.5, 1.0])
def test_pixels_come_from_where_the_field_says(displacement: float) -> None:
    """A ramp of ink tells where each pixel was read: bilinear interpolation is exact on it."""
    ramp = (torch.arange(28) / 27).expand(1, 1, 28, 28)
    field, inside = elastic_field(drawn(20)) * displacement, slice(6, 22)
    for axis, image in ((0, ramp), (1, ramp.transpose(2, 3))):
        out = elastic(image.expand(20, -1, -1, -1), displacement=displacement, draws=drawn(20))
        moved = (out - image)[:, 0] * 27
        assert torch.allclose(moved[:, inside, inside], field[:, axis, inside, inside], atol=1e-4)


@pytest.mark.parametrize("smoothing", [3.0, 4.0, 6.0])
def test_the_field_is_as_smooth_as_filtered_noise(smoothing: float) -> None:
    """Simard et al. filter white noise with a Gaussian; the oracle does, on a plane without edges."""
    n = 300
    noise = np.random.default_rng(0).normal(size=(n, 2, 80, 80))
    theirs = ndimage.gaussian_filter(noise, (0, 0, smoothing, smoothing), mode="wrap")[..., 20:48, 20:48]
    theirs -= theirs.mean((2, 3), keepdims=True)
    theirs /= np.sqrt((theirs**2).sum(1).mean((1, 2)))[:, None, None, None]
    ours = elastic_field(drawn(n), smoothing).double().numpy()
    for step in (1, 4, 8):
        for axis in (2, 3):
            found, expected = (
                np.square(np.diff(it.take(range(0, 28, step), axis=axis), axis=axis)).mean() for it in (ours, theirs)
            )
            assert found == pytest.approx(expected, rel=0.08)


def test_a_field_keeps_its_shape_at_all_displacements() -> None:
    ramp = (torch.arange(28) / 27).expand(5, 1, 28, 28)
    once, twice = (elastic(ramp, displacement=d, draws=drawn(5)) - ramp for d in (0.5, 1.0))
    assert torch.allclose(2 * once[..., 6:22, 6:22], twice[..., 6:22, 6:22], atol=1e-5)


def test_more_displacement_changes_more() -> None:
    images = pictures(30)
    changes = [
        float((elastic(images, displacement=d, draws=drawn(30)) - images).abs().mean()) for d in (0.25, 0.5, 1, 2)
    ]
    assert changes == sorted(changes)


def test_folds_come_with_displacements_of_the_smoothing() -> None:
    field = elastic_field(drawn(200), 4.0).double()
    down, right = torch.gradient(field, dim=(2, 3))

    def folded(displacement: float) -> float:
        x, y = displacement * right, displacement * down
        return float(((1 + x[:, 0]) * (1 + y[:, 1]) - x[:, 1] * y[:, 0] < 0).double().mean())

    assert folded(1.0) < 1e-3 < folded(4.0) < 0.15


def test_draws_are_not_shared_by_the_batch() -> None:
    out = elastic(pictures(1).expand(30, -1, -1, -1), displacement=1, draws=drawn(30))
    assert len({picture.numpy().tobytes() for picture in out}) == 30


def test_simards_alpha_is_two_px() -> None:
    noise = np.random.default_rng(1).uniform(-1, 1, (400, 2, 41, 41))
    field = 34 * ndimage.gaussian_filter(noise, (0, 0, 4, 4), mode="wrap")
    assert math.sqrt((field**2).sum(1).mean()) == pytest.approx(
        34 * math.sqrt(2 / 3) / (2 * math.sqrt(math.pi) * 4), rel=0.03
    )
    assert math.sqrt((field**2).sum(1).mean()) == pytest.approx(2.0, abs=0.08)
