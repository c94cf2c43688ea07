"""Perturbed data sets on disk: what any program reads, what comes back, and what a cut leaves."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.synthetic import make_suite, make_sweep

from robustmnist.data import Dataset, load_dataset
from robustmnist.data.manifest import MANIFEST, read_manifest
from robustmnist.errors import ImagesError, InputError, RunError, SuiteError
from robustmnist.perturb import prepare
from robustmnist.perturbed_sets import FORMATS, write, write_datasets
from robustmnist.suites import Suite
from robustmnist.system.files import sha256_file

TURN = make_sweep("turn", "rotation", "angle", "°", (-30, 0, 7.5))
AWAY = make_sweep("away", values=(0, 2), over={"direction": ("up", "left")})
GRAIN = make_sweep("grain", "gaussian-noise", "sigma", "sd of ink", (0, 0.4), draws=2)
MAP = replace(make_sweep("map", "shift", "dx", values=(-1, 0), over={"dy": (-1.0, 0.0)}), crossed={"dy": 0.0})
SUITE = make_suite("mine", TURN, AWAY, GRAIN, MAP, seed=5)
FOLDERS = [
    *(f"turn/{value}" for value in ("-30", "0", "7.5")),
    *(f"away/{value}/direction={word}" for word in ("up", "left") for value in ("0", "2")),
    *(f"grain/{value}/draw={draw}" for draw in (0, 1) for value in ("0", "0.4")),
    *(f"map/{dx}/dy={dy}" for dy in ("-1", "0") for dx in ("-1", "0")),
]


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits").head(24)


def levels_of(digits: Dataset, perturbation: str, seed: int = 5, draw: int = 0, **arguments: object) -> np.ndarray:
    """Return the digits perturbed in one piece, uint8 (n, 28, 28)."""
    images = prepare(perturbation, digits.images, ids=digits.ids, seed=seed, draw=draw)(**arguments)
    return np.rint(images[:, 0].numpy().astype(np.float32) * np.float32(255)).astype(np.uint8)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_setting_has_its_folder(digits: Dataset, tmp_path: Path) -> None:
    written = write_datasets(digits, SUITE, tmp_path, device="cpu")
    assert [str(one.folder.relative_to(tmp_path / "mine")) for one in written] == FOLDERS
    assert all(one.fresh for one in written)
    assert {path.parent for path in tmp_path.rglob(MANIFEST)} == {one.folder for one in written}
    assert not list(tmp_path.rglob(".*"))


def test_there_is_one_zero(digits: Dataset, tmp_path: Path) -> None:
    sweep = make_sweep("turn", "rotation", "angle", "°", (-0.0, 7.5))
    crossed = replace(MAP, over={"dy": (-1.0, -0.0)})
    written = write_datasets(digits, make_suite("mine", sweep, crossed), tmp_path, device="cpu")
    names = [str(one.folder.relative_to(tmp_path / "mine")) for one in written]
    assert names == ["turn/0", "turn/7.5", *(f"map/{dx}/dy={dy}" for dy in ("-1", "0") for dx in ("-1", "0"))]


@pytest.mark.parametrize(
    ("folder", "perturbation", "draw", "arguments"),
    [
        ("turn/-30", "rotation", 0, {"angle": -30}),
        ("away/2/direction=left", "shift-towards", 0, {"distance": 2, "direction": "left"}),
        ("grain/0.4/draw=1", "gaussian-noise", 1, {"sigma": 0.4}),
        ("map/-1/dy=-1", "shift", 0, {"dx": -1, "dy": -1}),
    ],
)
def test_what_was_written_comes_back_as_a_data_set(
    folder: str, perturbation: str, draw: int, arguments: dict[str, object], digits: Dataset, tmp_path: Path
) -> None:
    some = digits.select([3, 9, 10, 11, 0])
    write_datasets(some, SUITE, tmp_path, device="cpu")
    back = load_dataset(f"idx:{tmp_path}/mine/{folder}")
    levels = levels_of(some, perturbation, draw=draw, **arguments)
    np.testing.assert_array_equal(back.images[:, 0].numpy(), levels.astype(np.float32) / np.float32(255))
    assert torch.equal(back.labels, some.labels)
    assert back.ids.tolist() == [3, 9, 10, 11, 0]  # draws depend on ids: a suite run on it draws as on the original
    assert back.name.startswith(f"digits mine.{folder.split('/')[0]} ")


def test_the_neutral_value_is_the_data_set_bit_for_bit(digits: Dataset, tmp_path: Path) -> None:
    write_datasets(digits, SUITE, tmp_path, device="cpu")
    for folder in ("turn/0", "away/0/direction=up", "grain/0/draw=1", "map/0/dy=0"):
        assert torch.equal(load_dataset(f"idx:{tmp_path}/mine/{folder}").images, digits.images)


def test_the_manifest_tells_what_was_done(digits: Dataset, tmp_path: Path) -> None:
    write_datasets(digits, SUITE, tmp_path, device="cpu", seed=9)
    folder = tmp_path / "mine" / "away" / "2" / "direction=left"
    manifest = json.loads((folder / MANIFEST).read_bytes())
    expected = {
        "content": "idx",
        "n": 24,
        "ids": [[0, 23]],
        "suite": "mine",
        "suite_sha256": SUITE.sha256,
        "sweep": "away",
        "perturbation": "shift-towards",
        "parameter": "distance",
        "value": 2.0,
        "unit": "px",
        "neutral": 0.0,
        "arguments": {"direction": "left"},
        "draw": 0,
        "seed": 9,
        "device": "cpu",
    }
    assert {key: manifest[key] for key in expected} == expected
    assert manifest["dataset"]["sha256"] == dict(digits.provenance.sha256)
    assert set(manifest["versions"]) == {"robustmnist", "python", "torch", "numpy"}
    assert manifest["files"] == {path.name: sha256_file(path) for path in folder.iterdir() if path.name != MANIFEST}
    assert "255" in manifest["ink"]
    assert read_manifest(folder) is not None


def test_npy_is_numpys(digits: Dataset, tmp_path: Path) -> None:
    write_datasets(digits, SUITE, tmp_path, format="npy", device="cpu")
    folder = tmp_path / "mine" / "turn" / "7.5"
    np.testing.assert_array_equal(np.load(folder / "images.npy"), levels_of(digits, "rotation", angle=7.5))
    labels = np.load(folder / "labels.npy")
    assert labels.dtype == np.uint8
    assert labels.tolist() == digits.labels.tolist()


def test_pictures_are_read_by_other_programs(digits: Dataset, tmp_path: Path) -> None:
    from matplotlib.image import imread

    some = digits.select([5, 17, 2])
    write_datasets(some, SUITE, tmp_path, format="png", device="cpu")
    folder = tmp_path / "mine" / "turn" / "-30"
    with (folder / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(int(row["id"]), int(row["label"])) for row in rows] == list(
        zip([5, 17, 2], some.labels.tolist(), strict=True)
    )
    levels = levels_of(some, "rotation", angle=-30)
    for row, digit in zip(rows, levels, strict=True):
        assert row["file"] == f"{int(row['id']):02d}_{row['label']}.png"
        np.testing.assert_array_equal(np.rint(imread(folder / row["file"]) * 255).astype(np.uint8), digit)


@pytest.mark.parametrize("format", list(FORMATS))
def test_the_same_call_writes_the_same_bytes_whatever_the_pieces(
    format: str, digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_datasets(digits, SUITE, tmp_path / "a", format=format, device="cpu")
    monkeypatch.setattr(write, "CPU_PIECE", 7)
    monkeypatch.setattr(write, "MEMORY", 1)
    write_datasets(digits, SUITE, tmp_path / "b", format=format, device="cpu")
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def test_what_is_there_is_left_and_what_is_not_whole_is_written_again(digits: Dataset, tmp_path: Path) -> None:
    write_datasets(digits, SUITE, tmp_path, device="cpu")
    whole, mine = tree(tmp_path), tmp_path / "mine"
    shutil.rmtree(mine / "turn" / "7.5")
    (mine / "turn" / "-30" / "labels-idx1-ubyte").unlink()
    (mine / "turn" / "0" / "images-idx3-ubyte").write_bytes(b"cut")
    (mine / "map" / "0" / "dy=0" / MANIFEST).write_bytes(b"{}")
    (mine / "away" / "2" / ".direction=up.part").mkdir()  # a kill left it
    said: list[tuple[int, int, int]] = []
    written = write_datasets(digits, SUITE, tmp_path, device="cpu", on_progress=lambda *at: said.append(at))
    again = [str(one.folder.relative_to(mine)) for one in written if one.fresh]
    assert again == ["turn/-30", "turn/0", "turn/7.5", "map/0/dy=0"]
    assert tree(tmp_path) == whole
    assert said == [(1, 4, 24), (2, 4, 48), (3, 4, 72), (4, 4, 96)]
    assert not any(one.fresh for one in write_datasets(digits, SUITE, tmp_path, device="cpu"))


def test_a_kill_leaves_whole_folders_only(digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_datasets(digits, SUITE, tmp_path / "whole", device="cpu")
    real, left = Path.write_bytes, 7

    def kill(path: Path, content: bytes) -> int:
        nonlocal left
        left -= 1
        if not left:
            raise KeyboardInterrupt
        return real(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", kill)
        with pytest.raises(KeyboardInterrupt):
            write_datasets(digits, SUITE, tmp_path / "cut", device="cpu")
    assert not list((tmp_path / "cut").rglob(".*"))  # an interrupt, unlike a kill, clears away what is not whole
    finished = [path.parent for path in (tmp_path / "cut").rglob(MANIFEST)]
    assert len(finished) == 3
    assert all(not part.name.startswith(".") for folder in finished for part in (folder, *folder.parents))
    write_datasets(digits, SUITE, tmp_path / "cut", device="cpu")
    assert tree(tmp_path / "cut") == tree(tmp_path / "whole")


@pytest.mark.parametrize(
    ("change", "words"),
    [({"seed": 6}, "seed"), ({"limit": 20}, "n, ids, dataset"), ({"format": "npy"}, "content")],
    ids=str,
)
def test_another_data_set_in_the_folder_is_refused(
    change: dict[str, object], words: str, digits: Dataset, tmp_path: Path
) -> None:
    write_datasets(digits, SUITE, tmp_path, device="cpu")
    before = tree(tmp_path)
    limit = change.pop("limit", None)
    with pytest.raises(RunError, match=f"holds another data set, different in {words}; use another -o"):
        write_datasets(digits.head(limit), SUITE, tmp_path, device="cpu", **change)  # type: ignore[arg-type]
    assert tree(tmp_path) == before


def test_what_is_the_users_is_not_touched(digits: Dataset, tmp_path: Path) -> None:
    mine = tmp_path / "mine" / "turn" / "-30"
    mine.mkdir(parents=True)
    (mine / "thesis.tex").write_text("years")
    with pytest.raises(RunError, match="is not empty and holds no data set; use another -o"):
        write_datasets(digits, SUITE, tmp_path, device="cpu")
    assert tree(tmp_path) == {"mine/turn/-30/thesis.tex": b"years"}
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "inside", Path("a\0b")):
        with pytest.raises(RunError, match=r"cannot be made|is not a folder"):
            write_datasets(digits, SUITE, out, device="cpu")


def changed(digits: Dataset, **more: torch.Tensor) -> Dataset:
    return replace(digits, **more)


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (torch.zeros(24, 28, 28), r"must have shape \(B, 1, 28, 28\), not \(24, 28, 28\)"),
        (torch.zeros(24, 1, 28, 28, dtype=torch.float64), "must be float32, not torch.float64; convert them"),
        (torch.full((24, 1, 28, 28), 255.0), r"must hold ink in \[0, 1\], not 255 to 255; rescale them"),
        (torch.full((24, 1, 28, 28), torch.nan), r"must hold ink in \[0, 1\], not nan"),
    ],
)
def test_images_that_are_none_are_refused(images: torch.Tensor, words: str, digits: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ImagesError, match=words):
        write_datasets(changed(digits, images=images), SUITE, tmp_path / "out", device="cpu")
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_written_is_refused_before_anything_is(digits: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "out"
    cases: list[tuple[Dataset, object, dict[str, object], str]] = [
        (digits, SUITE, {"format": "pgn"}, "'pgn': is not a format, did you mean 'png'.; use idx, npy, png"),
        (digits, (), {}, "no suite was given"),
        (digits, (SUITE, SUITE), {}, "two suites have the same name among mine, mine"),
        (digits, replace(SUITE, name="../evil"), {}, "'../evil' is not a name"),
        (digits, replace(SUITE, sweeps=(replace(TURN, name="a/b"),)), {}, "'a/b' is not a name"),
        (digits.select([]), SUITE, {}, "digits: holds no images"),
        (digits.select([1, 1]), SUITE, {}, "digits: two images have the same id"),
        (replace(digits, ids=digits.ids - 1), SUITE, {}, "digits: an id is below 0"),
        (digits, SUITE, {"seed": -1}, "seed: must be 0 or more, not -1"),
        (changed(digits, labels=digits.labels + 5), SUITE, {}, "digits: a label is not 0 to 9"),
        (digits, SUITE, {"device": "tpu"}, "tpu"),
    ]
    for data, suites, more, words in cases:
        with pytest.raises(InputError, match=words):
            write_datasets(data, suites, out, **{"device": "cpu", **more})  # type: ignore[arg-type]
    with pytest.raises(SuiteError):
        write_datasets(digits, replace(SUITE, name=""), out)
    assert not out.exists()


def test_a_perturbed_folder_evaluates_as_the_perturbation_does(digits: Dataset, tmp_path: Path) -> None:
    from robustmnist.evaluation import evaluate
    from robustmnist.models.checkpoints.checkpoint import load_checkpoint

    models = {"fc": load_checkpoint("fc", torch.device("cpu"))}
    turn: Suite = make_suite("mine", TURN)
    write_datasets(digits, turn, tmp_path, device="cpu")
    direct = evaluate(models, digits, turn, device="cpu").at("fc", "mine", "turn", -30)[0]
    back = evaluate(models, load_dataset(f"idx:{tmp_path}/mine/turn/-30"), turn, device="cpu")
    # Rounding to levels moves ink by half of 1/255 at most, and logits by little.
    np.testing.assert_allclose(back.at("fc")[0], direct, atol=0.05)
    assert (back.at("fc")[0].argmax(1) == direct.argmax(1)).all()
    assert back.manifest["dataset"]["name"] == "digits mine.turn -30 °"
