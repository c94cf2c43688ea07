"""``robustmnist ablate``."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from robustmnist.cli import options
from robustmnist.cli.continuing import resumable, was_given
from robustmnist.terminal.echo import echo, echo_json, say
from robustmnist.terminal.progress import progress
from robustmnist.terminal.table import print_table
from robustmnist.wording.numbers import percent, points_text, typed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["command"]

LEVEL = 0.05  # of the corrected p-value below which a difference is clear


@click.command("ablate")
@click.argument("study", metavar="STUDY.toml|FOLDER", type=click.Path(path_type=Path))
@click.option(
    "-j", "--jobs", type=click.IntRange(1, 64), default=1, show_default=True, metavar="N", help="Trainings at once."
)
@options.device
@options.data_dir
@options.out
@options.json_output
@click.pass_context
def command(
    ctx: click.Context,
    study: Path,
    jobs: int,
    device: str,
    data_dir: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Show which properties of a recipe matter: train changes of it with several seeds.

    STUDY.toml names a recipe, changes of it, seeds and suites. Every change is trained with every seed and evaluated;
    the page says which of them make a clear difference to accuracy, robustness and calibration. The same command with
    the same -o continues where it was interrupted. A FOLDER of a study is only rendered again.

    \b
    robustmnist ablate reports/ablation-fc.toml -o runs/ablation-fc
    robustmnist ablate mine.toml --device cuda --jobs 8
    robustmnist ablate runs/ablation-fc
    """  # noqa: D301 (click reads a real \b as "keep these lines")
    from robustmnist.ablation import ablate, load_study
    from robustmnist.ablation.folder import StudyFolder
    from robustmnist.ablation.page import write_study
    from robustmnist.ablation.study import read_study
    from robustmnist.cli.outputs import is_folder, writing
    from robustmnist.system.folders import output_folder

    if is_folder(study):
        if out is not None:
            raise click.UsageError("a FOLDER is rendered where it is: leave -o out.")
        folder = StudyFolder(study)
        with writing(study):
            effects = write_study(folder, read_study(folder.study))
    else:
        wanted = load_study(study)
        with output_folder(out, study.stem) as path:
            line = _continuing(ctx, study, path)
            with (
                resumable(ctx, line, path / "study.toml"),
                progress(f"ablate {study.stem}", unit="trainings") as report,
            ):
                folder = ablate(wanted, study, path, device=device, data_dir=data_dir, jobs=jobs, on_progress=report)
            effects = write_study(folder, wanted)
    _show(effects, folder.page, as_json=as_json)


def _show(effects: "pd.DataFrame", page: Path, *, as_json: bool) -> None:
    if as_json:
        echo_json({"effects": effects.to_dict("records"), "page": str(page)})
        return
    from robustmnist.ablation.effects import measured

    both = [measured(effects, measure) for measure in ("accuracy", "area")]
    rows = [[name, *(text for table in both for text in _texts(table[name]))] for name in both[0]]
    print_table(["change", "accuracy", "difference", "mean area", "difference"], rows)
    say("* clear after Holm's correction for all comparisons, 5 %")
    echo(f"page: {page}")


def _texts(row: dict[str, float]) -> tuple[str, str]:
    clear = "*" if row["p_holm"] < LEVEL else ""
    return typed(percent(row["value"], 2)), typed(points_text(row["difference"], signed=True)) + clear


def _continuing(ctx: click.Context, study: Path, folder: Path) -> str:
    words = ["robustmnist", "ablate", str(study), "-o", str(folder)]
    for name in ("device", "data_dir", "jobs"):
        if was_given(ctx, name):
            words += [f"--{name.replace('_', '-')}", str(ctx.params[name])]
    return shlex.join(words)
