"""Training on any digits: in which parts they are cut, what is refused, what is said, and how it is resumed."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image
from support.published_sets import gzipped, idx_integers, libsvm, mat
from support.small_training import recipe

import robustmnist as rm
from robustmnist.cli import cli
from robustmnist.data import Dataset, load_dataset
from robustmnist.data.formats.idx import idx_bytes
from robustmnist.data.split import digests, held_back
from robustmnist.errors import DataError, RecipeError, RunError
from robustmnist.training import RunFolder, train
from robustmnist.training.digits import Digits, load_digits

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def made() -> Dataset:
    return replace(load_dataset("printed:train").sample(300), groups=None)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROBUSTMNIST_DATA", str(tmp_path))


def levels(data: Dataset) -> np.ndarray:
    return data.stored.numpy()[:, 0]


def write_csv(name: str, pixels: np.ndarray, labels: np.ndarray) -> str:
    flat = pixels.reshape(len(pixels), -1).tolist()
    rows = [",".join(map(str, [label, *row])) for label, row in zip(labels.tolist(), flat, strict=True)]
    header = ",".join(["label", *(f"pixel{at}" for at in range(784))])
    Path(name).write_text("\n".join([header, *rows]) + "\n")
    return f"csv:{name}"


def digits_of(name: str, said: list[str] | None = None, **changes: Any) -> Digits:
    wanted = recipe(data={"dataset": name, "validation": 0.1} | changes)
    return load_digits(wanted, CPU, notify=None if said is None else said.append)


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words))


def test_a_table_is_cut_in_three_that_never_meet(made: Dataset) -> None:
    said: list[str] = []
    name = write_csv("mine.csv", levels(made), made.labels.numpy())
    one, other = digits_of(name, said), load_digits(recipe(data={"dataset": name, "validation": 0.1}, seed=5), CPU)
    parts = (one.training, one.validation, one.test)
    assert sum(map(len, parts)) == 300
    hashes = [set(digests(part).tolist()) for part in parts]
    assert len(set.union(*hashes)) == sum(map(len, hashes))  # equal digits are on one side
    assert one.test.ids.tolist() == other.test.ids.tolist() == np.flatnonzero(held_back(made)).tolist()
    assert one.validation.ids.tolist() != other.validation.ids.tolist()
    assert said == [
        f"notice: csv:mine.csv has no parts of its own: {300 - len(one.test)} digits are to train on, {len(one.test)}, "
        "chosen by their hash, to test on; --dataset csv:mine.csv,part=test names these"
    ]
    named = load_dataset("csv:mine.csv,part=test")
    assert named.ids.tolist() == one.test.ids.tolist()


def test_parts_of_its_own_are_taken_and_twins_left_out(made: Dataset) -> None:
    pixels, labels = levels(made), made.labels.numpy()
    np.savez("mine.npz", x_train=pixels[:200], y_train=labels[:200], x_test=pixels[190:], y_test=labels[190:])
    said: list[str] = []
    digits = digits_of("npz:mine.npz", said)
    assert len(digits.test) == 110
    twins = int(np.isin(digests(made.head(200)), digests(made.select(made.ids[190:]))).sum())
    assert twins >= 10
    assert len(digits.training) + len(digits.validation) == 200 - twins
    assert said == [f"notice: npz:mine.npz: {twins} of the digits to train on are to test on too and are left out"]


def _idx(made: Dataset, folder: Path, prefix: str, *, ints: bool = False) -> None:
    folder.mkdir(exist_ok=True, parents=True)
    (folder / f"{prefix}images-idx3-ubyte.gz").write_bytes(gzipped(idx_bytes(levels(made))))
    if ints:
        table = np.zeros((len(made), 8), np.int64)
        table[:, 0], table[:, 2] = made.labels.numpy(), np.arange(len(made)) // 10
        (folder / f"{prefix}labels-idx2-int.gz").write_bytes(gzipped(idx_integers(table)))
    else:
        (folder / f"{prefix}labels-idx1-ubyte.gz").write_bytes(gzipped(idx_bytes(made.labels.byte().numpy())))


def _folder_of_pictures(made: Dataset) -> str:
    for at, (picture, label) in enumerate(zip(levels(made), made.labels.tolist(), strict=True)):
        Path(f"scans/{label}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(f"scans/{label}/{at:04}.png")
    return "png:scans"


def _idx_folder(made: Dataset) -> str:
    _idx(made, Path("folder"), "")
    return "idx:folder"


def _qmnist(made: Dataset) -> str:
    _idx(made.select(made.ids[:200]), Path("qmnist"), "qmnist-train-", ints=True)
    _idx(made.select(made.ids[200:]), Path("qmnist"), "qmnist-test-", ints=True)
    return "qmnist"


def _emnist(made: Dataset) -> str:
    turned = Dataset(made.images.mT, made.labels, made.ids, made.provenance)
    _idx(turned.select(made.ids[:200]), Path("emnist"), "emnist-digits-train-")
    _idx(turned.select(made.ids[200:]), Path("emnist"), "emnist-digits-test-")
    return "emnist-digits"


def _usps(made: Dataset) -> str:
    ink = torch.nn.functional.adaptive_avg_pool2d(made.images[:, :, 4:24, 4:24], 16)[:, 0].numpy()
    Path("usps.bz2").write_bytes(libsvm(ink[:200], made.labels.numpy()[:200]))
    Path("usps.t.bz2").write_bytes(libsvm(ink[200:], made.labels.numpy()[200:]))
    return "usps"


def _svhn(made: Dataset) -> str:
    colour = np.zeros((32, 32, 3, len(made)), np.uint8)
    colour[2:30, 2:30] = levels(made).transpose(1, 2, 0)[:, :, None]
    labels = np.where(made.labels.numpy() == 0, 10, made.labels.numpy()).astype(np.float64)[:, None]
    for name, rows in (("train", slice(200)), ("test", slice(200, None))):
        Path(f"{name}_32x32.mat").write_bytes(mat({"X": colour[..., rows], "y": labels[rows]}))
    return "svhn"


@pytest.mark.parametrize("write", [_folder_of_pictures, _idx_folder, _qmnist, _emnist, _usps, _svhn])
def test_every_source_of_digits_is_trained_on(write: Any, made: Dataset) -> None:
    name = write(made)
    wanted = recipe(epochs=1, data={"dataset": name, "validation": 0.1})
    trained = train(wanted, device="cpu", out=Path("run"), notify=lambda _: None)
    card = trained.card
    assert card.test_accuracy is not None
    assert card.recipe["data"]["dataset"] == name
    assert card.data["training"] + card.data["validation"] + card.test_accuracy.n in range(200, 301)
    assert ("sha256" in card.recipe["data"]) == (":" in name)  # files that nobody else knows


def _write_table(made: Dataset, writers: np.ndarray) -> None:
    pixels = np.column_stack([writers, levels(made).reshape(len(made), -1)]).tolist()
    rows = [",".join(map(str, [label, *row])) for label, row in zip(made.labels.tolist(), pixels, strict=True)]
    header = ",".join(["label", "writer", *(f"pixel{at}" for at in range(784))])
    Path("mine.csv").write_text("\n".join([header, *rows]) + "\n")


def test_writers_of_a_table_are_held_apart(made: Dataset) -> None:
    _write_table(made, np.arange(300) % 15)
    said: list[str] = []
    digits = digits_of("csv:mine.csv,groups=writer", said)
    parts = [set(part.groups.tolist()) for part in (digits.training, digits.validation, digits.test)]
    assert [len(part) for part in parts] == [11, 1, 3]
    assert set().union(*parts) == set(range(15))
    assert "60, those of 3 of 15 writers, to test on; --dataset csv:mine.csv,groups=writer,part=test names" in said[0]
    assert load_dataset("csv:mine.csv,groups=writer,part=test").ids.tolist() == digits.test.ids.tolist()


def test_two_writers_are_too_few_to_be_held_apart_in_both_ways(made: Dataset) -> None:
    _write_table(made, np.arange(300) % 2)
    said: list[str] = []
    digits = digits_of("csv:mine.csv,groups=writer", said)
    assert not set(digits.test.groups.tolist()) & set(digits.training.groups.tolist())
    assert said[-1] == "data.validation: the digits to choose the epoch by are of their only writer"


def test_writers_stay_apart_where_digits_of_two_are_equal(made: Dataset) -> None:
    rows = torch.arange(300)
    for even in range(0, 14, 2):  # a digit of every other writer is one of the next writer too
        rows[15 * even + even + 1] = rows[15 * even + even]
    _write_table(Dataset(made.images[rows], made.labels[rows], torch.arange(300), made.provenance), np.arange(300) % 15)
    for seed in range(12):
        wanted = recipe(data={"dataset": "csv:mine.csv,groups=writer", "validation": 0.1}, seed=seed)
        digits = load_digits(wanted, CPU)
        assert len(digits.validation)
        assert not set(digits.training.groups.tolist()) & set(digits.validation.groups.tolist())
        assert not np.isin(digests(digits.training), digests(digits.validation)).any()


def test_another_number_of_digits_of_whole_writers_is_said(made: Dataset) -> None:
    _write_table(made, np.arange(300) % 5)
    said: list[str] = []
    digits = digits_of("csv:mine.csv,groups=writer", said, validation=20)
    assert len(digits.validation) == 60
    assert said[-1] == "data.validation: 60 digits are kept back instead of 20, those of whole writers"


def test_a_set_with_known_hands_is_validated_on_others() -> None:
    digits = digits_of("printed", validation=200)
    assert not set(digits.training.groups.tolist()) & set(digits.validation.groups.tolist())
    assert not set(digits.test.groups.tolist()) & set(digits.validation.groups.tolist())


def test_parquet(made: Dataset) -> None:
    pyarrow, parquet = (pytest.importorskip(name) for name in ("pyarrow", "pyarrow.parquet"))

    def png(picture: np.ndarray) -> bytes:
        stream = io.BytesIO()
        Image.fromarray(picture).save(stream, "PNG")
        return stream.getvalue()

    table = pyarrow.table({"image": [png(picture) for picture in levels(made)], "label": made.labels.tolist()})
    parquet.write_table(table, "mine.parquet")
    digits = digits_of("parquet:mine.parquet")
    assert digits.test.ids.tolist() == np.flatnonzero(held_back(made)).tolist()


def test_a_set_named_by_its_part_is_cut(made: Dataset) -> None:
    said: list[str] = []
    digits = digits_of("digits:train", said)
    assert len(digits.training) + len(digits.validation) + len(digits.test) == 1196
    assert "part=test" not in said[0]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("kmnist", "data.dataset: 'kmnist' holds Kuzushiji characters, no digits: there is nothing to learn"),
        ("fashion-mnist", "data.dataset: 'fashion-mnist' holds articles of clothing, no digits"),
        ("mnist-c:fog", "data.dataset: 'mnist-c:fog' is for testing only, use mnist"),
        ("auto", "data.dataset: 'auto' is another set on another machine, use mnist or digits"),
        ("mnits", "data.dataset: 'mnits': is not a data set, did you mean 'mnist'?"),
    ],
)
def test_what_cannot_be_trained_on(name: str, words: str) -> None:
    with pytest.raises(RecipeError, match="^test: " + words.replace("?", r"\?")):
        recipe(data={"dataset": name})


def test_too_few_digits(made: Dataset) -> None:
    name = write_csv("few.csv", levels(made)[:40], made.labels.numpy()[:40])
    with pytest.raises(DataError, match=r"few.csv: holds \d+ digits to train on and \d+ to test on, too few; give 100"):
        digits_of(name)
    name = write_csv("same.csv", levels(made), made.labels.numpy() * 0)
    with pytest.raises(DataError, match="every digit is labelled 0: there is nothing to tell apart"):
        digits_of(name)


def test_wrong_looking_digits_are_refused_said_or_put_right(made: Dataset) -> None:
    name = write_csv("light.csv", 255 - levels(made), made.labels.numpy())
    small = ["--device", "cpu", "--epochs", "1", "-o", "run"]
    refused = run("train", "fc-small", "--dataset", name, *small)
    assert isinstance(refused.exception, DataError)
    assert "--fix, or fix=True, mends it (ink and paper exchanged)" in str(refused.exception)
    assert not Path("run").exists()
    assert run("train", "fc-small", "--dataset", name, "--fix", *small).exit_code == 0
    trained = RunFolder(Path("run"))
    assert trained.recipe.data.fix
    page = trained.page.read_text("utf-8")
    head = page[: page.index("<main>")]
    assert 'class="banner"' in head
    assert "Put right before use: ink and paper exchanged." in head
    # The same digits are trained on and tested on as where they were right from the first.
    right = digits_of(write_csv("right.csv", levels(made), made.labels.numpy()))
    assert trained.card.test_accuracy is not None
    card = trained.card.data
    assert card["training"] + card["validation"] + trained.card.test_accuracy.n == 300
    mended = digits_of(name, fix=True)
    assert sorted(digests(mended.training).tolist()) != sorted(digests(right.training).tolist())
    assert {*digests(mended.training).tolist()} <= {*digests(made).tolist()}


def test_doubtful_digits_are_said_at_the_head_of_the_page(made: Dataset) -> None:
    labels = made.labels.numpy()[np.random.default_rng(0).permutation(300)]
    trained = train(
        recipe(epochs=1, data={"dataset": write_csv("odd.csv", levels(made), labels), "validation": 0.1}),
        device="cpu",
        out=Path("run"),
        notify=lambda _: None,
    )
    page = trained.page.read_text("utf-8")
    assert "are these digits, and the labels theirs?" in page[: page.index("<main>")]


def test_a_resumed_training_refuses_another_file(made: Dataset) -> None:
    name = write_csv("mine.csv", levels(made), made.labels.numpy())
    wanted = recipe(epochs=2, data={"dataset": name, "validation": 0.1})
    quiet: dict[str, Any] = {"device": "cpu", "out": Path("run"), "notify": lambda _: None}

    def stop(numbers: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(wanted, on_epoch=stop, **quiet)
    kept = RunFolder(Path("run")).recipe
    assert len(kept.data.sha256) == 1
    text = Path("mine.csv").read_text()
    Path("mine.csv").write_text(text.replace("\n3,", "\n5,", 1))
    for which in (kept, wanted):
        with pytest.raises(DataError, match="is another file than the one that the training was begun with"):
            train(which, resume=True, **quiet)
    Path("mine.csv").write_text(text)
    trained = train(wanted, resume=True, **quiet)
    assert trained.metrics["status"] == "complete"
    assert trained.card.recipe["data"]["sha256"] == list(kept.data.sha256)
    assert train(wanted, resume=True, **quiet).path == trained.path  # complete: nothing is read
    with pytest.raises(RunError, match="another recipe"):
        train(recipe(epochs=3, data={"dataset": name, "validation": 0.1}), resume=True, **quiet)


def test_from_an_empty_folder_to_another_file(made: Dataset) -> None:
    write_csv("mine.csv", levels(made), made.labels.numpy())
    other = load_dataset("strokes").sample(60)
    write_csv("other.csv", levels(other), other.labels.numpy())
    done = run("train", "fc-small", "--dataset", "mine.csv", "--epochs", "1", "--device", "cpu", "-o", "run")
    assert done.exit_code == 0, done.output
    common = ["evaluate", "-c", "run/best", "--suite", "decentering", "--device", "cpu"]
    refused = run(*common, "--dataset", "mine.csv", "-o", "no")
    assert "those that it left out, with ,part=test after the name" in str(refused.exception)
    for name in ("csv:other.csv", "csv:mine.csv,part=test"):
        done = run(*common, "--dataset", name, "-o", f"out-{name[4:6]}")
        assert done.exit_code == 0, done.output


def test_the_library_takes_it_too(made: Dataset) -> None:
    name = write_csv("mine.csv", levels(made), made.labels.numpy())
    settings = {"data.dataset": name, "data.validation": 0.2, "model.widths": [8]}
    trained = rm.train("fc-small", epochs=1, settings=settings, out=Path("run"), device="cpu", notify=lambda _: None)
    assert trained.card.data["name"] == "csv:mine.csv"
