"""CSV and NPZ files: the published forms, the speed path against the slow path, damage."""

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
import torch
from support.damaged_files import damaged, refusals

from robustmnist.data import Dataset, load_dataset
from robustmnist.data.formats import table
from robustmnist.data.formats.npz import parse_npz
from robustmnist.data.formats.table import parse_table
from robustmnist.errors import DataError


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits").head(25)


def lines(digits: Dataset, *, first: bool = True) -> list[str]:
    flat = digits.stored.flatten(1).tolist()
    rows = ([label, *row] if first else [*row, label] for row, label in zip(flat, digits.labels.tolist(), strict=True))
    return [",".join(map(str, row)) for row in rows]


KAGGLE = ",".join(["label", *(f"pixel{at}" for at in range(784))])  # train.csv of "Digit Recognizer"
ROWS = ",".join(["label", *(f"{row}x{column}" for row in range(1, 29) for column in range(1, 29))])  # mnist_train.csv


def assert_same(data: Dataset, digits: Dataset) -> None:
    assert torch.equal(data.stored, digits.stored)
    assert data.labels.tolist() == digits.labels.tolist()
    assert data.ids.tolist() == list(range(len(digits)))


@pytest.mark.parametrize("header", [KAGGLE, ROWS, None])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_published_forms(header: str | None, end: str, packed: bool, digits: Dataset, tmp_path: Path) -> None:
    text = end.join([*([header] if header else []), *lines(digits)]) + end * packed
    path = tmp_path / "train.csv"
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    for name in (f"csv:{path}", str(path)):
        data = load_dataset(name)
        assert_same(data, digits)
        assert data.name == "csv:train.csv"
        said = "labels from the column label" if header else "labels from the first column"
        assert data.provenance.prepared == f"{said}; as stored, 28 × 28"


def test_labels_in_the_last_column_are_seen_where_the_first_can_be_none(digits: Dataset, tmp_path: Path) -> None:
    """UCI's optdigits.tes, pendigits.tes and what is made of them: no header, the label at the end."""
    path = tmp_path / "optdigits.csv"
    path.write_text("\n".join(lines(digits, first=False)))
    data = load_dataset(f"csv:{path}")
    assert_same(data, digits)
    assert data.provenance.prepared == "labels from column 785; as stored, 28 × 28"
    assert_same(load_dataset(f"csv:{path},label=column 785"), digits)


