"""The page: digit, attribution and overlay of every case in one HTML file that needs nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib.resources import files

import numpy as np
from markupsafe import Markup

from robustmnist.explanation.cases import Case, Explanation, View
from robustmnist.explanation.methods.registry import METHODS
from robustmnist.explanation.output.picture import digit, heat, overlay, png
from robustmnist.explanation.output.request import Setup, prediction, scale_text
from robustmnist.page.colours import DARK, LIGHT, Scheme
from robustmnist.page.png import uri
from robustmnist.page.template import fill
from robustmnist.system.installation import __version__
from robustmnist.wording.characters import printable, shorten
from robustmnist.wording.numbers import listing, percent

__all__ = ["render_page"]

ZOOM = 4  # CSS pixels per pixel of a digit
NAME = 60  # characters of a name in a heading


@dataclass(frozen=True)
class _Picture:
    source: str
    alt: str
    kind: str


@dataclass(frozen=True)
class _View:
    name: str
    answer: str
    wrong: bool
    pictures: tuple[_Picture, ...]


@dataclass(frozen=True)
class _Case:
    id: int
    label: int
    scale: str
    views: tuple[_View, ...]


@dataclass(frozen=True)
class _Section:
    checkpoint: str
    title: str
    reading: str
    source: str
    explained: str
    unit: str
    signed: bool
    bar: str
    gap: str
    blank: str
    settings: str
    cases: tuple[_Case, ...]


@dataclass(frozen=True)
class _Page:
    title: str
    question: str
    generator: str
    fallback: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[_Section, ...]
    provenance: tuple[tuple[str, str], ...]
    command: str


def render_page(explanations: list[Explanation], setup: Setup) -> str:
    """Return the page as HTML; the same explanations give the same text."""
    names = list(dict.fromkeys(shorten(explanation.checkpoint, NAME) for explanation in explanations))
    page = _Page(
        title=f"robustmnist explain: {listing(names)}",
        question=_question(setup),
        generator=f"robustmnist {__version__}",
        fallback=setup.dataset["note"] or "It stands in for MNIST." if setup.dataset["fallback"] else "",
        facts=tuple(_facts(setup)),
        sections=tuple(_section(explanation, setup) for explanation in explanations),
        provenance=tuple(_provenance(explanations, setup)),
        command=setup.command,
    )
    html = fill("output/explain.html.jinja", page, package="robustmnist.explanation", sheet=_style(), finalize=_safe)
    return html.rstrip("\n")


def _safe(value: object) -> object:
    """Make whatever a template prints safe to stand in a page, whoever wrote it; escaping comes after this."""
    return value if isinstance(value, Markup) else printable(value)


def _question(setup: Setup) -> str:
    asked = "Which pixels speak for the class"
    return f"{asked}?" if setup.condition is None else f"{asked}, clean and perturbed?"


def _facts(setup: Setup) -> Iterator[tuple[str, str]]:
    if setup.condition is not None:
        yield "perturbed", setup.perturbed
    yield "digits", setup.choice
    yield "data", setup.data
    yield "explained", f"the {setup.target} class"


def _section(explanation: Explanation, setup: Setup) -> _Section:
    method = METHODS[explanation.method]
    ramp = np.linspace(-1 if method.signed else 0, 1, 97, dtype=np.float32)
    return _Section(
        checkpoint=shorten(explanation.checkpoint, NAME),
        title=method.title,
        reading=method.reading,
        source=method.source,
        explained=f"the {setup.target} class",
        unit=method.unit,
        signed=method.signed,
        bar=uri(png(heat(ramp[None, :]))),
        gap="" if explanation.gap is None else percent(explanation.gap, 2),
        blank=explanation.blank,
        settings=", ".join(f"{name} {value}" for name, value in explanation.settings.items()),
        cases=tuple(_case(case, method.signed, setup) for case in explanation.cases),
    )


def _case(case: Case, signed: bool, setup: Setup) -> _Case:
    names = ("clean", setup.perturbed)
    views = (_view(case, view, name) for view, name in zip(case.views, names, strict=False))
    return _Case(case.id, case.label, scale_text(case, signed=signed), tuple(views))


def _view(case: Case, view: View, name: str) -> _View:
    shares = view.attribution / case.scale
    about = f"sample {case.id}, {name}"
    attribution = f"attribution for class {view.explained}"
    pictures = (
        _Picture(uri(png(digit(view.image))), f"The digit: {about}, a {case.label}", "ink"),
        _Picture(uri(png(heat(shares))), f"The {attribution}: {about}", "heat"),
        _Picture(uri(png(overlay(view.image, shares, ZOOM))), f"The {attribution} with the outline: {about}", "heat"),
    )
    return _View(name, prediction(view), view.predicted != case.label, pictures)


def _provenance(explanations: list[Explanation], setup: Setup) -> Iterator[tuple[str, str]]:
    clip = partial(shorten, limit=400)
    for name, sha256 in {explanation.checkpoint: explanation.sha256 for explanation in explanations}.items():
        yield f"checkpoint {shorten(name, NAME)}", f"weights sha256 {clip(sha256)}"
    yield "data", f"{setup.data}, from {clip(setup.dataset['source'])}"
    for name, sha256 in sorted(setup.dataset["sha256"].items()):
        yield f"sha256 of {shorten(name, NAME)}", clip(sha256)
    if setup.condition is not None:
        sweep = setup.condition.sweep
        fixed = ", ".join(f"{name} {value}" for name, value in setup.condition.fixed.items())
        yield "suite", clip(setup.condition.setting.suite)
        yield "sweep", clip(f"{sweep.name}: {sweep.title}")
        yield "perturbation", clip(f"{sweep.perturbation}, {setup.perturbed}{f', {fixed}' if fixed else ''}")
    yield "seed", str(setup.seed)
    yield "device", clip(setup.device)
    yield "versions", ", ".join(f"{name} {version}" for name, version in setup.versions.items())


def _style() -> str:
    def variables(scheme: Scheme) -> str:
        named = {name: getattr(scheme, name) for name in ("paper", "tint", "ink", "muted", "rule", "warn")}
        named |= {"wrong": scheme.words[1], "accent": scheme.lines[0]}
        return "".join(f"--{name}:{colour};" for name, colour in named.items())

    sheet = (files("robustmnist.explanation.output") / "explain.css").read_text(encoding="utf-8")
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{variables(DARK)}--invert:1;--lift:1.3}}}}"
    return "\n".join([f":root{{{variables(LIGHT)}--invert:0;--lift:1}}", dark, sheet.strip()])
