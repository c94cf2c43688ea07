"""The report: one HTML file that needs nothing else, the same bytes for the same run."""

from pathlib import Path

from robustmnist.files import write_atomic
from robustmnist.predictions import Predictions
from robustmnist.report.page import page
from robustmnist.report.readable import readable
from robustmnist.report.study import study
from robustmnist.report.template import fill

__all__ = ["render", "write_report"]


def render(predictions: Predictions) -> str:
    """Return the report of a run as HTML.

    It is one page without script, request or dependence on the time: style and pictures are inside, and the time that
    it tells is that of the run. Every text of the run is escaped.
    """
    return fill("report.html.jinja", page(study(readable(predictions))))


def write_report(predictions: Predictions, path: Path | str) -> Path:
    """Write the report of a run to `path`, whole or not at all, and return the path."""
    path = Path(path)
    write_atomic(path, render(predictions))
    return path
