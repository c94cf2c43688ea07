"""Reading IDX files: whole or refused, bounded, and damage named for what it is."""

import gzip
import os
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from support import small_mnist

from robustmnist.data.formats.idx import parse_idx, read_bounded
from robustmnist.data.sources import mnist
from robustmnist.errors import DataError


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    return small_mnist.install(monkeypatch)


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


@pytest.mark.parametrize("shape", [(5,), (0,), (3, 4), (2, 28, 28)])
def test_what_was_written_is_read(shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    np.testing.assert_array_equal(parse_idx(idx(array), "a"), array)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "a: is empty"),
        (b"\0\0\x08", "is not an IDX file: it begins with 00 00 08"),
        (b"<!DOCTYPE html>", "is not an IDX file: it begins with 3c 21 44 4f"),
        (b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0", "holds type 0x0d in 1 dimensions"),
        (b"\0\0\x08\0", "in 0 dimensions"),
        (b"\0\0\x08\xff" + bytes(2000), "in 255 dimensions"),
        (b"\0\0\x08\x03\0\0\0\x01", "is truncated: its header alone takes 16 bytes, it has 8"),
        (b"\0\0\x08\x01\0\0\0\x05abcd", "is truncated: 12 of 13 bytes are there"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "is truncated: 16 of 79,228,162,458,924,105,385,300,197,391 bytes"),
        (b"\0\0\x08\x01\0\0\0\x05abcdef", "is longer than the 13 bytes of its header"),
    ],
)
def test_a_malformed_file_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse_idx(data, "a")


def test_the_table_is_mnists() -> None:
    assert [file.size for file in mnist.FILES] == [7_840_016, 10_008, 47_040_016, 60_008]
    assert [file.content for file in mnist.FILES] == [
        "test images",
        "test labels",
        "training images",
        "training labels",
    ]
    assert all(len(file.sha256) == 64 for file in mnist.FILES)


def test_real_files_have_the_hashes_of_the_table(mnist_dir: Path) -> None:
    for file in mnist.PARTS["test"]:
        path = mnist.find(mnist_dir, file)
        assert path is not None
        assert mnist.read(path, file, remedy="").shape == file.shape


def damage(small: dict[str, bytes], how: str) -> bytes:
    """Return the small test images (or labels) damaged in the way named."""
    images, labels = small["t10k-images-idx3-ubyte"], small["t10k-labels-idx1-ubyte"]
    edited = bytearray(images)
    edited[5000] ^= 1
    return {
        "empty": b"",
        "truncated": images[:-1],
        "header only": images[:16],
        "half a header": images[:10],
        "longer": images + b"\0",
        "one bit": bytes(edited),
        "labels": labels,
        "training": small["train-images-idx3-ubyte"],
        "truncated labels": labels[:-3],
        "other size": idx(np.zeros((30, 20, 20), np.uint8)),
        "page": b"<html><body>403 Forbidden</body></html>",
        "gzip cut": gzip.compress(images)[:-100],
        "gzip damaged": gzip.compress(images)[:50] + b"xxxx" + gzip.compress(images)[54:],
        "gzip trailer": gzip.compress(images)[:-8] + b"\0" * 8,
        "gzip and more": gzip.compress(images) + b"garbage",
        "gzip of edited": gzip.compress(bytes(edited)),
    }[how]


FAULTS = {
    "empty": "is empty",
    "truncated": "is truncated: 23,535 of 23,536 bytes",
    "header only": "is truncated: 16 of 23,536",
    "half a header": "is truncated: its header alone",
    "longer": "is longer than the 23,536 bytes of its header",
    "one bit": "was edited, or comes from another data set",
    "labels": "is swapped: it holds the test labels instead of the test images",
    "training": "is swapped: its header is that of the training images instead of the test images",
    "truncated labels": "is swapped: its header is that of the test labels",
    "other size": "holds 30 × 20 × 20 values instead of the 30 × 28 × 28 test images",
    "page": "is not an IDX file",
    "gzip cut": "is truncated: its gzip stream ends early",
    "gzip damaged": "is a damaged gzip file",
    "gzip trailer": "is a damaged gzip file",
    "gzip and more": "is a damaged gzip file",
    "gzip of edited": "was edited",
}


