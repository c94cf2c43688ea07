"""What is printed where standard output or error is closed, full, or of few characters, and how an interrupt ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from robustmnist.cli import cli, main

ME = f"{sys.executable} -m robustmnist"
EXPLAIN = f"{ME} explain -c fc -c cnn -m saliency --sample 0 --dataset digits --first 4 --device cpu -o out"
FILES = {"explain.html", "explain.json", "maps.npz"}


def shell(line: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, encoding="utf-8", errors="replace", env=os.environ | variables
    )


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_a_character_that_is_not_there_stands_as_another(encoding: str) -> None:
    code = (
        "import sys, click\nfrom robustmnist.cli import cli, main\n"
        "cli.get_command = lambda *_: click.Command('say', callback=lambda: click.echo('\u22122\u20133 \u2713'))\n"
        "sys.argv = ['robustmnist', 'suites']\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=os.environ | {"PYTHONIOENCODING": encoding}
    )
    assert (done.returncode, done.stderr) == (0, b"")
    shown = "-2-3 ?" if encoding == "latin-1" else "-2\u20133 ?"  # cp1252 has a dash, and no minus
    assert done.stdout.decode(encoding).splitlines() == [shown]


@pytest.mark.parametrize("line", ["suites >&-", "checkpoints 2>&-", "suites shift <&- >&- 2>&-"])
def test_a_closed_stream_swallows_what_is_printed(line: str) -> None:
    done = shell(f"{ME} {line}")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("end", ["2>&-", "| true"])
def test_all_is_written_whoever_listens(end: str, tmp_path: Path) -> None:
    done = shell(f"cd {tmp_path} && {EXPLAIN} {end}", PYTHONPATH=str(Path.cwd()))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_a_full_standard_output_is_what_is_blamed(tmp_path: Path) -> None:
    done = shell(f"cd {tmp_path} && {EXPLAIN} >/dev/full", PYTHONPATH=str(Path.cwd()))
    told = done.stderr.splitlines()[-1]
    assert (done.returncode, told.count("standard output: cannot be written")) == (1, 1)
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES


# --- interrupts and errors --------------------------------------------------------------------------------------------


def ended(monkeypatch: pytest.MonkeyPatch, callback: object) -> object:
    """Return how `main` ends where its command is `callback`."""
    monkeypatch.setattr(cli, "get_command", lambda *_: click.Command("suites", callback=callback))  # type: ignore[arg-type]
    monkeypatch.setattr(sys, "argv", ["robustmnist", "suites"])
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as stopped:
            main()
    finally:
        signal.signal(signal.SIGINT, before)
    return stopped.value.code


def test_an_error_that_follows_an_interrupt_is_the_interrupt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def half_imported() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise AttributeError("module 'numpy' has no attribute 'ma'") from None

    assert ended(monkeypatch, half_imported) == 130
    assert capsys.readouterr().err.strip() == "robustmnist: interrupted"


def test_an_error_that_follows_none_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong() -> None:
        raise AttributeError("a mistake of ours")

    with pytest.raises(AttributeError, match="a mistake of ours"):
        ended(monkeypatch, wrong)


def test_where_interrupts_are_ignored_they_stay_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert ended(monkeypatch, lambda: signal.raise_signal(signal.SIGINT)) == 0
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_before_there_is_a_main_is_quiet() -> None:
    code = (
        "import sys\nclass Stop:\n    def find_spec(self, name, *_):\n"
        "        if name == 'click': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Stop())\nimport robustmnist.__main__"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_line_for_each_mistake_says_who_speaks(tmp_path: Path) -> None:
    values = ", ".join(f'"{number}"' for number in range(30))
    (tmp_path / "many.toml").write_text(
        f'title = ""\nquestion = "?"\nsource = "s"\n[[sweep]]\nname = "a"\ntitle = "A"\nperturbation = "rotation"\n'
        f'parameter = "angle"\nunit = "°"\nvalues = [{values}]\n',
        encoding="utf-8",
    )
    done = shell(f"{ME} suites {tmp_path}/many.toml")
    lines = done.stderr.splitlines()
    assert done.returncode == 2
    assert all(line.startswith(f"robustmnist: {tmp_path}/many.toml: ") for line in lines)
    assert lines[0].endswith("title: must not be blank")
    assert len(lines) == 11
    assert lines[10].endswith(": and 22 more mistakes")
