"""``robustmnist explain --measure`` and ``--curve`` from end to end, on embedded digits."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import torch
from click.testing import CliRunner, Result
from support.page_checks import AXE, CHROMIUM, sticking_out, violations

from robustmnist.cli import cli
from robustmnist.errors import InputError

SUITE = """
title = "Mine"
question = "How far?"
source = "here"
seed = 5
[[sweep]]
name = "turn"
title = "Turn"
perturbation = "rotation"
parameter = "angle"
unit = "°"
values = [-20, 0, 30]
"""


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Compute on one thread: the nets are so small that threads mostly wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def run(*words: str | Path, out: Path | None = None) -> Result:
    more = [] if out is None else ["-o", str(out)]
    given = ["explain", "--dataset", "digits", "--device", "cpu", *map(str, words), *more]
    return CliRunner().invoke(cli, given)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    out = tmp_path_factory.mktemp("measured") / "run"
    words = ("-c", "fc-small", "-m", "input-x-gradient", "-m", "grad-cam", "--measure", "--limit", "12")
    return run(*words, out=out), out


def test_measure_prints_methods_controls_and_verdicts(measured: tuple[Result, Path]) -> None:
    result, _ = measured
    assert result.exit_code == 0, result.output
    for word in ("SRG ↑", "Deletion ↓", "input-x-gradient", "random", "image", "edges", "the image itself"):
        assert word in result.output
    assert "fc-small: grad-cam is left out" in result.output


def test_measure_writes_a_row_per_digit_and_what_they_mean(measured: tuple[Result, Path]) -> None:
    _, out = measured
    table = pd.read_csv(out / "measures.csv")
    assert len(table) == 12 * 4
    assert list(table.columns[:8]) == [
        *("checkpoint", "method", "control", "id", "label", "predicted", "explained", "rival"),
    ]
    assert table.groupby("method").id.nunique().eq(12).all()
    record = json.loads((out / "measures.json").read_text(encoding="utf-8"))
    (found,) = record["checkpoints"]
    mine = table[table.method == "input-x-gradient"].srg.mean()
    assert found["means"]["input-x-gradient"]["srg"]["mean"] == pytest.approx(mine, abs=1e-6)
    assert set(found["verdicts"]) == {"input-x-gradient"}
    assert record["measures"]["deletion"]["better"] == "low"
    assert " --method grad-cam --measure --dataset digits --limit 12" in record["command"]


def test_measure_repeats_byte_for_byte_and_takes_perturbed_digits(
    measured: tuple[Result, Path], tmp_path: Path
) -> None:
    _, out = measured
    words = ("-c", "fc-small", "-m", "input-x-gradient", "-m", "grad-cam", "--measure", "--limit", "12")
    assert run(*words, out=tmp_path / "again").exit_code == 0
    assert (tmp_path / "again" / "measures.csv").read_bytes() == (out / "measures.csv").read_bytes()
    turned = run(*words, "--suite", "rotation", "--value", "30", out=tmp_path / "turned")
    assert turned.exit_code == 0, turned.output
    assert (tmp_path / "turned" / "measures.csv").read_bytes() != (out / "measures.csv").read_bytes()


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    folder = tmp_path_factory.mktemp("followed")
    (folder / "mine.toml").write_text(SUITE, encoding="utf-8")
    words = ("-c", "fc-small", "-c", "fc", "-m", "input-x-gradient", "--suite", folder / "mine.toml", "--curve")
    return run(*words, "--limit", "20", out=folder / "run"), folder / "run"


def test_curve_prints_where_maps_and_readings_break(followed: tuple[Result, Path]) -> None:
    result, _ = followed
    assert result.exit_code == 0, result.output
    for word in ("half-life", "misread at", "below", "above", "fc-small", "(Holm)"):
        assert word in result.output


def test_curve_writes_curves_half_lives_and_a_page(followed: tuple[Result, Path]) -> None:
    _, out = followed
    curves = pd.read_csv(io.BytesIO((out / "curves.csv").read_bytes()))
    assert set(curves.kind) == {"raw", "aligned", "control", "floor"}
    assert set(curves.group) == {"all", "kept", "flipped"}
    clean = curves[(curves.value == 0) & (curves.group == "all") & (curves.kind != "floor")]
    assert (clean["mean"] == 1).all()
    half = pd.read_csv(out / "half-life.csv")
    assert set(half.checkpoint) == {"fc-small", "fc"}
    assert len(half) == 4
    page = (out / "curves.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 5
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


@pytest.mark.skipif(CHROMIUM is None or AXE is None, reason="no Chromium with axe-core on this machine")
def test_the_page_of_curves_fits_and_axe_finds_no_violation(followed: tuple[Result, Path], tmp_path: Path) -> None:
    page = (followed[1] / "curves.html").read_text(encoding="utf-8")
    assert sticking_out(page, 390, tmp_path) == ""
    assert [violations(page, scheme, tmp_path) for scheme in ("light", "dark")] == ["", ""]


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (("--curve",), "--curve"),
        (("--curve", "--suite", "rotation", "--value", "3"), "--value"),
        (("--curve", "--measure", "--suite", "rotation"), "--curve"),
        (("--curve", "--suite", "shift-map"), "--curve"),
        (("--curve", "--suite", "rotation", "--sweep", "nothing"), "--sweep"),
        (("--measure", "--suite", "rotation"), "--suite"),
        (("--measure", "--sample", "3"), "--sample"),
        (("--measure", "--mistakes", "3"), "--mistakes"),
        (("--measure", "--layer", "x"), "--layer"),
        (("--all-measures", "--sweep", "angle"), "--sweep"),
    ],
)
def test_what_does_not_go_together_is_said(words: tuple[str, ...], where: str) -> None:
    result = run("-c", "fc-small", *words)
    assert isinstance(result.exception, InputError)
    assert result.exception.where == where
