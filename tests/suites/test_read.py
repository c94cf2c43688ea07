"""Suites: what ships, what a file may ask, and one clear line for everything it may not."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from robustmnist.cli import COMMANDS
from robustmnist.cli.suites import command
from robustmnist.errors import SuiteError
from robustmnist.suites import CORE, SHIPPED, Suite, Sweep, list_suites, load_suite, load_suites

HEAD = 'title = "T"\nquestion = "Q?"\nsource = "S"\n'
SWEEP = """
[[sweep]]
name = "right"
title = "To the right"
perturbation = "shift-towards"
parameter = "distance"
unit = "px"
values = [0, 1, 2.5]
fixed = { direction = "right" }
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + SWEEP)
    return path


def refusal(path: Path, content: str) -> list[str]:
    """Return the lines of the error that the file's content raises, without the file's name."""
    path.write_text(content)
    with pytest.raises(SuiteError) as caught:
        load_suite(path)
    lines = str(caught.value).split("\n")
    assert all(line.startswith(f"{path}: ") for line in lines), lines
    return [line.removeprefix(f"{path}: ") for line in lines]


def test_importing_suites_imports_no_torch() -> None:
    code = "import sys, robustmnist.suites, robustmnist.cli.suites; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_shipped_suites_are_there_in_order() -> None:
    assert tuple(suite.name for suite in list_suites()) == SHIPPED
    assert load_suites(["all"]) == list_suites()
    assert tuple(suite.name for suite in load_suites(["core"])) == CORE
    for suite in list_suites():
        assert suite.title
        assert suite.question.endswith("?")
        assert len(suite.source) > 40


@pytest.mark.parametrize(
    ("name", "sweep", "low", "high", "count", "variants"),
    [
        ("shift", "right", 0, 10, 11, 1),
        ("shift", "left", 0, 10, 11, 1),
        ("shift", "down", 0, 10, 11, 1),
        ("shift", "up", 0, 10, 11, 1),
        ("shift", "diagonal", 0, 10, 11, 1),
        ("shift", "radius", 0, 10, 11, 8),
        ("scale", "isotropic", 0.4, 1.6, 13, 1),
        ("scale", "horizontal", 0.4, 1.6, 13, 1),
        ("scale", "vertical", 0.4, 1.6, 13, 1),
        ("rotation", "angle", -90, 90, 25, 1),
        ("thickness", "change", -2, 4, 13, 1),
        ("decentering", "margin", 0, 1, 11, 1),
        ("noise", "gaussian", 0, 0.8, 9, 1),
        ("noise", "salt-and-pepper", 0, 0.5, 11, 1),
        ("noise", "speckle", 0, 1.6, 9, 1),
        ("noise", "uniform", 0, 1, 9, 1),
        ("noise", "shot", 0, 1, 9, 1),
    ],
)
def test_the_protocol(name: str, sweep: str, low: float, high: float, count: int, variants: int) -> None:
    found = next(it for it in load_suite(name).sweeps if it.name == sweep)
    assert (found.values[0], found.values[-1], len(found.values)) == (low, high, count)
    assert len(found.variants) == variants
    assert found.neutral in found.values


def test_a_suite_survives_json() -> None:
    for suite in list_suites():
        again = Suite.from_dict(json.loads(json.dumps(suite.as_dict())))
        assert again == suite
        assert again.as_dict() == suite.as_dict()
        assert [sweep.variants for sweep in again.sweeps] == [sweep.variants for sweep in suite.sweeps]


@pytest.mark.parametrize("damage", [{}, {"sweeps": None}, {"sweeps": [{"values": []}]}, {"sweeps": [], "colour": 1}])
def test_a_damaged_record_is_one_clear_error(damage: dict[str, Any]) -> None:
    with pytest.raises(SuiteError, match="a suite's record is damaged"):
        Suite.from_dict(damage)


