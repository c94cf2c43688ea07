"""ROAD: pixels are not blanked but filled in from what is around them, so that what is missing leaves no trace."""

from functools import cache

import numpy as np
import torch
from scipy.sparse import csr_array, eye_array
from scipy.sparse.linalg import splu
from torch import Tensor

from robustmnist.explanation.metrics.candidate import Candidate
from robustmnist.explanation.metrics.ordering import cuts, most_important_first
from robustmnist.explanation.metrics.question import Array, Question, framed

__all__ = ["LEVELS", "NOISE", "filled_in", "road"]

LEVELS = 10  # tenths of the ink: 10, 20 … 90 % of it are removed
NOISE = 0.01  # standard deviation of what is added to the filled-in pixels
STRAIGHT, DIAGONAL = 1 / 6, 1 / 12  # weights of the 8 neighbours; they add up to 1


def road(question: Question, candidates: list[Candidate]) -> dict[str, Array]:
    """Return ``road``, ``road-morf`` and ``road-lerf`` of each map, float64 (maps, B).

    10, 20 … 90 % of the ink pixels are filled in (`filled_in`), most or least important first (MoRF, LeRF).
    ``road-morf`` is the share of the nine levels at which the explained class still has the highest logit (low is
    good), ``road-lerf`` the same for the other order (high is good), and ``road`` is lerf − morf. NaN for a digit
    without ink.

    Source: Rong et al., A consistent and efficient evaluation strategy for attribution methods, ICML 2022,
    arXiv:2202.00449.
    """
    by_order: dict[str, list[Array]] = {"road": [], "road-morf": [], "road-lerf": []}
    counts = question.ink.sum(1)
    gone = cuts(counts, LEVELS)[:, 1:-1]
    noise = torch.stack([question.draws("road", level).normal(28, 28) for level in range(1, LEVELS)], 1) * NOISE
    classes = question.target.classes.to(question.images.device)[:, None]
    for candidate in candidates:
        rank = most_important_first(candidate.maps, question.ties, question.ink)
        first = rank[:, None] < gone[..., None]
        last = (rank[:, None] >= (counts[:, None] - gone)[..., None]) & (rank < counts[:, None])[:, None]
        removed = framed(torch.cat([first, last], 1))
        versions = filled_in(question.images, removed, noise.repeat(1, 2, 1, 1))
        logits = question.logits(versions)
        kept = ((logits.argmax(-1) == classes) & logits.isfinite().all(-1)).double().cpu().numpy()
        known = ((counts > 0) & candidate.finite).cpu().numpy()
        morf, lerf = kept[:, : LEVELS - 1].mean(1), kept[:, LEVELS - 1 :].mean(1)
        for name, values in (("road", lerf - morf), ("road-morf", morf), ("road-lerf", lerf)):
            by_order[name].append(np.where(known, values, np.nan))
    return {name: np.stack(rows) for name, rows in by_order.items()}


def filled_in(images: Tensor, removed: Tensor, noise: Tensor) -> Tensor:
    """Return K versions of each digit in which each removed pixel is the weighted mean of its neighbours, plus noise.

    The removed pixels solve x_i = Σ_j w_ij x_j over their 8 neighbours, w = 1/6 for the four straight ones and 1/12 for
    the diagonal ones, divided by their sum at the border: one linear system, solved exactly.

    Args:
        images: float32 (B, 1, 28, 28).
        removed: bool (B, K, 28, 28).
        noise: float32 (B, K, 28, 28), added to removed pixels.

    Returns:
        float32 (B, K, 28, 28), clipped to [0, 1].
    """
    weights, versions = _weights(), []
    flat, holes_of, noise_of = (part.flatten(2).cpu().numpy() for part in (images, removed, noise))
    # One by one, so that no bit depends on the batch; sparse, for each pixel has 8 neighbours, and by a single thread.
    for image, holes, added in zip(flat[:, 0].astype(np.float64), holes_of, noise_of, strict=True):
        filled = np.where(holes, 0.0, image)
        for version, hole, more in zip(filled, holes, added, strict=True):
            pixels = np.flatnonzero(hole)
            if not len(pixels):
                continue
            rows = weights[pixels]
            solved = splu((eye_array(len(pixels)) - rows[:, pixels]).tocsc()).solve(rows @ version)
            version[pixels] = solved + more[pixels]
        versions.append(np.clip(filled, 0.0, 1.0).astype(np.float32))
    restored = np.stack(versions) if versions else np.zeros(holes_of.shape, np.float32)
    return framed(torch.from_numpy(restored).to(images.device))


@cache
def _weights() -> csr_array:
    """Return the weight of each pixel's neighbours, (784, 784); each row adds up to 1."""
    rows, columns = np.divmod(np.arange(784), 28)
    down, across = np.abs(rows[:, None] - rows), np.abs(columns[:, None] - columns)
    weights = np.where(down + across == 1, STRAIGHT, np.where((down == 1) & (across == 1), DIAGONAL, 0.0))
    return csr_array(weights / weights.sum(1, keepdims=True))
