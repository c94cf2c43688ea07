"""``python -m reports [RUNS]``: make the published results again; needs the real MNIST test digits.

Evaluates the shipped checkpoints on every shipped suite into the folder RUNS (default runs/published; an interrupted
run goes on), renders the pages, writes the tables and the findings here, and puts the figures into README.
"""

import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from reports import ablations, contract
from reports.chapters import with_chapter
from reports.curves import curves
from reports.explanation_chapter import chapter
from reports.findings import findings
from reports.readme import checkpoint_table, fill, headline_table
from robustmnist.page.colours import DARK, LIGHT
from robustmnist.predictions import Predictions, read_predictions
from robustmnist.report import write_report
from robustmnist.results import (
    areas,
    compare,
    critical_strengths,
    headline,
    mean_corruption_errors,
    quality,
    summarise,
    table_csv,
)
from robustmnist.suites import SHIPPED
from robustmnist.system.files import write_atomic

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
CHECKPOINTS = ("fc", "cnn", "cnn-augmented")
MAPS = ("shift-map", "worst-of-k")  # their many points make a page of their own


def main() -> None:
    """Evaluate the shipped checkpoints and write everything that is published."""
    runs = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "runs" / "published"
    run = evaluate([name for name in SHIPPED if name not in MAPS], runs / "curves")
    maps = evaluate(MAPS, runs / "maps")
    write_report(run, HERE / "report.html")
    write_report(maps, HERE / "maps.html")
    write_atomic(HERE / "summary.csv", (runs / "curves" / "summary.csv").read_bytes())
    first, *others = CHECKPOINTS
    tables = {
        "headline": headline(run),
        "areas": areas(run),
        "critical": critical_strengths(run),
        "quality": quality(run),
        "mce": mean_corruption_errors(run, first, unequal="mean-error"),
        "comparison": pd.concat(
            [compare(run, a, b).sweeps.assign(a=a, b=b) for a, b in [(first, others[0]), (others[0], others[1])]]
        ),
    }
    for name, table in tables.items():
        write_atomic(HERE / f"{name}.csv", table_csv(table, "%.6f"))
    record = HERE / "explanations.json"  # of ``python -m reports.explanations``, which is run by itself
    text = with_chapter(findings(run, maps), ablations.chapter())
    if record.exists():
        text = chapter(text, json.loads(record.read_text(encoding="utf-8")))
    write_atomic(HERE / "README.md", text)
    summary = summarise(run)
    write_atomic(HERE / "curves.svg", curves(run, summary, LIGHT))
    write_atomic(HERE / "curves-dark.svg", curves(run, summary, DARK))
    contract.main()
    text = README.read_text(encoding="utf-8")
    for name, content in {
        "findings": headline_table(tables["headline"], tables["critical"]),
        "checkpoints": checkpoint_table(),
    }.items():
        text = fill(text, name, content)
    write_atomic(README, text)


def evaluate(suites: Sequence[str], run: Path) -> Predictions:
    """Evaluate the shipped checkpoints on the MNIST test digits, or go on with it, and return the predictions."""
    words = [word for name in suites for word in ("--suite", name)]
    words += [word for name in CHECKPOINTS for word in ("--checkpoint", name)]
    words = ["evaluate", *words, "--dataset", "mnist", "-o"]
    subprocess.run([sys.executable, "-m", "robustmnist", *words, str(run)], check=True)
    predictions = read_predictions(run)
    # The folders of this machine mean nothing elsewhere; the hashes say which digits they are.
    known = predictions.manifest
    general = {
        "dataset": {**known["dataset"], "source": "the MNIST test files"},
        "command": shlex.join(["robustmnist", *words, f"runs/published/{run.name}"]),
    }
    return replace(predictions, manifest={**known, **general})


if __name__ == "__main__":
    main()
