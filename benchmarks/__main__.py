"""``python -m benchmarks [NAME …] [-n DIGITS] [--device auto] [--data-dir DIR]``."""

import importlib
from pathlib import Path

import click

from robustmnist.system.device import resolve_device
from robustmnist.system.process import keep_freed_memory, spin_briefly

USUAL = ("startup", "perturbations", "evaluation", "training", "evidence", "agreement", "adopted", "drawing", "explain")
# For minutes each, so by name only: coverage simulates and is the same on every machine, the others train.
NAMES = (*USUAL, "coverage", "augmentation", "plain-pytorch")


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
@click.option("-n", default=10_000, show_default=True, type=click.IntRange(1), help="How many test digits.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder with the MNIST files.")
def main(names: tuple[str, ...], n: int, device: str, data_dir: Path | None) -> None:
    """Run the benchmarks called NAMES and print their tables; without one the usual ones."""
    # As the command line does.
    keep_freed_memory()
    spin_briefly()
    for name in names or USUAL:
        importlib.import_module(f"benchmarks.{name.replace('-', '_')}").run(n, resolve_device(device), data_dir)


if __name__ == "__main__":
    main()
