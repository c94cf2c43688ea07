"""The command line as a whole: quick, lazy, one line per mistake."""

import errno
import importlib
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from support.heavy import HEAVY

from robustmnist.cli import COMMANDS, cli
from robustmnist.cli.outputs import writing
from robustmnist.errors import CheckpointError, InputError, RobustMnistError
from robustmnist.models.checkpoints.checkpoint import load_checkpoint, save_checkpoint
from robustmnist.system.installation import shipped


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "robustmnist", *arguments], capture_output=True, text=True)


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)], ids=lambda a: a[0])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom robustmnist.cli import cli\n"
        f"result = CliRunner().invoke(cli, {arguments!r})\nassert result.exit_code == 0, result.output\n"
        f"print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("name", list(COMMANDS))
def test_help_lines_agree_and_every_command_shows_an_example(name: str) -> None:
    command = importlib.import_module(f"robustmnist.cli.{name.replace('-', '_')}").command
    assert isinstance(command, click.Command)
    assert command.help is not None
    assert command.help.split("\n")[0] == COMMANDS[name]
    shown = CliRunner().invoke(cli, [name, "--help"]).output
    assert f"robustmnist {name}" in shown.split("\n", 2)[2], "an example belongs into the help"


@pytest.mark.parametrize("name", list(COMMANDS))
def test_options_are_spelled_the_same_everywhere(name: str) -> None:
    command = importlib.import_module(f"robustmnist.cli.{name.replace('-', '_')}").command
    known = {
        "out": ["-o", "--out"],
        "device": ["--device"],
        "seed": ["--seed"],
        "data_dir": ["--data-dir"],
        "as_json": ["--json"],
        "limit": ["--limit"],
        "dataset": ["--dataset"],
    }
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{name} {option.name} has no help"
            if option.name in known:
                assert option.opts == known[option.name]


def test_commands_that_work_on_digits_take_the_same_options_in_the_same_order() -> None:
    wanted = ["dataset", "data_dir", "limit", "device", "seed", "out"]
    found = []
    for name in ("evaluate", "perturb", "explain", "compare"):
        command = importlib.import_module(f"robustmnist.cli.{name.replace('-', '_')}").command
        options = [one for one in command.params if isinstance(one, click.Option) and one.name in wanted]
        found.append([(one.name, one.opts, one.default, one.help, one.metavar, one.show_default) for one in options])
    assert [option[0] for option in found[0]] == wanted
    assert all(options == found[0] for options in found)


@pytest.mark.parametrize("name", ["evaluate", "perturb", "explain", "compare"])
def test_the_seed_is_that_of_each_suite_unless_it_is_given(name: str) -> None:
    shown = " ".join(CliRunner().invoke(cli, [name, "--help"]).output.split())
    assert "Seed of all randomness. [default: that of each suite]" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["evaluat"], "No such command 'evaluat', did you mean 'evaluate'?"),
        (["xyzzy"], "No such command 'xyzzy'; see"),
        (["gate", "runs/mine"], "give a condition"),
        (["gate"], "Missing argument"),
        (["compare", "cnn"], "give two checkpoints or more"),
        (["report", "--bogus"], "No such option"),
        (["perturb", "--limit", "many", "-s", "shift"], "not a valid integer"),
        (["evaluate", "--suite", "shfit"], "did you mean 'shift'"),
        (["evaluate", "--checkpoint", "cnnn"], "did you mean 'cnn'"),
        (["evaluate", "--device", "gpu"], "use auto, cpu, cuda or cuda:N"),
        (["evaluate", "--dataset", "mnits"], "mnist"),
        (["evaluate", "--limit", "0"], "--limit"),
        (["evaluate", "--seed", "-1"], "--seed"),
        (["evaluate", "--dataset", "mnist-c:fgo"], "did you mean 'fog'"),
        (["report", "no-such-folder"], "no-such-folder"),
        (["suites", "no-such-suite"], "robustmnist: unknown suite 'no-such-suite'"),
        (["checkpoints", "no-such-checkpoint"], "no-such-checkpoint"),
        (["train", "no-such-recipe"], "no-such-recipe"),
        (["explain", "--checkpoint", "cnn", "--method", "magic"], "magic"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_gets_one_clear_line_and_exit_code_2(arguments: list[str], words: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    said = [line for line in done.stderr.splitlines() if not line.startswith("data: ")]
    assert len(said) == 1
    assert "robustmnist" in said[0]
    assert done.stdout == ""


def test_no_word_at_all_gets_the_help() -> None:
    done = run()
    assert "Commands:" in done.stdout + done.stderr


def test_version() -> None:
    import robustmnist

    assert run("--version").stdout.strip() == f"robustmnist, version {robustmnist.__version__}"


def test_titles_and_names_are_escaped(tmp_path: Path) -> None:
    loud = "Loud \\u001b[31m\\nname"
    suite = (shipped("perturbations") / "shift.toml").read_text(encoding="utf-8")
    (tmp_path / "loud.toml").write_text(suite.replace('title = "Shift"', f'title = "{loud}"', 1), encoding="utf-8")
    model = load_checkpoint("fc-small")
    facts = model.card.model_dump(exclude={"format", "parameters", "classes", "sha256"})
    save_checkpoint(tmp_path / "loud", model.model, **{**facts, "name": "Loud \x1b[31m\nname"})
    for words in (["suites", f"{tmp_path}/loud.toml"], ["checkpoints", str(tmp_path / "loud")]):
        said = CliRunner().invoke(cli, words).stdout.splitlines()
        assert said[0].startswith(r"Loud \x1b[31m\nname")


def test_a_checkpoint_that_is_named_is_held_against_its_weights(tmp_path: Path) -> None:
    for ending in ("json", "safetensors"):
        content = (shipped("checkpoints") / f"fc-small.{ending}").read_bytes()
        (tmp_path / f"mine.{ending}").write_bytes(content[:-1] if ending == "safetensors" else content)
    result = CliRunner().invoke(cli, ["checkpoints", str(tmp_path / "mine")])
    assert isinstance(result.exception, CheckpointError)
    assert "do not belong to the card" in str(result.exception)
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (errno.ENOSPC, RobustMnistError, 1),
        (errno.EIO, RobustMnistError, 1),
        (errno.EACCES, InputError, 2),
        (errno.ENOTDIR, InputError, 2),
        (errno.ENAMETOOLONG, InputError, 2),
    ],
)
def test_only_what_another_place_mends_is_the_users_mistake(
    number: int, kind: type[RobustMnistError], code: int
) -> None:
    with pytest.raises(kind, match=r"^there: cannot be written \(") as caught, writing(Path("there")):
        raise OSError(number, os.strerror(number))
    assert caught.value.exit_code == code
    assert ("another -o" in str(caught.value)) == (code == 2)


@pytest.mark.parametrize("command", ["compare", "explain"])
def test_a_name_that_no_file_can_have_is_one_line(command: str) -> None:
    words = {"compare": ["fc", "cnn"], "explain": ["-c", "fc"]}[command]
    done = run(command, *words, "-o", "x" * 300)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert done.stderr.startswith(f"robustmnist: {'x' * 300}: cannot be looked at (")
    if command == "compare":
        assert run(command, "fc", "y" * 300).stderr.startswith(f"robustmnist: {'y' * 300}: cannot be looked at (")
