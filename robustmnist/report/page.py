"""From the numbers of a run to the records that the templates show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from robustmnist.overview.gather import gather
from robustmnist.overview.in_words import NAME
from robustmnist.overview.overview import Overview
from robustmnist.overview.printable_run import printable_run
from robustmnist.page.colours import hue
from robustmnist.page.records import Answer, Banner, Fact, Key, Table
from robustmnist.page.template import fill
from robustmnist.predictions import Predictions
from robustmnist.predictions.reasons import Question, Reason, Reasons, read_reasons
from robustmnist.report.breakdown.section import Breaks, breaks_section
from robustmnist.report.comparison.section import ComparisonSection, comparison_section
from robustmnist.report.comparison.words import SINGLE_CHECKPOINT
from robustmnist.report.confidence.section import TrustSection, trust_section
from robustmnist.report.how_to_read import HOW_TITLE, how_to_read
from robustmnist.report.mistakes.section import Fails, fails_section
from robustmnist.report.provenance.realised import realised_table
from robustmnist.report.provenance.section import (
    adopted_table,
    banners,
    checkpoint_table,
    command,
    facts,
    generator,
    provenance,
    suite_table,
)
from robustmnist.report.provenance.words import COMMAND_NOTE
from robustmnist.report.robustness.section import Robust, robust_section
from robustmnist.report.robustness.words import answer
from robustmnist.system.files import write_atomic
from robustmnist.wording.characters import printable, shorten
from robustmnist.wording.numbers import listing

__all__ = ["BESIDE", "Done", "Page", "page", "render", "write_report"]

# Pages of other commands, which the report links where they lie beside it, and what it calls them.
BESIDE = {
    "generalisation.html": "Does it generalise?",
    "explain.html": "Why is it misread?",
    "digit.html": "Draw a digit",
}
MANY = "How far can a digit be disturbed before the classifier fails?"


@dataclass(frozen=True)
class Done:
    """What was done: command, provenance, checkpoints, models of the user's, suites, and what strengths came to."""

    note: str
    command: str
    facts: tuple[Fact, ...]
    checkpoints: Table
    adopted: Table | None
    suites: Table
    realised: Table | None


@dataclass(frozen=True)
class Link:
    """A page beside this one: its file and what it is called."""

    file: str
    text: str


@dataclass(frozen=True)
class Page:
    """The whole report: the head, then the six questions; where `better` is None, `alone` says why.

    `drawing` is the address of a page to draw on, or empty.
    """

    title: str
    question: str
    generator: str
    keys: tuple[Key, ...]
    answers: tuple[Answer, ...]
    banners: tuple[Banner, ...]
    facts: tuple[Fact, ...]
    how_title: str
    how: tuple[Fact, ...]
    robust: Robust
    breaks: Breaks
    fails: Fails
    trust: TrustSection
    better: ComparisonSection | None
    alone: str
    done: Done
    beside: tuple[Link, ...]


def page(overview: Overview, beside: Iterable[str] = (), reasons: Reasons | None = None) -> Page:
    """Return the report of `overview`, section by section, with links to those files of `BESIDE`, and `reasons`."""
    names = [shorten(accuracy.name, NAME) for accuracy in overview.clean]
    keys = tuple(Key(hue(index), name) for index, name in enumerate(names))
    suites = overview.predictions.suites
    done = Done(
        note=COMMAND_NOTE,
        command=command(overview),
        facts=provenance(overview),
        checkpoints=checkpoint_table(overview),
        adopted=adopted_table(overview),
        suites=suite_table(overview),
        realised=realised_table(overview),
    )
    return Page(
        title=f"robustmnist: {listing(names)}",
        question=printable(suites[0].question) if len(suites) == 1 else MANY,
        generator=generator(overview),
        keys=keys,
        answers=tuple(Answer(keys[checkpoint.index], answer(overview, checkpoint)) for checkpoint in overview.clean),
        banners=banners(overview),
        facts=facts(overview),
        how_title=HOW_TITLE,
        how=how_to_read(curves=bool(overview.suites), several=len(keys) > 1),
        robust=robust_section(overview),
        breaks=breaks_section(overview),
        fails=fails_section(overview, reasons),
        trust=trust_section(overview),
        better=comparison_section(overview),
        alone=SINGLE_CHECKPOINT,
        done=done,
        beside=tuple(Link(file, BESIDE[file]) for file in beside),
    )


def render(predictions: Predictions, beside: Iterable[str] = (), reasons: Reasons | None = None) -> str:
    """Return the report of a run as HTML, with links to the files of `BESIDE` that lie beside it.

    It is one page without script, request or dependence on the time: style and pictures are inside, and the time that
    it tells is that of the run. Every text of the run is escaped. Mistakes of which `reasons` tells show why.
    """
    content = page(gather(printable_run(predictions)), beside, reasons)
    return fill("templates/report.html.jinja", content, package="robustmnist.report")


def write_report(predictions: Predictions, path: Path | str, runs: Sequence[Path] | None = None) -> Path:
    """Write the report of a run to `path`, whole or not at all, and return the path.

    It links the pages of ``robustmnist draw``, ``explain`` and ``generalise`` where they lie in the same folder. Where
    ``evaluate --explain`` or ``explain`` explained mistakes into a folder of `runs`, the gallery shows why.

    Args:
        predictions: The run.
        path: Where to write.
        runs: The folders of the run, of which there are several where runs were merged; by default that of `path`.

    Raises:
        RunError: If an explanation there is damaged.
    """
    path = Path(path)
    reasons: dict[Question, Reason] = {}
    for folder in runs or (path.parent,):
        reasons |= read_reasons(folder, predictions.manifest["dataset"])
    beside = [file for file in BESIDE if path.with_name(file).is_file()]
    write_atomic(path, render(predictions, beside, reasons))
    return path
