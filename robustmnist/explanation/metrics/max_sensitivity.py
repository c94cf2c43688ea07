"""Max-sensitivity: how much a map changes when the digit hardly does."""

import numpy as np

from robustmnist.explanation.metrics.candidate import Candidate
from robustmnist.explanation.metrics.question import Array, Question

__all__ = ["DRAWS", "RADIUS", "max_sensitivity"]

RADIUS = 0.02  # of ink, added or taken away at most
DRAWS = 20


def max_sensitivity(
    question: Question, candidates: list[Candidate], *, radius: float = RADIUS, many: int = DRAWS
) -> dict[str, Array]:
    """Return ``max-sensitivity`` of each map, with ``max-sensitivity-kept`` and ``flipped``, float64 (maps, B).

    The largest of ‖a(x + δ) − a(x)‖₂ / ‖a(x)‖₂ over `many` draws of δ, uniform in ±`radius` at each pixel, the image
    clipped to [0, 1] and the target fixed; low is good. The draws are nested: more of them never lower it. ``kept`` is
    the same over the draws that kept the prediction, NaN where none did, and ``flipped`` the share that changed it. NaN
    for a zero map: of nothing there is no relative change.

    Source: Yeh et al., NeurIPS 2019, arXiv:1901.09392; there divided by ‖a(x)‖ as here, not by ‖x‖.
    """
    shape = (len(candidates), len(question))
    largest, kept = np.full(shape, -np.inf), np.full(shape, -np.inf)
    flips = np.zeros(len(question))
    maps = [candidate.maps.flatten(1).double() for candidate in candidates]
    with np.errstate(invalid="ignore", divide="ignore"):
        lengths = [values.square().sum(1).sqrt().cpu().numpy() for values in maps]
        before = question.logits(question.images).argmax(-1)[:, 0]
        for index in range(many):
            noise = (question.draws("noise", index).uniform(1, 28, 28) * 2 - 1) * radius
            images = (question.images + noise).clamp(0, 1)
            stays = (question.logits(images).argmax(-1)[:, 0] == before).cpu().numpy()
            flips += ~stays
            for row, candidate in enumerate(candidates):
                moved = candidate.recomputed(question, images=images, draw=index + 1).flatten(1).double()
                apart = (moved - maps[row]).square().sum(1).sqrt().cpu().numpy() / lengths[row]
                apart = np.where(lengths[row] > 0, apart, np.nan)
                largest[row] = np.maximum(largest[row], apart)
                kept[row] = np.where(stays, np.maximum(kept[row], apart), kept[row])
    kept[np.isinf(kept)] = np.nan
    shared = np.broadcast_to(flips / many, shape)
    return {"max-sensitivity": largest, "max-sensitivity-kept": kept, "flipped": shared.copy()}
