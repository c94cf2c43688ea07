"""What all figures have in common: the page's colours, quiet axes, strengths and shares as the page writes them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from robustmnist.page.colours import LIGHT, hue

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["STYLE", "colour", "quiet", "word_colour"]

STYLE: Mapping[str, Any] = {
    "font.family": "sans-serif",
    "font.size": 10.0,
    "axes.edgecolor": LIGHT.rule,
    "axes.labelcolor": LIGHT.muted,
    "axes.titlecolor": LIGHT.ink,
    "text.color": LIGHT.ink,
    "xtick.color": LIGHT.muted,
    "ytick.color": LIGHT.muted,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}


def colour(index: int) -> str:
    """Return the colour of a checkpoint's line, by its index in the run."""
    return LIGHT.lines[hue(index)]


def word_colour(index: int) -> str:
    """Return the colour of a checkpoint's name, which contrasts more than its line."""
    return LIGHT.words[hue(index)]


def quiet(axes: "Axes") -> None:
    """Take away everything around a picture of a digit."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
