"""The page's style sheet: the file beside the templates with the colours of both schemes put in front."""

from importlib.resources import files

from robustmnist.report.colours import DARK, HEAT_STEPS, HUES, LIGHT, MATRIX_STEPS, Scheme

__all__ = ["style"]


def style() -> str:
    """Return the style sheet; print is light whatever the screen is."""
    light, dark = _variables(LIGHT), _variables(DARK)
    rules = [
        f":root{{{light}--invert:0}}",
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}--invert:1}}}}",
        *(f".s{i}{{stroke:var(--c{i})}}.f{i}{{fill:var(--c{i})}}.t{i}{{fill:var(--t{i})}}" for i in range(HUES)),
        *(f".h{i}{{--h:var(--c{i});--w:var(--t{i})}}.m{i}{{--h:var(--c{i})}}" for i in range(HUES)),
        *(f".l{level}{{background:{_shade(share)}}}" for level, share in enumerate(MATRIX_STEPS) if share),
        *(f".q{level}{{stroke:{_shade(share)}}}" for level, share in enumerate(HEAT_STEPS)),
    ]
    sheet = (files("robustmnist.report") / "templates" / "report.css").read_text(encoding="utf-8")
    return "\n".join([*rules, sheet.strip()])


def _shade(share: int) -> str:
    return f"color-mix(in srgb,var(--h) {share}%,var(--paper))"


def _variables(scheme: Scheme) -> str:
    named = {name: getattr(scheme, name) for name in ("paper", "tint", "ink", "muted", "rule", "band", "warn")}
    named |= {f"c{i}": colour for i, colour in enumerate(scheme.lines)}
    named |= {f"t{i}": colour for i, colour in enumerate(scheme.words)}
    return "".join(f"--{name}:{colour};" for name, colour in named.items())
