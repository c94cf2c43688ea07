"""``robustmnist draw``: a page of shipped and of other models, and what it cannot do said in one line."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from support.synthetic import synthetic_predictions

from robustmnist.cli.draw import NAME, command
from robustmnist.errors import CheckpointError, InputError
from robustmnist.report import write_report
from robustmnist.report.page import BESIDE

SMALL = ("--dataset", "digits", "-c", "lenet5")
CODE = "def read(ink):\n    return ink.reshape(-1, 784)[:, :10]\n"


def run(*arguments: object) -> str:
    result = CliRunner().invoke(command, [*map(str, arguments)], catch_exceptions=False, standalone_mode=False)
    assert result.exception is None
    return result.stdout


def test_a_page_is_written_and_named(tmp_path: Path) -> None:
    page = tmp_path / "digit.html"
    assert run(*SMALL, "-o", page) == f"{page}\n"
    html = page.read_text(encoding="utf-8")
    assert "report.html" not in html
    (tmp_path / "report.html").write_text("a report")
    run(*SMALL, "-o", page, "--precision", "float16")
    assert 'href="report.html"' in page.read_text(encoding="utf-8")
    assert "rounded to 16 bits" in page.read_text(encoding="utf-8")


def test_without_o_the_page_lies_in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (line,) = run(*SMALL).splitlines()
    assert Path(line).parts[0] == "runs"
    assert Path(line).name == "digit.html"
    assert Path(line).stat().st_size < 200_000


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--port", "8000"), r"--port: needs --serve"),
        (("--serve", "-o", "digit.html"), r"--out: is for a page of its own"),
        (("-o", "nowhere/digit.html"), r"nowhere: there is no such folder; make it"),
        (("-c", "fc", "-c", "fc-small", "-c", "cnn", "-c", "cnn-augmented"), r"room for 4 models, not 5"),
    ],
)
def test_what_does_not_go_together_is_refused(
    arguments: tuple[str, ...], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=what):
        run(*SMALL, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_the_report_links_the_page_beside_it(tmp_path: Path) -> None:
    assert NAME in BESIDE
    (tmp_path / NAME).write_text("a page")
    run_of_digits = synthetic_predictions(n=20)
    for folder, linked in ((tmp_path, True), (tmp_path / "elsewhere", False)):
        folder.mkdir(exist_ok=True)
        html = write_report(run_of_digits, folder / "report.html").read_text(encoding="utf-8")
        assert (f'href="{NAME}"' in html) == linked


def test_a_function_needs_the_server(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(CODE)
    with pytest.raises(CheckpointError, match=r"mine: is a function, which a page cannot compute; give --serve"):
        run("--dataset", "digits", "-c", f"{tmp_path / 'mine.py'}:read", "-o", tmp_path / "digit.html")
    assert not (tmp_path / "digit.html").exists()
