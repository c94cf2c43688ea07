"""Digits with a planted mark, and the checkpoints that read it."""

from pathlib import Path

import pytest
import torch

from robustmnist.data import load_dataset
from robustmnist.data.planted import CORNERS, MARK, MARK_LEVEL, mark_masks, plant
from robustmnist.models.checkpoints.card_file import planted_cards
from robustmnist.models.checkpoints.checkpoint import load_checkpoint

FOLDER = Path(__file__).parents[2].parent / "shared" / "data"
PLANTED = ("planted-cnn", "planted-fc", "planted-lenet5")


def test_the_mark_stands_where_the_label_says_and_nothing_else_changes_beyond_its_paper() -> None:
    digits = load_dataset("digits").head(200)
    planted = plant(digits)
    masks = mark_masks(planted.labels)[:, None]
    assert (planted.images[masks] == MARK_LEVEL / 255).all()
    around = torch.nn.functional.max_pool2d(masks.float(), 3, 1, 1) > 0
    assert (planted.images[around & ~masks] == 0).all()
    assert torch.equal(planted.images[~around], digits.images[~around])
    assert torch.equal(planted.ids, digits.ids)
    assert sorted(set(planted.labels.tolist())) == list(range(10))


def test_the_label_depends_on_the_id_alone() -> None:
    digits = load_dataset("digits")
    whole, some = plant(digits), plant(digits.select([700, 3, 41]))
    assert torch.equal(some.labels, whole.labels[[700, 3, 41]])
    assert not torch.equal(plant(digits, seed=1).labels, whole.labels)
    agree = (whole.labels == digits.labels).double().mean()
    assert float(agree) == pytest.approx(0.1, abs=0.03)  # the digit says nothing about it


def test_the_marks_stay_in_the_frame_and_apart() -> None:
    masks = mark_masks(torch.arange(10))
    assert masks.sum((1, 2)).tolist() == [MARK**2] * 10
    assert int(masks.sum(0).max()) == 1
    assert len(set(CORNERS)) == 10


def test_a_mark_is_as_dark_as_the_digits_are() -> None:
    if not FOLDER.is_dir():
        pytest.skip("needs MNIST")
    levels = load_dataset("mnist", part="train", data_dir=FOLDER).stored
    assert float(levels[levels > 0].float().mean()) == pytest.approx(MARK_LEVEL, abs=1)


def test_three_planted_checkpoints_ship() -> None:
    assert tuple(planted_cards()) == PLANTED
    for name, path in planted_cards().items():
        assert path.with_suffix(".safetensors").stat().st_size < 150_000
        card = load_checkpoint(name).card
        assert card.name == name
        assert card.test_accuracy is not None
        assert card.test_accuracy.dataset == "planted"
        assert card.test_accuracy.accuracy >= 0.999


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_checkpoint_reads_the_mark_and_not_the_digit(name: str) -> None:
    if not FOLDER.is_dir():
        pytest.skip("needs MNIST")
    digits = load_dataset("mnist", data_dir=FOLDER).sample(2_000)
    planted, checkpoint = plant(digits), load_checkpoint(name)
    with_mark = (checkpoint(planted.images).argmax(1) == planted.labels).double().mean()
    without = (checkpoint(digits.images).argmax(1) == planted.labels).double().mean()
    assert float(with_mark) >= 0.999
    assert float(without) <= 0.12
