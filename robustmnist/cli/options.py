"""Options that several commands share, alone or in groups."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from robustmnist.cli import names
from robustmnist.errors import InputError

__all__ = [
    "Work",
    "checkpoints",
    "code",
    "contract",
    "data_dir",
    "dataset",
    "device",
    "digits",
    "fix",
    "json_output",
    "limit",
    "out",
    "seed",
    "suite",
    "suites",
    "work",
]

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Work:
    """What was given to the options of `work`: which digits, where to compute, with which seed, where to write."""

    dataset: str
    data_dir: Path | None
    limit: int | None
    first: int | None
    device: str
    seed: int | None
    out: Path | None
    fix: bool


def work(command: F) -> F:
    """Add the options of a command that computes with digits; it takes their values as one `Work`, ``work``.

    These are the options of `digits`, ``--seed``, ``-o/--out`` and ``--fix``.
    """
    keys = [field.name for field in fields(Work)]

    @functools.wraps(command)
    def gathered(*arguments: Any, **given: Any) -> Any:
        values = {name: given.pop(name) for name in keys}
        return command(*arguments, **given, work=Work(**values))

    return cast(F, digits(seed(out(fix(gathered)))))


def digits(command: F) -> F:
    """Add the choice of digits and device: ``--dataset``, ``--data-dir``, ``--limit``, ``--first``, ``--device``."""
    return dataset(data_dir(limit(device(command))))


def suites(*default: str, more: str = "", check: bool = True) -> Callable[[F], F]:
    """Add ``--suite``, which may be given several times; without a `default` it is required.

    Args:
        default: The suites where none is given.
        more: Help text of this command after the common text.
        check: Whether they must be suites of today, not those of a run.
    """
    given: dict[str, Any] = {"default": default, "show_default": True} if default else {"required": True}
    return click.option(
        "-s",
        "--suite",
        "suites",
        multiple=True,
        metavar="NAME|PATH|core|all",
        callback=names.check_suites if check else None,
        shell_complete=names.complete(names.suite_names),
        help="A shipped suite's name, a path to a TOML file, core (the six basic suites) or all; may be given several "
        "times." + more,
        **given,
    )


def suite(command: F) -> F:
    """Add ``--suite`` of a command that takes a single suite, or none."""
    return click.option(
        "-s",
        "--suite",
        multiple=True,
        callback=_only,
        shell_complete=names.complete(names.suite_names),
        metavar="NAME|PATH",
        help="Also perturb the digits as this suite does; requires --value.",
    )(command)


def _only(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> str | None:
    """Return the suite that was given; refuse several, of which click would silently take the last."""
    if len(given) > 1:
        raise InputError("takes one suite", where="--suite", remedy="explain the others in runs of their own")
    return names.check_suite(given[0] if given else None)


def device(command: F) -> F:
    """Add ``--device``."""
    return click.option(
        "--device",
        default="auto",
        show_default=True,
        metavar="auto|cpu|cuda[:N]",
        callback=names.check_device,
        shell_complete=names.complete(lambda: names.DEVICES, files=False),
        help="Where to compute.",
    )(command)


def seed(command: F) -> F:
    """Add ``--seed``."""
    return click.option(
        "--seed",
        type=click.IntRange(0, 2**63 - 1),
        metavar="N",
        help="Seed of all randomness.  [default: that of each suite]",
    )(command)


def data_dir(command: F) -> F:
    """Add ``--data-dir``."""
    return click.option(
        "--data-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder with the files of MNIST or MNIST-C.  [default: $ROBUSTMNIST_DATA, else the user's cache]",
    )(command)


def dataset(command: F) -> F:
    """Add ``--dataset``."""
    return click.option(
        "--dataset",
        callback=names.check_dataset,
        shell_complete=names.complete(names.dataset_names),
        default="auto",
        show_default=True,
        metavar="auto|mnist|digits|printed|strokes|mnist-c:CORRUPTION|idx:DIR|png:DIR|csv:FILE|…",
        help="mnist: its 10,000 test digits; digits: the 1,797 embedded ones; digits:test: the embedded digits "
        "that no training uses; auto: mnist if it can be found or downloaded; mnist-c:fog and so on: the published "
        "files of MNIST-C; printed, strokes: made here, of fonts and of pen strokes; 'robustmnist datasets' lists all "
        "that there are, files of your own and published sets.",
    )(command)


def limit(command: F) -> F:
    """Add ``--limit`` and ``--first``, of which one may be given."""
    sample = click.option(
        "--limit",
        type=click.IntRange(1),
        metavar="N",
        callback=_without("first"),
        help="Use only N digits: a random sample, always the same, with every class in proportion.",
    )
    head = click.option(
        "--first",
        type=click.IntRange(1),
        metavar="N",
        callback=_without("limit"),
        help="Use only the first N digits, which may differ from the rest.",
    )
    return sample(head(command))


def _without(other: str) -> Callable[[click.Context, click.Parameter, int | None], int | None]:
    """Return a callback that refuses an option together with `other`, in either order."""

    def check(ctx: click.Context, _: click.Parameter, given: int | None) -> int | None:
        if given is not None and ctx.params.get(other) is not None:
            raise click.UsageError("give --limit or --first, not both: a sample of all digits, or the first of them.")
        return given

    return check


def checkpoints(command: F) -> F:
    """Add ``--checkpoint``, which may be given several times."""
    return click.option(
        "-c",
        "--checkpoint",
        "checkpoints",
        multiple=True,
        default=("fc", "cnn"),
        show_default=True,
        metavar="NAME|PATH",
        callback=names.check_checkpoints,
        shell_complete=names.complete(names.checkpoint_names),
        help="A shipped checkpoint's name, a path to weights, or a model file of your own; may be given several times.",
    )(command)


def code(command: F) -> F:
    """Add ``--code``, which may be given several times."""
    return click.option(
        "--code",
        "codes",
        multiple=True,
        metavar="FILE.py:NAME",
        help="Code that your model, recipe or suite names; it is run. May be given several times.",
    )(command)


def contract(command: F) -> F:
    """Add a model file and the options that describe it: ``--code``, ``--input`` and ``--output``."""
    file = click.argument("file", metavar="FILE|FILE.py:NAME")
    code = click.option(
        "--code", metavar="FILE.py:NAME", help="The class that the weights belong to, or a function; it is run."
    )
    fed = click.option(
        "--input",
        "input_",
        metavar="WORDS",
        help="The input that the model needs: 0..1, 0..255, -1..1, mean=M,sd=S, per-image; dark, transposed, size=N, "
        "resize or pad, channels=3, nchw, nhwc, hw, flat.  [default: found by likelihood]",
    )
    read = click.option(
        "--output",
        metavar="WORDS",
        help="What the model returns: logits, probabilities, log-probabilities or labels, and classes=1/2/…/0 if its "
        "columns are in another order.  [default: found]",
    )
    return file(code(fed(read(command))))


def out(command: F) -> F:
    """Add ``-o/--out``."""
    return click.option(
        "-o", "--out", type=click.Path(path_type=Path), help="Where to write.  [default: a new folder in runs/]"
    )(command)


def fix(command: F) -> F:
    """Add ``--fix``."""
    return click.option(
        "--fix",
        is_flag=True,
        help="Put digits right that are inverted, turned, labelled otherwise or of another size, and say so.",
    )(command)


def json_output(command: F) -> F:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on standard output.")(command)
