"""Where data sets come from, in which order, and what is said about it."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support import small_mnist

from robustmnist.data import Dataset, load_dataset
from robustmnist.data import locations as places
from robustmnist.data.sources import embedded, mnist
from robustmnist.errors import DataError, DeviceError


@pytest.fixture(autouse=True)
def no_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests from the user's cache, the variable and the network."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ROBUSTMNIST_DATA", raising=False)
    monkeypatch.setattr("robustmnist.data.sources.download.MIRRORS", ())


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    return small_mnist.install(monkeypatch)


def assert_is_small(dataset: Dataset, small: dict[str, bytes], part: str = "test") -> None:
    images, labels = (small[file.name] for file in mnist.PARTS[part])
    levels = (dataset.images * 255).round().to(torch.uint8)
    assert levels.numpy().tobytes() == images[16:]
    assert torch.equal(dataset.images, levels.float() / 255)
    assert dataset.labels.to(torch.uint8).numpy().tobytes() == labels[8:]
    assert torch.equal(dataset.ids, torch.arange(len(dataset)))
    assert dataset.images.shape == (len(dataset), 1, 28, 28)
    assert (dataset.images.dtype, dataset.labels.dtype, dataset.ids.dtype) == (torch.float32, torch.int64, torch.int64)
    assert dataset.provenance.sha256 == {file.name: file.sha256 for file in mnist.PARTS[part]}


@pytest.mark.parametrize("layout", ["", "raw", "MNIST/raw"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("dotted", [False, True])
def test_layouts(layout: str, packed: bool, dotted: bool, small: dict[str, bytes], tmp_path: Path) -> None:
    folder = tmp_path / "data" / layout
    folder.mkdir(parents=True)
    for name, data in small.items():
        path = folder / (name.replace("-idx", ".idx") if dotted else name)
        path.with_name(f"{path.name}.gz" if packed else path.name).write_bytes(gzip.compress(data) if packed else data)
    for part, n in small_mnist.COUNTS.items():
        dataset = load_dataset("mnist", part=part, data_dir=tmp_path / "data")
        assert_is_small(dataset, small, part)
        record = dataset.provenance
        assert (record.name, record.part, record.n, record.fallback, record.note) == ("mnist", part, n, False, "")
        assert record.source == str(folder)


def test_the_order_of_places(small: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    argument, variable = (
        small_mnist.write(tmp_path / "argument", small),
        small_mnist.write(tmp_path / "variable", small),
    )
    cache = small_mnist.write(tmp_path / "cache" / "robustmnist", small)
    for name in ("mnist", "auto"):
        monkeypatch.setenv("ROBUSTMNIST_DATA", str(variable))
        assert load_dataset(name, data_dir=argument).provenance.source == str(argument)
        assert load_dataset(name).provenance.source == str(variable)
        monkeypatch.setenv("ROBUSTMNIST_DATA", "")
        dataset = load_dataset(name)
        assert dataset.provenance.source == str(cache)
        assert (dataset.provenance.fallback, dataset.provenance.note) == (False, "")


def test_a_named_folder_without_mnist_is_an_error(
    small: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_mnist.write(tmp_path / "cache" / "robustmnist", small)  # does not help: another folder was asked for
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError) as caught:
        load_dataset("mnist", data_dir=empty)
    assert str(caught.value) == (
        f"{empty} (--data-dir): t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte not found there, in raw/ or in "
        "MNIST/raw/, plain or .gz; name the folder that holds MNIST, or leave --data-dir out to download it, "
        "or use --dataset digits"
    )
    monkeypatch.setenv("ROBUSTMNIST_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"nowhere \(\$ROBUSTMNIST_DATA\): there is no such folder"):
        load_dataset("mnist")
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="is not a folder"):
        load_dataset("mnist", data_dir=tmp_path / "file")
    small_mnist.write(empty, {"t10k-images-idx3-ubyte": small["t10k-images-idx3-ubyte"]})
    with pytest.raises(DataError, match=r"\): t10k-labels-idx1-ubyte not found there"):
        load_dataset("mnist", data_dir=empty)


def test_auto_passes_over_a_named_folder_and_says_so(small: dict[str, bytes], tmp_path: Path) -> None:
    cache = small_mnist.write(tmp_path / "cache" / "robustmnist", small)
    said: list[str] = []
    dataset = load_dataset("auto", data_dir=tmp_path / "nowhere", notify=said.append)
    assert_is_small(dataset, small)
    assert dataset.provenance.fallback
    assert said == [dataset.provenance.note]
    assert said[0] == f"MNIST from {cache} is used, because {tmp_path}/nowhere (--data-dir): there is no such folder"


def test_auto_falls_back_to_the_digits_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    dataset = load_dataset("auto", download=False, notify=said.append)
    assert (dataset.name, len(dataset), dataset.provenance.fallback) == ("digits", 1797, True)
    assert said == [dataset.provenance.note]
    assert said[0].startswith("the 1,797 embedded digits of scikit-learn are used instead of MNIST, because ")
    assert "\n" not in said[0]
    with pytest.raises(DataError, match="not found; allow the download"):
        load_dataset("auto", part="train", download=False)
    with pytest.raises(DataError, match="not found; allow the download"):
        load_dataset("mnist", download=False)
    assert not (tmp_path / "cache").exists()


def test_damage_is_an_error_even_for_auto(small: dict[str, bytes], tmp_path: Path) -> None:
    damaged = {**small, "t10k-labels-idx1-ubyte": small["t10k-labels-idx1-ubyte"][:-1]}
    folder = small_mnist.write(tmp_path / "data", damaged)
    for name in ("mnist", "auto"):
        with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte: is truncated.*; replace it by MNIST's own file"):
            load_dataset(name, data_dir=folder)
    small_mnist.write(tmp_path / "cache" / "robustmnist", damaged)
    for name in ("mnist", "auto"):
        with pytest.raises(DataError, match=r"is truncated.*; delete it, and it is downloaded again"):
            load_dataset(name)


def test_a_folder_in_the_place_of_a_file(small: dict[str, bytes], tmp_path: Path) -> None:
    folder = small_mnist.write(tmp_path / "data" / "raw", small).parent
    (folder / "t10k-images-idx3-ubyte").mkdir()
    assert_is_small(load_dataset("mnist", data_dir=folder), small)  # the file in raw/ serves
    (folder / "raw" / "t10k-images-idx3-ubyte").unlink()
    with pytest.raises(DataError, match="t10k-images-idx3-ubyte: is a folder"):
        load_dataset("mnist", data_dir=folder)


def test_folders_that_may_not_be_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(DataError, match=r"cannot be read \(Permission denied\)"):
        load_dataset("mnist", data_dir=tmp_path)
    assert load_dataset("auto", download=False).name == "digits"  # a closed cache is no cache
    with pytest.raises(DataError, match="give the folder that holds MNIST"):
        load_dataset("mnist", download=False)


def test_odd_folder_names_are_data_errors() -> None:
    for name in ("a\0b", "x" * 5000):
        with pytest.raises(DataError, match=r"cannot be read \(.*\); name the folder that holds MNIST"):
            load_dataset("mnist", data_dir=Path(name))
        with pytest.raises(DataError, match="give the folder that holds the IDX files"):
            load_dataset(f"idx:{name}")
        with pytest.raises(DataError, match="name the folder that holds mnist_c"):
            load_dataset("mnist-c:fog", data_dir=Path(name))


def test_wrong_names_are_refused() -> None:
    with pytest.raises(DataError, match=r"'mnits': is not a data set, did you mean 'mnist'\?; use auto, mnist, digits"):
        load_dataset("mnits")
    with pytest.raises(DataError, match="'validation': is not a part of a data set; use test or train"):
        load_dataset("digits", part="validation")
    with pytest.raises(DeviceError):
        load_dataset("digits", device="tpu")


def test_the_cache_folder_of_each_system(monkeypatch: pytest.MonkeyPatch) -> None:
    assert places.cache_folder().parts[-2:] == ("cache", "robustmnist")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # to be ignored by the specification
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    monkeypatch.setattr("sys.platform", "linux")
    assert places.cache_folder() == Path("/home/ada/.cache/robustmnist")
    monkeypatch.setattr("sys.platform", "darwin")
    assert places.cache_folder() == Path("/home/ada/Library/Caches/robustmnist")
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert places.cache_folder() == Path("/local/robustmnist/Cache")

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.setattr("sys.platform", "linux")
    assert load_dataset("auto").name == "digits"
    with pytest.raises(DataError, match="there is no home folder"):
        load_dataset("mnist")


def test_digits_that_are_not_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(embedded.SHA256, "digits-labels", "0" * 64)
    with pytest.raises(DataError, match="holds other digits than it should; install scikit-learn again"):
        load_dataset("digits")


def test_the_digits() -> None:
    dataset = load_dataset("digits")
    assert torch.bincount(dataset.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    record = dataset.provenance
    assert (record.name, record.part, record.n, record.fallback, record.note) == ("digits", "test", 1797, False, "")
    assert record.source.startswith("scikit-learn ")
    assert json.loads(json.dumps(record.as_dict())) == record.as_dict()
    assert set(record.as_dict()) == {"name", "part", "n", "sha256", "source", "fallback", "note", "licence", "known"}


def test_real_mnist(mnist_dir: Path, mnist_test: tuple) -> None:
    dataset = load_dataset("mnist", data_dir=mnist_dir)
    images, labels = mnist_test
    assert torch.equal(dataset.images[:, 0], torch.from_numpy(images.copy()).float() / 255)
    assert dataset.labels.tolist() == labels.tolist()
    assert dataset.provenance.sha256["t10k-images-idx3-ubyte"].startswith("0fa7898d")


def test_rows_keep_their_ids() -> None:
    digits = load_dataset("digits")
    head = digits.head(10)
    assert (len(head), head.provenance.n, head.name) == (10, 10, "digits")
    assert digits.head(None) is digits
    assert digits.head(10**6) is digits
    some = digits.select([7, 3, 1796, 3])
    assert some.ids.tolist() == [7, 3, 1796, 3]
    assert torch.equal(some.images, digits.images[[7, 3, 1796, 3]])
    again = some.select(torch.tensor([1796, 7]))
    assert torch.equal(again.labels, digits.labels[[1796, 7]])
    assert digits.select([]).provenance.n == 0
    assert head.to("cpu").provenance == head.provenance
    with pytest.raises(DataError, match="digits: has no sample 10"):
        head.select([0, 10])
    with pytest.raises(DataError, match="has no sample -1"):
        digits.select([-1])
    with pytest.raises(DataError, match="has no sample 0"):
        digits.select([]).select([0])
    with pytest.raises(DataError, match="cannot take the first 0 images; ask for 1 or more"):
        digits.head(0)


def test_every_image_has_a_label_and_an_id() -> None:
    digits = load_dataset("digits").head(5)
    for short in ({"labels": digits.labels[:3]}, {"ids": digits.ids[:4]}, {"images": digits.images[:2]}):
        with pytest.raises(DataError, match=r"digits: \d images have \d labels and \d ids; give one of each"):
            replace(digits, **short)


def test_images_are_kept_as_bytes_where_bytes_hold_them(small: dict[str, bytes], tmp_path: Path) -> None:
    mnist_set = load_dataset("mnist", data_dir=small_mnist.write(tmp_path, small))
    for data in (
        load_dataset("digits"),
        mnist_set,
        mnist_set.head(7),
        mnist_set.select([5, 5, 2]),
        mnist_set.sample(9),
    ):
        assert data.stored.dtype == torch.uint8
        assert data.images.dtype == torch.float32
        assert torch.equal(data.images, data.stored.float() / 255)
        assert torch.equal(torch.cat(list(data.parts())), data.images)
        assert torch.equal(data.rows(slice(1, 3)), data.images[1:3])
    given = replace(mnist_set, images=mnist_set.images * 0.999)
    assert given.stored.dtype == torch.float32
    assert torch.equal(given.images, mnist_set.images * 0.999)
    odd = [torch.full((30, 1, 28, 28), value) for value in (float("nan"), 256 / 255, -1 / 255)]
    assert [replace(mnist_set, images=one).stored.dtype for one in odd] == [torch.float32] * 3
    levels = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    every = Dataset.of_levels(levels, torch.zeros(1).long(), torch.zeros(1).long(), mnist_set.provenance)
    assert every.images.flatten().tolist() == [float(torch.tensor(level / 255)) for level in range(256)]
    assert replace(every, images=every.images).stored.dtype == torch.uint8


def test_levels_become_ink() -> None:
    digits = load_dataset("digits").head(5)
    assert torch.equal(replace(digits, images=digits.stored).images, digits.images)