FORGED = {
    "no neutral value": ({"values": [1.0, 2.0]}, "sweeps.0.values: the neutral value 0 is missing"),
    "no value": ({"values": []}, "sweeps.0.values: should have at least 1 entries"),
    "falling values": ({"values": [0.0, 2.0, 1.0]}, "sweeps.0.values: must increase"),
    "a word": ({"values": [0.0, "2"]}, "sweeps.0.values.1: should be a valid number"),
    "no draw": ({"draws": 0}, "sweeps.0.draws: should be greater than or equal to 1"),
    "an empty choice": ({"over": {"metric": []}}, "sweeps.0.over.metric: should have at least 1 entries"),
    "a choice twice": ({"over": {"metric": ["x", "x"]}}, "sweeps.0.over.metric: has an entry twice"),
    "a falling strength": ({"over": {"y": [1.0, 0.0]}, "crossed": {"y": 0.0}}, "sweeps.0.over.y: must increase"),
    "a strength of nothing": ({"crossed": {"y": 0.0}}, "sweeps.0.crossed.y: is missing in over"),
    "too few along": ({"along": {"steps": [1.0]}}, "sweeps.0.along.steps: must be a list of 11 numbers"),
    "too many variants": ({"over": {"a": [*map(str, range(101))]}, "draws": 100}, "makes more than 10000 combinations"),
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_record_is_held_to_the_rules_of_a_file(forged: str) -> None:
    table = load_suite("shift").as_dict()
    changes, message = FORGED[forged]
    table["sweeps"][0] |= changes
    with pytest.raises(SuiteError, match=re.escape(message)):
        Suite.from_dict(table)


def test_no_two_sweeps_of_a_record_have_one_name() -> None:
    table = load_suite("shift").as_dict()
    table["sweeps"][1]["name"] = table["sweeps"][0]["name"]
    with pytest.raises(SuiteError, match=r"sweeps\.1\.name: is the name of an earlier sweep"):
        Suite.from_dict(table)


def test_a_file_of_ones_own(mine: Path) -> None:
    suite = load_suite(mine)
    assert suite.name == "mine"
    assert suite.seed == 0
    assert suite.sha256 == hashlib.sha256(mine.read_bytes()).hexdigest()
    sweep = suite.sweeps[0]
    assert sweep.values == (0.0, 1.0, 2.5)
    assert (sweep.neutral, sweep.draws, sweep.over) == (0.0, 1, {})
    assert load_suite(str(mine)) == suite


def test_variants_are_every_combination_and_draw(mine: Path) -> None:
    random = SWEEP.replace("shift-towards", "gaussian-noise").replace("distance", "sigma").replace("px", "sd of ink")
    random = random.replace('fixed = { direction = "right" }', "draws = 3")
    words = SWEEP.replace(
        'fixed = { direction = "right" }', 'over = { metric = ["chessboard", "euclidean"], direction = ["up", "down"] }'
    )
    mine.write_text(HEAD + words + random.replace('"right"', '"noisy"'))
    both, noisy = load_suite(mine).sweeps
    assert [variant.label for variant in both.variants] == [
        "chessboard, up",
        "chessboard, down",
        "euclidean, up",
        "euclidean, down",
    ]
    assert both.variants[1].fixed == {"metric": "chessboard", "direction": "down"}
    assert [(variant.draw, variant.label) for variant in noisy.variants] == [
        (0, "draw 0"),
        (1, "draw 1"),
        (2, "draw 2"),
    ]
    assert load_suite("shift").sweeps[0].variants[0].label == ""


def test_names_given_twice_are_read_once(mine: Path, tmp_path: Path) -> None:
    names = [suite.name for suite in load_suites([str(mine), "rotation", "all", mine])]
    assert names == ["mine", "rotation", *(name for name in SHIPPED if name != "rotation")]
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "mine.toml").write_text(HEAD + SWEEP + "# another\n")
    with pytest.raises(SuiteError, match="has the name of another suite of this run; rename the file"):
        load_suites([mine, other / "mine.toml"])


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    with pytest.raises(
        SuiteError, match=r"unknown suite 'rotaton', did you mean 'rotation'\?; use one of shift, scale,"
    ):
        load_suite("rotaton")
    with pytest.raises(SuiteError, match=r"nowhere\.toml: cannot be read"):
        load_suite("nowhere.toml")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            '"shift-towards"',
            '"shift-toward"',
            "sweep.0.perturbation: unknown perturbation 'shift-toward', did you mean 'shift-towards'? (known: shift,",
        ),
        (
            '"distance"',
            '"distanse"',
            "sweep.0.parameter: unknown parameter of 'shift-towards' 'distanse', did you mean 'distance'? (known:",
        ),
        ('"px"', '"mm"', "sweep.0.unit: distance is in 'px', not 'mm'"),
        (
            '"right" }',
            '"rihgt" }',
            "sweep.0.fixed.direction: unknown direction 'rihgt', did you mean 'right'? (known: right, down-right,",
        ),
        ('"right" }', "3 }", "sweep.0.fixed.direction: unknown direction 3 (known: right,"),
        (
            "{ direction",
            "{ way",
            "sweep.0.fixed.way: unknown choice or modifier of 'shift-towards' 'way' (known: direction, metric)",
        ),
        (
            "{ direction =",
            "{ distance =",
            "sweep.0.fixed.distance: is a strength; fixed it would keep the neutral value from being",
        ),
        ("fixed", "over", "sweep.0.over.direction: must be a list of at least one of: right,"),
        (
            'fixed = { direction = "right" }',
            "over = { direction = [] }",
            "sweep.0.over.direction: must be a list of at least one of: right,",
        ),
        (
            'fixed = { direction = "right" }',
            'over = { direction = ["up", "upp"] }',
            "sweep.0.over.direction.1: unknown direction 'upp', did you mean 'up'?",
        ),
        (
            'fixed = { direction = "right" }',
            'over = { direction = ["up", "up"] }',
            "sweep.0.over.direction.1: 'up' is there twice",
        ),
        ("fixed =", 'over = { direction = ["up"] }\nfixed =', "sweep.0.over.direction: is in fixed already"),
        ("[0, 1, 2.5]", "[]", "sweep.0.values: "),
        ("[0, 1, 2.5]", "[0]", "sweep.0.values: "),
        ("[0, 1, 2.5]", "[1, 2.5]", "sweep.0.values: the neutral value 0 is missing, at which the digit is as it was"),
        ("[0, 1, 2.5]", "[0, 2.5, 1]", "sweep.0.values.2: values must increase, but 1 follows 2.5"),
        ("[0, 1, 2.5]", "[0, 1, 1]", "sweep.0.values.2: values must increase, but 1 follows 1"),
        ("[0, 1, 2.5]", "[0, 29]", "sweep.0.values.1: distance goes from 0 to 28 px, not 29"),
        ("[0, 1, 2.5]", "[-1, 0]", "sweep.0.values.0: distance goes from 0 to 28 px, not -1"),
        ("[0, 1, 2.5]", "[0, nan]", "sweep.0.values.1: "),
        ("[0, 1, 2.5]", "[0, inf]", "sweep.0.values.1: "),
        ("[0, 1, 2.5]", "[0, true]", "sweep.0.values.1: should be a valid number, not True"),
        ("[0, 1, 2.5]", '[0, "1"]', "sweep.0.values.1: should be a valid number, not '1'"),
        ("[0, 1, 2.5]", f"[0, {10**400}]", "is not TOML (it holds a whole number of more than 64 bits"),
        ("[0, 1, 2.5]", "2.5", "sweep.0.values: should be a valid list, not 2.5"),
        ('name = "right"', 'name = "To the right"', "sweep.0.name: must be lower-case letters, digits and"),
        ('name = "right"', 'name = "../right"', "sweep.0.name: must be lower-case letters, digits and"),
        ('name = "right"', "", "sweep.0.name: is missing"),
        ('title = "To the right"', 'title = " "', "sweep.0.title: must not be blank"),
        ("fixed =", "draws = 2\nfixed =", "sweep.0.draws: 'shift-towards' is not random: all its draws are the same"),
        ("fixed =", "draws = 0\nfixed =", "sweep.0.draws: should be greater than or equal to 1, not 0"),
        ("fixed =", "valeus = [1]\nfixed =", "sweep.0.valeus: unknown key, did you mean 'values'?"),
        ("[[sweep]]", "[sweep]", "sweep: should be a valid list"),
        ('question = "Q?"', "", "question: is missing"),
        ('source = "S"', "seed = -1\nsource = 'S'", "seed: should be greater than or equal to 0, not -1"),
        ('source = "S"', "source = 1", "source: should be a valid string, not 1"),
        ('source = "S"', '"a\\nb" = 1\nsource = "S"', "'a\\nb': unknown key"),
    ],
)
def test_every_mistake_is_one_clear_line(mine: Path, old: str, new: str, line: str) -> None:
    assert old in HEAD + SWEEP
    lines = refusal(mine, (HEAD + SWEEP).replace(old, new, 1))
    assert any(found.startswith(line) for found in lines), lines
    assert len(lines) == 1 or new in ("[]", "[sweep]") or "nan" in new, lines


