"""The command line that can be typed to continue, and the folder it is named after."""

import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from robustmnist.cli import options
from robustmnist.cli.continuing import command_line, folder_name, was_given


@pytest.mark.parametrize(
    ("words", "taken", "line"),
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
    words: str, taken: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed: list[str] = []
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
        typed.append(command_line(ctx, taken))
        assert was_given(ctx, "seed") == ("--seed" in words)

    group = click.Group("robustmnist", commands={"try": command})
    result = CliRunner().invoke(group, ["try", *shlex.split(words)])
    assert result.exception is None, result.exception
    assert typed == [line]


def test_folders_are_named_after_command_and_suites() -> None:
    from robustmnist.suites import load_suites

    assert folder_name("explain") == "explain"
    assert folder_name("evaluate", load_suites(["core"])) == "evaluate-core"
    assert folder_name("evaluate", load_suites(["shift", "rotation"])) == "evaluate-shift-rotation"
