"""Parquet files as Hugging Face writes them."""

import io
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from support.damaged_files import damaged, refusals

from robustmnist.data import Dataset, load_dataset
from robustmnist.errors import DataError


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits").head(12)


def table(digits: Dataset, *, alone: bool = False, size: int = 28, label: str = "label", light: bool = False) -> bytes:
    """Return the bytes of a Parquet file: a struct of bytes and path for each picture, and an integer."""
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    pictures = []
    for row, levels in enumerate(digits.stored[:, 0].numpy()):
        stream = io.BytesIO()
        Image.fromarray(255 - levels if light else levels).resize((size, size)).save(stream, "PNG")
        pictures.append(stream.getvalue() if alone else {"bytes": stream.getvalue(), "path": f"{row}.png"})
    file = io.BytesIO()
    parquet.write_table(pyarrow.table({"image": pictures, label: digits.labels.tolist()}), file)
    return file.getvalue()


def test_pictures_and_labels(digits: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "test-00000-of-00001.parquet"
    for alone in (False, True):
        path.write_bytes(table(digits, alone=alone))
        for name in (f"parquet:{path}", str(path)):
            data = load_dataset(name)
            assert torch.equal(data.stored, digits.stored)
            assert data.labels.tolist() == digits.labels.tolist()
            assert data.provenance.prepared == "as stored, 28 × 28"
    path.write_bytes(table(digits, size=56, label="Number", light=True))
    data = load_dataset(f"parquet:{path},label=Number")
    assert "12 of 12 inverted" in data.provenance.prepared
    assert float((data.images - digits.images).abs().mean()) < 0.05
    with pytest.raises(DataError, match="has no column label; its columns are image, Number; give columns image"):
        load_dataset(f"parquet:{path}")


def test_damaged_files_are_one_line(digits: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        load_dataset(f"parquet:{path}")

    messages = refusals(read, damaged([table(digits.head(3))], 200))
    assert len(messages) > 50
    assert not [message for message in messages if "\n" in message]


def test_without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(
        DataError, match=r"a.parquet: reading Parquet needs pyarrow; pip install 'robustmnist\[parquet\]'"
    ):
        load_dataset("parquet:a.parquet")
