"""Attribution to parts of a digit by leaving them out: ablation, Shapley values, kernel SHAP.

Parts are cells of 4 × 4 px, or the pieces of the strokes between ends, junctions and bends. The game is v(S) = f(the
ink in the parts S on blank paper). Parts and not pixels: a digit has some twenty cells with ink, and some four pieces
of strokes, so that the answers are few enough to ask. A part without ink has no share. A part's value is divided evenly
over its pixels that have ink, so that the sums stay.

Loops of our own: captum draws from numpy's and torch's global generators, and its memory grows with the draws.
"""

from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from robustmnist.explanation.methods.method import Context, Method
from robustmnist.explanation.methods.parting import CELL, Parting, cells, strokes
from robustmnist.explanation.subject import ROWS, Subject
from robustmnist.explanation.target import Target

__all__ = ["FEATURE_ABLATION", "KERNEL_SHAP", "ON_STROKES", "SHAPLEY"]

ORDERS = 24  # orders in which parts are added, in pairs: one and its reverse
COALITIONS = 512  # sets of parts that kernel SHAP asks about, in pairs: one and the others


def feature_ablation(
    subject: Subject, images: Tensor, target: Target, context: Context, *, parting: Parting = cells
) -> Tensor:
    """Return by how much the target falls when the part is blanked, signed."""
    parts, inked = _parted(images, parting)
    digits, some = inked.nonzero(as_tuple=True)
    left = inked[digits]
    left[torch.arange(len(digits), device=images.device, dtype=torch.int64), some] = False
    before = subject.scores(images, target).double()[digits]
    values = torch.zeros(inked.shape, dtype=torch.float64, device=images.device)
    values[digits, some] = before - _worth(subject, images, target, parts, left, digits)
    return _spread(values, images, parts)


