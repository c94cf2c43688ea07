"""Predictions on disk: strict in, and no bit may change unseen."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from numpy.typing import NDArray
from support.synthetic import make_suite, make_sweep
from torch import nn

from robustmnist.cli import cli
from robustmnist.data import load_dataset
from robustmnist.errors import InputError, RunError
from robustmnist.evaluation import evaluate
from robustmnist.predictions import (
    Digits,
    Predictions,
    Shown,
    digits_bytes,
    manifest_bytes,
    npy_header,
    read_manifest,
    read_predictions,
)
from robustmnist.suites import Setting
from robustmnist.system.files import sha256_file

FUZZ = 300  # damaged folders per run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished run of 12 digits, two linear models and two sweeps."""
    torch.manual_seed(0)
    models = {name: nn.Sequential(nn.Flatten(), nn.Linear(784, 10)) for name in ("a", "b")}
    suite = make_suite(
        "tiny", make_sweep(values=(0, 1)), make_sweep("noise", "gaussian-noise", "sigma", "sd of ink", (0, 1), draws=2)
    )
    out = tmp_path_factory.mktemp("runs") / "tiny"
    evaluate(models, load_dataset("digits").head(12), suite, device="cpu", out=out, command="robustmnist evaluate …")
    return out


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run, tmp_path / "copy"))


def resign(folder: Path, **changes: object) -> None:
    """Write a manifest with changed entries that carries its own right hash, as a forger would."""
    manifest = {**json.loads((folder / "run.json").read_text()), **changes}
    (folder / "run.json").write_bytes(manifest_bytes(manifest))


def test_numpy_alone_can_read_the_arrays(run: Path) -> None:
    predictions = read_predictions(run)
    for (suite, sweep), table in predictions.logits.items():
        plain = np.load(run / "predictions" / f"{suite}.{sweep}.npy")
        np.testing.assert_array_equal(plain, table)
        assert plain.shape[-1] == 10
    assert np.load(run / "predictions" / "ids.npy").tolist() == list(range(12))
    with np.load(run / "digits.npz") as pictures:
        kept = predictions.digits
        assert kept is not None
        assert set(pictures["clean/row"]) == kept.clean.keys()
        for (name, sweep), examples in kept.examples.items():
            np.testing.assert_array_equal(pictures[f"examples/{name}/{sweep}"], examples)
        for shown, picture in kept.perturbed.items():
            parent = f"perturbed/{shown.setting.suite}/{shown.setting.sweep}"
            columns = [pictures[f"{parent}/{column}"] for column in ("value", "variant", "row")]
            place = list(zip(*columns, strict=True)).index((shown.value, *shown[1:]))
            np.testing.assert_array_equal(pictures[f"{parent}/picture"][place], picture)


def test_the_arrays_are_mapped_and_cannot_be_written(run: Path) -> None:
    predictions = read_predictions(run)
    assert isinstance(predictions.clean, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        predictions.clean[0, 0, 0] = 1


def test_the_header_is_numpys(tmp_path: Path) -> None:
    for array in (np.zeros((3, 4), "<f4"), np.arange(7)):
        np.save(tmp_path / "x.npy", array)
        assert (tmp_path / "x.npy").read_bytes() == npy_header(array.dtype, array.shape) + array.tobytes()


def test_the_manifest_says_where_everything_comes_from(run: Path) -> None:
    manifest = read_manifest(run)
    assert manifest["n"] == 12
    assert manifest["dataset"]["name"] == "digits"
    assert [row["name"] for row in manifest["checkpoints"]] == ["a", "b"]
    assert manifest["forward_passes"] == 12 * 2 * (1 + 1 + 2)
    assert manifest["near_ties"] == {"a": 0, "b": 0, "threshold": 1e-4}
    assert manifest["files"]["predictions/clean.npy"] == sha256_file(run / "predictions" / "clean.npy")
    assert {"python", "torch", "numpy"} <= set(manifest["versions"])
    assert len(manifest["suites"][0]["sweeps"]) == 2


# --- damage ----------------------------------------------------------------------------------------------------


def test_an_unfinished_run_says_how_to_finish_it(copy: Path) -> None:
    (copy / "run.json").unlink()
    with pytest.raises(RunError, match=r"is not finished; run the command again with -o .* to finish it"):
        read_predictions(copy)


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir(), lambda path: path.write_text("x")])
def test_what_is_no_run_is_called_so(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    make(tmp_path / "x")
    with pytest.raises(RunError, match="holds no run; give a folder"):
        read_predictions(tmp_path / "x")


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("summary.csv", "run the same command again with -o to write it anew"),
        ("journal.jsonl", "delete run.json and run the same command again"),
    ],
)
def test_what_nothing_is_read_from_may_be_missing_but_not_other(copy: Path, name: str, remedy: str) -> None:
    data = bytearray((copy / name).read_bytes())
    data[-3] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(RunError, match=rf"{name}: was changed after it was written: .*; {remedy}"):
        read_predictions(copy)
    (copy / name).unlink()
    assert len(read_predictions(copy)) == 12
    (copy / name).mkdir()
    with pytest.raises(RunError, match=rf"{name}: cannot be read \(Is a directory\)"):
        read_predictions(copy)


