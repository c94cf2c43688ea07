"""Stroke digits: the same bits in any batch, hands of their own in each part, known width, slant and wobble."""

import numpy as np
import pytest
import torch

from robustmnist.data import Dataset, load_dataset
from robustmnist.data.generated.allographs import ALLOGRAPHS, allographs_of
from robustmnist.data.generated.hands import PER_HAND
from robustmnist.data.generated.pen import spline
from robustmnist.data.generated.strokes import PARTS, POINTS, STROKES, write_digits
from robustmnist.errors import DataError
from robustmnist.measure import MEASURES, slant, stroke_width
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.suites.natural_band import natural_bands
from robustmnist.system.files import sha256_bytes


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("strokes")


def test_the_same_bits_everywhere(digits: Dataset) -> None:
    assert sha256_bytes(digits.stored.numpy().tobytes()) == (
        "85299cb08350461b815dce778664eafc4aa5d315eaaf2d1f0b9b1d6f62071acf"
    )
    assert len(digits) == 10_000
    assert torch.bincount(digits.labels).tolist() == [1000] * 10


def test_a_digit_depends_on_its_id_and_the_seed_alone(digits: Dataset) -> None:
    ids = torch.tensor([9_999, 17, 3_000, 17])
    images, writing = write_digits(ids)
    assert torch.equal(images, digits.images[ids])
    assert torch.equal(writing.width, torch.from_numpy(digits.factors["width"])[ids])
    assert not torch.equal(write_digits(ids, seed=1)[0], images)
    assert write_digits(ids[:0])[0].shape == (0, 1, 28, 28)


def test_parts_share_no_hand(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    assert digits.groups is not None
    assert torch.bincount(digits.groups).tolist() == [PER_HAND] * 200
    first = PARTS["train"][:500]
    monkeypatch.setitem(PARTS, "train", first)
    train = load_dataset("strokes", part="train")
    assert train.name == "strokes:train"
    assert train.groups is not None
    assert int(train.groups.min()) == 200
    assert len(train) == 500
    assert not set(train.provenance.sha256.values()) & set(digits.provenance.sha256.values())


def test_known_causes_are_seen_in_the_ink(digits: Dataset) -> None:
    some = digits.sample(2000)
    images = some.images
    assert np.corrcoef(stroke_width(images), some.factors["width"])[0, 1] > 0.9
    for digit in range(10):  # forms lean by themselves, each digit in its own way
        own = some.labels == digit
        assert np.corrcoef(slant(images[own]), some.factors["slant"][own.numpy()])[0, 1] > 0.75


def test_they_are_like_handwriting_by_every_measure(digits: Dataset) -> None:
    """The typical digit lies in the middle half of MNIST's middle 95 %, and most of them within these."""
    images = digits.sample(1000).images
    for name, measure in MEASURES.items():
        low, high = natural_bands()[name]["reading"]
        readings = measure.function(images)
        readings = readings[readings.isfinite()]
        assert low + (high - low) / 4 < readings.median() or name in ("height", "size")
        assert ((readings > low - 0.5) & (readings < high + 0.5)).double().mean() > 0.9, name


def test_networks_trained_on_handwriting_read_them(digits: Dataset) -> None:
    some = digits.sample(1000)
    for name in ("fc", "cnn"):
        assert (load_checkpoint(name)(some.images).argmax(1) == some.labels).double().mean() > 0.97


def test_every_form_is_written(digits: Dataset) -> None:
    for digit, forms in ALLOGRAPHS.items():
        written = digits.factors["form"][(digits.labels == digit).numpy()]
        assert set(written) == set(forms)
        assert sum(share for share, _ in forms.values()) == 100
        for form in allographs_of(digit):
            assert len(form.strokes) <= STROKES
            assert max(map(len, form.strokes)) <= POINTS


def test_the_line_goes_through_its_points_and_turns_at_corners() -> None:
    points = torch.tensor([[[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 1.0]]])
    line = spline(points)
    assert torch.equal(line[:, ::6], points)
    assert torch.equal(line[0, :6, 1], torch.zeros(6))
    assert torch.equal(line[0, 12:, 0], torch.ones(7))


def test_unknown_parts() -> None:
    with pytest.raises(DataError, match="'mine': is not a part of the stroke digits; use test or train"):
        load_dataset("strokes:mine")
