"""A figure as a file: the ending of its name says which kind."""

from pathlib import Path
from typing import TYPE_CHECKING

from robustmnist.errors import InputError
from robustmnist.figures.style import STYLE
from robustmnist.page.figure import own_style, picture
from robustmnist.system.files import write_atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["KINDS", "kind_of", "save"]

KINDS = ("svg", "png", "pdf")
DPI = 200.0


def kind_of(path: Path, kinds: tuple[str, ...] = KINDS) -> str:
    """Return the kind of file that a name asks for.

    Raises:
        InputError: If its ending is none of `kinds`.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in kinds:
        raise InputError("has no ending of a figure", where=path, remedy=f"end it in .{', .'.join(kinds)}")
    return kind


def save(figure: "Figure | bytes", path: Path | str, *, dpi: float = DPI) -> Path:
    """Write a figure of this package, or an animation's bytes, to `path`, whole or not at all, and return the path.

    The same figure gives the same bytes.

    Args:
        figure: What one of the functions of this package returned.
        path: Ends in ``.svg``, ``.png`` or ``.pdf``; an animation's in ``.gif``.
        dpi: Dots per inch of a PNG.

    Raises:
        InputError: If the ending is another.
    """
    path = Path(path)
    if isinstance(figure, bytes):
        kind_of(path, ("gif",))
        write_atomic(path, figure)
        return path
    kind = kind_of(path)
    with own_style(STYLE):
        write_atomic(path, picture(figure, kind, dpi))
    return path
