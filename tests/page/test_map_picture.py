"""The small pictures: read back by another reader, and what their colours say."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from robustmnist.page.map_picture import AGAINST, FOR, OUTLINE, common_scale, digit, heat, on_paper, overlay, png

RAMP = np.linspace(-1, 1, 784, dtype=np.float32).reshape(28, 28)


def read(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))


@pytest.mark.parametrize("colours", [1, 2, 255, 256, 257, 784])
def test_another_reader_sees_the_same_pixels(colours: int) -> None:
    generator = np.random.default_rng(colours)
    palette = generator.integers(0, 256, (colours, 4), dtype=np.uint8)
    picture = palette[np.arange(28 * 30) % colours].reshape(28, 30, 4)
    assert np.array_equal(read(png(picture)), picture)


def test_pictures_are_small(digits28: object) -> None:
    image = digits28[0, 0].numpy()  # type: ignore[index]
    assert len(png(digit(image))) < 1000
    assert len(png(heat(RAMP))) < 1500
    assert len(png(overlay(image, RAMP, 4))) < 3000


def test_ink_is_opacity() -> None:
    image = np.array([[0, 0.5, 1]], np.float32)
    assert digit(image).tolist() == [[[0, 0, 0, 0], [0, 0, 0, 128], [0, 0, 0, 255]]]


def test_the_map_is_centred_and_symmetric() -> None:
    colours = heat(RAMP)
    mirrored = heat(-RAMP)
    assert np.array_equal(colours[..., 3], mirrored[..., 3])
    assert tuple(colours[-1, -1]) == (*FOR, 255)
    assert tuple(colours[0, 0]) == (*AGAINST, 255)
    assert heat(np.zeros((2, 2), np.float32)).max() == 0
    ordered = colours.reshape(-1, 4)[392:, 3].astype(int)
    assert (np.diff(ordered) >= 0).all()


def test_what_is_beyond_the_scale_has_the_full_hue_and_what_is_not_finite_none() -> None:
    shares = np.array([[3, -3, np.nan, np.inf, -np.inf]], np.float32)
    assert heat(shares)[0, :, 3].tolist() == [255, 255, 0, 0, 0]


def test_the_outline_runs_inside_the_ink_and_nowhere_else() -> None:
    image = np.zeros((7, 7), np.float32)
    image[2:5, 2:5] = 1
    large = overlay(image, np.zeros((7, 7), np.float32), 4)
    line = (large == (*OUTLINE, 255)).all(axis=-1)
    square = np.zeros((28, 28), bool)
    square[8:20, 8:20] = True
    square[9:19, 9:19] = False
    assert np.array_equal(line, square)
    assert not large[~line].any()


def test_paper_shows_through() -> None:
    assert on_paper(heat(np.zeros((1, 1), np.float32))).tolist() == [[[255, 255, 255]]]
    assert on_paper(digit(np.ones((1, 1), np.float32))).tolist() == [[[0, 0, 0]]]


def test_one_scale_holds_for_both_views_whatever_their_sign() -> None:
    values = RAMP * 2
    assert common_scale([values]) == common_scale([-values]) == pytest.approx(2 * 0.99, abs=0.01)
    assert common_scale([values, -values]) == pytest.approx(common_scale([values]), abs=0.01)
    assert common_scale([RAMP, RAMP * 0]) == common_scale([RAMP])  # blank paper makes no other map stronger


def test_a_scale_can_always_divide() -> None:
    empty, spike = np.zeros((28, 28), np.float32), np.zeros((28, 28), np.float32)
    spike[3, 3] = -0.25
    assert common_scale([empty, empty]) == 1
    assert common_scale([spike]) == 0.25
    assert common_scale([np.full((28, 28), np.nan, np.float32)]) == 1
    assert common_scale([np.full((28, 28), np.inf, np.float32), spike]) == 0.25
