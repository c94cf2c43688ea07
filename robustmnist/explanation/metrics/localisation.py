"""Relevance mass and rank: how much of a map lies in a region, such as the stroke or a planted mark."""

import numpy as np
import torch
from torch import Tensor

from robustmnist.explanation.metrics.candidate import Candidate
from robustmnist.explanation.metrics.ordering import most_important_first
from robustmnist.explanation.metrics.question import Array, Question

__all__ = ["STROKE", "localised", "on_stroke"]

STROKE = 0.5  # ink from which a pixel is stroke


def on_stroke(question: Question, candidates: list[Candidate]) -> dict[str, Array]:
    """Return mass and rank on the stroke, ink of one half or more, as `localised`; float64 (maps, B) each.

    It proves nothing alone: the image itself scores as high as the best methods. ``stroke-area`` is what a constant map
    scores.
    """
    region = question.images[:, 0] >= STROKE
    shares = {f"stroke-{name}": rows for name, rows in localised(question, candidates, region).items()}
    shares.pop("stroke-pointing")
    return shares


def localised(question: Question, candidates: list[Candidate], region: Tensor) -> dict[str, Array]:
    """Return how much of each map lies in `region`, bool (B, 28, 28); float64 (maps, B) each.

    - ``mass``: Σ|a| in the region over Σ|a|; ``mass-positive``: the same of a⁺, what speaks for the target. In [0, 1].
    - ``rank``: the share of the map's |R| highest pixels, signed, that lie in the region of |R| pixels.
    - ``pointing``: whether the highest pixel does.
    - ``area``: |R| / 784.

    High is good. Equal values rank by a seeded key. NaN where the region is empty; the masses also where the map is 0
    throughout.

    Source: Arras, Osman & Samek, CLEVR-XAI, 2022, arXiv:2003.07258; pointing: Zhang et al. 2018, arXiv:1608.00507.
    """
    inside = region.flatten(1)
    size = inside.sum(1)
    empty = (size == 0).cpu().numpy()
    shares: dict[str, list[Array]] = {name: [] for name in ("mass", "mass-positive", "rank", "pointing", "area")}
    for candidate in candidates:
        values = candidate.maps.flatten(1).double()
        rank = most_important_first(candidate.maps, question.ties)
        top = ((rank < size[:, None]) & inside).sum(1).double() / size
        columns = {
            "mass": _share(values.abs(), inside),
            "mass-positive": _share(values.clamp(min=0), inside),
            "rank": top.cpu().numpy(),
            "pointing": ((rank == 0) & inside).any(1).double().cpu().numpy(),
            "area": (size.double() / inside.shape[1]).cpu().numpy(),
        }
        invalid = empty | ~candidate.finite.cpu().numpy()
        for name, row in columns.items():
            shares[name].append(np.where(invalid, np.nan, row))
    return {name: np.stack(rows) for name, rows in shares.items()}


def _share(values: Tensor, inside: Tensor) -> Array:
    total = values.sum(1)
    share = torch.where(inside, values, 0.0).sum(1) / total
    array: Array = share.masked_fill(total == 0, torch.nan).cpu().numpy()
    return array
