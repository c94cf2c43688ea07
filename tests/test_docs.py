"""README and the code say the same: commands parse, files exist, numbers are the published ones."""

import importlib
import itertools
import re
import shlex
from pathlib import Path

import click
import pandas as pd
import pytest

from reports.readme import checkpoint_table, fill, headline_table
from robustmnist.cli import COMMANDS

CHECKOUT = Path(__file__).parent.parent
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, flags=re.DOTALL)
SHELL = [
    line.split("  #")[0].strip()
    for language, block in BLOCKS
    if language in ("sh", "bash", "console")
    for line in block.replace("\\\n", " ").splitlines()
    if line.strip() and not line.startswith("#")
]


def test_the_two_commands_come_first() -> None:
    assert SHELL[:2] == ["make evaluate", "make test"]


@pytest.mark.parametrize("line", [line for line in SHELL if line.startswith("make")])
def test_make_targets_exist(line: str) -> None:
    targets = re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(), flags=re.MULTILINE)
    words = [word for word in shlex.split(line)[1:] if "=" not in word]
    assert set(words) <= set(targets)


@pytest.mark.parametrize("line", [line for line in SHELL if "robustmnist" in line and "make" not in line])
def test_robustmnist_commands_parse(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(line)
    words = words[words.index(next(word for word in words if word.endswith("robustmnist"))) + 1 :]
    if words == ["--help"]:
        return
    monkeypatch.chdir(tmp_path)
    for word in words:
        # A run or a model that an earlier command of README made.
        if word.startswith(("runs/", "models/")) and not Path(word).suffix:
            Path(word).mkdir(parents=True, exist_ok=True)
    for option, value in itertools.pairwise(words):
        if option in ("-c", "--checkpoint") and "/" in value:  # a model that an earlier command adopted or trained
            Path(value).parent.mkdir(parents=True, exist_ok=True)
            Path(value).touch()
    command = importlib.import_module(f"robustmnist.cli.{words[0].replace('-', '_')}").command
    assert isinstance(command, click.Command)
    # Options and their values are checked by click itself; the command's body does not run.
    context = command.make_context(words[0], words[1:])
    assert context.command is command


def test_readme_names_every_command() -> None:
    assert all(f"robustmnist {name}" in README for name in COMMANDS)


def test_readme_tells_the_published_figures() -> None:
    headline, critical = (pd.read_csv(CHECKOUT / "reports" / f"{name}.csv") for name in ("headline", "critical"))
    for name, content in (("findings", headline_table(headline, critical)), ("checkpoints", checkpoint_table())):
        assert fill(README, name, content) == README


def test_linked_files_exist() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README) + re.findall(r'(?:src|srcset|href)="([^"#]+)"', README)
    local = [link for link in links if "://" not in link]
    assert local
    assert [link for link in local if not (CHECKOUT / link).exists()] == []


def test_the_library_example_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = [block for language, block in BLOCKS if language == "python" and "load_dataset" in block]
    monkeypatch.chdir(tmp_path)
    # The embedded digits and a few of them: the example is about the calls, not about the numbers.
    example = example.replace('load_dataset("auto")', 'load_dataset("digits").head(40)')
    exec(compile(example, "README.md", "exec"), {})
    assert (tmp_path / "report.html").stat().st_size > 10_000