def test_all_mistakes_are_reported_at_once(mine: Path) -> None:
    broken = SWEEP.replace('"px"', '"mm"').replace("2.5]", "99]").replace('title = "To the right"', "colour = 1")
    lines = refusal(mine, HEAD.replace('title = "T"', "") + broken + SWEEP)
    assert [line.partition(": ")[0] for line in lines] == [
        "title",
        "sweep.0.title",
        "sweep.0.colour",
        "sweep.0.unit",
        "sweep.0.values.2",
        "sweep.1.name",
    ]
    assert lines[-1] == "sweep.1.name: 'right' is the name of an earlier sweep"


def test_strengths_too_small_to_mean_anything_are_refused(mine: Path) -> None:
    shot = SWEEP.replace("shift-towards", "shot-noise").replace("distance", "sigma").replace("px", "sd of ink")
    lines = refusal(
        mine, HEAD + shot.replace("[0, 1, 2.5]", "[0, 0.001]").replace('fixed = { direction = "right" }', "")
    )
    assert lines == ["sweep.0.values.1: sigma must be 0 or at least 0.01 sd of ink from it, not 0.001"]


@pytest.mark.parametrize("content", ["", "= 3", "title = 'T'\n[[sweep]", "a = " + "[" * 5000, "a = " + "9" * 5000])
def test_what_is_no_suite_is_said_so(mine: Path, content: str) -> None:
    assert refusal(mine, content)


