"""A new perturbation is a file with its entry, and a line in the registry: suite, run, terminal and page know it."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from support.toy_perturbation import FADING

from robustmnist.cli import cli
from robustmnist.perturb import PERTURBATIONS, prepare
from robustmnist.predictions import read_predictions
from robustmnist.report import write_report

SUITE = """
title = "Fading"
question = "How pale may a digit be?"
source = "made up"
seed = 0

[[sweep]]
name = "pale"
title = "Paler ink: all over the digit"
perturbation = "fading"
parameter = "share"
unit = "fraction"
values = [0, 0.25, 0.5, 0.75, 1]
"""


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write ``("fading", toy_perturbation.FADING),`` into the registry."""
    monkeypatch.setitem(PERTURBATIONS, "fading", FADING)


def evaluated(folder: Path) -> str:
    """Evaluate a checkpoint by the suite from the command line, into `folder`; return what the terminal said."""
    suite = folder.parent / "fading.toml"
    suite.write_text(SUITE, "utf-8")
    command = ["evaluate", "-s", str(suite), "-c", "fc-small", "--dataset", "digits", "--device", "cpu"]
    done = CliRunner().invoke(cli, [*command, "-o", str(folder)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output.replace("\u00a0", " ")


@pytest.mark.usefixtures("line")
def test_a_suite_a_run_the_terminal_and_the_page_know_it(tmp_path: Path) -> None:
    output = evaluated(tmp_path / "run")
    assert re.search(r"^fading +pale +fc-small +0\.\d\d \(", output, re.MULTILINE)
    page = (tmp_path / "run" / "report.html").read_text("utf-8").replace("\u00a0", " ")
    assert re.search(r"a tenth of that is lost once they fade by \d\d %\.<", page)
    assert re.search(r"<td>33\.3 %<td>", page)  # 1 − 0.5 / 0.75, in the column of the ink that is lost
    # The entry's factor says that 1 − s/2 of the ink was to be expected; 1 − s is there.
    realised = read_predictions(tmp_path / "run").realised
    assert realised is not None
    shares = np.array([0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(realised["ink_clipped"], 1 - (1 - shares) / (1 - shares / 2), atol=1e-6)


@pytest.mark.usefixtures("line")
def test_its_range_is_that_of_its_entry(tmp_path: Path) -> None:
    perturbed = prepare("fading", torch.ones(1, 1, 28, 28), ids=torch.arange(1))
    assert torch.equal(perturbed(share=0.25), torch.full((1, 1, 28, 28), 0.75))
    suite = tmp_path / "fading.toml"
    suite.write_text(SUITE.replace("0.75, 1]", "0.75, 1.5]"), "utf-8")
    done = CliRunner().invoke(cli, ["evaluate", "-s", str(suite), "-c", "fc-small", "--dataset", "digits"])
    assert done.exit_code != 0
    assert "share goes from 0 to 1 fraction, not 1.5" in str(done.exception or done.output)


def test_the_page_is_made_again_where_it_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(PERTURBATIONS, "fading", FADING)
        evaluated(tmp_path / "run")
    assert "fading" not in PERTURBATIONS
    page = (tmp_path / "run" / "report.html").read_bytes()
    write_report(read_predictions(tmp_path / "run"), tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == page
