"""``robustmnist evaluate``."""

import click

from robustmnist.cli import options
from robustmnist.cli.continuing import command_line, folder_name, resumable
from robustmnist.cli.inputs import codes_left, load_checkpoints, load_digits, say_notices
from robustmnist.cli.outputs import writing
from robustmnist.terminal.progress import progress

__all__ = ["command"]


@click.command("evaluate")
@options.suites("shift")
@options.checkpoints
@options.code
@click.option(
    "--explain",
    is_flag=True,
    help="Also explain the mistakes that the report shows: which ink cost the margin, and what brings it back.",
)
@options.work
@options.json_output
@click.pass_context
def command(
    ctx: click.Context,
    suites: tuple[str, ...],
    checkpoints: tuple[str, ...],
    codes: tuple[str, ...],
    explain: bool,
    work: options.Work,
    as_json: bool,
) -> None:
    """Run checkpoints through perturbation suites and report where they fail.

    Writes report.html, summary.csv, run.json and the logits of every image under every setting. After an interrupt, the
    same command with -o FOLDER continues where it stopped.

    \b
    robustmnist evaluate --suite shift
    robustmnist evaluate --suite all --checkpoint cnn --checkpoint runs/mine/best --dataset mnist -o runs/all
    robustmnist evaluate --suite shift --checkpoint mnist_model.h5 --checkpoint cnn
    robustmnist evaluate --suite rotation --explain
    """  # noqa: D301 (click reads a real backspace as "keep these lines")
    from robustmnist.suites import load_suites
    from robustmnist.system.device import resolve_device

    chosen = load_suites(suites, code=codes)
    where = resolve_device(work.device)
    models = load_checkpoints(checkpoints, where, codes_left(codes, chosen), work.data_dir)
    data = load_digits(work, where)
    line = command_line(ctx, data.name)

    from robustmnist.evaluation import evaluate
    from robustmnist.report import write_report
    from robustmnist.system.folders import output_folder

    names = {checkpoint.name: checkpoint for checkpoint in models.values()}
    with (
        output_folder(work.out, folder_name("evaluate", chosen)) as folder,
        resumable(ctx, command_line(ctx, data.name, folder)),
    ):
        with progress("Evaluating", unit="settings", images=True) as report:
            predictions = evaluate(
                names, data, chosen, device=where, seed=work.seed, out=folder, on_progress=report, command=line
            )
        say_notices(predictions.manifest, data)
        if explain:
            from robustmnist.evaluation.reasons import explain_mistakes

            with progress("Explaining", unit="digits read") as report, writing(folder):
                explain_mistakes(predictions, data.to(where), names, chosen, folder, seed=work.seed, on_progress=report)
        with writing(folder):
            page = write_report(predictions, folder / "report.html")
    from robustmnist.terminal.evaluation import show_headline

    show_headline(predictions, folder, page, as_json=as_json)
