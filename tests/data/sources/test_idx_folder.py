"""Folders of IDX files as data sets: any digits in MNIST's form, checked and bounded."""

import gzip
import json
import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch

from robustmnist.data import load_dataset
from robustmnist.data.formats.idx import idx_bytes, parse_idx
from robustmnist.data.manifest import INK, MANIFEST, Manifest, manifest_bytes, read_manifest, runs_of
from robustmnist.data.sources.idx_folder import IMAGES, LABELS
from robustmnist.errors import DataError
from robustmnist.system.files import sha256_bytes

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 28, 28), dtype=np.uint8)
NUMBERS = (np.arange(12) % 10).astype(np.uint8)


def fill(folder: Path, images: bytes | None = None, labels: bytes | None = None, prefix: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{prefix}{IMAGES}").write_bytes(idx_bytes(PIXELS) if images is None else images)
    (folder / f"{prefix}{LABELS}").write_bytes(idx_bytes(NUMBERS) if labels is None else labels)
    return folder


def manifest_of(folder: Path, **more: object) -> Manifest:
    table: dict[str, object] = {
        "content": "idx",
        "ink": INK,
        "n": 12,
        "ids": [[0, 11]],
        "suite": "shift",
        "suite_sha256": "0" * 64,
        "sweep": "right",
        "perturbation": "shift-towards",
        "parameter": "distance",
        "value": 3.0,
        "unit": "px",
        "neutral": 0.0,
        "arguments": {"direction": "right"},
        "draw": 0,
        "seed": 0,
        "dataset": {"name": "mnist", "part": "test"},
        "device": "cpu",
        "versions": {"robustmnist": "9.8.7"},
        "files": {name: sha256_bytes((folder / name).read_bytes()) for name in (IMAGES, LABELS)},
    }
    return Manifest.model_validate(table | more)


@pytest.mark.parametrize("shape", [(5,), (0,), (3, 4), (2, 28, 28)])
def test_written_idx_is_read_back(shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    np.testing.assert_array_equal(parse_idx(idx_bytes(array), "a"), array)


@pytest.mark.parametrize("prefix", ["", "t10k-"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_is_a_data_set(prefix: str, packed: bool, tmp_path: Path) -> None:
    folder = fill(tmp_path / "mine", prefix=prefix)
    if packed:
        for path in list(folder.iterdir()):
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
    for name in (f"idx:{folder}", str(folder)):
        dataset = load_dataset(name)
        np.testing.assert_array_equal(dataset.images[:, 0].numpy(), PIXELS.astype(np.float32) / np.float32(255))
        assert dataset.labels.tolist() == NUMBERS.tolist()
        assert dataset.ids.tolist() == list(range(12))
        record = dataset.provenance
        assert (record.name, record.part, record.n, record.source) == ("idx:mine", "test", 12, str(folder))
        assert record.sha256 == {IMAGES: sha256_bytes(idx_bytes(PIXELS)), LABELS: sha256_bytes(idx_bytes(NUMBERS))}


def test_torchvision_reads_what_is_written(tmp_path: Path) -> None:
    from torchvision.datasets.mnist import read_image_file, read_label_file

    folder = fill(tmp_path)
    np.testing.assert_array_equal(read_image_file(str(folder / IMAGES)).numpy(), PIXELS)
    assert read_label_file(str(folder / LABELS)).tolist() == NUMBERS.tolist()


def test_the_manifest_gives_ids_and_a_name(tmp_path: Path) -> None:
    folder = fill(tmp_path)
    (folder / MANIFEST).write_bytes(manifest_bytes(manifest_of(folder, ids=[[40, 49], [3, 3], [7, 7]])))
    dataset = load_dataset(f"idx:{folder}")
    assert dataset.ids.tolist() == [*range(40, 50), 3, 7]
    assert dataset.name == "mnist shift.right 3 px, direction right"
    assert dataset.provenance.source == f"{folder}, written by robustmnist 9.8.7"


@pytest.mark.parametrize("ids", [[], [5], [0, 1, 2, 9, 8, 7], [3, 3], list(range(1000))])
def test_runs_hold_ids_in_their_order(ids: list[int]) -> None:
    runs = runs_of(torch.tensor(ids, dtype=torch.int64))
    assert [row for first, last in runs for row in range(first, last + 1)] == ids


def test_a_file_that_is_not_the_manifests_is_refused(tmp_path: Path) -> None:
    folder = fill(tmp_path)
    (folder / MANIFEST).write_bytes(manifest_bytes(manifest_of(folder)))
    fill(folder, labels=idx_bytes(NUMBERS[::-1].copy()))
    with pytest.raises(DataError, match=f"{LABELS}: was changed after it was written"):
        load_dataset(f"idx:{folder}")


def test_any_flipped_bit_of_a_manifest_is_seen(tmp_path: Path) -> None:
    folder = fill(tmp_path)
    whole = manifest_bytes(manifest_of(folder))
    rng = np.random.default_rng(1)
    for bit in rng.choice(8 * len(whole), 200, replace=False).tolist():
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        (folder / MANIFEST).write_bytes(damaged)
        with pytest.raises(DataError, match=r"manifest.json: .*; write the folder again"):
            read_manifest(folder)


def test_what_no_manifest_may_say_is_named(tmp_path: Path) -> None:
    folder = fill(tmp_path)
    good = json.loads(manifest_bytes(manifest_of(folder)))
    del good["manifest_sha256"]
    for change, words in (
        ({"suite": "../evil"}, "suite: String should match pattern"),
        ({"n": 0}, "n: should be greater than or equal to 1, not 0"),
        ({"format": 2}, "format: should be 1, not 2"),
        ({"colour": "red"}, "colour: unknown key"),
        ({"ids": [[0]]}, "ids.0: "),
    ):
        body = good | change
        text = json.dumps(body, indent=1, ensure_ascii=False) + "\n"
        digest = sha256_bytes(text.encode())
        (folder / MANIFEST).write_text(json.dumps(body | {"manifest_sha256": digest}, indent=1, ensure_ascii=False))
        with pytest.raises(DataError) as caught:
            load_dataset(f"idx:{folder}")
        assert words in str(caught.value)
    (folder / MANIFEST).write_bytes(manifest_bytes(manifest_of(folder, ids=[[0, 10]])))
    with pytest.raises(DataError, match="its ids are not those of 12 digits"):
        load_dataset(f"idx:{folder}")
    for many in (13, 10**15):
        (folder / MANIFEST).write_bytes(manifest_bytes(manifest_of(folder, n=many, ids=[[0, many - 1]])))
        with pytest.raises(DataError, match=f"manifest.json: speaks of {many:,} digits, where 12 lie"):
            load_dataset(f"idx:{folder}")


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (b"", None, f"{IMAGES}: is empty"),
        (idx_bytes(PIXELS)[:-1], None, f"{IMAGES}: is truncated: 9,423 of 9,424 bytes are there"),
        (idx_bytes(PIXELS) + b"x", None, f"{IMAGES}: is longer than the 9,424 bytes of its header"),
        (idx_bytes(NUMBERS), None, f"{IMAGES}: holds 12 bytes, not n × 28 × 28"),
        (idx_bytes(PIXELS[:, :20].copy()), None, f"{IMAGES}: holds 12 × 20 × 28 bytes, not n × 28 × 28; bring them"),
        (None, idx_bytes(PIXELS), f"{LABELS}: holds 12 × 28 × 28 labels for 12 images"),
        (None, idx_bytes(NUMBERS[:-1].copy()), f"{LABELS}: holds 11 labels for 12 images; give the files that belong"),
        (None, idx_bytes(NUMBERS + np.uint8(5)), f"{LABELS}: label 9 is 14, not 0 to 9; remove what is not a digit"),
        (idx_bytes(PIXELS[:0]), idx_bytes(NUMBERS[:0]), "holds no digits"),
        (None, gzip.compress(idx_bytes(NUMBERS), mtime=0)[:-9], f"{LABELS}: is truncated: its gzip stream ends early"),
    ],
)
def test_what_is_wrong_is_one_line(images: bytes | None, labels: bytes | None, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_dataset(f"idx:{fill(tmp_path, images, labels)}")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_folders_that_are_not_there_or_hold_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="there is no such folder; give the folder that holds the IDX files"):
        load_dataset(f"idx:{tmp_path}/nowhere")
    with pytest.raises(DataError, match=f"{IMAGES} not found there, plain or .gz; give a folder that holds"):
        load_dataset(f"{tmp_path}/")
    fill(tmp_path / "mine")
    (tmp_path / "mine" / LABELS).unlink()
    with pytest.raises(DataError, match=f"{LABELS} not found there"):
        load_dataset(f"idx:{tmp_path}/mine")
    with pytest.raises(
        DataError,
        match=r"mine: train-.* not found there, plain or .gz: a folder without it is for testing only; use mnist",
    ):
        load_dataset(f"idx:{tmp_path}/mine", part="train")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        DataError, match=r"'mine': is not a data set, did you mean 'idx:mine'\?; use auto, mnist, digits, digi"
    ):
        load_dataset("mine")
    with pytest.raises(DataError, match="cannot be read"):
        load_dataset(f"idx:{'x' * 5000}")
    with pytest.raises(DataError, match="there is no such folder"):
        load_dataset("idx:a\0b")


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("robustmnist.data.sources.idx_folder.MOST", 12)
    assert len(load_dataset(f"idx:{fill(tmp_path / 'twelve')}")) == 12
    folder = fill(tmp_path / "bomb", images=gzip.compress(bytes(30_000_000)))
    with pytest.raises(
        DataError, match=f"{IMAGES}: is larger gzipped than|{IMAGES}: holds more than 12 digits; split it"
    ):
        load_dataset(f"idx:{folder}")


def test_a_path_that_is_no_utf8_is_kept_in_the_manifest(tmp_path: Path) -> None:
    """The hash is of the bytes as they are written and as they are made again from what was read."""
    folder = fill(tmp_path / "digits")
    manifest = manifest_of(folder, dataset={"name": "mnist", "source": os.fsdecode(b"/data/\xff")})
    (folder / MANIFEST).write_bytes(manifest_bytes(manifest))
    assert read_manifest(folder) == manifest
    assert load_dataset(f"idx:{folder}").name == manifest.label


HUGE = [2**63 - 1, 2**63, 2**70, 10**400, -1]


@pytest.mark.parametrize("number", HUGE)
@pytest.mark.parametrize("key", ["n", "ids", "last", "draw", "seed", "value", "arguments", "dataset"])
def test_no_number_of_a_manifest_leaks_an_error(key: str, number: int, tmp_path: Path) -> None:
    folder = fill(tmp_path)
    body = json.loads(manifest_bytes(manifest_of(folder)))
    del body["manifest_sha256"]
    body |= {
        "ids": {"ids": [[number, number + 11]]},
        "last": {"ids": [[number - 11, number]]},
        "arguments": {"arguments": {"dx": number}},
        "dataset": {"dataset": {"name": number, "sha256": {"images": number}, "root": number}},
    }.get(key, {key: number})
    digest = sha256_bytes((json.dumps(body, indent=1, ensure_ascii=False) + "\n").encode())
    (folder / MANIFEST).write_text(json.dumps(body | {"manifest_sha256": digest}, indent=1, ensure_ascii=False))
    with suppress(DataError):
        data = load_dataset(f"idx:{folder}")
        assert len(data) == 12
        assert data.ids[-1] == (number if key == "last" else 11)
