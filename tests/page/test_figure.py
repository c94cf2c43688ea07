"""Figures are drawn alike whatever the user has set, and one that cannot be drawn costs nothing else."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.small_training import recipe

from robustmnist.training import RunFolder, finish, train
from robustmnist.training.curves import draw_curves

ROW = {
    "train_loss": 0.5,
    "validation_loss": 0.4,
    "train_accuracy": 0.9,
    "validation_accuracy": 0.95,
    "learning_rate": 0.01,
    "gradient_norm": 1.0,
}
HISTORY = [{"epoch": epoch} | {key: value / epoch for key, value in ROW.items()} for epoch in (1, 2, 3)]
DRAW = f"""
import sys
from robustmnist.training.curves import draw_curves
sys.stdout.buffer.write(draw_curves({HISTORY}, 'fc: $x$')['svg'])
"""
ATTRIBUTE = """
import torch
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.explanation.attribution import explain
explain(load_checkpoint('fc-small'), torch.rand(1, 1, 28, 28), torch.tensor([3]), method='saliency')
"""


def python(code: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, env=os.environ | variables)


@pytest.mark.parametrize(
    "backend", ["module://matplotlib_inline.backend_inline", "module://no.such", "nonsense", "agg"]
)
def test_a_backend_that_is_not_there_is_not_asked_for(backend: str) -> None:
    done = python(DRAW, MPLBACKEND=backend)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == draw_curves(HISTORY, "fc: $x$")["svg"]


def test_captum_is_imported_without_a_backend_too() -> None:
    done = python(ATTRIBUTE, MPLBACKEND="nonsense")
    assert done.returncode == 0, done.stderr.decode()


def test_a_backend_that_is_there_stays_the_users() -> None:
    code = "from robustmnist.page.figure import import_matplotlib as load; print(load().rcParams['backend'])"
    assert python(code, MPLBACKEND="pdf").stdout.decode().strip().lower() == "pdf"


def test_a_matplotlibrc_changes_no_figure(tmp_path: Path) -> None:
    lines = ["text.usetex: True", "font.size: 40", "savefig.dpi: 20", "figure.facecolor: red", "lines.linewidth: 9"]
    (tmp_path / "matplotlibrc").write_text("\n".join(lines))
    done = python(DRAW, MATPLOTLIBRC=str(tmp_path))
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == draw_curves(HISTORY, "fc: $x$")["svg"]


def test_the_picture_in_readme_does_not_follow_it_either() -> None:
    import matplotlib
    from support.synthetic import default_suites, make_suite, make_sweep, synthetic_predictions

    from reports.curves import curves
    from robustmnist.page.colours import LIGHT
    from robustmnist.results import summarise

    shift, *_ = default_suites()
    turn = make_suite("rotation", make_sweep("angle", "rotation", "angle", "°", (-60, 0, 60)))
    noise = make_suite("noise", make_sweep("gaussian", "gaussian-noise", "sigma", "sd of ink", (0, 0.5)))
    run = synthetic_predictions(n=30, suites=(shift, turn, noise), digits=False)
    plain = curves(run, summarise(run), LIGHT)
    with matplotlib.rc_context({"font.size": 30, "text.usetex": True, "figure.facecolor": "red"}):
        assert curves(run, summarise(run), LIGHT) == plain


def test_curves_that_cannot_be_drawn_cost_no_metrics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> dict[str, bytes]:
        raise RuntimeError("latex could not be found\nsecond line")

    monkeypatch.setattr(finish, "draw_curves", fail)
    said: list[str] = []
    run = train(recipe(epochs=1), device="cpu", out=tmp_path / "run", notify=said.append)
    assert said == ["no curves are drawn: matplotlib fails ('latex could not be found\\nsecond line')"]
    assert run.metrics["status"] == "complete"
    assert not list(run.path.glob("curves.*"))
    with pytest.warns(UserWarning, match="no curves are drawn"):
        train(recipe(epochs=1), device="cpu", out=tmp_path / "other")
    assert RunFolder(tmp_path / "other").metrics["status"] == "complete"
