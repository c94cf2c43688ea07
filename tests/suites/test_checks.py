"""What a suite may not ask and what images may not be: every mistake at once, where it is, and what is allowed."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from support.synthetic import make_suite, make_sweep

from robustmnist.cli import cli
from robustmnist.errors import ImagesError, SuiteError
from robustmnist.suites import load_suite

HEAD = 'title = "T"\nquestion = "Q?"\nsource = "S"\n'
# Every kind of key at once: a choice, a modifier that stays, one that goes with the values, and draws.
BAND = """
[[sweep]]
name = "band"
title = "Noise of a band"
perturbation = "band-noise"
parameter = "sigma"
unit = "sd of ink"
values = [0, 0.25, 0.5]
draws = 2
[sweep.fixed]
band = "low"
[sweep.along]
cut = [4, 5, 6.5]
"""
MAP = """
[[sweep]]
name = "map"
title = "Turn and move"
perturbation = "pose"
parameter = "angle"
unit = "°"
values = [-30, 0, 30]
[sweep.fixed]
convention = "pixels"
[sweep.over]
dx = [-3, 0, 3]
dy = [0, 1.5]
"""
WHOLE = HEAD + BAND + MAP


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(WHOLE, encoding="utf-8")
    return path


def refused(path: Path, content: str) -> list[str]:
    """Return the lines of the refusal of `content`, each of which begins with the file's name."""
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SuiteError) as caught:
        load_suite(path)
    lines = str(caught.value).split("\n")
    assert all(line.startswith(f"{path}: ") for line in lines), lines
    return [line.removeprefix(f"{path}: ") for line in lines]


def test_the_suite_that_the_mistakes_are_made_in_is_right(mine: Path) -> None:
    band, turned = load_suite(mine).sweeps
    assert band.along == {"cut": (4.0, 5.0, 6.5)}
    assert (len(band.variants), len(turned.variants)) == (2, 6)
    assert turned.crossed == {"dx": 0.0, "dy": 0.0}


