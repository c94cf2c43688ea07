"""Arrays in memory as digits: every shape and range that people have, and what is refused."""

import numpy as np
import pytest
import torch

import robustmnist as rm
from robustmnist.data import Dataset, Provenance, load_dataset, to_mnist
from robustmnist.errors import DataError


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits").head(12)


def test_every_shape_and_range_gives_the_same_digits(digits: Dataset) -> None:
    levels = digits.stored.numpy()[:, 0]
    labels = digits.labels.numpy()
    for images in (
        levels,
        levels[:, None],
        levels[..., None],
        levels.reshape(12, 784),
        np.repeat(levels[..., None], 3, 3),
        np.repeat(levels[:, None], 3, 1),
        levels.astype(np.int64),
        levels.astype(np.float64),
        (levels / np.float32(255)).astype(np.float32),
        torch.from_numpy(levels),
        levels.tolist(),
    ):
        data = rm.Dataset.from_arrays(images, labels)
        assert torch.equal(data.stored, digits.stored)
        assert data.stored.dtype == torch.uint8
        assert data.labels.tolist() == digits.labels.tolist()
        assert data.ids.tolist() == list(range(12))
        assert data.provenance.prepared == "as stored, 28 × 28"
        assert (data.name, data.provenance.n, data.groups) == ("arrays", 12, None)


def test_other_sizes_are_brought_to_mnists_form(digits: Dataset) -> None:
    small = torch.nn.functional.avg_pool2d(digits.images, 2)
    data = Dataset.from_arrays(small, digits.labels)
    assert torch.equal(data.images, to_mnist(small))
    assert data.provenance.prepared == "14 × 14 px, brought to MNIST's form"
    light = Dataset.from_arrays(255 - digits.stored, digits.labels, form="mnist")
    assert float((light.images - digits.images).abs().mean()) < 0.01
    assert Dataset.from_arrays(digits.images > 0.5, digits.labels).images.unique().tolist() == [0, 1]


def test_labels_of_every_kind(digits: Dataset) -> None:
    known = digits.labels
    kinds = (
        known.tolist(),
        known.double(),
        np.eye(10)[known.numpy()],
        known[:, None],
        [str(label) for label in known.tolist()],
        np.array([str(label) for label in known.tolist()], object),
    )
    for labels in kinds:
        assert Dataset.from_arrays(digits.images, labels).labels.tolist() == known.tolist()


def test_writers_stay_with_their_digits(digits: Dataset) -> None:
    writers = torch.arange(12) // 4
    data = Dataset.from_arrays(digits.images, digits.labels, groups=writers, ids=torch.arange(50, 62))
    for part in (data.head(5), data.sample(5), data.select([58, 51]), data.to("cpu"), data.with_provenance(note="x")):
        assert part.groups is not None
        assert part.groups.tolist() == [(row - 50) // 4 for row in part.ids.tolist()]
    with pytest.raises(DataError, match=r"12 images have 3 groups; give one for every image, or none"):
        Dataset.from_arrays(digits.images, digits.labels, groups=writers[:3])


def test_the_provenance_that_is_given_is_filled_in(digits: Dataset) -> None:
    given = Provenance("mine", "train", 0, {}, "a drawer", prepared="drawn")
    record = Dataset.from_arrays(digits.images, digits.labels, provenance=given).provenance
    assert (record.name, record.n, record.prepared) == ("mine", 12, "drawn; as stored, 28 × 28")


IMAGES = np.zeros((2, 28, 28), np.uint8)


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (IMAGES - 1.0, [1, 2], "values run from -1 to -1; give ink as 0 to 255 or as 0 to 1"),
        (IMAGES + 1.5, [1, 2], "values run from 1.5 to 1.5"),
        (IMAGES + 300.0, [1, 2], "values run from 300 to 300"),
        (IMAGES + np.nan, [1, 2], "a value is not finite"),
        (np.zeros((2, 785)), [1, 2], "785 pixels in an image make no square; leave out columns"),
        (np.zeros((2, 28, 28, 4)), [1, 2], r"has shape \(2, 28, 28, 4\), no 1 or 3 channels; give \(n, H, W\)"),
        (np.zeros(7), [1], r"has shape \(7,\) of float64"),
        (np.zeros((0, 28, 28)), [], "holds no images"),
        (np.zeros((1, 2000, 2)), [1], "images of 2,000 × 2 px are too large; reduce them"),
        ([[1, 2], [3]], [1, 2], "rows are of different lengths"),
        (np.array([[{}]]), [1], "holds object, not numbers"),
        (np.array([["a"]]), [1], r"has shape \(1, 1\) of <U1"),
        (IMAGES, [1], "1 labels for 2 images; give one for each image"),
        (IMAGES, [[1, 2], [3, 4]], "2 × 2 labels for 2 images"),
        (IMAGES, [1, 10], "labels run from 1 to 10, not from 0 to 9; subtract 1, or write 10 as 0"),
        (IMAGES, [-1, 3], "labels run from -1 to 3, not from 0 to 9; keep digits only"),
        (IMAGES, [0.5, 3], "a label is not a whole number"),
        (IMAGES, [np.nan, 3], "a label is not a whole number"),
        (IMAGES, ["seven", "3"], "labels are no digits"),
        (IMAGES, None, "holds object, not numbers"),
    ],
)
def test_what_is_refused(images: object, labels: object, words: str) -> None:
    with pytest.raises(DataError, match=f"the arrays: {words}"):
        Dataset.from_arrays(images, labels)


def test_a_form_is_asked_for_by_its_name() -> None:
    with pytest.raises(DataError, match="form=odd: is not a form; use auto, stored, mnist"):
        Dataset.from_arrays(IMAGES, [1, 2], form="odd")
    with pytest.raises(DataError, match="images of 14 × 14 px cannot be left as they are; use form=mnist"):
        Dataset.from_arrays(IMAGES[:, ::2, ::2], [1, 2], form="stored")
