"""``python -m reports.explanations [RUNS] [-n DIGITS]``: which explanations can be believed; needs the real MNIST.

Measures the shipped checkpoints' explanations, looks for planted marks, and follows maps over two sweeps, piece by
piece into the folder RUNS (default runs/explanations; an interrupted run goes on), then writes ``explanations.json``,
``explanations.html`` and the chapter of README here. ``explanations.json`` holds every number of the page.
"""

import json
from pathlib import Path
from typing import Any

import click

from reports.explanation_chapter import chapter
from reports.explanation_page import render
from reports.explanation_pieces import pieces
from robustmnist.system.files import write_atomic
from robustmnist.system.installation import versions

__all__ = ["main"]

HERE = Path(__file__).parent


@click.command()
@click.argument("runs", type=click.Path(path_type=Path), default=HERE.parent / "runs" / "explanations")
@click.option("-n", default=1_000, show_default=True, type=click.IntRange(10), help="How many test digits.")
@click.option("--only", multiple=True, metavar="PIECE", help="Compute only these; the page shows what is there.")
def main(runs: Path, n: int, only: tuple[str, ...]) -> None:
    """Compute what is missing and write the page."""
    runs.mkdir(parents=True, exist_ok=True)
    record: dict[str, Any] = {"versions": versions("numpy", "torch")}
    for name, work in pieces(n).items():
        if _digits_of(runs, name) < n and (not only or name in only):
            click.echo(name)
            write_atomic(runs / f"{name}-{n}.json", _text(work()))
        if most := _digits_of(runs, name):
            record[name] = json.loads((runs / f"{name}-{most}.json").read_text(encoding="utf-8"))
    write_atomic(HERE / "explanations.json", _text(record))
    write_atomic(HERE / "explanations.html", render(record).encode())
    findings = (HERE / "README.md").read_text(encoding="utf-8")
    write_atomic(HERE / "README.md", chapter(findings, record).encode())


def _digits_of(runs: Path, name: str) -> int:
    """Return the most digits that a piece was computed on; 0 where it was not."""
    endings = [path.stem.removeprefix(f"{name}-") for path in runs.glob(f"{name}-*.json")]
    return max((int(digits) for digits in endings if digits.isdecimal()), default=0)


def _text(record: Any) -> bytes:
    return (json.dumps(record, indent=1, allow_nan=False) + "\n").encode()


if __name__ == "__main__":
    main()
