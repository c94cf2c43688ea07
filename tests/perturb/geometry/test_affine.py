"""The per-sample affine map of augmentation: each sample its own, and the conventions of the single maps."""

import pytest
import torch
from support.pictures import DEVICES, pictures

from robustmnist.perturb import affine, check_images, rotation, scale, shift


def amounts(n: int, low: float, high: float, seed: int) -> torch.Tensor:
    return torch.rand(n, generator=torch.Generator().manual_seed(seed)) * (high - low) + low


def test_each_sample_has_its_own_amounts() -> None:
    images = pictures(6)
    dx, angle = amounts(6, -3, 3, 0).round(), amounts(6, -90, 90, 1)
    turned, moved = affine(images, angle=angle), affine(images, dx=dx, dy=-dx)
    for row in range(6):
        alone = images[row : row + 1]
        assert torch.allclose(turned[row], rotation(alone, angle=float(angle[row]))[0], atol=2e-5)
        assert torch.allclose(moved[row], shift(alone, dx=float(dx[row]), dy=-float(dx[row]))[0], atol=2e-5)


def test_scale_then_turn_then_shift() -> None:
    images = pictures(3, box=12)
    found = affine(images, dx=4, dy=-2, angle=90, horizontal=1.5, vertical=1.25)
    expected = shift(rotation(scale(images, horizontal=1.5, vertical=1.25), angle=90), dx=4, dy=-2)
    assert torch.allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize("device", DEVICES)
def test_neutral_samples_are_returned_bit_for_bit(device: str) -> None:
    images = torch.rand(4, 1, 28, 28, device=device)
    out = affine(images, angle=torch.tensor([0.0, 10.0, 0.0, 0.0]), dx=torch.tensor([0.0, 0.0, 1.0, 0.0]))
    assert torch.equal(out[[0, 3]], images[[0, 3]])
    assert not torch.equal(out[1], images[1])
    assert out.data_ptr() != images.data_ptr()


@pytest.mark.parametrize("device", DEVICES)
def test_any_batch_split_gives_the_same_bits(device: str) -> None:
    images = pictures(70).to(device)
    angle, factor = amounts(70, -40, 40, 0).to(device), amounts(70, 0.7, 1.3, 1).to(device)
    whole = affine(images, angle=angle, scale=factor, dx=0.3)
    for part in (slice(0, 1), slice(3, 40), slice(69, 70)):
        assert torch.equal(affine(images[part], angle=angle[part], scale=factor[part], dx=0.3), whole[part])
    check_images(whole)


def test_no_images_and_odd_memory_are_fine() -> None:
    assert affine(pictures(0), angle=3.0).shape == (0, 1, 28, 28)
    images = pictures(3)
    turned = images.transpose(2, 3).contiguous().transpose(2, 3)
    assert torch.equal(affine(turned, angle=20.0), affine(images, angle=20.0))


def test_it_turns_opposite_to_kornias_random_affine() -> None:
    """kornia issue 4408: RandomAffine turns the other way than kornia's own rotate."""
    augmentation = pytest.importorskip("kornia.augmentation")
    images = pictures(2)
    theirs = augmentation.RandomAffine(degrees=(30.0, 30.0), p=1.0, align_corners=True)(images)
    ours = {sign: float((affine(images, angle=sign * 30.0) - theirs).abs().mean()) for sign in (-1, 1)}
    assert ours[-1] < 0.01 < ours[1]
