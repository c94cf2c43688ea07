"""The command line: one command per file, imported only when it is called."""

import importlib
import sys

import click

from robustmnist import __version__
from robustmnist.errors import RobustMnistError
from robustmnist.process import keep_freed_memory, spin_briefly

__all__ = ["COMMANDS", "cli", "main"]

# The line that --help shows, kept here so that --help imports no command (a test holds it against the command's own).
COMMANDS = {
    "train": "Train a checkpoint from a recipe.",
    "evaluate": "Run checkpoints through perturbation suites and report where they fail.",
    "explain": "Show which pixels a checkpoint looked at, clean and perturbed.",
    "perturb": "Write perturbed data sets that any other program can read.",
    "measure": "Measure digits: their place, size, slant, angle, stroke and ink.",
    "compare": "Say which checkpoint is better: paired, with intervals and corrected p-values.",
    "gate": "Fail where a run is not good enough: made for continuous integration.",
    "report": "Render the report of a run again from disk, without a model.",
    "suites": "List the perturbation suites.",
    "checkpoints": "List the checkpoints.",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"robustmnist.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="robustmnist")
def cli() -> None:
    """Find out what 99 % on MNIST hides.

    \b
    robustmnist evaluate --suite shift
    robustmnist explain --checkpoint cnn --suite rotation --value 45 --mistakes 25
    robustmnist train cnn --epochs 3
    """  # noqa: D301 (click reads a real \b as "keep these lines")


def main() -> None:
    """Run the command line: one line and exit code 2 for bad input, 1 for a failure, 130 for an interrupt."""
    keep_freed_memory()
    spin_briefly()
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        _show(error)
        sys.exit(error.exit_code)
    except RobustMnistError as error:
        click.echo(f"robustmnist: {error}", err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("robustmnist: interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:  # a full disk, a folder that went away
        click.echo(f"robustmnist: {error}", err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def _show(error: click.ClickException) -> None:
    """Print what click found wrong, in one line as any other mistake; without any word on the line: the help."""
    if isinstance(error, click.UsageError) and error.ctx is not None and len(sys.argv) > 1:
        path = error.ctx.command_path
        click.echo(f"{path}: {error.format_message().rstrip('.')}; see '{path} --help'", err=True)
    else:
        error.show()
