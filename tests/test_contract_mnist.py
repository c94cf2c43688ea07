"""MNIST's published bytes against the readers and the contract; real QMNIST and USPS where they are at hand."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.published_sets import gzipped, idx_integers

from robustmnist.data import Dataset, load_dataset, to_mnist
from robustmnist.data.formats.idx import idx_bytes
from robustmnist.errors import DataError
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.statistics.wilson import wilson


@pytest.fixture(scope="module")
def mnist(mnist_dir: Path) -> Dataset:
    return load_dataset("mnist", data_dir=mnist_dir)


def test_mnist_in_qmnists_form_is_mnist_bit_for_bit(mnist: Dataset, tmp_path: Path) -> None:
    columns = np.zeros((10_000, 8), np.int64)  # class, series, writer, index, code, index in NIST, duplicate, unused
    columns[:, 0], columns[:, 1], columns[:, 2] = mnist.labels.numpy(), 4, 2600 + np.arange(10_000) // 20
    (tmp_path / "qmnist-test-images-idx3-ubyte.gz").write_bytes(gzipped(idx_bytes(mnist.stored.numpy()[:, 0])))
    (tmp_path / "qmnist-test-labels-idx2-int.gz").write_bytes(gzipped(idx_integers(columns)))
    for name in ("qmnist", "qmnist:test10k", f"idx:{tmp_path}"):
        data = load_dataset(name, data_dir=tmp_path)
        assert torch.equal(data.stored, mnist.stored)
        assert torch.equal(data.labels, mnist.labels)
        assert data.groups is not None
        assert data.groups.tolist() == columns[:, 2].tolist()
        assert not data.provenance.known  # the bytes of the images are MNIST's, but the file is none of QMNIST's


def test_a_cropped_digit_elsewhere_on_other_paper_is_the_published_one(mnist: Dataset) -> None:
    """All ink of each of the 10,000 is put elsewhere on larger paper, dark and light: 9,997 come back bit for bit."""
    levels = mnist.stored[:, 0]
    canvas = torch.zeros(10_000, 61, 47, dtype=torch.uint8)
    for row, digit in enumerate(levels):
        inked = digit.nonzero()
        (top, left), (bottom, right) = inked.amin(0).tolist(), inked.amax(0).tolist()
        box = digit[top : bottom + 1, left : right + 1]
        y, x = 1 + (row * 7) % (59 - box.shape[0]), 1 + (row * 13) % (45 - box.shape[1])
        canvas[row, y : y + box.shape[0], x : x + box.shape[1]] = box
    for paper in (canvas, 255 - canvas):
        back = (to_mnist(paper)[:, 0] * 255).round().to(torch.uint8)
        other = (back.int() - levels.int()).abs().amax((1, 2))
        assert int((other == 0).sum()) == 9_997


def _real(name: str) -> Dataset:
    """Return a published set, its hashes known, or skip and say which file is missing."""
    try:
        data = load_dataset(name, download=False)
    except DataError as error:
        pytest.skip(f"{name} is not at hand: {error.what}; put its files into $ROBUSTMNIST_DATA")
    if not data.provenance.known:
        pytest.skip(f"{name} in {data.provenance.source} is not the published file")
    return data


def test_qmnists_first_ten_thousand_are_mnists(mnist: Dataset) -> None:
    """The same digits in the same order, made anew: equal labels, and pixels that hardly differ."""
    first = _real("qmnist:test10k")
    assert torch.equal(first.labels, mnist.labels)
    assert float((first.images - mnist.images).abs().mean()) < 0.01


def test_qmnist_is_read_as_mnist_is_and_usps_is_not(mnist: Dataset) -> None:
    sets = {name: _real(name) for name in ("qmnist:test50k", "usps")}
    model = load_checkpoint("cnn")
    right = {name: int((model(data.images).argmax(1) == data.labels).sum()) for name, data in sets.items()}
    low, high = wilson(int((model(mnist.images).argmax(1) == mnist.labels).sum()), len(mnist))
    qmnist = wilson(right["qmnist:test50k"], 50_000)
    assert qmnist[0] <= high
    assert qmnist[1] >= low - 0.005  # the 50,000 are somewhat harder: Yadav & Bottou, 2019
    assert right["usps"] / len(sets["usps"]) < low - 0.05
