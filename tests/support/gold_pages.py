"""The gold pages: reports of small made-up runs, scrubbed of what may differ without a fault.

``PYTHONPATH=tests python -m support.gold_pages`` writes them to tests/gold again; see the README there.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from robustmnist.predictions import Predictions
from robustmnist.report import render
from support.synthetic import make_suite, make_sweep, synthetic_predictions

__all__ = ["GOLD", "gold_runs", "scrubbed"]

GOLD = Path(__file__).parents[1] / "gold"


def gold_runs() -> Mapping[str, Predictions]:
    """Return the runs by the names of their pages: one with everything that a page can show, one with the least."""
    shift = make_suite("shift", make_sweep(values=(0, 2, 4)), make_sweep("left", values=(0, 2, 4)))
    turn = make_suite("rotation", make_sweep("angle", "rotation", "angle", "°", (-60, -30, 0, 30, 60)))
    points = make_sweep("map", "shift", "dx", "px", (-1, 0, 1), over={"dy": (-1.0, 0.0, 1.0)}, crossed={"dy": 0.0})
    worst = make_sweep("random", "random-pose", "extent", "fraction", (0, 1), draws=5)
    suites = [shift, turn, make_suite("shift-map", points), make_suite("worst-of-k", worst)]
    return {
        "whole.html": synthetic_predictions(("fc", "cnn"), n=60, suites=suites),
        "least.html": synthetic_predictions(("one",), n=40, suites=[make_suite("s", make_sweep())], digits=False),
    }


def scrubbed(html: str) -> str:
    """Return a page without its style sheet and its pictures, whose bytes depend on the zlib at hand."""
    html = re.sub(r"<style>.*?</style>", "<style>…</style>", html, flags=re.DOTALL)
    return re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "data:…", html)


def main() -> None:
    """Write the gold pages."""
    GOLD.mkdir(exist_ok=True)
    for name, run in gold_runs().items():
        (GOLD / name).write_text(scrubbed(render(run)), encoding="utf-8")


if __name__ == "__main__":
    main()
