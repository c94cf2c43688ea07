"""The preprocessing contract: measured on its output, against Pillow, and on MNIST itself."""

import hashlib

import numpy as np
import pytest
import torch
from PIL import Image

from robustmnist.data import load_dataset, to_mnist
from robustmnist.errors import ImagesError


@pytest.fixture(scope="module")
def raw() -> torch.Tensor:
    from sklearn.datasets import load_digits

    return torch.from_numpy(load_digits().images[:200]) / 16


def centres(images: torch.Tensor) -> torch.Tensor:
    """Return the centres of mass (y, x) in px as ``(B, 2)``."""
    steps = torch.arange(28.0)
    ink = images[:, 0]
    mass = ink.sum((1, 2))
    return torch.stack(((ink.sum(2) * steps).sum(1) / mass, (ink.sum(1) * steps).sum(1) / mass), 1)


def longer_side(images: torch.Tensor, above: float = 0.0) -> torch.Tensor:
    """Return the longer side of the bounding box of what is above `above`, gaps included, in px as ``(B,)``."""
    inked = images[:, 0] > above
    sides = [28 - (p := inked.any(axis).long()).argmax(1) - p.flip(1).argmax(1) for axis in (1, 2)]
    return torch.maximum(*sides)


def pillow(picture: np.ndarray, box: tuple[int, int, int, int], size: tuple[int, int]) -> np.ndarray:
    """Return the box (left, top, right, bottom) resampled by Pillow's bicubic filter to `size` (width, height)."""
    return np.asarray(Image.fromarray(picture.astype(np.float32)).resize(size, Image.Resampling.BICUBIC, box=box))


def test_digits_fill_a_20_px_box_and_are_centred_by_mass(raw: torch.Tensor) -> None:
    images = to_mnist(raw)
    assert images.shape == (200, 1, 28, 28)
    assert images.dtype == torch.float32
    assert (longer_side(images) == 20).float().mean() > 0.99
    # The place is chosen before rounding to 1/255, which moves the centre by some 0.001 px.
    assert (centres(images) > 13.5 - 0.01).all()
    assert (centres(images) < 14.5 + 0.01).all()


def test_levels_are_those_of_a_byte(raw: torch.Tensor) -> None:
    images = to_mnist(raw)
    levels = (images * 255).round()
    assert torch.equal(levels / 255, images)
    assert images.amax() == 1
    assert images.amin() == 0


def test_the_input_is_left_alone_and_each_image_stands_for_itself(raw: torch.Tensor) -> None:
    before = raw.clone()
    together = to_mnist(raw)
    assert torch.equal(raw, before)
    assert torch.equal(torch.cat([to_mnist(one) for one in raw.split(1)]), together)
    assert torch.equal(to_mnist(raw.flip(0)).flip(0), together)
    assert torch.equal(to_mnist(raw[:, None]), together)
    assert to_mnist(raw[:0]).shape == (0, 1, 28, 28)