def test_what_is_no_file_is_said_so(tmp_path: Path, mine: Path) -> None:
    with pytest.raises(SuiteError, match="is not a file"):
        load_suite(tmp_path)
    mine.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SuiteError, match="is not TOML"):
        load_suite(mine)
    mine.write_bytes(b"#" * 2_000_000)
    with pytest.raises(SuiteError, match="is larger than 1,000,000 bytes"):
        load_suite(mine)


def test_a_files_name_must_serve_as_a_suites_name(tmp_path: Path) -> None:
    path = tmp_path / "My Suite.toml"
    assert refusal(path, HEAD + SWEEP)[0].startswith("name: must be lower-case letters, digits and single dashes, not")


# The command


def test_help_is_the_line_of_the_list() -> None:
    assert command.get_short_help_str(200) == COMMANDS["suites"]


def test_the_command_lists_every_sweep() -> None:
    result = CliRunner().invoke(command, [])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert len(lines) == 1 + sum(len(suite.sweeps) for suite in list_suites())
    assert ["shift", "radius", "shift-towards", "distance", "0", "10", "px", "11", "×", "8"] in map(str.split, lines)


def test_the_command_describes_a_suite(mine: Path) -> None:
    result = CliRunner().invoke(command, ["rotation", str(mine)])
    assert result.exit_code == 0
    assert "How far may a digit turn" in result.output
    assert "-90 -82.5 -75" in result.output
    assert "direction = right" in result.output
    assert load_suite(mine).sha256 in result.output


def test_the_command_speaks_json() -> None:
    result = CliRunner().invoke(command, ["shift", "--json"])
    assert [Suite.from_dict(suite) for suite in json.loads(result.output)] == [load_suite("shift")]


CROSSED = """
title = "Map"
question = "Q?"
source = "S"
[[sweep]]
name = "map"
title = "Where it may lie"
perturbation = "shift"
parameter = "dx"
unit = "px"
values = [-1, 0, 2]
[sweep.over]
dy = [-1, 0]
"""


def test_a_crossed_sweep_goes_over_points(mine: Path) -> None:
    mine.write_text(CROSSED)
    suite = load_suite(mine)
    (sweep,) = suite.sweeps
    assert sweep.crossed == {"dy": 0.0}
    assert [variant.label for variant in sweep.variants] == ["dy -1", "dy 0"]
    neutral = [(value, v.fixed["dy"]) for v in sweep.variants for value in sweep.values if sweep.is_neutral(value, v)]
    assert neutral == [(0.0, 0.0)]
    assert sweep.arguments(2.0, sweep.variants[0]) == {"dx": 2.0, "dy": -1.0}
    assert Suite.from_dict(json.loads(json.dumps(suite.as_dict()))) == suite


def test_modifiers_along_the_values_are_linear_between_them() -> None:
    sweep = Sweep("s", "S", "p", "sigma", "px", (0.0, 1.0, 3.0), 0.0, {"mode": "a"}, {}, 1, {"steps": (2.0, 2.0, 6.0)})
    (variant,) = sweep.variants
    found = [sweep.arguments(value, variant)["steps"] for value in (-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 9.0)]
    assert found == [2.0, 2.0, 2.0, 2.0, 4.0, 6.0, 6.0]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("[-1, 0]", "[0, -1]", "sweep.0.over.dy.1: values must increase"),
        ("[-1, 0]", "[]", "sweep.0.over.dy: must be a list of increasing numbers"),
        ("[-1, 0]", "[-1, nan]", "sweep.0.over.dy.1: must be a finite number"),
        ("[-1, 0]", "[-1, 99]", "sweep.0.over.dy.1: dy goes from -28 to 28 px"),
        ("dy = ", "dx = ", "sweep.0.over.dx: is the sweep's own strength"),
        ("dy = ", "dz = ", "sweep.0.over.dz: unknown choice or strength of 'shift' 'dz'"),
        ("[sweep.over]", "[sweep.along]", "sweep.0.along.dy: unknown modifier of 'shift' 'dy'"),
    ],
)
def test_mistakes_in_a_crossed_sweep(mine: Path, old: str, new: str, line: str) -> None:
    assert any(found.startswith(line) for found in refusal(mine, CROSSED.replace(old, new))), refusal(
        mine, CROSSED.replace(old, new)
    )
