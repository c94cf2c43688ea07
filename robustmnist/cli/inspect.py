"""``robustmnist inspect``."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from robustmnist.cli import names, options
from robustmnist.cli.continuing import was_given
from robustmnist.cli.inputs import load_checkpoints, load_test_digits, refuse_codes
from robustmnist.terminal.echo import echo, echo_json, say
from robustmnist.terminal.progress import progress

if TYPE_CHECKING:
    from robustmnist.data import Dataset

__all__ = ["command"]


@click.command("inspect")
@click.argument("datasets", nargs=-1, metavar="[DATASET]...", callback=names.check_datasets)
@click.option(
    "--dataset",
    "more",
    multiple=True,
    metavar="DATASET",
    callback=names.check_datasets,
    shell_complete=names.complete(names.dataset_names),
    help="The same as the argument, as other commands have it; may be given several times.",
)
@click.option(
    "--part", type=click.Choice(["test", "train"]), default="test", show_default=True, help="Which part of MNIST."
)
@options.data_dir
@options.limit
@click.option(
    "-c",
    "--checkpoint",
    "checkpoints",
    multiple=True,
    metavar="NAME|PATH",
    callback=names.check_checkpoints,
    shell_complete=names.complete(names.checkpoint_names),
    help="Show the digits that it finds hardest; with several, the labels that all of them doubt.",
)
@options.code
@options.device
@options.out
@options.json_output
@click.pass_context
def command(
    ctx: click.Context,
    datasets: tuple[str, ...],
    more: tuple[str, ...],
    part: str,
    data_dir: Path | None,
    limit: int | None,
    first: int | None,
    checkpoints: tuple[str, ...],
    codes: tuple[str, ...],
    device: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Look at data sets: classes, pixels, how digits are written, copies, hard digits, doubtful labels.

    DATASET is mnist, digits, idx:DIR and so on (robustmnist datasets lists all); auto if none is given. Two are
    compared on one page, with figures and tables beside it. Digits that look inverted, turned, wrongly labelled or
    copied from MNIST are reported.

    \b
    robustmnist inspect digits
    robustmnist inspect mnist digits -c cnn -c fc -o look
    """  # noqa: D301 (click reads a real \b as "keep these lines")
    from robustmnist.cli.outputs import check_folder, writing
    from robustmnist.inspection.facts import gather
    from robustmnist.inspection.figures import draw_figures
    from robustmnist.inspection.page import render_inspection
    from robustmnist.inspection.preflight import preflight
    from robustmnist.inspection.tables import digit_table, summary_table
    from robustmnist.results import table_csv
    from robustmnist.system.device import resolve_device
    from robustmnist.system.files import write_atomic
    from robustmnist.system.folders import output_folder
    from robustmnist.wording.numbers import many

    check_folder(out)
    where = resolve_device(device)
    models = dict(load_checkpoints(checkpoints, where, codes, data_dir)) if checkpoints else {}
    if not checkpoints:
        refuse_codes(codes)
    several = []
    chosen = (*datasets, *more) or ("auto",)

    def look(data: "Dataset") -> "Dataset":
        """Say what looks wrong; nothing is refused, for this is the place to see it."""
        said = [finding.said for finding in preflight(data, data_dir=data_dir) if finding.said]
        for sentence in said:
            say(f"notice: {data.name}: {sentence}")
        return data.with_provenance(warnings=tuple(said))

    for name in chosen:
        data = load_test_digits(name, data_dir, limit, where, first=first, part=part, check=look)
        with progress(f"Inspecting {data.name}", unit="digits", images=True) as report:
            several.append(gather(data, models, report))
    words = ["robustmnist", "inspect"]
    words += [facts.dataset.name if name == "auto" else name for name, facts in zip(chosen, several, strict=True)]
    words += [word for name in checkpoints for word in ("-c", name)]
    words += [word for code in codes for word in ("--code", code)]
    for name in ("part", "limit", "first"):
        if was_given(ctx, name):
            words += [f"--{name}", str(ctx.params[name])]
    with output_folder(out, "inspect") as folder, writing(folder):
        for at, facts in enumerate(several):
            end = f"-{at + 1}" if len(several) > 1 else ""
            write_atomic(folder / f"digits{end}.csv", table_csv(digit_table(facts), "%.6g"))
        for file, content in draw_figures(several).items():
            write_atomic(folder / file, content)
        summary = summary_table(several)
        write_atomic(folder / "summary.csv", table_csv(summary, "%.6g"))
        write_atomic(folder / "inspect.html", render_inspection(several, shlex.join(words)))
    if as_json:
        echo_json({"folder": str(folder), "summary": summary.to_dict("records")})
        return
    for facts in several:
        there = f"{many(len(facts.labels), 'digit')}, copies: {facts.neighbours.copies:,}"
        echo(f"{facts.dataset.name}: {there}")
        if facts.hard is not None and len(facts.hard.names) > 1:
            ids = ", ".join(str(facts.ids[row]) for row in facts.hard.doubted[:20])
            echo(f"  labels in doubt: {len(facts.hard.doubted):,}{f' (ids {ids})' if ids else ''}")
    echo(f"summary: {folder / 'summary.csv'}")
    echo(f"page: {folder / 'inspect.html'}")