def test_a_manifest_that_is_a_folder_is_called_so(copy: Path) -> None:
    (copy / "run.json").unlink()
    (copy / "run.json").mkdir()
    with pytest.raises(RunError, match=r"run\.json: is not a file; remove it and run the same command again"):
        read_predictions(copy)


def test_a_folder_that_no_system_takes_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"cannot be looked at \(File name too long\)"):
        read_predictions(tmp_path / ("x" * 300))


def test_every_flipped_bit_is_seen(run: Path, copy: Path) -> None:
    rng = np.random.default_rng(0)
    files = [path for path in copy.rglob("*") if path.suffix in (".npy", ".npz") or path.name == "run.json"]
    for _ in range(200):
        path = files[rng.integers(len(files))]
        good = path.read_bytes()
        bad = bytearray(good)
        # Half of the flips go to the first 500 bytes, where the headers are.
        reach = min(len(bad), 500) if rng.random() < 0.5 else len(bad)
        bad[rng.integers(reach)] ^= 1 << rng.integers(8)
        path.write_bytes(bad)
        with pytest.raises(RunError) as caught:
            read_predictions(copy)
        assert "\n" not in str(caught.value)
        path.write_bytes(good)
    read_predictions(copy)


def test_any_damage_is_one_clear_line(copy: Path) -> None:
    rng = np.random.default_rng(1)
    files = [path for path in copy.rglob("*") if path.suffix in (".npy", ".npz") or path.name == "run.json"]
    for _ in range(FUZZ):
        path = files[rng.integers(len(files))]
        good = path.read_bytes()
        bad = damage(rng, good)
        if bad == good:
            continue
        path.write_bytes(bad)
        with pytest.raises(RunError):
            read_predictions(copy)
        path.write_bytes(good)


def test_a_forged_manifest_is_one_clear_line(copy: Path) -> None:
    rng = np.random.default_rng(2)
    good = json.loads((copy / "run.json").read_text())
    odd: list[object] = [None, True, -1, 0, 1e300, 2**70, "", "x", "../../x", [], [1], {}, {"name": 3}, [[[]]]]
    for _ in range(FUZZ):
        forged = json.loads(json.dumps(good))
        spot = forged
        while True:
            keys = list(spot) if isinstance(spot, dict) else list(range(len(spot)))
            key = keys[rng.integers(len(keys))]
            if isinstance(spot[key], dict | list) and len(spot[key]) and rng.random() < 0.8:
                spot = spot[key]
                continue
            if isinstance(spot, dict) and rng.random() < 0.3:
                del spot[key]
            else:
                spot[key] = odd[rng.integers(len(odd))]
            break
        (copy / "run.json").write_bytes(manifest_bytes(forged))
        try:
            predictions = read_predictions(copy)
        except RunError:
            continue
        # What is only told and never computed with may say anything.
        np.testing.assert_array_equal(predictions.clean, read_clean(copy))


def test_a_forged_suite_without_its_neutral_value_is_one_clear_line(copy: Path) -> None:
    manifest = json.loads((copy / "run.json").read_text())
    manifest["suites"][0]["sweeps"][0]["values"] = [1.0, 2.0]
    resign(copy, suites=manifest["suites"])
    result = CliRunner().invoke(cli, ["report", str(copy)])
    assert isinstance(result.exception, RunError)
    assert str(result.exception) == (
        f"{copy / 'run.json'}: is not the manifest of a run "
        "(a suite's record is damaged (sweeps.0.values: the neutral value 0 is missing))"
    )


def test_a_forged_run_of_no_suite_is_refused(copy: Path) -> None:
    resign(copy, suites=[])
    with pytest.raises(RunError, match="no suite was given"):
        read_predictions(copy)


def test_a_forged_name_reaches_no_file_outside(copy: Path) -> None:
    manifest = json.loads((copy / "run.json").read_text())
    manifest["suites"][0]["name"] = "../../outside"
    resign(copy, suites=manifest["suites"])
    with pytest.raises(RunError, match=r"'../../outside' is not a name"):
        read_predictions(copy)