@pytest.mark.parametrize("how", FAULTS)
def test_damage_is_named_in_one_line_with_the_remedy(how: str, small: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "t10k-images-idx3-ubyte"
    path.write_bytes(damage(small, how))
    with pytest.raises(DataError) as caught:
        mnist.read(path, mnist.PARTS["test"][0], remedy="get another")
    message = str(caught.value)
    assert message.startswith(f"{path}: {FAULTS[how]}")
    assert message.endswith("; get another")
    assert "\n" not in message


def test_labels_in_the_place_of_others_and_beyond_9(small: dict[str, bytes], tmp_path: Path) -> None:
    path, file = tmp_path / "t10k-labels-idx1-ubyte", mnist.PARTS["test"][1]
    edited = bytearray(small["t10k-labels-idx1-ubyte"])
    edited[8 + 4] = 10
    for data, message in (
        (bytes(edited), "was edited: label 4 is 10, not 0 to 9"),
        (small["train-labels-idx1-ubyte"], "its header is that of the training labels instead of the test labels"),
        (small["t10k-images-idx3-ubyte"], "its header is that of the test images instead of the test labels"),
    ):
        path.write_bytes(data)
        with pytest.raises(DataError, match=message):
            mnist.read(path, file, remedy="")


def test_gzipped_files_serve_whatever_their_name(small: dict[str, bytes], tmp_path: Path) -> None:
    file = mnist.PARTS["test"][0]
    (tmp_path / file.name).write_bytes(gzip.compress(small[file.name]))
    assert mnist.read(tmp_path / file.name, file, remedy="").shape == file.shape


def test_a_bomb_is_not_inflated(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(50_000_000)))
    tracemalloc.start()
    try:
        assert len(read_bounded(path, 100_000)) == 100_001
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    with pytest.raises(DataError, match="is larger gzipped than the 1,000 bytes it should hold"):
        read_bounded(path, 1_000)


def test_a_large_file_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(10**10)
    assert len(read_bounded(path, 1_000)) == 1_001


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder"):
        read_bounded(tmp_path, 10)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="is not a regular file"):
        read_bounded(tmp_path / "pipe", 10)
    with pytest.raises(DataError, match="No such file"):
        read_bounded(tmp_path / "nothing", 10)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"x")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match=r"a: cannot be read \(Permission denied\)"):
        read_bounded(tmp_path / "a", 10)


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Return `data` with a few bytes changed, cut out, doubled or appended, mostly near the front."""
    out = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        place = int(min(rng.integers(0, len(out) + 1), rng.integers(0, len(out) + 1) if rng.random() < 0.5 else 24))
        kind = rng.integers(4)
        if kind == 0 and place < len(out):
            out[place] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            del out[place : place + int(rng.integers(1, 50))]
        elif kind == 2:
            out[place:place] = rng.bytes(int(rng.integers(1, 9)))
        else:
            del out[place:]
        if not out:
            break
    return bytes(out)


def test_fuzzed_files_raise_data_errors_only(small: dict[str, bytes]) -> None:
    rng = np.random.default_rng(3)
    for file in mnist.PARTS["test"]:
        for _ in range(2_000):
            data = mutate(small[file.name], rng)
            if data == small[file.name]:
                continue
            with pytest.raises(DataError):
                mnist.check(data, file, where="a")
            with suppress(DataError):  # a flip in the body is none of the format's business
                parse_idx(data, "a")


def test_fuzzed_gzip_files_raise_data_errors_only(small: dict[str, bytes], tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    file, path = mnist.PARTS["test"][1], tmp_path / "a"
    whole = small[file.name]
    for packed in (gzip.compress(whole), gzip.compress(whole, 0), b"\x1f\x8b" + zlib.compress(whole)):
        for _ in range(500):
            path.write_bytes(mutate(packed, rng))
            try:
                data = mnist.read(path, file, remedy="")
            except DataError:
                continue
            assert data.tobytes() == whole[8:]  # the name, time or flags of the gzip header were hit


def test_no_sizes_of_a_header_leak_an_error_of_numpy() -> None:
    rng = np.random.default_rng(3)
    sizes = [0, 0, 1, 2, 28, 2**31 - 1, 2**31, 2**32 - 1]
    read = 0
    for _ in range(5000):
        shape = rng.choice(sizes, rng.integers(1, 4))
        data = bytes([0, 0, 8, len(shape)]) + shape.astype(">u4").tobytes() + bytes(int(rng.integers(0, 4)))
        with suppress(DataError):
            assert parse_idx(data, "a").shape == tuple(shape)
            read += 1
    assert 100 < read < 4000
    vast = bytes([0, 0, 8, 3]) + np.array([2**32 - 1, 2**32 - 1, 0], ">u4").tobytes()
    with pytest.raises(DataError, match="a: holds 4,294,967,295 × 4,294,967,295 × 0 bytes, which is nothing"):
        parse_idx(vast, "a")
