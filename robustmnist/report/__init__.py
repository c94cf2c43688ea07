"""One HTML page from the predictions of a run: dataclasses, figures, template, file. Knows no model and no torch."""

from robustmnist.report.page import render as render
from robustmnist.report.page import write_report as write_report

__all__ = ["render", "write_report"]


def __dir__() -> list[str]:
    return sorted(__all__)
