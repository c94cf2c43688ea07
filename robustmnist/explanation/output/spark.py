"""The target over the strength as a small curve, with zero and the point where the digit is first misread."""

import math

from markupsafe import Markup

from robustmnist.explanation.cases import Fall
from robustmnist.page.svg import line, picture, stroke

__all__ = ["spark"]

WIDE, TALL, EDGE = 150.0, 44.0, 3.0  # px


def spark(fall: Fall) -> Markup:
    """Return the curve; empty where a score is not finite."""
    if not all(map(math.isfinite, fall.scores)):
        return Markup()
    low, high = min(0.0, *fall.scores), max(0.0, *fall.scores)
    first, last = fall.values[0], fall.values[-1]

    def across(value: float) -> float:
        return EDGE + (WIDE - 2 * EDGE) * (value - first) / (last - first)

    def down(score: float) -> float:
        return EDGE + (TALL - 2 * EDGE) * (high - score) / ((high - low) or 1.0)

    points = [(across(value), down(score)) for value, score in zip(fall.values, fall.scores, strict=True)]
    parts = [stroke([((EDGE, down(0.0)), (WIDE - EDGE, down(0.0)))], "zero")]
    if fall.flip is not None:
        parts.append(stroke([((across(fall.flip), EDGE), (across(fall.flip), TALL - EDGE))], "flip"))
    parts.append(line(points, "curve"))
    return picture(WIDE, TALL, parts, name="spark")
