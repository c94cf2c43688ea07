"""The page of maps followed over a sweep."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robustmnist.explanation.curves.followed import Followed
from robustmnist.explanation.curves.half_life import HalfLife, Pair
from robustmnist.explanation.curves.rows import Curve
from robustmnist.explanation.output.curve_section import MethodSection, method_section
from robustmnist.explanation.output.curve_words import HOW, NAME
from robustmnist.page.colours import hue
from robustmnist.page.records import Fact, Key
from robustmnist.page.template import fill, style
from robustmnist.system.installation import __version__, versions
from robustmnist.wording.characters import printable, shorten

if TYPE_CHECKING:
    from robustmnist.data import Dataset

__all__ = ["CHARTS", "render_curves"]

# Charts stand closer to their titles than sections of text do.
CHARTS = ".small h3{margin:.6rem 0 .1rem;font-size:.875rem}.small{margin-bottom:.6rem}details .scroll{margin-top:.6rem}"


@dataclass(frozen=True)
class _Page:
    title: str
    generator: str
    meta: tuple[tuple[str, str], ...]
    keys: tuple[Key, ...]
    how: str
    sections: tuple[MethodSection, ...]
    facts: tuple[Fact, ...]
    command: str


def render_curves(
    followed: Sequence[Followed],
    curves: Sequence[Sequence[Curve]],
    half: Sequence[HalfLife],
    pairs: Sequence[Pair],
    data: "Dataset",
    *,
    command: str,
    seed: int,
) -> str:
    """Return the page as HTML; the same numbers give the same bytes."""
    names = list(dict.fromkeys(each.checkpoint for each in followed))
    sweep, origin = followed[0].sweep, data.provenance
    digits = printable(f"{origin.name} {origin.part}, {origin.choice or f'{origin.n:,} digits'}")
    page = _Page(
        title="Does the explanation break before the prediction?",
        generator=f"robustmnist {__version__}",
        meta=(("sweep", printable(f"{followed[0].suite}: {sweep.title}")), ("digits", digits)),
        keys=tuple(Key(hue(index), shorten(name, NAME)) for index, name in enumerate(names)),
        how=HOW,
        sections=tuple(
            method_section(method, names, followed, curves, half, pairs)
            for method in dict.fromkeys(each.method for each in followed)
        ),
        facts=(
            Fact("data", digits),
            *(
                Fact(f"sha256 of {shorten(name, NAME)}", value, code=True)
                for name, value in sorted(origin.sha256.items())
            ),
            Fact("perturbation", sweep.perturbation),
            Fact("seed", str(seed)),
            Fact("versions", ", ".join(f"{name} {value}" for name, value in versions("numpy", "torch").items())),
        ),
        command=command,
    )
    return fill("curves.html.jinja", page, package="robustmnist.explanation.output", sheet=f"{style()}\n{CHARTS}")
