"""Greys against Pillow, scikit-image and torchvision, and JPEG against libjpeg itself, level by level."""

import io

import numpy as np
import pytest
import torch
import torchvision.transforms.v2.functional as tv
from PIL import Image, ImageOps
from skimage import exposure
from support.pictures import pictures
from torch import Tensor

from robustmnist.perturb import brightness, contrast, gamma, inversion, jpeg, quantise

RAMP = torch.arange(784).view(1, 1, 28, 28) / 783


def levels(images: Tensor) -> np.ndarray:
    return (images * 255).round().to(torch.uint8).numpy()


@pytest.mark.parametrize("change", [-0.4, 0.15, 1.0])
def test_brightness_adds_ink(change: float) -> None:
    np.testing.assert_allclose(brightness(RAMP, change=change), np.clip(RAMP.numpy() + change, 0, 1), atol=1e-7)


@pytest.mark.parametrize("factor", [0.0, 0.3, 0.9, 1.8])
def test_contrast_about_the_mean_is_torchvisions(factor: float) -> None:
    x = pictures(5)
    assert torch.allclose(contrast(x, factor=factor), tv.adjust_contrast(x, factor), atol=1e-6)


@pytest.mark.parametrize("factor", [0.0, 0.25, 0.8])
def test_less_contrast_keeps_the_pivot(factor: float) -> None:
    x = torch.cat([pictures(5), RAMP])
    assert torch.allclose(contrast(x, factor=factor).mean((1, 2, 3)), x.mean((1, 2, 3)), atol=1e-6)
    assert torch.allclose(contrast(x, factor=factor, about="middle") - 0.5, factor * (x - 0.5), atol=1e-6)
    assert torch.allclose(contrast(x, factor=factor, about="paper"), factor * x, atol=1e-7)


@pytest.mark.parametrize("about", ["mean", "middle", "paper"])
def test_contrasts_multiply(about: str) -> None:
    x = pictures(4)
    twice = contrast(contrast(x, factor=0.5, about=about), factor=0.6, about=about)
    assert torch.allclose(twice, contrast(x, factor=0.3, about=about), atol=1e-6)


def test_a_mean_does_not_depend_on_the_order_of_its_sum() -> None:
    x = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    order = torch.randperm(784, generator=torch.Generator().manual_seed(1))
    shuffled = x.flatten()[order].view(1, 1, 28, 28)
    assert torch.equal(contrast(shuffled, factor=0.3).flatten(), contrast(x, factor=0.3).flatten()[order])


@pytest.mark.parametrize("exponent", [0.05, 0.37, 0.5, 1.0, 1.7, 3.0, 12.25, 100.0])
def test_gamma_is_scikit_images(exponent: float) -> None:
    expected = exposure.adjust_gamma(RAMP.double().numpy(), exponent)
    np.testing.assert_allclose(gamma(RAMP, exponent=exponent), expected, atol=2e-6)


def test_gammas_multiply() -> None:
    there = gamma(RAMP, exponent=0.4)
    assert torch.allclose(gamma(there, exponent=2.5), RAMP, atol=5e-6)
    assert gamma(RAMP, exponent=0.01).flatten()[0] == 0


def test_gamma_of_a_pixel_does_not_depend_on_its_place() -> None:
    """torch.pow gives other bits at the end of a line than in its midst."""
    line = torch.rand(1000, generator=torch.Generator().manual_seed(0))
    whole = gamma(line[:784].view(1, 1, 28, 28), exponent=1.7).flatten()
    moved = gamma(line[7:791].view(1, 1, 28, 28), exponent=1.7).flatten()
    assert torch.equal(whole[7:], moved[:-7])


def test_inversion_is_pillows() -> None:
    x = pictures(1)
    negative = np.asarray(ImageOps.invert(Image.fromarray(levels(x)[0, 0])))
    assert np.array_equal(levels(inversion(x, fraction=1))[0, 0], negative)
    assert torch.equal(inversion(x, fraction=1), 1 - x)
    assert torch.allclose(inversion(x, fraction=0.5), torch.tensor(0.5))
    assert torch.allclose(inversion(x, fraction=0.3), x + 0.3 * (1 - 2 * x), atol=1e-7)


@pytest.mark.parametrize(("bits", "count"), [(1, 2), (2, 4), (3, 8), (5, 32), (8, 256)])
def test_quantise_leaves_so_many_levels(bits: int, count: int) -> None:
    step = 1 / (2**bits - 1)
    coarse = quantise(RAMP, step=step)
    assert len(coarse.unique()) == count
    assert float((coarse - RAMP).abs().max()) <= step / 2 + 1e-6
    assert torch.allclose(quantise(coarse, step=step), coarse, atol=1e-7)


def test_eight_bits_are_mnists_own() -> None:
    x = pictures(20)
    assert np.array_equal(levels(quantise(x, step=1 / 255)), levels(x))


def through_libjpeg(image: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("quality", [1, 3, 7, 10, 18, 25, 33, 49, 50, 51, 75, 90, 97, 99])
def test_jpeg_is_libjpegs_to_the_level(quality: int, digits28: Tensor) -> None:
    static = torch.rand(12, 1, 28, 28, generator=torch.Generator().manual_seed(quality))
    x = torch.cat([digits28[:24], pictures(12, box=28), static, (static > 0.5).float(), RAMP, torch.ones(1, 1, 28, 28)])
    expected = np.stack([through_libjpeg(image, quality) for image in levels(x)[:, 0]])
    found = jpeg(x, loss=100 - quality)
    assert np.array_equal(levels(found)[:, 0], expected)
    assert torch.equal(found, torch.from_numpy(expected)[:, None] / 255)


def test_the_loss_rises_between_whole_qualities_too(digits28: Tensor) -> None:
    lost = [float((jpeg(digits28, loss=loss) - digits28).square().mean()) for loss in (1, 50, 75, 90, 90.5, 95, 99)]
    assert lost == sorted(lost)
    assert 0 < lost[0] < 1e-5


def test_what_makes_no_sense_is_refused() -> None:
    x = pictures(1)
    with pytest.raises(ValueError, match="no pivot 'ink': mean, middle, paper"):
        contrast(x, factor=0.5, about="ink")
    with pytest.raises(ValueError, match="exponent must be above 0, not 0"):
        gamma(x, exponent=0)
    with pytest.raises(ValueError, match="step must be 0 or more, not -1"):
        quantise(x, step=-1)
    for loss in (-1, 100, float("nan")):
        with pytest.raises(ValueError, match="loss must be from 0 to below 100"):
            jpeg(x, loss=loss)
