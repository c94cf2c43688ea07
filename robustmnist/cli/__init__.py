"""The command line: one command per file, imported only when it is called."""

import sys

try:
    import importlib
    import signal
    from traceback import walk_tb
    from types import FrameType

    import click

    from robustmnist.errors import RobustMnistError
    from robustmnist.system.installation import __version__
    from robustmnist.system.process import keep_freed_memory, spin_briefly
    from robustmnist.terminal.echo import say
    from robustmnist.terminal.streams import give_up_stdout, ready_streams
except KeyboardInterrupt:  # in the first tenth of a second, before `main` can report it
    sys.exit(130)

__all__ = ["COMMANDS", "cli", "main"]

# The line that --help shows, kept here so that --help imports no command (a test holds it against the command's own).
COMMANDS = {
    "train": "Train a checkpoint from a recipe.",
    "ablate": "Show which properties of a recipe matter: train changes of it with several seeds.",
    "evaluate": "Run checkpoints through perturbation suites and report where they fail.",
    "explain": "Show why a digit is misread: which ink cost the margin, at which strength, what brings it back.",
    "perturb": "Write perturbed data sets that any other program can read.",
    "inspect": "Look at data sets: classes, pixels, how digits are written, copies, hard digits, doubtful labels.",
    "measure": "Measure digits: position, size, slant, angle, stroke width and ink.",
    "compare": "Compare checkpoints digit by digit, with intervals and corrected p-values.",
    "generalise": "Show whether checkpoints read other hands, pens and print, and why not.",
    "gate": "Fail if a run is not good enough: for continuous integration.",
    "report": "Write the report of a run again from its folder, without a model.",
    "adopt": "Take in a model that was trained elsewhere: Keras, torch, ONNX, or your own code.",
    "check-model": "Show which input a model needs and what is wrong with it; write nothing.",
    "export": "Write a checkpoint as one file for other programs: ONNX, torch or NumPy.",
    "predict": "Read the digit in a picture: PNG or JPEG, drawn, photographed or scanned.",
    "draw": "Draw a digit: what the models see of it, what they answer, and how far it may go.",
    "figure": "Draw a figure of a run for a slide, a paper or a lesson.",
    "datasets": "List what --dataset takes: published sets of digits, and files of your own.",
    "suites": "List the perturbation suites.",
    "checkpoints": "List the checkpoints.",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"robustmnist.cli.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            from robustmnist.system.validation import did_you_mean

            ctx.fail(f"No such command '{args[0]}'{did_you_mean(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


COMPLETION = """\b
Completion by the Tab key, in the start-up file of your shell:
  bash  eval "$(_ROBUSTMNIST_COMPLETE=bash_source robustmnist)"
  zsh   eval "$(_ROBUSTMNIST_COMPLETE=zsh_source robustmnist)"
  fish  _ROBUSTMNIST_COMPLETE=fish_source robustmnist | source
"""


@click.group(
    cls=_LazyGroup,
    epilog=COMPLETION,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
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
    interrupts: list[int] = []
    try:
        _remember(interrupts)
        ready_streams()
        keep_freed_memory()
        spin_briefly()
        code = cli.main(standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:
        # An import that is interrupted may end in any error: a module without a part, a recursion.
        code = _tell(KeyboardInterrupt() if interrupts else error)
    sys.exit(code if isinstance(code, int) else 0)


def _remember(interrupts: list[int]) -> None:
    """Let an interrupt append its number to `interrupts` and raise; an ignored interrupt stays ignored."""

    def interrupt(number: int, _: FrameType | None) -> None:
        interrupts.append(number)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)


def _tell(error: BaseException) -> int:
    """Print the error that ended the command, a line per mistake, and return the exit code; raise unknown errors."""
    if isinstance(error, click.ClickException):
        _show(error)
        return error.exit_code
    if isinstance(error, RobustMnistError):
        _say(str(error))
        return error.exit_code
    if isinstance(error, KeyboardInterrupt | click.Abort):
        _say("interrupted")
        return 130
    if isinstance(error, OSError):  # a folder that went away, a full disk behind standard output
        printing = any(frame.f_code is click.echo.__code__ for frame, _ in walk_tb(error.__traceback__))
        if printing:
            give_up_stdout()
        what = f"standard output: cannot be written ({error.strerror}); send it somewhere else"
        _say(what if printing else str(error))
        return 1
    raise error


def _say(words: str) -> None:
    for line in words.split("\n"):
        say(f"robustmnist: {line}")


def _show(error: click.ClickException) -> None:
    """Print click's error in one line like any other; print the help where the command line is empty."""
    if len(sys.argv) == 1:
        error.show()
    elif isinstance(error, click.UsageError) and error.ctx is not None:
        path = error.ctx.command_path
        say(f"{path}: {error.format_message().rstrip('.')}; see '{path} --help'")
    else:
        _say(error.format_message())
