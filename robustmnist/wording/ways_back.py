"""The way back in words: the smallest changes after which a misread digit is read right, and parts of a digit."""

import math
from collections.abc import Iterable, Mapping

from robustmnist.wording.numbers import NBSP, percent, plain, strength

__all__ = ["amount_text", "at_part", "change_text", "lost_text", "ways_text"]

SEVERAL = 2  # parts of a digit that a sentence names at most
LEAST = 0.15  # of the whole loss: what a part needs to be named


def ways_text(ways: Iterable[tuple[str, float, Mapping[str, float]]]) -> str:
    """Return the kinds of change that bring a digit back, each by its name, size (NaN: none does) and arguments.

    >>> ways_text([("turn", 12.0, {"angle": -12.0}), ("size", math.nan, {})])
    'turn −12°'
    >>> ways_text([("turn", 3.0, {"angle": 3.0}), ("size", 0.05, {"factor": 1.05})])
    'turn +3° or size ×1.05'
    """
    return " or ".join(f"{name} {change_text(name, size, arguments)}" for name, size, arguments in ways
                       if math.isfinite(size))  # fmt: skip


def change_text(name: str, size: float, arguments: Mapping[str, float]) -> str:
    """Return a change with its direction.

    >>> change_text("shift", 2.2, {"dx": -2.0, "dy": 1.0}).replace(NBSP, " ")
    '2.2 px down left'
    >>> change_text("stroke", 0.5, {"change": -0.5}).replace(NBSP, " ")
    '−0.5 px'
    """
    match name:
        case "turn":
            return strength(arguments["angle"], "°", signed=True)
        case "shift":
            return f"{plain(size, 1)}{NBSP}px {_direction(arguments['dx'], arguments['dy'])}"
        case "size":
            return f"×{plain(arguments['factor'], 2)}"
        case _:
            return strength(arguments["change"], "px", signed=True)


def amount_text(size: float, unit: str) -> str:
    """Return the size of a change without its direction: ``12°``, ``2.2 px``, ``35 %``."""
    return percent(size, 0) if unit == "×" else strength(float(f"{size:.2g}"), unit)


def lost_text(lost: float, parts: Mapping[str, float]) -> str:
    """Return how many logits were lost and in which parts most; empty where the loss is no number.

    >>> lost_text(8.0, {"lower left": 5.0, "top": 2.0, "middle": 1.0})
    'lost 8.0 logits: 5.0 at the lower left, 2.0 at the top'
    >>> lost_text(-1.0, {"top": -1.0})
    'gained 1.0 logits'
    """
    if not math.isfinite(lost):
        return ""
    if lost <= 0:
        return f"gained {plain(-lost, 1)} logits"
    most = sorted(parts.items(), key=lambda item: -item[1])[:SEVERAL]
    named = [f"{plain(share, 1)} {at_part(name)}" for name, share in most if share >= LEAST * lost]
    return f"lost {plain(lost, 1)} logits" + (f": {', '.join(named)}" if named else "")


def at_part(name: str) -> str:
    """Return where a part of a digit is.

    >>> at_part("middle"), at_part("lower left")
    ('in the middle', 'at the lower left')
    """
    return "in the middle" if name == "middle" else f"at the {name}"


def _direction(dx: float, dy: float) -> str:
    down = "down" if dy > 0 else "up" if dy < 0 else ""
    across = "right" if dx > 0 else "left" if dx < 0 else ""
    return " ".join(filter(None, (down, across)))
