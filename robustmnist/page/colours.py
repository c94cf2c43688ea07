"""One hue per checkpoint, in both schemes, and the arithmetic of contrast.

Source: Okabe & Ito 2008, "Color Universal Design", for the hues; WCAG 2.2 for contrast (text 4.5, lines 3).
"""

from dataclasses import dataclass

__all__ = ["DARK", "HEAT_STEPS", "HUES", "LIGHT", "MATRIX_STEPS", "Scheme", "blend", "contrast", "hue"]


@dataclass(frozen=True)
class Scheme:
    """The colours of a page: paper, ink, secondary text, rules, the natural band, a line and a text per hue."""

    paper: str
    tint: str
    ink: str
    muted: str
    rule: str
    band: str
    warn: str
    lines: tuple[str, ...]
    words: tuple[str, ...]


# Okabe-Ito in the order blue, vermilion, bluish green, reddish purple, orange, sky blue, yellow, ink. Lines that would
# fall short of 3 : 1 against the paper, and words short of 4.5 : 1, keep their hue and give up lightness.
LIGHT = Scheme(
    paper="#ffffff",
    tint="#f6f6f4",
    ink="#1b1c1e",
    muted="#5c6066",
    rule="#d9d9d6",
    band="#efeee8",
    warn="#8a4b00",
    lines=("#0072b2", "#d55e00", "#009e73", "#c06a9b", "#b87f00", "#3f93c4", "#998f00", "#1b1c1e"),
    words=("#0068a3", "#b34e00", "#007a59", "#a14d7e", "#8a5f00", "#2b749f", "#716a00", "#1b1c1e"),
)
DARK = Scheme(
    paper="#15171a",
    tint="#1d2024",
    ink="#e9e8e4",
    muted="#a3a7ad",
    rule="#3a3e44",
    band="#24282d",
    warn="#f2b84b",
    lines=("#3d9fdc", "#ee7a28", "#12b886", "#d58bb5", "#e69f00", "#7cc7f0", "#f0e442", "#e9e8e4"),
    words=("#62b4e8", "#f28d47", "#2ec99a", "#dc9cc0", "#e9aa1f", "#8fd0f3", "#f0e442", "#e9e8e4"),
)
HUES = len(LIGHT.lines)
# Share of the hue in a confusion matrix cell of level 0 to 8: dark enough to rank, light enough to read a count on.
MATRIX_STEPS = (0, 6, 11, 15, 19, 23, 27, 31, 35)
# Share of the hue in a heat map from 0 to 100 % misread.
HEAT_STEPS = (5, 14, 23, 32, 41, 50, 59, 68, 77, 86, 92)


def hue(index: int) -> int:
    """Return the hue of a checkpoint by its index in the run; the ninth checkpoint has the first hue."""
    return index % HUES


def blend(colour: str, paper: str, share: float) -> str:
    """Return `share` of `colour` on `paper`, mixed in sRGB as CSS ``color-mix(in srgb, …)`` does."""
    mixed = (round(share * c + (1 - share) * p) for c, p in zip(_channels(colour), _channels(paper), strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21.

    >>> round(contrast("#000000", "#ffffff"))
    21
    """
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def _luminance(colour: str) -> float:
    shares = (channel / 255 for channel in _channels(colour))
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
