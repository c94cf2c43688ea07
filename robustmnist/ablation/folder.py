"""The folder of a study: what lies in it, and whether it is this study.

study.toml     the study as it was given
recipe.toml    the recipe that is changed, every value spelled out
cells/         a cell per variant and seed: VARIANT-SEED.json, and VARIANT-SEED.npz with the numbers of each digit
cells.csv      a row per cell
effects.csv    a row per variant and measure: the difference to the base, its interval and p-value
critical.csv   a row per variant, sweep and side: how much farther digits may be pushed than with the base
study.html     the page
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustmnist.ablation.cell import Cell, read_cell
from robustmnist.errors import RunError

__all__ = ["StudyFolder"]


@dataclass(frozen=True)
class StudyFolder:
    """A study on disk."""

    path: Path

    @property
    def study(self) -> Path:
        """The study's TOML file."""
        return self.path / "study.toml"

    @property
    def page(self) -> Path:
        """The page."""
        return self.path / "study.html"

    def cell_path(self, variant: str, seed: int) -> Path:
        """Return the path of a cell, without ending."""
        return self.path / "cells" / f"{variant}-{seed}"

    def cell(self, variant: str, seed: int, identity: Mapping[str, Any]) -> Cell | None:
        """Return a cell; None where it is not there.

        Raises:
            RunError: If it is damaged, or was made from another recipe, suite or data set.
        """
        path = self.cell_path(variant, seed)
        cell = read_cell(path)
        if cell is None:
            return None
        there = cell.facts.get("identity")
        if there != identity:
            keys = [key for key in identity if not isinstance(there, dict) or there.get(key) != identity[key]]
            what = f"was made with another {' and '.join(keys)}"
            raise RunError(what, where=path, remedy="use another -o, or delete the cell to make it again")
        return cell
