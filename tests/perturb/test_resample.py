"""Linear maps of pixels: against the matrix that they are, at every width, whole and cut."""

import math

import pytest
import torch
from torch import Tensor

from robustmnist.perturb.images import pixel_centres
from robustmnist.perturb.resample import CPU_WIDTH, Taps, bilinear, columns, prepare_tiles, resample, rows


def turned(degrees: float) -> Taps:
    x, y = pixel_centres(torch.float64)
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return bilinear(cosine * x - sine * y + 13.5, sine * x + cosine * y + 13.5)


def matrix(taps: Taps) -> Tensor:
    """Return the map as a dense float64 matrix `(784, 784)`."""
    dense = torch.zeros(784, 784, dtype=torch.float64)
    rows = torch.repeat_interleave(taps.starts.diff(append=torch.tensor([len(taps.index)])))
    return dense.index_put_((rows, taps.index), taps.weight.double(), accumulate=True)


@pytest.mark.parametrize("n", [0, 1, 3, CPU_WIDTH - 1, CPU_WIDTH, CPU_WIDTH + 1, 5 * CPU_WIDTH + 7])
def test_a_map_is_its_matrix(n: int) -> None:
    generator = torch.Generator().manual_seed(n)
    images, taps = torch.rand(n, 1, 28, 28, generator=generator), turned(33.0)
    wanted = (images.flatten(1).double() @ matrix(taps).T).clamp(0, 1).view_as(images)
    found = resample(images, taps)
    torch.testing.assert_close(found.double(), wanted, rtol=0, atol=2e-7)
    assert torch.equal(resample(prepare_tiles(images), taps), found)


def test_maps_follow_one_another() -> None:
    images = torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    half = torch.eye(28, dtype=torch.float64) / 2 + torch.diag(torch.full((27,), 0.5, dtype=torch.float64), 1)
    wanted = half @ images.double() @ half.T
    torch.testing.assert_close(resample(images, rows(half), columns(half)).double(), wanted, rtol=0, atol=2e-7)


def test_neither_the_batch_nor_its_layout_changes_a_bit() -> None:
    images, taps = torch.rand(CPU_WIDTH + 40, 1, 28, 28, generator=torch.Generator().manual_seed(1)), turned(-71.0)
    whole = resample(images, taps)
    assert torch.equal(resample(images[5:50], taps), whole[5:50])
    assert torch.equal(resample(images.flip(0), taps).flip(0), whole)
    assert torch.equal(resample(images.transpose(2, 3).contiguous().transpose(2, 3), taps), whole)
    assert whole.is_contiguous()
