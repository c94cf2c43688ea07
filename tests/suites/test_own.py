"""Suites with a perturbation of the user's own, in a file or in Python: run, perturbed, explained, reported."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from torch import Tensor

import robustmnist as rm
from robustmnist.cli import cli
from robustmnist.errors import RunError, SuiteError
from robustmnist.perturb import Parameter
from robustmnist.predictions import read_predictions
from robustmnist.report import write_report
from robustmnist.suites.suite import Suite

CODE = """
import robustmnist as rm

def fade(images, *, share, power=1.0):
    return images * (1 - share) ** power

def grain(images, *, sigma, draws):
    return (images + sigma * draws.normal(1, 28, 28)).clamp(0, 1)

def bright(images, *, factor):
    return (images * factor).clamp(0, 1)

def fails(images, *, share):
    return images.nothing()

LIGHT = rm.perturbation(bright, factor=rm.Parameter("×", 1, 0.5, 2, above="shine {n} times"))
NUMBER = 3
"""
SUITE = """
title = "Mine"
question = "How pale may a digit be?"
[[sweep]]
name = "fade"
title = "Fade"
perturbation = "mine.py:fade"
parameter = "share"
unit = "fraction"
values = [0, 0.5, 0.9]
fixed = { power = 2.0 }
"""
GRAIN = """
[[sweep]]
name = "grain"
title = "Grain"
perturbation = "mine.py:grain"
parameter = "sigma"
values = [0, 0.4]
draws = 2
"""
LIGHT = """
[[sweep]]
name = "light"
title = "Light"
perturbation = "mine.py:LIGHT"
parameter = "factor"
values = [0.5, 1, 2]
"""
NAMES = ("fade", "grain", "LIGHT")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    (folder / "mine.py").write_text(CODE)
    (folder / "mine.toml").write_text(SUITE + GRAIN + LIGHT)
    (folder / "one.toml").write_text(SUITE)
    return folder


def codes(folder: Path, *names: str) -> list[str]:
    return [f"{folder / 'mine.py'}:{name}" for name in names or NAMES]


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, words)), standalone_mode=False)


def run(folder: Path, out: Path, *more: object) -> Result:
    words = [word for code in codes(folder) for word in ("--code", code)]
    digits = ("--dataset", "digits", "--first", 50, "--device", "cpu", "-c", "fc-small")
    return call("evaluate", "-s", folder / "mine.toml", *digits, *words, "-o", out, *more)


@pytest.fixture(scope="module")
def done(here: Path) -> Path:
    result = run(here, here / "run")
    assert result.exception is None, result.output
    return here / "run"


def test_a_file_names_code_and_runs_it_only_where_the_user_does(here: Path) -> None:
    with pytest.raises(SuiteError, match=r"runs the code mine\.py:fade, which a file alone may not do; name it if you"):
        rm.load_suite(here / "one.toml")
    suite = rm.load_suite(here / "one.toml", code=codes(here))
    (sweep,) = suite.sweeps
    assert (sweep.perturbation, sweep.unit, sweep.neutral, suite.source) == ("mine.py:fade", "fraction", 0.0, "")
    assert sweep.entry.parameters["share"] == Parameter("fraction", 0.0, 0.0, 0.9)
    assert sweep.fixed == {"power": 2.0}


def test_a_read_suite_shows_it_and_cannot_run_it(here: Path) -> None:
    suite = rm.load_suite(here / "one.toml", code=codes(here))
    read = Suite.from_dict(json.loads(json.dumps(suite.as_dict())))
    assert read == suite
    with pytest.raises(SuiteError, match=r"the perturbation mine\.py:fade is not at hand"):
        _ = read.sweeps[0].entry


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((":fade", ":none"), "has no 'none'"),
        (('parameter = "share"', 'paramter = "share"'), "unknown key, did you mean 'parameter'?"),
        ((":fade", ":NUMBER"), "mine.py:NUMBER: is of type int, neither a function nor a perturbation"),
        ((":fade", ":fails"), f"mine.py:{CODE[: CODE.index('images.nothing')].count(chr(10)) + 1}: AttributeError"),
        (('parameter = "share"', 'parameter = "shear"'), "mine.py:fade: takes no argument shear (share, power)"),
        (("values = [0, 0.5", "values = [0.1, 0.5"), "values: the neutral value 0 is missing"),
        (("power = 2.0", "powr = 2.0"), "unknown choice or modifier of 'mine.py:fade' 'powr', did you mean 'power'"),
        (('"mine.py:fade"\nparameter', '"rotation"\nneutral = 1\nparameter'), "neutral: 'rotation' has its own"),
        (('"mine.py:fade"', '"rotatoin"'), "did you mean 'rotation'? (known: shift, "),
    ],
)
def test_mistakes_are_one_line_each(here: Path, tmp_path: Path, change: tuple[str, str], words: str) -> None:
    assert change[0] in SUITE
    (tmp_path / "bad.toml").write_text(SUITE.replace(*change))
    with pytest.raises(SuiteError) as caught:
        rm.load_suite(tmp_path / "bad.toml", code=codes(here, "fade", "none", "NUMBER", "fails"))
    assert words in str(caught.value)
    assert str(tmp_path / "bad.toml") in str(caught.value)


def test_a_run_its_page_and_its_table_know_it(done: Path) -> None:
    predictions = read_predictions(done)
    fade, grain, light = predictions.suites[0].sweeps
    assert (fade.unit, grain.unit, light.unit) == ("fraction", "", "×")
    assert len({fade.code_sha256, grain.code_sha256, light.code_sha256}) == 1  # one file
    realised = predictions.realised
    assert realised is not None
    assert set(realised["sweep"]) == {"fade", "grain", "light"}
    page = (done / "report.html").read_text()
    for title, name in (("Fade", "fade"), ("Grain", "grain"), ("Light", "LIGHT")):
        assert f"{title} (runs your code mine.py:{name}, sha256 {fade.code_sha256})" in page
    write_report(predictions, done.parent / "again.html")
    assert (done.parent / "again.html").read_text() == page


def test_a_changed_function_never_gives_old_numbers(here: Path, done: Path, tmp_path: Path) -> None:
    assert run(here, done).exception is None  # the same again
    for name, text in (("mine.py", CODE.replace("** power", "** power * 1.0")), ("mine.toml", SUITE + GRAIN + LIGHT)):
        (tmp_path / name).write_text(text)
    result = run(tmp_path, done)
    assert isinstance(result.exception, RunError)
    assert "holds another run, different in suites" in str(result.exception)


def test_perturbed_sets_are_those_of_the_function_and_no_others(here: Path, tmp_path: Path) -> None:
    digits = ("--dataset", "digits", "--first", 20, "--device", "cpu", "--format", "npy", "-o", tmp_path / "sets")
    alone = call("perturb", "-s", here / "one.toml", *digits)
    assert isinstance(alone.exception, SuiteError)
    code = ("--code", *codes(here, "fade"))
    for _ in range(2):
        result = call("perturb", "-s", here / "one.toml", *digits, *code)
        assert result.exception is None, result.output
    images = rm.load_dataset("digits").head(20).images[:, 0].numpy()
    levels = np.load(tmp_path / "sets" / "one" / "fade" / "0.5" / "images.npy")
    assert np.array_equal(levels, (images * np.float32(0.25) * 255).round().astype(np.uint8))
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.py").write_text(CODE.replace("1 - share", "1.0 - share"))
    changed = call("perturb", "-s", here / "one.toml", *digits, "--code", *codes(other, "fade"))
    assert isinstance(changed.exception, RunError)
    assert "holds another data set, different in code_sha256" in str(changed.exception)
    left = call("perturb", "-s", "shift", *digits, *code)
    assert "nothing needs" in str(left.exception)


def test_explain_and_suites_take_it(here: Path, tmp_path: Path) -> None:
    digits = ("--dataset", "digits", "--first", 20, "--device", "cpu", "-o", tmp_path / "out", "-c", "fc-small")
    asked = ("-s", here / "one.toml", "--code", *codes(here, "fade"), "--value", 0.3, "--sample", 3)
    result = call("explain", *digits, *asked, "-m", "saliency")
    assert result.exception is None, result.output
    condition = json.loads((tmp_path / "out" / "explain.json").read_text())["condition"]
    assert (condition["perturbation"], condition["value"]) == ("mine.py:fade", 0.3)
    shown = call("suites", here / "one.toml", "--code", *codes(here, "fade"))
    assert "mine.py:fade.share" in shown.output
    assert "Source" not in shown.output


def darken(images: Tensor, *, share: float) -> Tensor:
    return images * (1 - share)


def test_a_suite_without_a_file() -> None:
    own = rm.perturbation(darken, share=rm.Parameter("fraction", neutral=0, low=0, high=1))
    suite = rm.suite("dark", own, [0, 0.5, 1])
    digits = rm.load_dataset("digits").head(30)
    predictions = rm.evaluate(rm.load_checkpoint("fc-small"), digits, suite, device="cpu")
    logits = rm.load_checkpoint("fc-small")(digits.images * 0.5).numpy()
    assert np.array_equal(predictions.at("fc-small", "dark", "dark", 0.5)[0], logits)
    assert rm.suite("turn", "rotation", [0, 10]).sweeps[0].unit == "°"
    with pytest.raises(SuiteError, match="share goes from 0 to 1 fraction, not 3"):
        rm.suite("dark", own, [0, 3])
    with pytest.raises(SuiteError, match="unknown perturbation 'rotatoin', did you mean 'rotation'"):
        rm.suite("turn", "rotatoin", [0, 3])


def test_a_suite_to_start_from_works_as_it_is(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = call("suites", "--new", "my-suite")
    assert result.output.strip() == "my-suite.toml"
    suite = rm.load_suite("my-suite.toml")
    assert [sweep.perturbation for sweep in suite.sweeps] == ["rotation", "gaussian-noise", "shift-towards"]
    text = Path("my-suite.toml").read_text()
    head, _, rest = text.partition("# [[sweep]]\n")
    own = head + "[[sweep]]\n" + rest.replace("# ", "")
    Path("own.toml").write_text(own)
    suite = rm.load_suite("own.toml", code=codes(here))
    assert suite.sweeps[-1].entry.parameters["share"].unit == "fraction"
    for words, said in (
        (("--new", "my-suite"), "my-suite.toml: is there already"),
        (("--new", "My suite"), "'My suite' is not a name"),
        (("--new", "b", "-o", "c.toml"), "the suite's name is its file's; end it in b.toml"),
    ):
        assert said in str(call("suites", *words).exception)
