"""Fill page templates, and decide what is escaped."""

from collections.abc import Callable
from importlib.resources import files

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from robustmnist.page.colours import DARK, HEAT_STEPS, HUES, LIGHT, MATRIX_STEPS, Scheme

__all__ = ["colour_rules", "fill", "style"]


def fill(
    template: str,
    page: object,
    *,
    package: str,
    sheet: str | None = None,
    finalize: Callable[[object], object] | None = None,
) -> str:
    """Return `page` as `template` shows it, with one newline at the end; everything but `Markup` is escaped.

    Args:
        template: A file of `package` by its path there; the page is ``page`` in it. Parts that any page may use lie in
            ``robustmnist.page``.
        page: What is shown.
        package: Whose template it is.
        sheet: The style sheet, of this project's own making: it stands in the page as it is. By default `style`.
        finalize: What is done to every value that is printed, before it is escaped.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, ""), PackageLoader("robustmnist.page")]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    context = {"page": page, "style": Markup(style() if sheet is None else sheet)}
    return environment.get_template(template).render(context).strip() + "\n"


def style() -> str:
    """Return the style sheet; print is light whatever the screen is."""
    rules = [
        *colour_rules(),
        *(f".s{i}{{stroke:var(--c{i})}}.f{i}{{fill:var(--c{i})}}.t{i}{{fill:var(--t{i})}}" for i in range(HUES)),
        *(f".h{i}{{--h:var(--c{i});--w:var(--t{i})}}.m{i}{{--h:var(--c{i})}}" for i in range(HUES)),
        *(f".l{level}{{background:{_shade(share)}}}" for level, share in enumerate(MATRIX_STEPS) if share),
        *(f".q{level}{{stroke:{_shade(share)}}}" for level, share in enumerate(HEAT_STEPS)),
    ]
    sheet = (files("robustmnist.page") / "templates" / "page.css").read_text(encoding="utf-8")
    return "\n".join([*rules, sheet.strip()])


def colour_rules() -> list[str]:
    """Return the rules that name the colours of both schemes, ``--paper`` and so on; ``--invert`` is 1 in the dark."""
    light, dark = _variables(LIGHT), _variables(DARK)
    return [
        f":root{{{light}--invert:0}}",
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}--invert:1}}}}",
    ]


def _shade(share: int) -> str:
    return f"color-mix(in srgb,var(--h) {share}%,var(--paper))"


def _variables(scheme: Scheme) -> str:
    named = {name: getattr(scheme, name) for name in ("paper", "tint", "ink", "muted", "rule", "band", "warn")}
    named |= {f"c{i}": colour for i, colour in enumerate(scheme.lines)}
    named |= {f"t{i}": colour for i, colour in enumerate(scheme.words)}
    return "".join(f"--{name}:{colour};" for name, colour in named.items())
