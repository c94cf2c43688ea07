"""Data sets of anyone's on the command line: listed, checked before they measure, mended, and named in the report."""

import json
from pathlib import Path

import numpy as np
import pytest
from click import unstyle
from click.testing import CliRunner, Result
from PIL import Image
from support.published_sets import gzipped

from robustmnist.cli import cli
from robustmnist.data import Dataset, load_dataset
from robustmnist.data.formats.idx import idx_bytes
from robustmnist.data.sources.registry import SOURCES
from robustmnist.errors import InputError
from robustmnist.predictions import read_predictions

SUITE = """
title = "One sweep"
question = "How far may a digit move?"
source = "this test"

[[sweep]]
name = "right"
title = "To the right"
perturbation = "shift-towards"
parameter = "distance"
unit = "px"
values = [0, 2]
[sweep.fixed]
direction = "right"
"""


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits").sample(80)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROBUSTMNIST_DATA", str(tmp_path))
    (tmp_path / "mine.toml").write_text(SUITE)


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words))


def evaluate(dataset: str, *more: str) -> Result:
    common = ["-s", "./mine.toml", "-c", "fc", "--device", "cpu", "-o", "out"]
    return run("evaluate", *common, "--dataset", dataset, *more)


def said(result: Result) -> str:
    return unstyle(result.stderr)


def refused(dataset: str) -> str:
    """Return the message with which a data set is refused, for exit code 2."""
    result = evaluate(dataset)
    assert isinstance(result.exception, InputError)
    assert not Path("out").exists()
    return str(result.exception)


def test_every_source_is_listed() -> None:
    listed = json.loads(run("datasets", "--json").stdout)
    assert len(listed) == len(SOURCES)
    table = run("datasets").stdout
    for word, source in SOURCES.items():
        assert f"{word}:" in table if source.takes else word in table
        assert source.about in table


def test_a_table_is_evaluated_and_its_origin_said(digits: Dataset) -> None:
    np.savez("mine.npz", x_test=digits.stored.numpy()[:, 0], y_test=digits.labels.numpy())
    result = evaluate("mine.npz")
    assert result.exit_code == 0, said(result)
    assert "data: npz:mine.npz (test), 80 images" in said(result)
    assert "data: as stored, 28 × 28" in said(result)
    assert "notice" not in said(result)
    manifest = read_predictions(Path("out")).manifest
    assert manifest["notices"] == []
    assert manifest["dataset"]["prepared"] == "as stored, 28 × 28"
    assert "as stored, 28 × 28" in Path("out/report.html").read_text("utf-8")


def test_wrong_looking_digits_are_refused_then_mended(digits: Dataset) -> None:
    levels = 255 - digits.stored.mT.numpy()[:, 0]
    np.savez("wrong.npz", x_test=levels, y_test=digits.labels.numpy())
    lines = refused("npz:wrong.npz").splitlines()
    assert lines[0].startswith("wrong.npz: The ink is darker than the paper in 100\u00a0% of the digits")
    assert lines[-1].endswith("--fix, or fix=True, mends it (ink and paper exchanged; rows and columns exchanged)")
    mended = evaluate("npz:wrong.npz", "--fix")
    assert mended.exit_code == 0, said(mended)
    assert said(mended).count("notice: Put right before use") == 2
    np.savez("right.npz", x_test=digits.stored.numpy()[:, 0], y_test=digits.labels.numpy())
    manifest = read_predictions(Path("out")).manifest
    assert manifest["dataset"]["mended"] == "ink and paper exchanged; rows and columns exchanged"
    assert manifest["command"].endswith("--dataset npz:wrong.npz --device cpu --fix")
    assert len(manifest["notices"]) == 2
    page = Path("out/report.html").read_text("utf-8")
    assert page.count("Put right before use") == 2
    Path("out").rename("first")
    assert evaluate("npz:right.npz").exit_code == 0
    first, second = (read_predictions(Path(name)).clean for name in ("first", "out"))
    assert (first == second).all()


def test_what_is_no_digit_is_refused_where_accuracy_is_asked(digits: Dataset) -> None:
    Path("kmnist").mkdir()
    Path("kmnist/t10k-images-idx3-ubyte.gz").write_bytes(gzipped(idx_bytes(digits.stored.numpy()[:, 0])))
    Path("kmnist/t10k-labels-idx1-ubyte.gz").write_bytes(gzipped(idx_bytes(digits.labels.byte().numpy())))
    assert refused("kmnist") == (
        "kmnist: holds Kuzushiji characters, no digits: no answer is right or wrong; use it for "
        "out-of-distribution detection with 'robustmnist generalise'"
    )


def test_a_single_picture_is_for_predict(digits: Dataset) -> None:
    Image.fromarray(digits.stored.numpy()[0, 0]).save("7.png")
    for name in ("7.png", "png:7.png", "./7.png"):
        assert refused(name) == "7.png: is a single picture; robustmnist predict reads one; give the folder of many"