def test_columns_are_named(digits: Dataset, tmp_path: Path) -> None:
    header = ",".join(["id", *(f"p{at}" for at in range(784)), "Number", "writer"])
    rows = [f"{at},{line},{at // 5}" for at, line in enumerate(lines(digits, first=False))]
    path = tmp_path / "a,b=c.csv"
    path.write_text("\n".join([header, *rows]))
    data = load_dataset(f"csv:{path},label=number,groups=writer")
    assert_same(data, digits)
    assert data.groups is not None
    assert data.groups.tolist() == [at // 5 for at in range(25)]
    assert data.provenance.prepared == "labels from the column Number, without the column id; as stored, 28 × 28"
    path.write_text("\n".join([header, *rows[:3], f"{rows[4]}.5"]))
    with pytest.raises(DataError, match=r"a writer is not a whole number; number the writers"):
        load_dataset(f"csv:{path},label=number,groups=writer")
    with pytest.raises(DataError, match=r"has no column label; name it: csv:FILE,label=COLUMN; its columns are id, p0"):
        load_dataset(f"csv:{path}")
    with pytest.raises(DataError, match="has no column 'Nummer', did you mean 'Number'"):
        load_dataset(f"csv:{path},label=Nummer")


@pytest.mark.parametrize("separator", [";", "\t", ", "])
def test_other_separators_fractions_and_quotes(separator: str, digits: Dataset, tmp_path: Path) -> None:
    ink = (digits.stored.flatten(1).double() / 255).tolist()
    text = [separator.join(map(repr, [label, *row])) for label, row in zip(digits.labels.tolist(), ink, strict=True)]
    path = tmp_path / "ink.csv"
    path.write_text("\n".join(text))
    assert_same(load_dataset(f"csv:{path}"), digits)


def test_the_scan_agrees_with_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    values = rng.integers(0, 256, (200, 17))
    text = "\n".join(",".join(map(str, row)) for row in values).encode()
    for size in (1, 7, 100, 1000, 1 << 24):
        monkeypatch.setattr(table, "CHUNK", size)
        scanned = parse_table(text, "t").values
        assert scanned.dtype == np.uint8
        assert (scanned == values).all()
    monkeypatch.setattr(table, "_whole", lambda *_: None)
    assert (parse_table(text, "t").values == values).all()
    assert parse_table(b"1,2\n256,3", "t").values.tolist() == [[1, 2], [256, 3]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "is empty"),
        (b"label,p0\n", "holds no rows"),
        (b"\xff\xfe1\x00", "is not a text of numbers"),
        (b"1,2,3\n4,5\n6,7,8", "line 2 does not have 3 numbers"),
        (b"label,p\n1,2\n1,2,3\n", "line 3 does not have 2 numbers"),
        (b"1,2,3\n4,x,5", "from line 1 on is no table of numbers"),
        (b"label,a,b,c,d\n4,,5,6,7", "line 2 does not have 5 numbers"),
        (b"1,2,nan\n", "line 1 does not have 3 numbers"),
        (b"11,2,3,4,5\n", "labels run from 11 to 11"),
        (b"1,2,3\n", "2 pixels in an image make no square"),
        (b"label\n1\n", "0 pixels|holds no images"),
        (b"," * 30_000, "has 30,001 columns"),
    ],
)
def test_what_is_no_table_is_refused(text: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(text)
    with pytest.raises(DataError, match=f"odd.csv: .*({words})") as caught:
        load_dataset(f"csv:{path}")
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("none.csv", "a\0b.csv", "x" * 5000 + ".csv"):
        with pytest.raises(DataError, match="cannot be read"):
            load_dataset(f"csv:{name}")
    with pytest.raises(DataError, match="is a folder"):
        load_dataset(f"npz:{tmp_path}")
    with pytest.raises(DataError, match="--dataset: names no file; write it after the colon, as in csv:train"):
        load_dataset("csv:")
    (tmp_path / "a.csv").write_text("1,2\n")
    monkeypatch.setattr("robustmnist.data.sources.csv_file.MOST", 3)
    with pytest.raises(DataError, match="is larger than 0 MB; split it"):
        load_dataset(f"csv:{tmp_path}/a.csv")


def saved(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def test_keras_file(digits: Dataset, tmp_path: Path) -> None:
    levels, labels = digits.stored.numpy()[:, 0], digits.labels.numpy()
    path = tmp_path / "mnist.npz"
    path.write_bytes(saved(x_test=levels[:10], y_test=labels[:10], x_train=levels[10:], y_train=labels[10:]))
    test, train = (load_dataset(f"npz:{path}", part=part) for part in ("test", "train"))
    assert_same(test, digits.head(10))
    assert train.labels.tolist() == labels[10:].tolist()
    assert test.name == "npz:mnist.npz"
    assert set(test.provenance.sha256) == {"x_test images", "y_test labels"}
    np.savez_compressed(path, images=levels, labels=labels)
    assert_same(load_dataset(str(path)), digits)
    with pytest.raises(DataError, match=r"holds no x_train and y_train; save it by numpy.savez"):
        load_dataset(f"npz:{path}", part="train")
    np.savez(path, x_test=np.array([{}]), y_test=labels)
    with pytest.raises(DataError, match="x_test: holds Python objects, which could run code when read"):
        load_dataset(f"npz:{path}")


def test_an_array_larger_than_allowed_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("robustmnist.data.formats.npz.MAX_ARRAY", 100)
    with pytest.raises(DataError, match="x holds more than 0 MB"):
        parse_npz(saved(x=np.zeros(1000, np.uint8)), frozenset("x"), "f")


def test_damaged_files_are_one_line(digits: Dataset) -> None:
    small = {"x_test": digits.stored.numpy()[:3, 0], "y_test": digits.labels.numpy()[:3]}
    stream = io.BytesIO()
    np.savez_compressed(stream, **small)
    archives = refusals(
        lambda data: parse_npz(data, frozenset(small), "f"), damaged([saved(**small), stream.getvalue()], 400)
    )
    tables = refusals(
        lambda data: parse_table(data, "f"), damaged(["\n".join([KAGGLE, *lines(digits.head(2))]).encode()], 300)
    )
    assert len(archives) > 200
    assert len(tables) > 50
    assert not [message for message in archives + tables if "\n" in message]
