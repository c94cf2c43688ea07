"""The worst of k tries: how many images are read right in all of them, against k."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from robustmnist.page.axis import spread
from robustmnist.page.colours import hue
from robustmnist.page.svg import Point, area, dots, line, picture, stroke, width, word
from robustmnist.report.breakdown.tries import Tries
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import count

__all__ = ["worst_chart"]

WIDTH, HEIGHT = 520, 240
LEFT, TOP, BOTTOM = 40, 14, 38
CLEAN, START = 14, 52  # px from the axis to the clean digits, and to the first try
GAP = 34  # px from the last number of tries to a grid, and from one grid to the next
LINE = 12.0  # least distance of two labels, px
LONGEST = 18  # letters of a checkpoint's name


def worst_chart(tries: Sequence[Tries], label: str) -> Markup:
    """Draw accuracy against the number of tries on an axis of their logarithm, then the grids, set apart."""
    most = len(tries[0].worst)
    names = [shorten(checkpoint.name, LONGEST) for checkpoint in tries]
    far = WIDTH - round(max(map(width, names))) - 16
    right = far - GAP * len(tries[0].grids)
    bottom = HEIGHT - BOTTOM

    def x(k: int) -> float:
        return LEFT + START + math.log(k) / math.log(max(most, 2)) * (right - LEFT - START)

    def y(share: float) -> float:
        return bottom - share * (bottom - TOP)

    parts = [stroke((((LEFT, y(share)), (far, y(share))) for share in (0.25, 0.5, 0.75, 1.0)), "srule")]
    parts.append(line([(LEFT, y(0)), (far, y(0))], "smuted"))
    for share, text in ((0, "0"), (0.25, "25"), (0.5, "50"), (0.75, "75"), (1, "100 %")):
        parts.append(word(LEFT - 5, y(share) + 3.8, text, "tmuted", "end"))
    parts.append(word(LEFT + CLEAN, bottom + 14, "clean", "tmuted", "middle"))
    for k in (k for k in (1, 2, 5, 10, 20, 50, 100, 200, 500) if k <= most):
        parts.append(word(x(k), bottom + 14, count(k), "tmuted", "middle"))
    parts.append(word((x(1) + right) / 2, HEIGHT - 6, "random poses that must all be read right", "", "middle"))
    columns = [right + GAP * (i + 1) for i in range(len(tries[0].grids))]
    for column, (points, _) in zip(columns, tries[0].grids, strict=True):
        parts.append(word(column, bottom + 14, count(points), "tmuted", "middle"))
        parts.append(word(column, HEIGHT - 6, "grid", "", "middle"))
    ends = []
    for checkpoint in tries:
        number = hue(checkpoint.index)
        ks = range(1, most + 1)
        curve: list[Point] = [(x(k), y(share.share)) for k, share in zip(ks, checkpoint.worst, strict=True)]
        low = [(x(k), y(share.low)) for k, share in zip(ks, checkpoint.worst, strict=True)]
        high = [(x(k), y(share.high)) for k, share in zip(ks, checkpoint.worst, strict=True)]
        parts.append(area([*low, *reversed(high)], f"f{number} bd"))
        parts.append(line([(LEFT + CLEAN, y(checkpoint.clean)), curve[0]], f"s{number} th"))
        parts.append(line(curve, f"s{number} ln"))
        parts.append(dots([(LEFT + CLEAN, y(checkpoint.clean)), *curve], f"s{number} dt"))
        last = curve[-1][1]
        for column, (_, grid) in zip(columns, checkpoint.grids, strict=True):
            parts.append(line([(column, y(grid.low)), (column, y(grid.high))], f"s{number}"))
            parts.append(dots([(column, y(grid.share))], f"s{number} pt"))
            last = y(grid.share)
        ends.append(last)
    for checkpoint, name, height in zip(tries, names, spread(ends, LINE, TOP, bottom), strict=True):
        parts.append(word(far + 12, height + 3.8, name, f"t{hue(checkpoint.index)}"))
    return picture(WIDTH, HEIGHT, parts, label=label)
