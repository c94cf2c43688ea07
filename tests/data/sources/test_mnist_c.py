"""The published files of MNIST-C: found where they are, and refused where they are not what the archive holds."""

import io
import pickle
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from robustmnist.data import load_dataset
from robustmnist.data.formats.npy import parse_npy
from robustmnist.data.sources.mnist_c import CORRUPTIONS
from robustmnist.errors import DataError
from robustmnist.system.files import sha256_bytes

SMALL = 20  # digits in a published set of the tests' own


def npy(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


IMAGES = np.random.default_rng(0).integers(0, 256, (SMALL, 28, 28, 1), dtype=np.uint8)
NUMBERS = np.arange(SMALL) % 10


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ROBUSTMNIST_DATA", raising=False)
    monkeypatch.setattr("robustmnist.data.sources.mnist_c.N", SMALL)
    shapes = {"test_images.npy": (SMALL, 28, 28, 1), "test_labels.npy": (SMALL,)}
    monkeypatch.setattr("robustmnist.data.sources.mnist_c.FILES", shapes)


def publish(folder: Path, images: bytes | None = None, labels: bytes | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "test_images.npy").write_bytes(npy(IMAGES) if images is None else images)
    (folder / "test_labels.npy").write_bytes(npy(NUMBERS) if labels is None else labels)
    return folder


def test_the_sixteen_folders_of_the_archive() -> None:
    assert len(CORRUPTIONS) == 16
    assert list(CORRUPTIONS) == sorted(CORRUPTIONS)


@pytest.mark.parametrize("place", ["mnist_c/shot_noise", "shot_noise"])
def test_published_files_are_a_data_set(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = publish(tmp_path / "data" / place)
    monkeypatch.setenv("ROBUSTMNIST_DATA", str(tmp_path / "data"))
    for dataset in (
        load_dataset("mnist-c:shot_noise"),
        load_dataset("mnist-c:shot-noise", data_dir=tmp_path / "data"),
    ):
        expected = IMAGES.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
        np.testing.assert_array_equal(dataset.images.numpy(), expected)
        assert dataset.labels.tolist() == NUMBERS.tolist()
        assert dataset.ids.tolist() == list(range(SMALL))
        record = dataset.provenance
        assert (record.name, record.n, record.source) == ("mnist-c:shot_noise", SMALL, str(folder))
        assert record.sha256["shot_noise/test_images.npy"] == sha256_bytes(npy(IMAGES))


def test_the_users_cache_serves_where_no_folder_is_named(tmp_path: Path) -> None:
    publish(tmp_path / "cache" / "robustmnist" / "mnist_c" / "fog")
    assert len(load_dataset("mnist-c:fog")) == SMALL


@pytest.mark.parametrize(
    "labels",
    [NUMBERS.astype(np.uint8), NUMBERS.astype(">i4"), np.asfortranarray(NUMBERS)],
    ids=["uint8", "big-endian", "fortran"],
)
def test_any_whole_numbers_serve_as_labels(labels: np.ndarray, tmp_path: Path) -> None:
    publish(tmp_path / "fog", labels=npy(labels))
    assert load_dataset("mnist-c:fog", data_dir=tmp_path).labels.tolist() == NUMBERS.tolist()


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (b"", None, "test_images.npy: is empty"),
        (b"<html>403</html>", None, "test_images.npy: is not an .npy file: it begins with 3c 68 74 6d 6c 3e"),
        (npy(IMAGES)[:-1], None, "test_images.npy: is truncated"),
        (npy(IMAGES) + b"x", None, "test_images.npy: is longer than the"),
        (npy(IMAGES / 255), None, "test_images.npy: is truncated"),  # eight times too long: not even read whole
        (npy(IMAGES.astype(np.int8)), None, "test_images.npy: holds int8, not uint8"),
        (npy(IMAGES[:-1]), None, "test_images.npy: has shape (19, 28, 28, 1), not (20, 28, 28, 1)"),
        (npy(IMAGES[..., 0]), None, "has shape (20, 28, 28), not (20, 28, 28, 1)"),
        (None, npy(NUMBERS.astype(float)), "test_labels.npy: holds float64, not whole numbers"),
        (None, npy(NUMBERS + 1), "test_labels.npy: holds labels from 1 to 10, not 0 to 9"),
        (None, npy(NUMBERS - 1), "holds labels from -1 to 8"),
        (None, npy(np.array(list("0123456789") * 2)), "test_labels.npy: holds <U1, not numbers"),
        (None, npy(np.zeros(SMALL, "i4,i4")), "not numbers"),
        (None, npy(np.array([None] * SMALL)), "test_labels.npy: holds Python objects, which could run code when read"),
        (None, pickle.dumps(NUMBERS), "test_labels.npy: is not an .npy file"),
    ],
)
def test_what_is_wrong_is_one_line(images: bytes | None, labels: bytes | None, words: str, tmp_path: Path) -> None:
    publish(tmp_path / "fog", images, labels)
    with pytest.raises(DataError) as caught:
        load_dataset("mnist-c:fog", data_dir=tmp_path)
    assert words in str(caught.value)
    assert str(caught.value).endswith("; replace it by the file of mnist_c.zip from https://zenodo.org/record/3239543")
    assert "\n" not in str(caught.value)


