"""Run folders that earlier versions wrote are read, reported and gated, and show the right digits.

`earlier_runs/pictures_by_rank`: ``robustmnist evaluate --suite small.toml --checkpoint fc-small --checkpoint lenet5
--dataset digits --limit 24``, of before pictures were stored by what they show.
"""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from support.synthetic import keys

from robustmnist.cli import cli
from robustmnist.data import load_dataset
from robustmnist.perturb import prepare
from robustmnist.predictions import Predictions, merge, read_predictions
from robustmnist.report.page import render
from robustmnist.results import clean_mistakes
from robustmnist.results.mistakes.pictures import pictures

BY_RANK = Path(__file__).parent / "earlier_runs" / "pictures_by_rank"


@pytest.fixture(scope="module")
def run() -> Predictions:
    return read_predictions(BY_RANK)


@pytest.mark.parametrize("several", [1, 2])
def test_pictures_stored_by_rank_are_those_of_the_mistakes(run: Predictions, several: int) -> None:
    digits, found = load_dataset("digits").head(24), merge([run] * several)
    if several > 1:
        found = merge([found, run])
    grey = (digits.images[:, 0] * 255).round().byte().numpy()
    shown = [key for name in run.checkpoints for key in keys(run, name, "small")]
    assert len(shown) == 32
    for key in shown:
        sweep, one = run.sweep("small", key.setting.sweep), digits.select([key.row])
        variant = sweep.variants[key.variant]
        perturbed = prepare(sweep.perturbation, one.images, ids=one.ids, seed=0, draw=variant.draw)
        seen = perturbed(**sweep.arguments(key.value, variant))
        pair = pictures(found).pair(key)
        assert pair is not None
        np.testing.assert_array_equal(pair[0], (seen[0, 0] * 255).round().byte().numpy())
        np.testing.assert_array_equal(pair[1], grey[key.row])
    clean = {row for name in run.checkpoints for row in clean_mistakes(run, name)["row"]}
    assert len(clean) == 4
    for row in clean:
        np.testing.assert_array_equal(pictures(found).clean[row], grey[row])


def test_the_report_lacks_no_picture(run: Predictions) -> None:
    html = render(run)
    assert html.count("data:image/png") == 9
    assert "kept no picture" not in html


@pytest.mark.parametrize(("least", "code"), [("clean=0.5", 0), ("clean=0.999", 1), ("small.right@4px=0.9", 1)])
def test_the_run_is_gated(least: str, code: int) -> None:
    assert CliRunner().invoke(cli, ["gate", str(BY_RANK), "--min-accuracy", least, "--strict"]).exit_code == code