# What stands in the file -> what stands there instead -> the one line that is said about it.
MISTAKES = [
    # perturbation, parameter, unit
    ('"band-noise"', '"bandnoise"', "sweep.0.perturbation: unknown perturbation 'bandnoise', did you mean 'band-no"),
    ('"band-noise"', '"Band-Noise"', "sweep.0.perturbation: unknown perturbation 'Band-Noise'"),
    ('"band-noise"', '""', "sweep.0.perturbation: unknown perturbation ''"),
    ('"band-noise"', "7", "sweep.0.perturbation: should be a valid string, not 7"),
    ('"sigma"', '"sgima"', "sweep.0.parameter: unknown parameter of 'band-noise' 'sgima', did you mean 'sigma'?"),
    ('"sigma"', '"cut"', "sweep.0.parameter: unknown parameter of 'band-noise' 'cut'"),
    ('"sd of ink"', '"SD of ink"', "sweep.0.unit: sigma is in 'sd of ink', not 'SD of ink'"),
    ('"sd of ink"', '""', "sweep.0.unit: sigma is in 'sd of ink', not ''"),
    # values
    ("[0, 0.25, 0.5]", "[]", "sweep.0.values: should have at least 2 entries"),
    ("[0, 0.25, 0.5]", "[0, nan, 0.5]", "sweep.0.values.1: should be a finite number"),
    ("[0, 0.25, 0.5]", "[0, 0.25, -inf]", "sweep.0.values.2: should be a finite number"),
    ("[0, 0.25, 0.5]", "[0, 0.25, 10.5]", "sweep.0.values.2: sigma goes from 0 to 10 sd of ink, not 10.5"),
    ("[0, 0.25, 0.5]", "[-0.1, 0, 0.5]", "sweep.0.values.0: sigma goes from 0 to 10 sd of ink, not -0.1"),
    ("[0, 0.25, 0.5]", "[0, 0.5, 0.25]", "sweep.0.values.2: values must increase, but 0.25 follows 0.5"),
    ("[0, 0.25, 0.5]", "[0, 0.25, 0.25]", "sweep.0.values.2: values must increase, but 0.25 follows 0.25"),
    ("[0, 0.25, 0.5]", "[0.1, 0.25, 0.5]", "sweep.0.values: the neutral value 0 is missing"),
    ("[0, 0.25, 0.5]", '[0, 0.25, "0.5"]', "sweep.0.values.2: should be a valid number, not '0.5'"),
    ("[0, 0.25, 0.5]", "[0, 0.25, [1]]", "sweep.0.values.2: should be a valid number"),
    ("[0, 0.25, 0.5]", "0.5", "sweep.0.values: should be a valid list, not 0.5"),
    ("[-30, 0, 30]", "[-30, 0, 361]", "sweep.1.values.2: angle goes from -360 to 360 °, not 361"),
    # names
    ('name = "map"', 'name = "band"', "sweep.1.name: 'band' is the name of an earlier sweep"),
    ('name = "map"', 'name = "Map"', "sweep.1.name: must be lower-case letters, digits and single dashes, not 'Map'"),
    ('title = "Turn and move"', f'title = "{"x" * 101}"', "sweep.1.title: should have at most 100 characters"),
    # fixed: choices and modifiers
    ('band = "low"', 'band = "lwo"', "sweep.0.fixed.band: unknown band 'lwo', did you mean 'low'? (known: low, high)"),
    ('band = "low"', "band = 1", "sweep.0.fixed.band: unknown band 1 (known: low, high)"),
    ('band = "low"', 'bnad = "low"', "sweep.0.fixed.bnad: unknown choice or modifier of 'band-noise' 'bnad'"),
    ('band = "low"', 'sigma = "low"', "sweep.0.fixed.sigma: is a strength; fixed it would keep the neutral value from"),
    ('band = "low"', '"a\\nb" = 1', "sweep.0.fixed.'a\\nb': unknown choice or modifier"),
    ('[sweep.fixed]\nband = "low"', "fixed = 3", "sweep.0.fixed: should be a table, not 3"),
    ("[sweep.along]\ncut = [4, 5, 6.5]", "cut = 20", "sweep.0.fixed.cut: cut goes from 0 to 19 cycles/image, not 20"),
    ("[sweep.along]\ncut = [4, 5, 6.5]", "cut = nan", "sweep.0.fixed.cut: must be a finite number, not nan"),
    ("[sweep.along]\ncut = [4, 5, 6.5]", 'cut = "4"', "sweep.0.fixed.cut: must be a finite number, not '4'"),
    ("[sweep.along]\ncut = [4, 5, 6.5]", "cut = true", "sweep.0.fixed.cut: must be a finite number, not True"),
    # along: modifiers, one for each value
    ("[4, 5, 6.5]", "[4, 5]", "sweep.0.along.cut: must be a list of 3 numbers, one for each value"),
    ("[4, 5, 6.5]", "[4, 5, 6, 7]", "sweep.0.along.cut: must be a list of 3 numbers, one for each value"),
    ("[4, 5, 6.5]", "4", "sweep.0.along.cut: must be a list of 3 numbers, one for each value"),
    ("[4, 5, 6.5]", "[4, 5, nan]", "sweep.0.along.cut.2: must be a finite number, not nan"),
    ("[4, 5, 6.5]", '[4, "5", 6]', "sweep.0.along.cut.1: must be a finite number, not '5'"),
    ("[4, 5, 6.5]", "[4, 5, 19.5]", "sweep.0.along.cut.2: cut goes from 0 to 19 cycles/image, not 19.5"),
    ("cut = [4, 5, 6.5]", "ctu = [4, 5, 6]", "sweep.0.along.ctu: unknown modifier of 'band-noise' 'ctu', did you"),
    ("cut = [4, 5, 6.5]", "sigma = [4, 5, 6]", "sweep.0.along.sigma: unknown modifier of 'band-noise' 'sigma'"),
    ('band = "low"', 'band = "low"\ncut = 4', "sweep.0.along.cut: is in fixed already"),
    # over: choices, or further strengths
    ("[-3, 0, 3]", "[3, 0, -3]", "sweep.1.over.dx.1: values must increase, but 0 follows 3"),
    ("[-3, 0, 3]", "[-3, 0, 0]", "sweep.1.over.dx.2: values must increase, but 0 follows 0"),
    ("[-3, 0, 3]", "[-3, 0, 29]", "sweep.1.over.dx.2: dx goes from -28 to 28 px, not 29"),
    ("[-3, 0, 3]", "[-3, 0, inf]", "sweep.1.over.dx.2: must be a finite number, not inf"),
    ("[-3, 0, 3]", '[-3, 0, "3"]', "sweep.1.over.dx.2: must be a finite number, not '3'"),
    ("[-3, 0, 3]", "[]", "sweep.1.over.dx: must be a list of increasing numbers"),
    ("[-3, 0, 3]", "3", "sweep.1.over.dx: must be a list of increasing numbers"),
    ("dx =", "angle =", "sweep.1.over.angle: is the sweep's own strength, which goes over values"),
    ("dx =", "dz =", "sweep.1.over.dz: unknown choice or strength of 'pose' 'dz'"),
    ("dx = [-3, 0, 3]", 'convention = ["pixels"]', "sweep.1.over.convention: is in fixed already"),
    ("[sweep.along]\ncut =", "[sweep.over]\ncut =", "sweep.0.over.cut: is a modifier: put it under fixed or along"),
    ("[sweep.over]\ndx", "[sweep.over]\ndz.a", "sweep.1.over.dz: unknown choice or strength of 'pose' 'dz'"),
    ("draws = 2", "draws = 0", "sweep.0.draws: should be greater than or equal to 1, not 0"),
    ("draws = 2", "draws = 2.5", "sweep.0.draws: should be a valid integer"),
    ("draws = 2", "draws = true", "sweep.0.draws: should be a valid integer, not True"),
    ("draws = 2", "draws = 1001", "sweep.0.draws: should be less than or equal to 1000, not 1001"),
    # keys that are not there
    ("draws = 2", "darws = 2", "sweep.0.darws: unknown key, did you mean 'draws'? (known: along, draws, fixed, name,"),
    ("[sweep.along]", "[sweep.alnog]", "sweep.0.alnog: unknown key, did you mean 'along'?"),
    ('source = "S"', 'source = "S"\nseed = -1', "seed: should be greater than or equal to 0, not -1"),
    ('source = "S"', 'source = "S"\nvalues = [1]', "values: unknown key"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "line"),
    MISTAKES,
    ids=lambda value: re.sub(r"\s+", " ", str(value))[:40],
)
def test_a_mistake_is_one_line_with_the_file_the_key_path_and_what_is_allowed(
    old: str, new: str, line: str, mine: Path
) -> None:
    assert WHOLE.count(old) >= 1
    lines = refused(mine, WHOLE.replace(old, new, 1))
    assert any(found.startswith(line) for found in lines), lines
    # What follows from the mistake (a missing neutral value, lists of other lengths) may be said too, about that sweep.
    assert all(found.partition(".")[0] == lines[0].partition(".")[0] for found in lines), lines


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("cut = [4, 5, 6.5]", ""),
        ("[sweep.along]\ncut = [4, 5, 6.5]", "cut = 4"),
        ("[sweep.over]\ndx = [-3, 0, 3]\ndy = [0, 1.5]", ""),
        ('band = "low"', ""),
        ("[-3, 0, 3]", "[-3, -1]"),  # a map need not have its neutral point
        ("[0, 0.25, 0.5]", "[0, 1e-9, 10]"),
    ],
)
def test_what_may_be_left_out_or_changed(old: str, new: str, mine: Path) -> None:
    mine.write_text(WHOLE.replace(old, new, 1), encoding="utf-8")
    assert len(load_suite(mine).sweeps) == 2


