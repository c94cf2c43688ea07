"""Figures of a run: they show its numbers, are the same bytes again, and say what cannot be drawn."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from support.synthetic import make_suite, make_sweep, synthetic_predictions

import robustmnist as rm
from robustmnist.cli import cli
from robustmnist.data import load_dataset
from robustmnist.errors import InputError, RunError
from robustmnist.figures.filmstrip import _spaced, reading
from robustmnist.figures.pushed import Pushed, digits_of, push
from robustmnist.predictions import Predictions
from robustmnist.suites import prepared

FIRST = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("figures") / "run"
    words = ["evaluate", "-c", "fc", "-c", "fc-small", "--dataset", "digits", "--first", str(FIRST), "--device", "cpu"]
    result = CliRunner().invoke(cli, [*words, "-s", "rotation", "-s", "shift", "-o", str(folder)])
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> Predictions:
    return rm.read_predictions(folder)


def figure(*words: object) -> Result:
    return CliRunner().invoke(cli, ["figure", *map(str, words)], standalone_mode=False)


def test_curves_are_the_accuracies_of_the_run(run: Predictions) -> None:
    (axes,) = rm.plot.curves(run, "rotation").axes
    table = rm.summarise(run).query("suite == 'rotation' and sweep == 'angle'")
    lines = {line.get_label(): line for line in axes.get_lines()}
    for name in ("fc", "fc-small"):
        rows = table[table["checkpoint"] == name]
        np.testing.assert_allclose(np.asarray(lines[name].get_ydata()), 100 * rows["accuracy"], atol=1e-9)
    assert len([axes for axes in rm.plot.curves(run, "shift").axes if axes.get_visible()]) == 6


def test_a_pushed_digit_is_the_one_that_was_answered(run: Predictions) -> None:
    data = load_dataset("digits")
    pushed = push(run, data, "rotation", digit=17)
    sweep = run.sweep("rotation", "angle")
    seed = run.suite("rotation").seed if run.manifest["seed"] is None else run.manifest["seed"]
    one = data.select([17])
    for at, value in enumerate(sweep.values):
        again = prepared(sweep, sweep.variants[0], one.images, ids=one.ids, seed=seed)(value)
        assert np.array_equal(pushed.images[at], again[0, 0].numpy())
        asked = rm.load_checkpoint("fc").deployed(again).argmax(1).item()
        assert asked == pushed.read[0, at]


def test_the_default_digit_tells_something(run: Predictions) -> None:
    pushed = push(run, load_dataset("digits"), "rotation")
    assert (pushed.read[:, pushed.neutral] == pushed.label).all()
    assert (pushed.read != pushed.label).any(axis=1).all()
    way = pushed.way()
    assert way[0] == pushed.neutral
    wrong = (pushed.read != pushed.label)[:, way]
    assert not wrong[:, :-1].all(axis=0).any()
    assert wrong[:, -1].all() or way[-1] in (0, len(pushed.images) - 1)


@pytest.mark.parametrize(("count", "neutral"), [(1, 0), (9, 4), (10, 0), (25, 12), (11, 0), (12, 11), (26, 7)])
def test_a_strip_keeps_both_ends_and_the_neutral_picture(count: int, neutral: int) -> None:
    shown = _spaced(count, neutral)
    assert len(shown) <= 9
    assert {0, neutral, count - 1} <= set(shown)
    assert shown == sorted(set(shown))


def test_an_invalid_answer_is_no_class() -> None:
    pushed = Pushed(
        0,
        3,
        None,
        np.zeros((1, 28, 28), np.float32),
        ("a",),
        np.array([[-1]]),
        np.array([[np.nan]]),  # type: ignore[arg-type]
    )
    assert reading(pushed, 0, 0) == ("no answer", True)


@pytest.mark.parametrize(
    ("words", "name", "head"),
    [
        (["--suite", "rotation"], "a.svg", b"<?xml"),
        (["--suite", "shift"], "a.png", b"\x89PNG"),
        (["--kind", "summary"], "a.pdf", b"%PDF"),
        (["--suite", "rotation", "--digit", 17, "--title", "Seventeen $1 & <2"], "b.svg", b"<?xml"),
        (["--suite", "rotation"], "a.gif", b"GIF89a"),
    ],
    ids=["svg", "png", "pdf", "strip", "gif"],
)
def test_the_same_run_gives_the_same_file(
    words: list[str], name: str, head: bytes, folder: Path, tmp_path: Path
) -> None:
    contents = []
    for place in ("one", "two"):
        result = figure(folder, *words, "-o", tmp_path / place / name)
        assert result.exception is None, result.exception
        contents.append((tmp_path / place / name).read_bytes())
    assert contents[0] == contents[1]
    assert contents[0].startswith(head)


def test_an_animation_stops_where_all_fail(run: Predictions) -> None:
    pushed = push(run, load_dataset("digits"), "rotation")
    frames = Image.open(io.BytesIO(rm.plot.animation(run, "rotation")))
    assert frames.n_frames == len(pushed.way())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-o", "a.bmp"], "end it in .svg, .png, .pdf"),
        (["--kind", "animation", "-o", "a.png"], "end it in .gif"),
        (["-s", "shfit", "-o", "a.png"], "did you mean 'shift'"),
        (["-s", "shift", "--sweep", "lft", "-o", "a.png"], "did you mean 'left'"),
        (["-s", "shift", "--digit", "999999", "-o", "a.png"], "digit 999999 is not in this run; use one of its ids"),
        (["--kind", "curves", "--digit", "1", "-o", "a.png"], "shows no single digit"),
        (["--kind", "summary", "-s", "shift", "-o", "a.png"], "shows the whole run"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(words: list[str], message: str, folder: Path, tmp_path: Path) -> None:
    result = figure(folder, *words[:-1], tmp_path / words[-1])
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)
    assert not list(tmp_path.iterdir())


def test_digits_that_changed_are_refused(run: Predictions) -> None:
    manifest = {**run.manifest, "dataset": {**run.manifest["dataset"], "sha256": {"digits-images": "0" * 64}}}
    with pytest.raises(RunError, match="has other digits than the run was made on"):
        digits_of(replace(run, manifest=manifest))


def test_digits_that_were_mended_for_the_run_are_not_shown_as_they_lie_in_their_files(run: Predictions) -> None:
    manifest = {**run.manifest, "dataset": {**run.manifest["dataset"], "mended": "rows and columns exchanged"}}
    with pytest.raises(RunError, match="has other digits than the run was made on"):
        digits_of(replace(run, manifest=manifest))


def test_digits_of_another_data_set_are_refused(run: Predictions) -> None:
    data = load_dataset("digits")
    with pytest.raises(RunError, match="has another digit 17 than the run"):
        push(run, replace(data, labels=(data.labels + 1) % 10), "rotation", digit=17)


@pytest.mark.parametrize(("suites", "across"), [(1, 1), (2, 2), (3, 3), (4, 3)])
def test_few_suites_fill_the_width_of_the_summary(suites: int, across: int) -> None:
    run = synthetic_predictions(
        ("fc",), n=40, suites=[make_suite(f"s{at}", make_sweep()) for at in range(suites)], digits=False
    )
    figure = rm.plot.summary(run)
    curves = [axes for axes in figure.get_axes() if axes.get_visible() and axes.get_xlabel()]
    assert len(curves) == suites
    columns = {round(axes.get_subplotspec().get_gridspec().ncols) for axes in curves if axes.get_subplotspec()}
    assert columns == {across}
