"""Figures for slides, papers and notebooks: curves, film strips, animations, a one-page summary; also ``rm.plot``."""

from robustmnist.figures.animation import animation as animation
from robustmnist.figures.curves import curves as curves
from robustmnist.figures.filmstrip import filmstrip as filmstrip
from robustmnist.figures.saving import save as save
from robustmnist.figures.summary import summary as summary

__all__ = ["animation", "curves", "filmstrip", "save", "summary"]


def __dir__() -> list[str]:
    return list(__all__)