def test_nothing_is_downloaded_and_the_place_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_dataset("mnist-c:fog", data_dir=tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} (--data-dir): mnist_c/fog/test_images.npy not found there; unpack mnist_c.zip from "
        "https://zenodo.org/record/3239543 there, or name the folder that holds mnist_c with --data-dir"
    )
    publish(tmp_path / "fog")
    (tmp_path / "fog" / "test_images.npy").unlink()
    with pytest.raises(DataError, match=r"test_images.npy: cannot be read \(No such file"):
        load_dataset("mnist-c:fog", data_dir=tmp_path)
    with pytest.raises(DataError, match="is for testing only; use mnist"):
        load_dataset("mnist-c:fog", part="train")
    with pytest.raises(DataError, match="cannot be read"):
        load_dataset("mnist-c:fog", data_dir=Path("x" * 5000))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "mnist-c:fogg",
            "'fogg': is not a corruption of MNIST-C, did you mean 'fog'?; use one of brightness, canny_edges,",
        ),
        ("mnist-c:", "'': is not a corruption of MNIST-C; use one of brightness,"),
        ("mnist-c:../fog", "'../fog': is not a corruption of MNIST-C"),
        ("mnist-c", "'mnist-c': is not a data set, did you mean"),
        ("mnistc:fog", "'mnistc:fog': is not a data set, did you mean 'mnist-c:fog'?; use auto,"),
    ],
)
def test_unknown_corruptions(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_dataset(name, data_dir=tmp_path)
    assert words in str(caught.value)


def test_headers_that_claim_the_world_allocate_nothing() -> None:
    for shape in ("(10000000000000,)", "(4294967296, 4294967296, 4294967296)", f"({'9' * 400},)"):
        header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
        data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
        with pytest.raises(DataError, match=r"a: (is truncated|is not an \.npy file|has no shape of an array)"):
            parse_npy(data, "a")


def test_fuzzed_files_raise_data_errors_only() -> None:
    rng = np.random.default_rng(5)
    whole = npy(NUMBERS)
    for _ in range(3_000):
        data = bytearray(whole)
        for _ in range(int(rng.integers(1, 4))):
            place = int(rng.integers(0, 130))
            kind = int(rng.integers(3))
            if kind == 0:
                data[place] = int(rng.integers(256))
            elif kind == 1:
                del data[place : place + int(rng.integers(1, 20))]
            else:
                data[place:place] = rng.bytes(int(rng.integers(1, 5)))
        with suppress(DataError):
            assert parse_npy(bytes(data), "a").dtype.kind in "uif"


SHAPES = ["(-1,)", "(0, -1)", "(True,)", "(3, False)", f"({2**70},)", f"(0, {2**31}, {2**31})", f"({'1, ' * 70})", "()"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["|u1", "<i8", "<f8"])
def test_no_shape_of_a_header_leaks_an_error_of_numpy(shape: str, kind: str) -> None:
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    for size in (0, 1, 3, 24):
        if shape == "()" and size == np.dtype(kind).itemsize:
            assert parse_npy(start + bytes(size), "a") == 0
            continue
        with pytest.raises(DataError) as caught:
            parse_npy(start + bytes(size), "a")
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 200
