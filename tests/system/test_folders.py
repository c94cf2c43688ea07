"""Folders: a new one for every command, at once, and none where nothing was written."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from robustmnist.cli import cli
from robustmnist.errors import DataError, RunError
from robustmnist.system.folders import new_folder, output_folder


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, in a second that does not end."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.strftime", lambda *_: "now")


def test_new_folders_are_there_and_new() -> None:
    for expected in ("runs/explain-now", "runs/explain-now-2", "runs/explain-now-3"):
        folder = new_folder("explain")
        assert str(folder) == expected
        assert folder.is_dir()


def test_many_at_once_have_a_folder_each() -> None:
    folders: list[Path] = []
    threads = [threading.Thread(target=lambda: folders.append(new_folder("evaluate"))) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(folders)) == 32


def test_a_folder_that_cannot_be_made() -> None:
    Path("runs").write_text("a file")
    with pytest.raises(RunError, match=r"runs/train-now: cannot be made \(Not a directory\); choose a folder with -o"):
        new_folder("train")


def test_a_new_folder_stays_only_if_something_is_in_it() -> None:
    with output_folder(None, "empty") as empty:
        assert empty.is_dir()
    assert not empty.exists()
    with output_folder(None, "full") as full:
        (full / "a").write_text("a")
    assert (full / "a").is_file()
    Path("mine").mkdir()
    with output_folder(Path("mine"), "other") as mine:
        assert mine == Path("mine")
    assert mine.is_dir()


def test_a_command_that_fails_leaves_no_folder(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["train", "fc", "--data-dir", str(tmp_path / "nowhere")])
    assert isinstance(result.exception, DataError), result.exception
    assert not Path("runs").exists()


def test_two_evaluations_in_one_second_have_a_run_each() -> None:
    words = ["evaluate", "-s", "rotation", "-c", "fc-small", "--dataset", "digits", "--limit", "2", "--device", "cpu"]
    code = f"import time; time.strftime = lambda *_: 'now'\nfrom robustmnist.cli import cli; cli({words})"
    both = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for one in both:
        assert (one.communicate()[1].count("Error"), one.returncode) == (0, 0)
    made = {path.name for path in Path("runs").iterdir() if (path / "run.json").is_file()}
    assert made == {"evaluate-rotation-now", "evaluate-rotation-now-2"}
