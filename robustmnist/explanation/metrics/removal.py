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
IN_CACHE = 16  # digits whose versions are made and read together: 1.6 MB, written over by those of the next digits


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
    counts = question.ink.sum(1)
    gone = cuts(counts, STEPS)
    for candidate in candidates:
        rank = most_important_first(candidate.maps, question.ink_ties, question.ink)
        # Both orders share their ends, all ink and none.
        read = _probabilities(question, rank, gone, counts[:, None] - gone[:, 1:-1])
        whole, blank = read[:, :1], read[:, STEPS : STEPS + 1]
        curves = read[:, : STEPS + 1], np.concatenate([whole, read[:, STEPS + 1 :], blank], axis=1)
        deletion, retention = (area_under(np.arange(STEPS + 1.0), curve) for curve in curves)
        known = ((counts > 0) & candidate.finite).cpu().numpy()
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
    every = torch.full((len(question),), question.images[0].numel(), device=question.images.device, dtype=torch.int64)
    shown = cuts(every, STEPS)
    rows = []
    for candidate in candidates:
        rank = most_important_first(candidate.maps, question.ties)
        curve = _probabilities(question, rank, shown[:, :0], shown)
        rows.append(np.where(candidate.finite.cpu().numpy(), area_under(np.arange(STEPS + 1.0), curve), np.nan))
    return {"insertion": np.stack(rows)}


def _probabilities(question: Question, rank: Tensor, gone: Tensor, shown: Tensor) -> Array:
    """Return the probability of the explained class of what is left of each digit, float64 (B, G + S).

    A few digits at a time: their versions are read while they are in cache, a third faster for a small network.

    Args:
        question: The digits.
        rank: Of their pixels, (B, 784).
        gone: How many of the first are gone in each version, (B, G).
        shown: How many of the first are left in each version, (B, S).
    """
    flat, ranks = question.images.flatten(1)[:, None], rank.float()[:, None]
    gone, shown = gone.float()[..., None], shown.float()[..., None]
    many, total = gone.shape[1], gone.shape[1] + shown.shape[1]
    together = len(flat) if flat.is_cuda else min(IN_CACHE * torch.get_num_threads(), len(flat))
    buffer = flat.new_zeros((together, total, flat.shape[2]))
    columns = question.ink.any(0).nonzero()
    inked = slice(int(columns[0]), int(columns[-1]) + 1) if len(columns) else slice(0)  # all else is blank and stays so
    flat, ranks, logits = flat[..., inked], ranks[..., inked], []
    for start in range(0, len(flat), together):
        rows = slice(start, start + together)
        versions = buffer[: len(flat[rows])]
        left = versions[..., inked]
        # Comparisons written as 0 and 1 and multiplied: a tenth of the time of a mask and what it fills.
        torch.ge(ranks[rows], gone[rows], out=left[:, :many])
        torch.lt(ranks[rows], shown[rows], out=left[:, many:])
        left.mul_(flat[rows])
        logits.append(question.logits(framed(versions)))
    return question.probabilities(torch.cat(logits))