def test_another_format_is_refused(copy: Path) -> None:
    resign(copy, format=2)
    with pytest.raises(RunError, match=r"has format 2, of which .* knows nothing; use the version that wrote it"):
        read_predictions(copy)


def test_a_missing_array_is_named(copy: Path) -> None:
    (copy / "predictions" / "tiny.noise.npy").unlink()
    with pytest.raises(RunError, match=r"tiny.noise.npy: cannot be read .*; delete run.json and run the same command"):
        read_predictions(copy)


def test_damage_heals_as_the_message_says(copy: Path, run: Path) -> None:
    path = copy / "predictions" / "tiny.right.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    (copy / "run.json").unlink()
    torch.manual_seed(0)
    models = {name: nn.Sequential(nn.Flatten(), nn.Linear(784, 10)) for name in ("a", "b")}
    suites = read_predictions(run).suites
    done: list[int] = []
    evaluate(
        models,
        load_dataset("digits").head(12),
        suites,
        device="cpu",
        out=copy,
        on_progress=lambda done_, total, images: done.append(images),
    )
    assert done == [24]  # one unit of two models and twelve images, and no other
    assert path.read_bytes() == (run / "predictions" / "tiny.right.npy").read_bytes()


# --- pictures --------------------------------------------------------------------------------------------------------


def test_pictures_do_not_depend_on_the_order_or_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = np.zeros((28, 28), np.uint8), np.ones((28, 28), np.uint8)
    keys = Shown(Setting("s", "w", 1.5), 0, 3), Shown(Setting("s", "w", 0.5), 1, 3)
    first = digits_bytes(Digits({}, {keys[0]: one, keys[1]: two}, {3: one, 2: two}))
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert digits_bytes(Digits({}, {keys[1]: two, keys[0]: one}, {2: two, 3: one})) == first


def test_pictures_that_were_not_kept_are_none() -> None:
    shown, picture = Shown(Setting("s", "w", 1.0), 0, 3), np.zeros((28, 28), np.uint8)
    assert Digits({}, {shown: picture}, {2: picture}).pair(shown) is None
    assert Digits({}, {}, {3: picture}).pair(shown) is None
    assert Digits({}, {shown: picture}, {3: picture}).pair(shown) is not None


@pytest.mark.parametrize("kind", ["compressed", "pickled", "float", "text", "huge"])
def test_forged_pictures_are_refused(copy: Path, kind: str) -> None:
    path = copy / "digits.npz"
    if kind == "compressed":
        np.savez_compressed(path, x=np.zeros((1, 28, 28), np.uint8))
    elif kind == "pickled":
        np.savez(path, x=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    elif kind == "float":
        np.savez(path, x=np.zeros((1, 28, 28)))
    elif kind == "huge":
        import zipfile

        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.npy", npy_header(np.uint8, (2**40, 28, 28)))
    else:
        path.write_text("no zip at all")
    files = {**read_manifest(copy)["files"], "digits.npz": sha256_file(path)}
    resign(copy, files=files)
    with pytest.raises(RunError, match=r"is not the \.npz of a run"):
        read_predictions(copy)


# --- shared ---------------------------------------------------------------------------------------------------------


def read_clean(folder: Path) -> NDArray[np.float32]:
    clean: NDArray[np.float32] = np.load(folder / "predictions" / "clean.npy")
    return clean


def damage(rng: np.random.Generator, good: bytes) -> bytes:
    """Cut, lengthen, empty, overwrite or shuffle parts of `good`."""
    bad = bytearray(good)
    at = int(rng.integers(len(bad)))
    match rng.integers(5):
        case 0:
            del bad[at:]
        case 1:
            bad += rng.bytes(int(rng.integers(1, 50)))
        case 2:
            bad[at : at + 20] = rng.bytes(len(bad[at : at + 20]))
        case 3:
            del bad[at : at + int(rng.integers(1, 100))]
        case _:
            bad[at:at] = bad[: int(rng.integers(1, 200))]
    return bytes(bad)


def test_the_checkpoint_and_the_setting_are_looked_up_by_name(run: Path) -> None:
    predictions = read_predictions(run)
    assert isinstance(predictions, Predictions)
    assert predictions.at("b", "tiny", "noise", 1).shape == (2, 12, 10)
    np.testing.assert_array_equal(predictions.at("b", "tiny", "noise", 0.0)[1], predictions.at("b")[0])
    with pytest.raises(InputError):
        predictions.at("c")
