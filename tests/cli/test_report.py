"""The command ``report``: the page of a run again, from disk alone."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.synthetic import make_suite, make_sweep

from robustmnist.cli import COMMANDS, cli, main
from robustmnist.report import write_report

# A machine without a model: importing any of these fails. (None in sys.modules would do, were it not that scipy looks
# there for torch before it asks whether it is.)
BARE = """
import sys

class Bare:
    def find_spec(self, name, path=None, target=None):
        if name in ("torch", "torchvision", "kornia", "captum", "sklearn", "safetensors", "robustmnist.models"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Bare())
from robustmnist.cli import main
main()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished run of an untrained network, with the report that went with it."""
    import torch

    from robustmnist.data import load_dataset
    from robustmnist.evaluation import evaluate
    from robustmnist.models.architectures.build import build_model

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("runs") / "shift"
    models = {name: build_model({"model": "fc-small"}) for name in ("one", "two")}
    suite = make_suite("shift", make_sweep(values=range(3)))
    predictions = evaluate(models, load_dataset("digits").head(40), suite, device="cpu", out=folder)
    write_report(predictions, folder / "report.html")
    return folder


def test_it_renders_the_same_bytes_without_a_model(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.html"
    command = [sys.executable, "-c", BARE, "report", str(folder), "-o", str(again)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.stderr == ""
    assert found.stdout.strip() == str(again)
    assert again.read_bytes() == (folder / "report.html").read_bytes()


def test_it_writes_into_the_run_by_default(folder: Path) -> None:
    page = folder / "report.html"
    before = page.read_bytes()
    page.unlink()
    result = CliRunner().invoke(cli, ["report", str(folder)])
    assert result.exit_code == 0
    assert page.read_bytes() == before


@pytest.mark.parametrize("what", ["nothing", "empty", "file"])
def test_a_folder_without_a_run_is_one_line_and_code_2(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    if what == "empty":
        folder.mkdir()
    if what == "file":
        folder.write_text("no run")
    monkeypatch.setattr(sys, "argv", ["robustmnist", "report", str(folder)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    errors = capsys.readouterr().err
    assert len(errors.splitlines()) == 1
    assert str(folder) in errors


def test_the_help_begins_with_the_line_of_the_list() -> None:
    from robustmnist.cli.report import command

    assert command.help is not None
    assert command.help.splitlines()[0] == COMMANDS["report"]