def shapley_sampling(
    subject: Subject, images: Tensor, target: Target, context: Context, *, parting: Parting = cells
) -> Tensor:
    """Return Shapley values of the parts from `ORDERS` drawn orders, signed; they add up to f(x) − f(blank).

    Source: Castro, Gómez, Tejada 2009, Computers & Operations Research 36; pairs of an order and its reverse: Mitchell,
    Cooper, Frank, Holmes 2022, JMLR 23, section 3.
    """
    parts, inked = _parted(images, parting)
    players, positions = inked.sum(1), torch.arange(inked.shape[1], device=images.device, dtype=torch.int64)
    scores = torch.zeros((len(images), len(positions) + 1), dtype=torch.float64, device=images.device)
    scores[:, 0] = subject.scores(torch.zeros_like(images), target)
    # Behind its last part a digit is whole: what is not played gains nothing.
    scores[:, 1:] = subject.scores(images, target)[:, None]
    digits, steps = (positions < players[:, None] - 1).nonzero(as_tuple=True)
    values = torch.zeros(inked.shape, dtype=torch.float64, device=images.device)
    drawn = context.draws("shapley").uniform(ORDERS // 2, len(positions))
    for order in range(ORDERS):
        keys = drawn[:, order // 2] if order % 2 == 0 else -drawn[:, order // 2]
        turns = keys.masked_fill(~inked, 2.0).argsort(stable=True, dim=1)  # parts with ink first, as drawn
        shown = turns.argsort(1)[digits] <= steps[:, None]
        scores[digits, steps + 1] = _worth(subject, images, target, parts, shown, digits)
        gains = (scores[:, 1:] - scores[:, :-1]).masked_fill(positions >= players[:, None], 0.0)
        values += torch.zeros_like(values).scatter(1, turns, gains)
    return _spread(values / ORDERS, images, parts)


def kernel_shap(
    subject: Subject, images: Tensor, target: Target, context: Context, *, parting: Parting = cells
) -> Tensor:
    """Return Shapley values of the parts by a regression on `COALITIONS` drawn sets, signed; they add up.

    Sets come in pairs, a set and the other parts, with sizes drawn by the Shapley kernel, so that all weigh the same.

    Source: Lundberg, Lee 2017, arXiv:1705.07874, theorem 2; sampling and solution: Covert, Lee 2021, arXiv:2012.01536.
    """
    parts, inked = _parted(images, parting)
    blank, full = subject.scores(torch.zeros_like(images), target), subject.scores(images, target)
    sizes, keys = context.draws("kernel-shap sizes"), context.draws("kernel-shap cells")
    pairs = COALITIONS // 2
    uniform, order = sizes.uniform(pairs), keys.uniform(pairs, inked.shape[1])
    values = torch.zeros(inked.shape, dtype=torch.float64, device=images.device)
    for row in range(len(images)):
        players = int(inked[row].sum())
        if players < 2:
            values[row, inked[row]] = (full[row] - blank[row]).double()
            continue
        size = torch.arange(1, players, dtype=torch.float64, device=images.device)
        weights = (1 / (size * (players - size))).cumsum(0)
        chosen = 1 + (uniform[row].double()[:, None] * weights[-1] >= weights).sum(1)
        rank = order[row].masked_fill(~inked[row], 2.0).argsort(stable=True, dim=1).argsort(1)
        some = (rank < chosen[:, None]) & inked[row]
        sets = torch.cat([some, inked[row] & ~some])
        digits = torch.full((len(sets),), row, dtype=torch.int64, device=images.device)
        worth = _worth(subject, images, target, parts, sets, digits) - blank[row].double()
        values[row, inked[row]] = _regression(sets[:, inked[row]].double(), worth, (full - blank)[row].double())
    return _spread(values, images, parts)


def _regression(sets: Tensor, worth: Tensor, total: Tensor) -> Tensor:
    """Return the least-squares values of the players whose sum is `total`."""
    inverse = torch.linalg.pinv(sets.T @ sets / len(sets), hermitian=True)
    solution = inverse @ (sets.T @ worth / len(sets))
    values: Tensor = solution + inverse.sum(1) * (total - solution.sum()) / inverse.sum()
    return values


def _parted(images: Tensor, parting: Parting) -> tuple[Tensor, Tensor]:
    """Return the part of each pixel, int64 (B, 28, 28), and which parts have ink, bool (B, P)."""
    parts, count = parting(images)
    return parts, _inked_pixels(images, parts, count) > 0


def _inked_pixels(images: Tensor, parts: Tensor, count: int) -> Tensor:
    """Return how many pixels of each part have ink, float64 (B, P)."""
    pixels = torch.zeros((len(images), count), dtype=torch.float64, device=images.device)
    return pixels.scatter_add(1, parts.flatten(1), (images[:, 0] > 0).double().flatten(1))


def _worth(subject: Subject, images: Tensor, target: Target, parts: Tensor, sets: Tensor, digits: Tensor) -> Tensor:
    """Return the target, float64, of digits of which only the parts in `sets` (N, P) are left."""
    scores = []
    for some, rows in zip(torch.split(sets, ROWS), torch.split(digits, ROWS), strict=True):
        left = some.gather(1, parts[rows].flatten(1)).view(-1, 1, 28, 28)
        scores.append(subject.scores(images[rows] * left, target.take(rows)).double())
    return torch.cat(scores) if scores else torch.zeros(0, dtype=torch.float64, device=images.device)


def _spread(values: Tensor, images: Tensor, parts: Tensor) -> Tensor:
    """Return the parts' values (B, P) on their pixels with ink, float32 (B, 28, 28)."""
    each = values / _inked_pixels(images, parts, values.shape[1]).clamp(min=1)
    return (each.gather(1, parts.flatten(1)).view(-1, 28, 28) * (images[:, 0] > 0).double()).float()


FEATURE_ABLATION = Method(
    feature_ablation,
    title="Feature ablation",
    kind="share",
    unit="logits",
    reading="how far the target falls when this cell of 4 × 4 px is blanked, divided over its ink",
    source="leave one out",
    settings={"cells": f"{CELL} × {CELL} px", "fill": "background 0"},
    gradients=False,
)

SHAPLEY = Method(
    shapley_sampling,
    title="Shapley values",
    kind="share",
    unit="logits",
    reading="this cell’s mean gain over drawn orders of adding cells to blank paper, divided over its ink",
    source="Castro et al. 2009",
    settings={"cells": f"{CELL} × {CELL} px", "fill": "background 0", "orders": ORDERS},
    gradients=False,
    random=True,
    complete=True,
    chunk=64,
)

KERNEL_SHAP = Method(
    kernel_shap,
    title="Kernel SHAP",
    kind="share",
    unit="logits",
    reading="this cell’s Shapley value by a regression over drawn sets of cells, divided over its ink",
    source="Lundberg & Lee 2017",
    settings={"cells": f"{CELL} × {CELL} px", "fill": "background 0", "sets": COALITIONS},
    gradients=False,
    random=True,
    complete=True,
    chunk=64,
)


def _on_strokes(method: Method, reading: str) -> Method:
    """Return a method that leaves out pieces of the strokes instead of cells."""
    settings = {"pieces": "of the strokes, cut at ends, junctions and bends"} | dict(method.settings)
    del settings["cells"]
    attribute = partial(method.attribute, parting=strokes)
    return replace(
        method,
        attribute=attribute,
        title=f"{method.title} of strokes",
        reading=f"{reading}, divided over its ink",
        settings=settings,
        chunk=64,
    )


ON_STROKES = {
    "feature-ablation-of-strokes": _on_strokes(FEATURE_ABLATION, "how far the target falls when this piece is blanked"),
    "shapley-of-strokes": _on_strokes(
        SHAPLEY, "this piece’s mean gain over drawn orders of adding pieces to blank paper"
    ),
    "kernel-shap-of-strokes": _on_strokes(KERNEL_SHAP, "this piece’s Shapley value by a regression over drawn sets"),
}
