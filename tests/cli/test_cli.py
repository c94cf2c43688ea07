"""The command line as a whole: quick, lazy, one line per mistake."""

import ast
import errno
import importlib
import inspect
import os
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from robustmnist.cli import COMMANDS, cli, options
from robustmnist.cli.continuing import command_line, folder_name, was_given
from robustmnist.cli.outputs import writing
from robustmnist.errors import CheckpointError, InputError, RobustMnistError
from robustmnist.models.checkpoints.checkpoint import load_checkpoint, save_checkpoint
from robustmnist.system.installation import shipped
from robustmnist.terminal.table import print_table

HEAVY = ("torch", "torchvision", "kornia", "captum", "pandas", "matplotlib", "scipy", "sklearn", "numpy", "pydantic")


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


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = f"import sys, robustmnist\nprint(*sorted(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_every_public_name_resolves() -> None:
    import robustmnist

    for name in robustmnist.__all__:
        assert getattr(robustmnist, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = robustmnist.nothing  # type: ignore[attr-defined]


def test_the_package_offers_its_surface_and_nothing_else() -> None:
    """Completion in a notebook shows `dir`; the tools of the file and imported submodules are no part of it."""
    import robustmnist

    importlib.import_module("robustmnist.terminal.table")
    assert dir(robustmnist) == robustmnist.__all__ == sorted(robustmnist.__all__)
    for room in (robustmnist.results, robustmnist.plot):
        assert dir(room) == sorted(room.__all__)
    assert set(robustmnist.__all__) == {"__version__", *robustmnist._NAMES, *robustmnist._MODULES}


def test_type_checkers_see_every_public_name_where_it_is_resolved_from() -> None:
    import robustmnist

    (block,) = [node for node in ast.parse(inspect.getsource(robustmnist)).body if isinstance(node, ast.If)]
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    seen = {alias.asname: node.module for node in imports for alias in node.names}
    assert seen == {**robustmnist._NAMES, **dict.fromkeys(robustmnist._MODULES, "robustmnist")}


def test_functions_stay_functions_once_their_modules_are_imported() -> None:
    import robustmnist

    for name, module in robustmnist._NAMES.items():
        importlib.import_module(module)
        assert callable(getattr(robustmnist, name)), name
        assert not isinstance(getattr(robustmnist, name), type(robustmnist))


# --- what commands share ---------------------------------------------------------------------------------------------

ROWS = [["a", "with [brackets]", "1"], ["longer", "", "22"]]


def test_tables_are_columns_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["name", "title", "n"], ROWS)
    assert capsys.readouterr().out.splitlines() == [
        "name    title            n",
        "a       with [brackets]  1",
        "longer                   22",
    ]


def test_tables_are_drawn_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_table(["name", "[title]", "n"], ROWS)
    drawn = capsys.readouterr().out
    assert all(cell in drawn for cell in ("with [brackets]", "[title]", "longer"))
    assert len(drawn.splitlines()) > 3


WIDE = [
    ["cnn-augmented", "a sentence of many words that is far longer than all that it stands beside", "shift-towards"]
]


@pytest.mark.parametrize("columns", ["80", "40", "20"])
def test_what_may_be_typed_is_whole_however_narrow_the_terminal(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_table(["checkpoint", "title", "name"], WIDE * 2)
    drawn = capsys.readouterr().out
    assert "…" not in drawn
    assert all(drawn.count(word) == 2 for word in " ".join(WIDE[0]).split() if len(word) > 4)
    assert max(len(click.unstyle(line)) for line in drawn.splitlines()) <= max(40, int(columns))
    assert ("│" in drawn) == (columns == "80")


@pytest.mark.parametrize("terminal", [False, True])
def test_what_a_terminal_obeys_is_escaped(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    print_table(["name"], [["red \x1b[31m"], ["two\nlines"], ["turned \u202e"], ["a\u00a0° × é"]])
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("red \\x1b[31m", "two\\nlines", "turned \\u202e", "a\u00a0° × é"))


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


def test_a_table_of_nothing_is_its_head(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["name", "n"], [])
    assert capsys.readouterr().out == "name  n\n"


@pytest.mark.parametrize(
    ("words", "taken", "again"),
    [
        ("", "digits", "robustmnist try --checkpoint fc --checkpoint cnn --dataset digits"),
        ("", "mnist", "robustmnist try --checkpoint fc --checkpoint cnn --dataset mnist"),
        ("-c fc -c fc --data-dir d", "mnist", "robustmnist try --checkpoint fc --dataset mnist --data-dir d"),
        ("-c fc --data-dir d", "digits", "robustmnist try --checkpoint fc --dataset digits"),
        ("-c fc --seed 0 -o x --json", "digits", "robustmnist try --checkpoint fc --dataset digits --seed 0"),
        (
            "-c fc --dataset mnist-c:fog --data-dir d",
            "anything",
            "robustmnist try --checkpoint fc --dataset mnist-c:fog --data-dir d",
        ),
        ("-c 'my net' --dataset idx:a/b", "a b", "robustmnist try --checkpoint 'my net' --dataset idx:a/b"),
    ],
)
def test_a_command_can_be_typed_again(
    words: str, taken: str, again: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    monkeypatch.chdir(tmp_path)
    Path("my net").touch()

    @click.command("try")
    @options.checkpoints
    @options.dataset
    @options.data_dir
    @options.seed
    @options.out
    @options.json_output
    @click.pass_context
    def command(ctx: click.Context, **_: object) -> None:
        found.append(command_line(ctx, taken))
        assert was_given(ctx, "seed") == ("--seed" in words)

    group = click.Group("robustmnist", commands={"try": command})
    result = CliRunner().invoke(group, ["try", *shlex.split(words)])
    assert result.exception is None, result.exception
    assert found == [again]


def test_folders_are_named_after_command_and_suites() -> None:
    from robustmnist.suites import load_suites

    assert folder_name("explain") == "explain"
    assert folder_name("evaluate", load_suites(["core"])) == "evaluate-core"
    assert folder_name("evaluate", load_suites(["shift", "rotation"])) == "evaluate-shift-rotation"