def test_chunks_do_not_show(raw: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    together = to_mnist(raw)
    monkeypatch.setattr("robustmnist.data.mnist_form.CHUNK_PIXELS", 7 * 784)
    assert torch.equal(to_mnist(raw), together)


def test_bytes_and_floats_agree(raw: torch.Tensor) -> None:
    levels = (raw * 255).to(torch.uint8)
    assert torch.equal(to_mnist(levels), to_mnist(levels.double() / 255))


def test_dark_on_light_is_inverted(raw: torch.Tensor) -> None:
    assert torch.equal(to_mnist(1 - raw), to_mnist(raw))


def test_pale_digits_on_grey_paper_come_out_full(raw: torch.Tensor) -> None:
    pale = to_mnist(0.75 - 0.4 * raw)
    # Full ink is 0.99 for pale digits, which may also tip one whose centre of mass lies between two places.
    assert ((pale - to_mnist(raw)).abs().amax((1, 2, 3)) <= 0.03).sum() >= 195


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_a_blank_image_stays_blank(value: float) -> None:
    assert not to_mnist(torch.full((2, 9, 12), value)).any()


@pytest.mark.parametrize("shape", [(30, 10), (10, 30), (7, 7), (2, 3), (60, 45)])
def test_the_aspect_is_kept(shape: tuple[int, int]) -> None:
    height, width = shape
    canvas = torch.zeros(1, 100, 100)
    canvas[0, 5 : 5 + height, 20 : 20 + width] = 1
    image = to_mnist(canvas)
    longest = max(shape)
    assert image.sum().item() == pytest.approx(20 * 20 * height * width / longest**2, rel=0.06)
    assert longer_side(image, 0.04).item() == 20
    assert (centres(image) >= 13.5 - 1e-4).all()
    assert (centres(image) < 14.5).all()


def test_a_digit_heavy_at_one_end_keeps_its_box_on_the_canvas() -> None:
    nail = torch.zeros(1, 42, 42)
    nail[0, 1:41, 20:22] = 0.06
    nail[0, 1:4, 10:32] = 1
    image = to_mnist(nail)
    assert longer_side(image).item() == 20
    assert image[0, 0, -1].any()  # the box touches the edge, and nothing of it is lost beyond


def test_enlarging_is_pillows_bicubic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("robustmnist.data.mnist_form.STEEPNESS", 0.0)
    rng = np.random.default_rng(1)
    grey = np.zeros((16, 16))
    grey[4:12, 5:11] = rng.integers(64, 256, (8, 6)) / 255
    grey[7, 7] = 1
    ours = to_mnist(torch.from_numpy(grey)[None])[0, 0].numpy()
    theirs = pillow(grey, (5, 4, 11, 12), (15, 20)).clip(0, 1)
    rows, columns = np.nonzero(ours)[0].min(), np.nonzero(ours)[1].min()
    assert np.abs(ours[rows : rows + 20, columns : columns + 15] - theirs).max() <= 0.5 / 255 + 1e-5


def test_shrinking_is_pillows_bicubic() -> None:
    rng = np.random.default_rng(2)
    grey = np.zeros((90, 90))
    grey[20:70, 30:60] = rng.integers(64, 256, (50, 30)) / 255
    grey[40, 40] = 1
    ours = to_mnist(torch.from_numpy(grey)[None])[0, 0].numpy()
    theirs = pillow(grey, (30, 20, 60, 70), (12, 20)).clip(0, 1)
    rows, columns = np.nonzero(ours)[0].min(), np.nonzero(ours)[1].min()
    assert np.abs(ours[rows : rows + 20, columns : columns + 12] - theirs).max() <= 0.5 / 255 + 1e-5


def test_mnist_passes_through_unchanged(mnist_test: tuple[np.ndarray, np.ndarray]) -> None:
    images = torch.from_numpy(mnist_test[0].copy())
    out = (to_mnist(images)[:, 0] * 255).round().to(torch.uint8)
    same = (out == images).flatten(1).all(1)
    assert same.sum() == 9_997
    # The other three are those whose longer side is not 20 px.
    assert torch.equal(~same, longer_side(images[:, None]) != 20)


def test_enlarged_mnist_comes_back(mnist_test: tuple[np.ndarray, np.ndarray]) -> None:
    images = torch.from_numpy(mnist_test[0][:300].copy())
    large = images.repeat_interleave(3, 1).repeat_interleave(3, 2)
    assert (to_mnist(large)[:, 0] - images / 255).abs().mean() < 0.015


def test_the_embedded_digits_are_the_same_everywhere() -> None:
    levels = (load_dataset("digits").images * 255).round().to(torch.uint8).numpy()
    assert hashlib.sha256(levels.tobytes()).hexdigest() == PINNED


PINNED = "bff32a63c979faa019fa29f1bfc84751c116aa04f525721944f54864fbd892ba"


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.zeros(28, 28), r"shape \(28, 28\): are not grey digits; give \(B, H, W\)"),
        (torch.zeros(2, 3, 28, 28), r"shape \(2, 3, 28, 28\)"),
        (torch.zeros(2, 0, 5), r"shape \(2, 0, 5\)"),
        (torch.zeros(2, 8, 8, dtype=torch.int64), "int64: have no agreed range; give uint8"),
        (torch.full((1, 8, 8), 1.5), r"outside \[0, 1\]"),
        (torch.full((1, 8, 8), -0.1), r"outside \[0, 1\]"),
        (torch.full((1, 8, 8), torch.nan), "not finite"),
        (torch.full((1, 8, 8), torch.inf), "not finite"),
    ],
)
def test_what_are_no_grey_digits_is_refused(images: torch.Tensor, message: str) -> None:
    with pytest.raises(ImagesError, match=message):
        to_mnist(images)


def test_what_rounds_to_levels_has_no_gradient() -> None:
    with pytest.raises(ImagesError, match=r"no gradient with respect to the images; use images\.detach"):
        to_mnist(torch.zeros(1, 8, 8, requires_grad=True))
