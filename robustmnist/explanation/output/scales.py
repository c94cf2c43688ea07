"""Which value is drawn in the full hue: one for all digits of a checkpoint and method, so that they compare."""

import math

from robustmnist.explanation.cases import Explanation
from robustmnist.explanation.methods.registry import find_method
from robustmnist.page.map_picture import common_scale, smoothed
from robustmnist.wording.numbers import plain

__all__ = ["CHANGE", "scale_text", "scales"]

CHANGE = "What was lost"  # the title of the change map's column


def scales(explanation: Explanation) -> dict[str, float]:
    """Return the scales by method, and that of change and path maps as `CHANGE`; of maps as they are drawn."""
    by_method = {}
    for name in explanation.methods:
        maps = explanation.maps(name)
        by_method[name] = common_scale([smoothed(each) for each in maps] if find_method(name).pixelwise else maps)
    changes = [case.change for case in explanation.cases if case.change is not None]
    return by_method | {CHANGE: common_scale([smoothed(each) for each in changes])}


def scale_text(scale: float) -> str:
    """Return the value of the full hue to two digits, a zero among them: ``0.42``, ``0.30``, ``12``.

    >>> scale_text(0.3), scale_text(0.0058), scale_text(12.4)
    ('0.30', '0.0058', '12')
    """
    return plain(float(f"{scale:.2g}"), max(0, 1 - math.floor(math.log10(scale))) if scale > 0 else 1)
