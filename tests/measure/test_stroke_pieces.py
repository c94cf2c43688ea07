"""Pieces of strokes: disjoint, together all ink, cut where they should be; the skeleton against scikit-image."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.morphology import skeletonize
from support.pictures import pictures

from robustmnist.data import load_dataset
from robustmnist.measure.skeleton import crossings, skeleton
from robustmnist.measure.stroke_pieces import MOST, stroke_pieces

EIGHT = np.ones((3, 3), bool)


def drawn(*bars: tuple[slice, slice]) -> np.ndarray:
    image = np.zeros((28, 28), np.float32)
    for bar in bars:
        image[bar] = 1
    return image


BAR = drawn((slice(4, 24), slice(12, 15)))
ANGLE = drawn((slice(4, 24), slice(6, 9)), (slice(21, 24), slice(6, 22)))
CROSS = drawn((slice(3, 25), slice(12, 15)), (slice(12, 15), slice(3, 25)))
TEE = drawn((slice(4, 7), slice(4, 24)), (slice(4, 24), slice(13, 16)))
TWO = drawn((slice(4, 24), slice(5, 8)), (slice(4, 24), slice(18, 21)))


@pytest.mark.parametrize(
    ("image", "count"),
    [(BAR, 1), (ANGLE, 2), (CROSS, 4), (TEE, 3), (TWO, 2)],
    ids=["bar", "angle", "cross", "t", "two"],
)
def test_shapes_fall_into_their_strokes(image: np.ndarray, count: int) -> None:
    pieces = stroke_pieces(image)
    assert sorted(set(pieces[image > 0].tolist())) == list(range(count))
    for piece in range(count):  # one connected part each
        assert ndimage.label(pieces == piece, EIGHT)[1] == 1


def test_an_angle_is_cut_at_its_corner() -> None:
    pieces = stroke_pieces(ANGLE)
    upright, across = pieces[4:19, 6:9], pieces[21:24, 11:22]
    assert len(np.unique(upright)) == len(np.unique(across)) == 1
    assert upright[0, 0] == 0  # numbered from the top
    assert across[0, 0] == 1


def test_a_ring_is_cut_and_a_dot_is_a_piece() -> None:
    row, column = np.mgrid[:28, :28]
    distance = np.hypot(row - 13.5, column - 13.5)
    ring = ((distance > 6) & (distance < 9)).astype(np.float32)
    assert stroke_pieces(ring).max() + 1 >= 3
    dot = drawn((slice(13, 15), slice(13, 15)))
    assert (stroke_pieces(dot)[dot > 0] == 0).all()
    faint = 0.2 * BAR
    assert (stroke_pieces(faint)[faint > 0] == 0).all()
    assert (stroke_pieces(np.zeros((28, 28), np.float32)) == -1).all()


def test_pieces_are_all_ink_and_nothing_else() -> None:
    noise = np.clip(np.random.default_rng(0).normal(0.2, 0.3, (6, 28, 28)), 0, 1).astype(np.float32)
    digits = load_dataset("digits").images[:60, 0].numpy()
    for image in (*digits, *pictures(20)[:, 0].numpy(), *noise):
        pieces = stroke_pieces(image)
        assert np.array_equal(pieces >= 0, image > 0)
        assert sorted(set(pieces[image > 0].tolist())) == list(range(pieces.max() + 1))  # none is empty
        assert pieces.max() < MOST
        assert np.array_equal(stroke_pieces(image.copy()), pieces)


def test_a_digit_has_a_handful_of_pieces() -> None:
    counts = [stroke_pieces(image).max() + 1 for image in load_dataset("digits").images[:100, 0].numpy()]
    assert 2 <= np.median(counts) <= 6


def test_the_skeleton_keeps_parts_and_holes_and_is_thin() -> None:
    away = []
    for image in load_dataset("digits").images[:60, 0].numpy():
        inside = image >= 0.5
        line = skeleton(inside)
        assert not (line & ~inside).any()
        assert ndimage.label(line, EIGHT)[1] == ndimage.label(inside, EIGHT)[1]
        assert ndimage.label(~np.pad(line, 1))[1] == ndimage.label(~np.pad(inside, 1))[1]
        assert not ndimage.minimum_filter(line, (3, 3)).any()  # nowhere three wide
        oracle = skeletonize(inside)
        assert ndimage.distance_transform_edt(~oracle)[line].max() <= 2
        away.append(ndimage.distance_transform_edt(~line)[oracle].mean())  # ends of slanted strokes are taken shorter
    assert np.mean(away) < 1


def test_branches_are_counted() -> None:
    line = np.zeros((9, 9), bool)
    line[4, 1:8] = line[1:5, 4] = True
    branches = crossings(line)
    assert branches[4, 4] == 3
    assert branches[4, 1] == branches[4, 7] == branches[1, 4] == 1
    assert branches[4, 2] == 2
    assert not branches[~line].any()
