"""What a notebook shows of an object: a small table of facts, and digits as one picture. No script, no request."""

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from robustmnist.page.png import sheet, uri
from robustmnist.wording.characters import printable

__all__ = ["card", "digits_picture", "table"]


def card(title: str, facts: Mapping[str, object], *more: Markup) -> str:
    """Return a heading, facts by name, and what stands below, as HTML that suits light and dark notebooks."""
    rows = Markup("").join(
        Markup('<tr><th style="text-align:left;font-weight:400;opacity:.7;padding:0 1em 0 0">{}</th>').format(
            printable(name)
        )
        + Markup('<td style="text-align:left">{}</td></tr>').format(printable(value))
        for name, value in facts.items()
        if str(value)
    )
    head = Markup("<strong>{}</strong>").format(printable(title))
    return str(Markup("<div>{}<table>{}</table>{}</div>").format(head, rows, Markup("").join(more)))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """Return a table, its first column left and all others right."""

    def line(tag: str, cells: Sequence[str]) -> Markup:
        sides = ["left", *(["right"] * (len(cells) - 1))]
        parts = (
            Markup('<{0} style="text-align:{1}">{2}</{0}>').format(Markup(tag), side, printable(cell))
            for side, cell in zip(sides, cells, strict=True)
        )
        return Markup("<tr>{}</tr>").format(Markup("").join(parts))

    body = Markup("").join(line("td", row) for row in rows)
    return Markup("<table><thead>{}</thead><tbody>{}</tbody></table>").format(line("th", head), body)


def digits_picture(images: NDArray[np.uint8], across: int, label: str) -> Markup:
    """Return digits, uint8 (n, 28, 28), ink 255, side by side in one picture on white paper."""
    down = -(-len(images) // across)
    cells = np.zeros((down * across, *images.shape[1:]), np.uint8)
    cells[: len(images)] = images
    picture = uri(sheet(cells.reshape(down, across, *images.shape[1:])))
    style = "image-rendering:pixelated;max-width:100%;background:#fff;padding:2px"
    return Markup('<img src="{}" alt="{}" style="{}">').format(picture, label, style)
