"""How every figure is drawn: as matplotlib does by default, whatever backend and style the user has chosen."""

import io
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["import_matplotlib", "own_style", "picture"]

BACKEND = "MPLBACKEND"
OWN: Mapping[str, Any] = {
    "svg.hashsalt": "robustmnist",  # equal figures give equal bytes
    "svg.fonttype": "none",
    "text.parse_math": False,  # a name may hold dollar signs
}
CLOCKS = {"svg": ("Date",), "png": ("Software",), "pdf": ("CreationDate", "Creator", "Producer")}


def import_matplotlib() -> ModuleType:
    """Import matplotlib, also where the environment names a backend that is not there, and return it.

    A notebook names its own in ``MPLBACKEND``, which programs inherit that are started from one; where that package
    is not installed the import fails, and with it that of captum. No figure of ours needs a backend.
    """
    named = None if "matplotlib" in sys.modules else os.environ.pop(BACKEND, None)
    try:
        import matplotlib
    finally:
        if named is not None:
            os.environ[BACKEND] = named
    if named:
        with suppress(ValueError):
            matplotlib.rcParams["backend"] = named  # as its import does
    return matplotlib


@contextmanager
def own_style(settings: Mapping[str, Any]) -> Iterator[None]:
    """Draw as matplotlib does by default but for `settings`, whatever a matplotlibrc says; put all back afterwards."""
    matplotlib = import_matplotlib()
    with matplotlib.rc_context(), warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes; that is no reason to warn about fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({**OWN, **settings})
        yield


def picture(figure: "Figure", kind: str, dpi: float) -> bytes:
    """Return `figure` as ``png``, ``svg`` or ``pdf``, without date and version: equal figures give equal bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_pdf import FigureCanvasPdf
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    {"png": FigureCanvasAgg, "svg": FigureCanvasSVG, "pdf": FigureCanvasPdf}[kind](figure)  # no backend is looked for
    file = io.BytesIO()
    figure.savefig(file, format=kind, dpi=dpi, metadata=dict.fromkeys(CLOCKS[kind]))
    return file.getvalue()
