"""Completeness: whether the shares of a map add up to what they are shares of."""

import numpy as np

from robustmnist.explanation.metrics.candidate import Candidate
from robustmnist.explanation.metrics.question import Array, Question

__all__ = ["completeness"]


def completeness(question: Question, candidates: list[Candidate]) -> dict[str, Array]:
    """Return ``completeness-gap`` of each map, |Σa − (f(x) − f(0))| / max(|f(x) − f(0)|, 1), float64 (maps, B).

    Low is good. Of maps that are no shares, and promise no sum, it is NaN. Below a loss of one logit the gap is in
    logits, so that a target that does not change does not divide by zero.

    Source: Sundararajan, Taly & Yan, 2017, arXiv:1703.01365.
    """
    rows = []
    for candidate in candidates:
        total = candidate.maps.double().sum((1, 2)).cpu().numpy()
        gap = np.abs(total - question.lost) / np.maximum(np.abs(question.lost), 1.0)
        rows.append(gap if candidate.explainer.kind == "share" else np.full(len(question), np.nan))
    return {"completeness-gap": np.stack(rows)}
