"""``robustmnist predict``."""

from pathlib import Path

import click

from robustmnist.cli import options
from robustmnist.cli.inputs import load_checkpoints
from robustmnist.cli.outputs import check_folder, writing
from robustmnist.errors import InputError
from robustmnist.terminal.echo import echo, echo_json, say

__all__ = ["command"]

MOST_SHOWN = 4  # pictures on the terminal; of more only the table


@click.command("predict")
@click.argument("files", metavar="FILE|FOLDER...", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.checkpoints
@options.code
@options.data_dir
@options.device
@click.option("-o", "--out", type=click.Path(path_type=Path), help="A folder for the 28 × 28 pictures that were seen.")
@options.json_output
def command(
    files: tuple[Path, ...],
    checkpoints: tuple[str, ...],
    codes: tuple[str, ...],
    data_dir: Path | None,
    device: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Read the digit in a picture: PNG or JPEG, drawn, photographed or scanned.

    Prints what each checkpoint reads and how confident it is, whether dark ink or light ink was found, and the 28 × 28
    pixels that the models see. Confidence is softmax of the logits at the temperature on the checkpoint's card.

    \b
    robustmnist predict seven.png
    robustmnist predict scans/ -c cnn -c cnn-augmented --json
    """  # noqa: D301 (click reads a real backspace as "keep these lines")
    check_folder(out)
    from robustmnist.sketchpad.reading import picture_files, png_of, read_files, seen_levels
    from robustmnist.system.device import resolve_device
    from robustmnist.system.files import write_atomic
    from robustmnist.terminal.reading import print_pictures, print_readings

    pictures = picture_files(files)
    names = _names(pictures) if out is not None else []
    where = resolve_device(device)
    models = load_checkpoints(checkpoints, where, codes, data_dir)
    readings = read_files(pictures, models, where)
    if out is not None:
        with writing(out):
            out.mkdir(parents=True, exist_ok=True)
            for name, reading in zip(names, readings, strict=True):
                write_atomic(out / name, png_of(reading))
        say(f"{len(names):,} {'picture' if len(names) == 1 else 'pictures'} written to {out}")
    if as_json:
        echo_json({"files": [reading.as_dict() for reading in readings]})
        return
    print_readings(
        [
            (
                str(reading.file),
                reading.picture.said,
                [(answer.model, answer.digit, answer.confidence) for answer in reading.answers],
            )
            for reading in readings
        ]
    )
    if len(readings) <= MOST_SHOWN:
        print_pictures([(reading.file.name, seen_levels(reading)) for reading in readings if not reading.picture.blank])
    elif out is None:
        echo()
        echo("-o FOLDER keeps the 28 × 28 pictures that the models saw.")


def _names(files: list[Path]) -> list[str]:
    """Return a name for the picture of each file; of two files with the same name the second has its folder before it.

    Raises:
        InputError: If two of them would still have the same.
    """
    names: list[str] = []
    for file in files:
        name = f"{file.stem}.png"
        names.append(f"{file.parent.name}-{name}" if name in names else name)
    if len(set(names)) != len(names):
        raise InputError(
            "would write two pictures of the same name", where="--out", remedy="give fewer folders at once"
        )
    return names
