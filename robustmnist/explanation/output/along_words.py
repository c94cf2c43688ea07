"""Between which strengths a digit lost most, and on which stroke, in words."""

import math

from robustmnist.explanation.cases import Case
from robustmnist.explanation.output.request import Setup
from robustmnist.explanation.regions import shares_by_region
from robustmnist.wording.numbers import TIGHT, plain, strength
from robustmnist.wording.ways_back import LEAST, at_part

__all__ = ["along_text"]


def along_text(case: Case, setup: Setup) -> str:
    """Return it; empty without a loss.

    Such as ``1.8 of them between 15° and 30°, most on the lower left stroke (0.9)``, after how many logits are lost. A
    stroke is named where the digit has strokes and one of them lost much; else the part of the digit, if one did.
    """
    if case.fall is None or not math.isfinite(case.lost) or case.lost <= 0:
        return ""
    fall = case.fall
    most = fall.lost.index(max(fall.lost))
    lost, (first, last) = fall.lost[most], fall.frames[most : most + 2]
    parts = shares_by_region(fall.maps[most], first.image, last.image)
    where = _most({f"on {name}": share for name, share in fall.lost_by_stroke[most].items()}, lost)
    where = where or _most({at_part(name): share for name, share in parts.items()}, lost)
    if len(fall.lost) == 1:
        return where
    stops = [strength(first.value, setup.unit if setup.unit in TIGHT else ""), strength(last.value, setup.unit)]
    between = f"{plain(lost, 1)} of them between {stops[0]} and {stops[1]}"
    return f"{between}, {where}" if where else between


def _most(shares: dict[str, float], lost: float) -> str:
    """Return where most was lost and how much of it; empty where nowhere much was."""
    name = max(shares, key=lambda key: shares[key], default="")
    return f"most {name} ({plain(shares[name], 1)})" if name and shares[name] >= LEAST * lost else ""
