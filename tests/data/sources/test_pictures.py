"""Folders of pictures: where labels are said, what is taken as stored, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

import robustmnist as rm
from robustmnist.data import Dataset, load_dataset
from robustmnist.errors import DataError
from robustmnist.perturbed_sets import write_datasets


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits").head(30)


def save(digits: Dataset, folder: Path, name: str, *, light: bool = False) -> list[str]:
    """Write each digit as a picture; `name` has ``{row}`` and ``{label}`` in it."""
    names = []
    for row, (image, label) in enumerate(zip(digits.images, digits.labels.tolist(), strict=True)):
        levels = (image[0] * 255).round().to(torch.uint8).numpy()
        path = folder / name.format(row=row, label=label)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - levels if light else levels).save(path)
        names.append(path.relative_to(folder).as_posix())
    return names


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("{label}/{row:03d}.png", "labels from the folders"),
        ("deep/{label}/{row:03d}.PNG", "labels from the folders"),
        ("{label}_{row:03d}.png", "labels from the beginning of the names"),
        ("digit{label}-{row:03d}.png", "labels from the beginning of the names"),
        ("{row:03d}_{label}.png", "labels from the end of the names"),
        ("scan-{row:03d}-label{label}.png", "labels from the end of the names"),
    ],
)
@pytest.mark.parametrize("light", [False, True])
def test_labels_are_where_people_put_them(name: str, said: str, light: bool, digits: Dataset, tmp_path: Path) -> None:
    names = save(digits, tmp_path, name, light=light)
    (tmp_path / "README.txt").write_text("not a picture")
    data = load_dataset(f"png:{tmp_path}")
    order = sorted(range(len(names)), key=names.__getitem__)
    assert data.labels.tolist() == digits.labels[order].tolist()
    assert torch.equal(data.images, digits.images[order])
    how = "brought to MNIST's form, 30 of 30 inverted (dark ink on light paper)" if light else "as stored, 28 × 28"
    assert data.provenance.prepared == f"{said}; {how}"
    assert data.name == f"png:{tmp_path.name}"
    assert data.provenance.source == str(tmp_path)
    assert torch.equal(load_dataset(f"{tmp_path}/").images, data.images)  # a path alone


def test_a_table_comes_first(digits: Dataset, tmp_path: Path) -> None:
    names = save(digits, tmp_path, "{label}/{row:03d}.png")
    table = "".join(f"{name},{(label + 1) % 10}\n" for name, label in zip(names, digits.labels.tolist(), strict=True))
    (tmp_path / "labels.csv").write_text(f"Filename,Label\n{table}\n")
    data = load_dataset(f"png:{tmp_path}")
    order = sorted(range(len(names)), key=names.__getitem__)
    assert data.labels.tolist() == ((digits.labels[order] + 1) % 10).tolist()
    for text, words in {
        "file,digit\n": "says nothing of",
        "a,b\n": "has no column file",
        f"file,label\n{names[0]},x\n": "line 2 has no label",
        "file,label\nx\n": "line 2 has no label",
        "": "has no column file",
        '"': "is not a CSV file",
    }.items():
        (tmp_path / "labels.csv").write_text(text)
        with pytest.raises(DataError, match=f"labels.csv: {words}"):
            load_dataset(f"png:{tmp_path}")
    (tmp_path / "labels.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="is not a CSV file"):
        load_dataset(f"png:{tmp_path}")


def test_training_and_testing_folders(digits: Dataset, tmp_path: Path) -> None:
    save(digits.head(20), tmp_path, "training/{label}/{row}.png")
    save(digits.select(digits.ids[20:]), tmp_path, "testing/{label}/{row}.png")
    assert [len(load_dataset(f"png:{tmp_path}", part=part)) for part in ("train", "test")] == [20, 10]
    with pytest.raises(DataError, match="has no folder train; put its pictures into train and test"):
        load_dataset(f"png:{tmp_path}/testing", part="train")


def test_what_perturb_wrote_keeps_its_ids(digits: Dataset, tmp_path: Path) -> None:
    digits = digits.select(digits.ids.flip(0))
    (written, *_) = write_datasets(digits, rm.load_suite("noise"), tmp_path, format="png", device="cpu")
    data = load_dataset(f"png:{written.folder}")
    assert data.ids.tolist() == digits.ids.flip(0).tolist()
    assert data.labels.tolist() == digits.labels.flip(0).tolist()
    assert data.provenance.lineage == written.manifest.lineage
    assert data.name == written.manifest.label
    picture = next(written.folder.glob("*.png"))
    Image.fromarray(np.zeros((28, 28), np.uint8)).save(picture)
    with pytest.raises(DataError, match=f"manifest.json: {picture.name} is not what it speaks of"):
        load_dataset(f"png:{written.folder}")


def test_scans_of_any_size(tmp_path: Path) -> None:
    for row, size in enumerate([(90, 130), (400, 300)]):
        image = Image.new("L", size, 250)
        x, y = size[0] // 2, size[1] // 2
        ImageDraw.Draw(image).line([(x, y - 40), (x + 3, y + 40)], fill=20, width=8)
        image.save(tmp_path / f"1_{row}.jpg")
    data = load_dataset(f"png:{tmp_path}")
    assert data.labels.tolist() == [1, 1]
    assert float((data.images[0] - data.images[1]).abs().mean()) < 0.02
    assert "2 of 2 inverted" in data.provenance.prepared
    with pytest.raises(DataError, match="form=stored: takes pictures of 28 × 28 px; use form=mnist"):
        load_dataset(f"png:{tmp_path},form=stored")
    with pytest.raises(DataError, match="form=odd: is not a form"):
        load_dataset(f"png:{tmp_path},form=odd")


def test_pictures_of_light_paper_can_be_taken_as_stored(digits: Dataset, tmp_path: Path) -> None:
    save(digits, tmp_path, "{row:03d}_{label}.png", light=True)
    stored = load_dataset(f"png:{tmp_path},form=stored")
    assert torch.equal(stored.stored, 255 - digits.stored)


def test_what_is_refused(digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(digits, tmp_path / "odd", "scan {row} ink.png")
    with pytest.raises(DataError, match=r"nothing says which digits the pictures show, such as scan 0 ink.png; put"):
        load_dataset(f"png:{tmp_path}/odd")
    odd = tmp_path / "odd"
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no pictures; give a folder of PNG or JPEG files"):
        load_dataset(f"png:{tmp_path}/empty")
    for name in (f"{tmp_path}/none", "a\0b", "x" * 5000):
        with pytest.raises(DataError, match=r"there is no such folder|cannot be read"):
            load_dataset(f"png:{name}")
    tmp_path = tmp_path / "damaged"
    tmp_path.mkdir()
    (tmp_path / "7_a.png").write_bytes(b"\x89PNG nothing")
    with pytest.raises(DataError, match=r"7_a.png: is a damaged picture"):
        load_dataset(f"png:{tmp_path}")
    for name in ("png:7_a.png", "./7_a.png", "7_a.png"):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(DataError, match="is a single picture; robustmnist predict reads one"):
            load_dataset(name)
    monkeypatch.setattr("robustmnist.data.sources.pictures.MOST", 5)
    with pytest.raises(DataError, match="holds more than 5 pictures; split it"):
        load_dataset(f"png:{odd}")