def test_all_mistakes_of_a_file_are_said_at_once(mine: Path) -> None:
    content = WHOLE
    for old, new in (
        ('title = "T"', ""),
        ('"band-noise"', '"bandnoise"'),
        ('name = "map"', 'name = "band"'),
        ('unit = "°"', 'unit = "rad"'),
        ("[-30, 0, 30]", "[-30, nan, 400]"),
        ("[-3, 0, 3]", "[-3, 0, 99]"),
        ('"pixels"', '"pixel"'),
    ):
        assert old in content
        content = content.replace(old, new, 1)
    paths = {line.split(": ")[0] for line in refused(mine, content)}
    assert paths == {
        "title",
        "sweep.0.perturbation",
        "sweep.1.values.1",
        "sweep.1.fixed.convention",
        "sweep.1.over.dx.2",
        "sweep.1.unit",
        "sweep.1.values.2",
        "sweep.1.values",
        "sweep.1.name",
    }


@pytest.mark.parametrize("command", ["suites", "evaluate", "perturb", "explain"])
def test_every_command_says_so_and_exits_with_2(command: str, mine: Path, tmp_path: Path) -> None:
    mine.write_text(WHOLE.replace('"low"', '"lwo"').replace('"°"', '"rad"'), encoding="utf-8")
    words = {
        "suites": ["suites", str(mine)],
        "evaluate": ["evaluate", "-s", str(mine), "-o", str(tmp_path / "out")],
        "perturb": ["perturb", "-s", str(mine), "-o", str(tmp_path / "out")],
        "explain": ["explain", "--suite", str(mine), "--value", "1", "-o", str(tmp_path / "out")],
    }[command]
    result = CliRunner().invoke(cli, words)
    assert isinstance(result.exception, SuiteError)
    assert result.exception.exit_code == 2
    said = str(result.exception).split("\n")
    assert [line.removeprefix(f"{mine}: ").split(": ")[0] for line in said] == ["sweep.0.fixed.band", "sweep.1.unit"]
    assert result.stdout == ""
    assert not (tmp_path / "out").exists()


