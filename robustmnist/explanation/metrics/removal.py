"""Deletion and insertion: what happens to the answer when ink goes, most or least important first."""

import numpy as np
import torch
from torch import Tensor

from robustmnist.explanation.metrics.candidate import Candidate
from robustmnist.explanation.metrics.ordering import cuts, most_important_first
from robustmnist.explanation.metrics.question import Array, Question, framed
from robustmnist.statistics.curves import area_under

__all__ = ["STEPS", "inserted", "removed"]

STEPS = 16  # K: how many equal shares of the pixels go one after the other
IN_CACHE = 16  # digits whose versions are made together: 1.5 MB, half the time of all at once


def removed(question: Question, candidates: list[Candidate]) -> dict[str, Array]:
    """Return ``srg``, ``deletion`` and ``retention`` of each map, float64 (maps, B) each.

    The ink pixels are set to blank in K = `STEPS` steps, and p is the probability of the explained class after each:
    A = [½p₀ + Σp_k + ½p_K] / K. ``deletion`` is A with the most important first (low is good), ``retention`` with the
    least important first (high is good), and ``srg`` is retention − deletion: the fill and the shape of the digit do
    the same to both, so a random order has 0 on average. NaN for a digit without ink or with logits that are not
    finite.

    Source: Samek et al. 2017 (deletion); the difference of the two orders: Blücher, Vielhaben & Strodthoff, Decoupling
    pixel flipping and occlusion strategy for consistent XAI benchmarks, TMLR 2024, arXiv:2401.06654.
    """
    by_order: dict[str, list[Array]] = {"srg": [], "deletion": [], "retention": []}
    blank = torch.where(question.ink, 0.0, question.images.flatten(1))
    ends = question.probabilities(framed(torch.stack([question.images.flatten(1), blank], 1)))
    counts = question.ink.sum(1)
    gone = cuts(counts, STEPS)[:, 1:-1]
    for candidate in candidates:
        rank = most_important_first(candidate.maps, question.ties, question.ink)
        inner = question.probabilities(_left(question, rank, gone, counts[:, None] - gone))
        deletion, retention = (
            area_under(np.arange(STEPS + 1.0), np.concatenate([ends[:, :1], part, ends[:, 1:]], axis=1))
            for part in (inner[:, : STEPS - 1], inner[:, STEPS - 1 :])
        )
        known = ((counts > 0) & candidate.maps.isfinite().flatten(1).all(1)).cpu().numpy()
        for name, values in (("srg", retention - deletion), ("deletion", deletion), ("retention", retention)):
            by_order[name].append(np.where(known, values, np.nan))
    return {name: np.stack(rows) for name, rows in by_order.items()}


def inserted(question: Question, candidates: list[Candidate]) -> dict[str, Array]:
    """Return ``insertion`` of each map, float64 (maps, B): the area as pixels of a blank image are uncovered.

    The whole image is uncovered, the most important pixels first, in K = `STEPS` steps; high is good. It rewards any
    map that ranks ink before paper, the image itself above all: read it beside the controls. On ink alone it would be
    ``retention`` read backwards.

    Source: Petsiuk, Das & Saenko, RISE, 2018, arXiv:1806.07421.
    """
    flat = question.images.flatten(1)
    ends = question.probabilities(framed(torch.stack([torch.zeros_like(flat), flat], 1)))
    shown = cuts(torch.full((len(question),), flat.shape[1], device=flat.device, dtype=torch.int64), STEPS)[:, 1:-1]
    rows = []
    for candidate in candidates:
        rank = most_important_first(candidate.maps, question.ties)
        inner = question.probabilities(_left(question, rank, shown[:, :0], shown))
        curve = np.concatenate([ends[:, :1], inner, ends[:, 1:]], axis=1)
        known = candidate.maps.isfinite().flatten(1).all(1).cpu().numpy()
        rows.append(np.where(known, area_under(np.arange(STEPS + 1.0), curve), np.nan))
    return {"insertion": np.stack(rows)}


def _left(question: Question, rank: Tensor, gone: Tensor, shown: Tensor) -> Tensor:
    """Return what is left of each digit, float32 (B, G + S, 28, 28), the rest blank.

    Args:
        question: The digits.
        rank: Of their pixels, (B, 784).
        gone: How many of the first are gone in each version, (B, G).
        shown: How many of the first are left in each version, (B, S).
    """
    flat, ranks = question.images.flatten(1)[:, None], rank.float()[:, None]
    many = gone.shape[1]
    left = flat.new_empty((len(flat), many + shown.shape[1], flat.shape[2]))
    for start in range(0, len(flat), IN_CACHE):
        rows = slice(start, start + IN_CACHE)
        # Comparisons written as 0 and 1 and multiplied: a tenth of the time of a mask and what it fills.
        torch.ge(ranks[rows], gone[rows, :, None].float(), out=left[rows, :many])
        torch.lt(ranks[rows], shown[rows, :, None].float(), out=left[rows, many:])
        left[rows].mul_(flat[rows])
    return framed(left)
