"""The page: one row of maps for each digit and checkpoint, in one HTML file that needs nothing else."""

from collections.abc import Iterator, Sequence
from functools import partial
from importlib.resources import files

from markupsafe import Markup

from robustmnist.explanation.cases import Explanation
from robustmnist.explanation.inside.learnt import Learnt
from robustmnist.explanation.methods.registry import find_method
from robustmnist.explanation.output.digits import SHOWN, DigitRow, digit_rows
from robustmnist.explanation.output.keys import MethodKey, method_keys
from robustmnist.explanation.output.learnt import learnt_sections
from robustmnist.explanation.output.request import Setup
from robustmnist.explanation.output.words import skipped_text, summary, verdict_note
from robustmnist.page.colours import DARK, LIGHT, Scheme
from robustmnist.page.records import Fact
from robustmnist.page.template import fill
from robustmnist.system.installation import __version__
from robustmnist.wording.characters import printable, shorten
from robustmnist.wording.numbers import listing

__all__ = ["NAME", "render_page"]

NAME = 60  # characters of a name in a heading


def render_page(explanations: list[Explanation], setup: Setup, learnt: Sequence[Learnt] = ()) -> str:
    """Return the page as HTML; the same explanations give the same text.

    Args:
        explanations: One for each checkpoint, on the same digits.
        setup: The request.
        learnt: What each checkpoint has learnt, in the same order; empty to leave that out.
    """
    page = _Page(explanations, setup, learnt)
    html = fill("output/explain.html.jinja", page, package="robustmnist.explanation", sheet=_style(), finalize=_safe)
    return html.rstrip("\n")


def _safe(value: object) -> object:
    """Make whatever a template prints safe to stand in a page, whoever wrote it; escaping comes after this."""
    return value if isinstance(value, Markup) else printable(value)


class _Page:
    """Everything that the template shows."""

    def __init__(self, explanations: list[Explanation], setup: Setup, learnt: Sequence[Learnt]) -> None:
        names = list(dict.fromkeys(shorten(explanation.checkpoint, NAME) for explanation in explanations))
        self.title = f"robustmnist explain: {listing(names)}"
        self.question = _question(explanations, setup)
        self.generator = f"robustmnist {__version__}"
        self.fallback = setup.dataset["note"] or "It stands in for MNIST." if setup.dataset["fallback"] else ""
        self.summaries = [
            (shorten(explanation.checkpoint, NAME), summary(explanation, setup)) for explanation in explanations
        ]
        self.skipped = [
            (shorten(explanation.checkpoint, NAME), skipped_text(explanation))
            for explanation in explanations
            if explanation.skipped
        ]
        self.facts = tuple(_facts(setup))
        self.keys: tuple[MethodKey, ...] = method_keys(explanations, setup)
        self.verdicts = verdict_note(explanations, setup)
        self.digits: tuple[DigitRow, ...] = digit_rows(explanations, setup, learnt)
        self.learnt = learnt_sections(explanations, list(learnt)) if learnt else ()
        self.size = SHOWN
        self.provenance = tuple(_provenance(explanations, setup))
        self.command = setup.command


def _question(explanations: list[Explanation], setup: Setup) -> str:
    if setup.condition is None:
        return "Which pixels speak for the answer?"
    if any(case.misread for explanation in explanations for case in explanation.cases):
        return f"Why is it misread at {setup.value}?"
    return f"What does {setup.value} cost?"


def _facts(setup: Setup) -> Iterator[tuple[str, str]]:
    if setup.condition is not None:
        yield "perturbed", setup.perturbed
    yield "explained", setup.explained + (", the same for both views" if setup.condition else "")
    yield "digits", setup.choice
    yield "data", setup.data


def _provenance(explanations: list[Explanation], setup: Setup) -> Iterator[Fact]:
    clip = partial(shorten, limit=400)
    for explanation in explanations:
        yield Fact(f"checkpoint {shorten(explanation.checkpoint, NAME)}", f"weights sha256 {clip(explanation.sha256)}")
        if explanation.temperature is not None:
            words = f"{explanation.temperature:.3g}, from the card: confidences are calibrated with it"
            yield Fact(f"temperature of {shorten(explanation.checkpoint, NAME)}", words)
    yield Fact("data", f"{setup.data}, from {clip(setup.dataset['source'])}")
    for name, sha256 in sorted(setup.dataset["sha256"].items()):
        yield Fact(f"sha256 of {shorten(name, NAME)}", clip(sha256))
    if setup.condition is not None:
        sweep = setup.condition.sweep
        fixed = ", ".join(f"{name} {value}" for name, value in setup.condition.fixed.items())
        yield Fact("suite", clip(setup.condition.setting.suite))
        yield Fact("sweep", clip(f"{sweep.name}: {sweep.title}"))
        yield Fact("perturbation", clip(f"{sweep.perturbation}, {setup.perturbed}{f', {fixed}' if fixed else ''}"))
    for method in dict.fromkeys(name for explanation in explanations for name in explanation.methods):
        known = find_method(method)
        settings = dict(known.settings)
        layers = {explanation.layer for explanation in explanations if explanation.layer}
        if layers and known.layered:
            settings["layer"] = f"{next(iter(layers))}, rectified"
        if settings:
            yield Fact(known.title, clip(", ".join(f"{name} {value}" for name, value in settings.items())))
    yield Fact("seed", str(setup.seed))
    yield Fact("device", clip(setup.device))
    yield Fact("versions", clip(", ".join(f"{name} {version}" for name, version in setup.versions.items())))


def _style() -> str:
    def variables(scheme: Scheme) -> str:
        named = {name: getattr(scheme, name) for name in ("paper", "tint", "ink", "muted", "rule", "warn")}
        named |= {"wrong": scheme.words[1], "accent": scheme.lines[0]}
        return "".join(f"--{name}:{colour};" for name, colour in named.items())

    sheet = (files("robustmnist.explanation.output") / "explain.css").read_text(encoding="utf-8")
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{variables(DARK)}--invert:1;--lift:1.6}}}}"
    return "\n".join([f":root{{{variables(LIGHT)}--invert:0;--lift:1}}", dark, sheet.strip()])
