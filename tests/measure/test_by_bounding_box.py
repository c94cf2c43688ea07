"""Images taken together by where their ink lies: each once, in a box that holds all of it, narrow boxes together."""

import pytest
import torch
from torch import Tensor

from robustmnist.measure import extent
from robustmnist.measure.by_bounding_box import Box, by_bounding_box


def parts(images: Tensor, size: int, threshold: float = 0.0) -> list[tuple[Tensor, Box]]:
    """Return what the work is called with."""
    found: list[tuple[Tensor, Box]] = []
    by_bounding_box(lambda rows, box: found.append((rows, box)), images, size=size, threshold=threshold)
    return found


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 5, 64, 100])
def test_every_image_comes_once_and_lies_in_its_box(threads: int, size: int, digits28: Tensor) -> None:
    images, before = torch.cat([digits28, digits28.roll(4, 3)]), torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        found = parts(images, size, threshold=0.3)
    finally:
        torch.set_num_threads(before)
    assert sorted(torch.cat([rows for rows, _ in found]).tolist()) == list(range(len(images)))
    for rows, (left, top, right, bottom) in found:
        assert len(rows) <= size
        inked = images[rows, 0].amax(0) > 0.3
        assert [left, top, right, bottom] == extent(inked[None, None].float())[0].tolist()


def test_the_boxes_are_smaller_than_those_of_neighbours_in_the_batch() -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.zeros(600, 1, 28, 28)
    for image, (top, left) in zip(images, torch.randint(0, 20, (600, 2), generator=generator).tolist(), strict=True):
        image[0, top : top + 8, left : left + 8] = 1
    area = sum(len(rows) * (right - left) * (bottom - top) for rows, (left, top, right, bottom) in parts(images, 30))
    assert area < 0.35 * 600 * 27 * 27  # in the batch's own order the box of 30 squares is nearly always all of it


def test_blank_images_and_none_at_all() -> None:
    [(rows, box)] = parts(torch.zeros(3, 1, 28, 28), 8)
    assert (sorted(rows.tolist()), box) == ([0, 1, 2], (0, 0, 0, 0))
    assert parts(torch.zeros(0, 1, 28, 28), 8) == []
