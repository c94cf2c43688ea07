"""The page of ``robustmnist compare``: the comparison section of the report and where its numbers come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from robustmnist.errors import RunError
from robustmnist.overview.gather import gather
from robustmnist.overview.in_words import NAME
from robustmnist.overview.printable_run import printable_run
from robustmnist.page.colours import hue
from robustmnist.page.records import Banner, Fact, Key, Table
from robustmnist.page.template import fill
from robustmnist.predictions import Predictions
from robustmnist.report.comparison.section import ComparisonSection, comparison_section
from robustmnist.report.provenance.section import (
    adopted_table,
    banners,
    checkpoint_table,
    command,
    facts,
    generator,
    suite_table,
)
from robustmnist.results import RESAMPLES
from robustmnist.system.files import write_atomic
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import listing

__all__ = ["ComparePage", "render_comparison", "write_comparison"]


@dataclass(frozen=True)
class ComparePage:
    """What the page shows."""

    title: str
    question: str
    generator: str
    keys: tuple[Key, ...]
    banners: tuple[Banner, ...]
    facts: tuple[Fact, ...]
    section: ComparisonSection
    command: str
    checkpoints: Table
    adopted: Table | None
    suites: Table


def render_comparison(
    predictions: Predictions, resamples: int = RESAMPLES, seeds: Sequence[Sequence[str]] | None = None
) -> str:
    """Return the comparison of a run's checkpoints as HTML: one page without script or request, as the report is.

    Args:
        predictions: What was evaluated.
        resamples: Of the bootstrap over images.
        seeds: Groups of checkpoints that are of one recipe and different seeds; None: those that the run's manifest
            tells.

    Raises:
        RunError: If there are not two checkpoints, no suite has a curve, or a checkpoint of a group was not evaluated.
    """
    run = gather(printable_run(predictions))
    if seeds is not None:  # under the names that can be printed
        seeds = [[run.clean[predictions.index(name)].name for name in group] for group in seeds]
    section = comparison_section(run, resamples, seeds)
    if section is None:
        raise RunError(
            "there is nothing to compare",
            remedy="give two checkpoints or more and a suite with a sweep that is a curve",
        )
    names = [shorten(checkpoint.name, NAME) for checkpoint in run.clean]
    page = ComparePage(
        title=f"robustmnist: {listing(names)} compared",
        question=f"Which is better, {listing(names, 'or')}?",
        generator=generator(run),
        keys=tuple(Key(hue(checkpoint.index), name) for checkpoint, name in zip(run.clean, names, strict=True)),
        banners=banners(run),
        facts=facts(run),
        section=section,
        command=command(run),
        checkpoints=checkpoint_table(run),
        adopted=adopted_table(run),
        suites=suite_table(run),
    )
    return fill("templates/compare.html.jinja", package="robustmnist.report", page=page)


def write_comparison(predictions: Predictions, path: Path | str, resamples: int = RESAMPLES) -> Path:
    """Write the comparison of a run's checkpoints to `path`, whole or not at all, and return the path."""
    path = Path(path)
    write_atomic(path, render_comparison(predictions, resamples))
    return path
