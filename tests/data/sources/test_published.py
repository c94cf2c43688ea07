"""Published data sets, from small files in their own layouts: labels, orientation, writers, where they lie, damage."""

import bz2
import gzip
import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import torch
from support.damaged_files import damaged, refusals
from support.local_mirror import Mirror
from support.published_sets import idx_integers, libsvm, mat, usps_h5

from robustmnist.data import Dataset, load_dataset
from robustmnist.data.formats.idx import INT, idx_bytes, parse_idx
from robustmnist.data.formats.libsvm import parse_libsvm
from robustmnist.data.formats.mat import parse_mat
from robustmnist.data.sources import qmnist, svhn, usps
from robustmnist.data.sources.published import PublishedFile, locate, sound
from robustmnist.data.sources.registry import SOURCES
from robustmnist.data.sources.source import Request
from robustmnist.errors import DataError


@pytest.fixture(autouse=True)
def no_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ROBUSTMNIST_DATA", raising=False)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits").head(20)


def levels(digits: Dataset) -> np.ndarray:
    return digits.stored.numpy()[:, 0]


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def qmnist_labels(digits: Dataset) -> np.ndarray:
    table = np.zeros((len(digits), 8), np.int64)
    table[:, 0], table[:, 2] = digits.labels.numpy(), 2100 + np.arange(len(digits)) // 3
    return table


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("layout", ["", "QMNIST/raw", "qmnist"])
def test_qmnist_knows_who_wrote_each_digit(ending: str, layout: str, digits: Dataset, tmp_path: Path) -> None:
    write(tmp_path / layout / f"qmnist-test-images-idx3-ubyte{ending}", idx_bytes(levels(digits)))
    write(tmp_path / layout / f"qmnist-test-labels-idx2-int{ending}", idx_integers(qmnist_labels(digits)))
    for data in (load_dataset("qmnist", data_dir=tmp_path), load_dataset(f"idx:{tmp_path / layout}")):
        assert torch.equal(data.stored, digits.stored)
        assert data.labels.tolist() == digits.labels.tolist()
        assert data.groups is not None
        assert data.groups.tolist() == [2100 + at // 3 for at in range(20)]
    record = load_dataset("qmnist", data_dir=tmp_path).provenance
    assert (record.name, record.licence, record.known) == ("qmnist", "BSD-3-Clause", False)


def test_the_parts_of_qmnist(digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "qmnist-test-images-idx3-ubyte", idx_bytes(levels(digits)))
    write(tmp_path / "qmnist-test-labels-idx2-int", idx_integers(qmnist_labels(digits)))
    with pytest.raises(DataError, match="holds 20 digits, none of test50k"):
        load_dataset("qmnist:test50k", data_dir=tmp_path)
    monkeypatch.setitem(qmnist.ROWS, "test50k", slice(8, None))
    data = load_dataset("qmnist:test50k", data_dir=tmp_path)
    assert data.ids.tolist() == list(range(8, 20))
    assert torch.equal(data.stored, digits.stored[8:])
    with pytest.raises(DataError, match="qmnist:test60k: is not a test part of QMNIST; use qmnist, qmnist:test10k"):
        load_dataset("qmnist:test60k", data_dir=tmp_path)
    with pytest.raises(DataError, match=r"qmnist-train-images-idx3-ubyte.gz not found there, in QMNIST/raw/ or"):
        load_dataset("qmnist", part="train", data_dir=tmp_path)


@pytest.mark.parametrize("part", ["test", "train"])
def test_emnist_is_turned_upright(part: str, digits: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "EMNIST" / "raw"
    across = np.ascontiguousarray(levels(digits).transpose(0, 2, 1))
    write(folder / f"emnist-digits-{part}-images-idx3-ubyte.gz", idx_bytes(across))
    write(folder / f"emnist-digits-{part}-labels-idx1-ubyte.gz", idx_bytes(digits.labels.byte().numpy()))
    for name in ("emnist-digits", f"idx:{folder}"):
        data = load_dataset(name, part=part, data_dir=tmp_path)
        assert torch.equal(data.stored, digits.stored)
        assert data.provenance.mended == "rows and columns exchanged, as EMNIST stores them"
    with pytest.raises(DataError, match=r"put emnist-digits-.* into .*, or give the folder that holds it"):
        load_dataset("emnist-digits", data_dir=tmp_path / "EMNIST" / "raw" / "none")


def test_usps_in_both_of_its_forms(digits: Dataset, tmp_path: Path) -> None:
    small = torch.nn.functional.interpolate(digits.images, size=(16, 16), mode="bilinear", antialias=True)
    ink = (small[:, 0].numpy() * 1000).round() / 1000
    labels = digits.labels.numpy()
    write(tmp_path / "a" / "USPS" / "usps.t.bz2", libsvm(ink, labels))
    write(tmp_path / "b" / "usps.h5", usps_h5(ink, labels))
    text, h5 = (load_dataset("usps", data_dir=tmp_path / folder) for folder in "ab")
    for data in (text, h5):
        assert data.labels.tolist() == labels.tolist()
        assert "a margin of 2 px added" in data.provenance.prepared
        rows = (data.images[:, 0] > 0.04).any(2).sum(1)
        columns = (data.images[:, 0] > 0.04).any(1).sum(1)
        assert (torch.maximum(rows, columns) - 20).abs().max() <= 2
    assert (text.images - h5.images).abs().max() <= 2 / 255  # float32 against six digits
    with pytest.raises(DataError, match=r"usps.bz2 not found there, in USPS/ or usps/ or the folder itself; put http"):
        load_dataset("usps", part="train", data_dir=tmp_path / "a")


def street(digits: Dataset) -> np.ndarray:
    """Return digits as photographs of house numbers (n, 32, 32, 3): half of them dark on light."""
    ink = np.pad(levels(digits), ((0, 0), (2, 2), (2, 2)))[..., None] * np.array([0.5, 0.4, 0.6])
    ink[::2] = 200 - ink[::2]
    return (ink + 20).round().astype(np.uint8)


def test_svhn_is_grey_and_bright_on_dark(digits: Dataset, tmp_path: Path) -> None:
    images = np.ascontiguousarray(street(digits).transpose(1, 2, 3, 0))
    labels = digits.labels.numpy().astype(np.float64)[:, None]
    labels[labels == 0] = 10
    write(tmp_path / "test_32x32.mat", mat({"X": images, "y": labels}))
    data = load_dataset("svhn", data_dir=tmp_path)
    assert data.labels.tolist() == digits.labels.tolist()
    border = torch.cat((data.images[:, 0, 0], data.images[:, 0, -1]), 1)
    assert float(border.median(1).values.max()) == 0
    assert float(data.images.amax((1, 2, 3)).min()) > 0.8
    wide = torch.nn.functional.pad(digits.images, (2, 2, 2, 2))
    expected = torch.nn.functional.interpolate(wide, size=(28, 28), mode="bilinear", antialias=True)
    assert float((data.images - expected).abs().mean()) < 0.01
    assert "grey by ITU-R BT.601" in data.provenance.prepared
    assert data.provenance.licence == "for non-commercial use only"
    write(tmp_path / "test_32x32.mat", mat({"X": images, "y": labels - 1}))
    with pytest.raises(DataError, match="labels run from 0 to 9, not from 1 to 10"):
        load_dataset("svhn", data_dir=tmp_path)
    write(tmp_path / "test_32x32.mat", mat({"X": images[:5], "y": labels}))
    with pytest.raises(DataError, match=r"X is uint8 \(5, 32, 3, 20\) for 20 labels, not uint8 \(32, 32, 3, n\)"):
        load_dataset("svhn", data_dir=tmp_path)
    write(tmp_path / "test_32x32.mat", mat({"X": images}))
    with pytest.raises(DataError, match=r"holds no X and y; get test_32x32.mat from http"):
        load_dataset("svhn", data_dir=tmp_path)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_mat_files_are_read_as_scipy_reads_them(packed: bool, order: str) -> None:
    rng = np.random.default_rng(2)
    arrays = {"X": rng.integers(0, 256, (3, 4, 2, 5)).astype(np.uint8), "y": rng.random((5, 1)), "z": np.zeros((1, 1))}
    data = mat(arrays, packed=packed, order=order)
    theirs = scipy.io.loadmat(io.BytesIO(data))
    ours = parse_mat(data, frozenset("Xyz"), 10_000, "f")
    for name, array in arrays.items():
        assert (theirs[name] == array).all()
        assert (ours[name] == array).all()
    stream = io.BytesIO()
    scipy.io.savemat(
        stream, {**arrays, "text": "no numbers", "cell": np.array([1, "a"], object)}, do_compression=packed
    )
    ours = parse_mat(stream.getvalue(), frozenset(["X", "y", "text", "cell"]), 10_000, "f")
    assert (ours["X"] == arrays["X"]).all()
    assert ours.keys() == {"X", "y"}
    if packed:
        with pytest.raises(DataError, match="holds an array of more than 0 MB"):
            parse_mat(mat({"X": np.zeros((99, 99), np.uint8)}), frozenset("X"), 100, "f")


@pytest.mark.parametrize(
    ("word", "folder", "content"),
    [("kmnist", "KMNIST", "Kuzushiji characters"), ("fashion-mnist", "FashionMNIST", "articles of clothing")],
)
def test_what_is_no_digit_has_no_label(word: str, folder: str, content: str, digits: Dataset, tmp_path: Path) -> None:
    for name in (f"{folder}/raw", word):
        write(tmp_path / name / "t10k-images-idx3-ubyte.gz", idx_bytes(levels(digits)))
        write(tmp_path / name / "t10k-labels-idx1-ubyte.gz", idx_bytes(digits.labels.byte().numpy()))
        for data_dir in (tmp_path, tmp_path / name.partition("/")[0]):
            data = load_dataset(word, data_dir=data_dir)
            assert data.labels.tolist() == [-1] * 20
            assert (data.name, data.holds_digits, data.provenance.content) == (word, False, content)
        (tmp_path / name / "t10k-images-idx3-ubyte.gz").unlink()
    # MNIST's files have the same names and are not taken for it.
    write(tmp_path / "t10k-images-idx3-ubyte.gz", idx_bytes(levels(digits)))
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte.gz not found there, in"):
        load_dataset(word, data_dir=tmp_path)


def test_mnist_under_another_name_is_no_outlier(mnist_dir: Path, tmp_path: Path) -> None:
    origin = Path(load_dataset("mnist", data_dir=mnist_dir).provenance.source)
    (tmp_path / "kmnist").symlink_to(origin)
    with pytest.raises(DataError, match="holds MNIST's digits; replace it by the file of http"):
        load_dataset("kmnist", data_dir=tmp_path)


def test_what_is_missing_is_downloaded_once_and_compared(tmp_path: Path) -> None:
    content = b"digits" * 100
    mirror = Mirror({"some.bin": content})
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    seen: list[tuple[int, int, int]] = []
    request = Request(on_progress=lambda *numbers: seen.append(numbers))
    try:
        good = PublishedFile("some.bin", f"{mirror.url('plain')}some.bin", md5)
        (path,) = locate([good], ("SET",), request)
        assert path == tmp_path / "cache" / "robustmnist" / "SET" / "some.bin"
        assert path.read_bytes() == content
        assert sound(path, good)
        assert not sound(path, PublishedFile("some.bin"))
        assert seen
        assert locate([good], ("SET",), Request(download=False)) == [path]
        assert len(mirror.requests) == 1
        for manner, words in {"page": "not the published file", "forbidden": "cannot be downloaded .*HTTP 403"}.items():
            odd = PublishedFile("other.bin", f"{mirror.url(manner)}some.bin", md5)
            with pytest.raises(DataError, match=words):
                locate([odd], ("SET",), request)
        assert not (path.parent / "other.bin").exists()
    finally:
        mirror.over.set()
        mirror.server.shutdown()
        mirror.server.server_close()
    with pytest.raises(DataError, match="not found there"):
        locate([PublishedFile("none.gz", "http://127.0.0.1:9/none.gz")], ("SET",), Request(data_dir=tmp_path))


def test_hashes_are_those_of_torchvision() -> None:
    from torchvision import datasets

    theirs = {
        name: md5 for part in ("train", "test") for (url, md5) in datasets.QMNIST.resources[part] for name in [url]
    }
    assert {f"{qmnist.ADDRESS}{name}": md5 for name, md5 in qmnist.MD5.items()} == theirs
    for part in ("train", "test"):
        address, name, md5 = datasets.USPS.split_list[part]
        assert (usps.FILES[part].url, usps.FILES[part].name, usps.FILES[part].md5) == (address, name, md5)
        assert list(svhn.FILES[part].__dict__.values())[:3] == [
            datasets.SVHN.split_list[part][index] for index in (1, 0, 2)
        ]


def test_every_source_says_what_it_is() -> None:
    for word, source in SOURCES.items():
        assert source.about
        assert not source.about.endswith(".")
        assert source.bare or source.takes, word


def test_damaged_files_are_one_line(digits: Dataset) -> None:
    some = digits.head(3)
    ink, labels = levels(some)[:, :16, :16] / 255, some.labels.numpy()
    text = bz2.decompress(libsvm(ink[:1], labels[:1]))
    readers = {
        "integers": (lambda data: parse_idx(data, "f", INT), idx_integers(qmnist_labels(some))),
        "libsvm": (lambda data: parse_libsvm(data, 256, 100, "f"), text),
        "mat": (
            lambda data: parse_mat(data, frozenset("Xy"), 10_000, "f"),
            mat({"X": levels(some)[:, :5, :5].copy(), "y": np.ones((3, 1))}, packed=False),
        ),
        "packed mat": (
            lambda data: parse_mat(data, frozenset("Xy"), 10_000, "f"),
            mat({"X": levels(some)[:, :5, :5].copy()}),
        ),
    }
    for name, (read, whole) in readers.items():
        messages = refusals(read, damaged([whole], 300))
        assert len(messages) > 50, name
        assert not [message for message in messages if "\n" in message]


def test_damaged_usps_files(digits: Dataset, tmp_path: Path) -> None:
    ink, labels = levels(digits.head(2))[:, :16, :16] / 255, digits.labels.numpy()[:2]
    for name, whole in {"usps.t.bz2": libsvm(ink, labels), "usps.h5": usps_h5(ink, labels)}.items():
        folder = tmp_path / name

        def read(data: bytes, folder: Path = folder, name: str = name) -> None:
            write(folder / name, data)
            load_dataset("usps", data_dir=folder)

        messages = refusals(read, damaged([whole], 60))
        assert len(messages) > 15
        assert not [message for message in messages if "\n" in message]