def test_fuzzed_suites_raise_suite_errors_only(mine: Path) -> None:
    rng = np.random.default_rng(2)
    words = re.findall(r'"[^"]*"|[\w.-]+|\S', WHOLE)
    strange = [
        "nan",
        "-inf",
        "1e999",
        "[]",
        "{}",
        '""',
        "true",
        "0",
        "-1",
        "1e308",
        '"\\u0000"',
        "[[1]]",
        "{a=1}",
        "\n",
    ]
    for _ in range(400):
        content = WHOLE
        for _ in range(int(rng.integers(1, 4))):
            old = str(rng.choice(words))
            content = content.replace(old, str(rng.choice([*strange, str(rng.choice(words))])), int(rng.integers(1, 3)))
        mine.write_text(content, encoding="utf-8")
        said = ""
        try:
            load_suite(mine)
        except SuiteError as error:
            said = str(error)
        assert all(line.startswith(f"{mine}: ") for line in said.split("\n") if said), said


# --- images at every public edge --------------------------------------------------------------------------------------

BAD_IMAGES = {
    "no channel": (torch.zeros(4, 28, 28), r"\(B, 1, 28, 28\)"),
    "three channels": (torch.zeros(4, 3, 28, 28), r"\(B, 1, 28, 28\)"),
    "another size": (torch.zeros(4, 1, 32, 32), r"\(B, 1, 28, 28\)"),
    "half": (torch.zeros(4, 1, 28, 28, dtype=torch.float16), "float32"),
    "double": (torch.zeros(4, 1, 28, 28, dtype=torch.float64), "float32"),
    "0 to 255": (torch.full((4, 1, 28, 28), 255.0), r"\[0, 1\]"),
    "normalised": (torch.full((4, 1, 28, 28), -0.42), r"\[0, 1\]"),
    "NaN": (torch.full((4, 1, 28, 28), torch.nan), r"\[0, 1\]"),
    "infinite": (torch.full((4, 1, 28, 28), torch.inf), r"\[0, 1\]"),
}


def _evaluate(images: torch.Tensor, tmp_path: Path) -> None:
    from robustmnist.data import load_dataset
    from robustmnist.evaluation import evaluate

    data = replace(load_dataset("digits").head(4), images=images)
    suite = make_suite("turn", make_sweep("turn", "rotation", "angle", "°", (0, 10)))
    evaluate({"one": torch.nn.Flatten()}, data, suite, device="cpu", out=tmp_path / "out")


def _export(images: torch.Tensor, tmp_path: Path) -> None:
    from robustmnist.data import load_dataset
    from robustmnist.perturbed_sets import write_datasets

    data = replace(load_dataset("digits").head(4), images=images)
    suite = make_suite("turn", make_sweep("turn", "rotation", "angle", "°", (0, 10)))
    write_datasets(data, suite, tmp_path / "out", device="cpu")


def _explain(images: torch.Tensor, tmp_path: Path) -> None:
    from robustmnist.explanation import explain

    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
    explain(model, images, torch.zeros(len(images), dtype=torch.int64), method="saliency")


@pytest.mark.parametrize("edge", [_evaluate, _export, _explain], ids=["evaluate", "write_datasets", "explain"])
@pytest.mark.parametrize("kind", BAD_IMAGES)
def test_bad_images_are_one_clear_error(kind: str, edge: Callable[[torch.Tensor, Path], None], tmp_path: Path) -> None:
    images, words = BAD_IMAGES[kind]
    with pytest.raises(ImagesError, match=words) as caught:
        edge(images, tmp_path)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2
    assert not (tmp_path / "out").exists()
