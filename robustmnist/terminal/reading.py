"""Pictures and what models read in them, on standard output."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from robustmnist.terminal.echo import echo
from robustmnist.terminal.table import print_table
from robustmnist.wording.numbers import percent

if TYPE_CHECKING:
    import numpy as np

__all__ = ["blocks", "print_pictures", "print_readings"]

SHADES = " ░▒▓█"
Row = tuple[str, str, Sequence[tuple[str, int, float]]]  # file, what it shows, model with digit and confidence


def print_readings(rows: Sequence[Row]) -> None:
    """Print a line for each file and model."""
    lines = []
    for file, said, answers in rows:
        lines += [[file, model, str(digit), percent(confidence), said] for model, digit, confidence in answers]
        if not answers:
            lines.append([file, "", "none", "", "nothing is drawn"])
    print_table(["file", "checkpoint", "digit", "confidence", "picture"], lines)


def print_pictures(pictures: "Sequence[tuple[str, np.ndarray]]") -> None:
    """Print what was seen of each file, under its name."""
    for name, levels in pictures:
        echo()
        echo(f"{name}, as the models see it:")
        for line in blocks(levels):
            echo(line)


def blocks(levels: "np.ndarray") -> list[str]:
    """Return levels (28, 28), 0 to 255, as 14 lines of shaded blocks, a block for two pixels above each other.

    >>> import numpy as np
    >>> blocks(np.full((2, 3), 255, np.uint8))
    ['│███│']
    """
    pairs = levels.reshape(len(levels) // 2, 2, -1).mean(1)
    steps = (pairs * (len(SHADES) - 1) / 255).round().astype(int)
    return [f"│{''.join(SHADES[step] for step in row)}│" for row in steps]
