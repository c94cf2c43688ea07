"""Attribution to cells of 4 × 4 px by leaving them out: ablation, Shapley values, kernel SHAP.

The game is v(S) = f(the ink in the cells S on blank paper). Cells and not pixels: a digit has some twenty cells with
ink, so that the answers are few enough to ask. A cell without ink has no share. A cell's value is divided evenly over
its pixels that have ink, so that the sums stay.

Loops of our own: captum draws from numpy's and torch's global generators, and its memory grows with the draws.
"""

import torch
from torch import Tensor

from robustmnist.explanation.methods.method import Context, Method
from robustmnist.explanation.subject import ROWS, Subject
from robustmnist.explanation.target import Target

__all__ = ["FEATURE_ABLATION", "KERNEL_SHAP", "SHAPLEY", "feature_ablation", "kernel_shap", "shapley_sampling"]

CELL = 4  # px
ORDERS = 24  # orders in which cells are added, in pairs: one and its reverse
COALITIONS = 512  # sets of cells that kernel SHAP asks about, in pairs: one and the others


def feature_ablation(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    """Return by how much the target falls when the cell is blanked, signed."""
    inked = _inked(images)
    digits, cells = inked.nonzero(as_tuple=True)
    left = inked[digits]
    left[torch.arange(len(digits), device=images.device, dtype=torch.int64), cells] = False
    before = subject.scores(images, target).double()[digits]
    values = torch.zeros(inked.shape, dtype=torch.float64, device=images.device)
    values[digits, cells] = before - _worth(subject, images, target, left, digits)
    return _spread(values, images, inked)


def shapley_sampling(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    """Return Shapley values of the cells from `ORDERS` drawn orders, signed; they add up to f(x) − f(blank).

    Source: Castro, Gómez, Tejada 2009, Computers & Operations Research 36; pairs of an order and its reverse: Mitchell,
    Cooper, Frank, Holmes 2022, JMLR 23, section 3.
    """
    inked = _inked(images)
    players, cells = inked.sum(1), torch.arange(inked.shape[1], device=images.device, dtype=torch.int64)
    scores = torch.zeros((len(images), len(cells) + 1), dtype=torch.float64, device=images.device)
    scores[:, 0] = subject.scores(torch.zeros_like(images), target)
    # Behind its last cell a digit is whole: what is not played gains nothing.
    scores[:, 1:] = subject.scores(images, target)[:, None]
    digits, steps = (cells < players[:, None] - 1).nonzero(as_tuple=True)
    values = torch.zeros(inked.shape, dtype=torch.float64, device=images.device)
    drawn = context.draws("shapley").uniform(ORDERS // 2, len(cells))
    for order in range(ORDERS):
        keys = drawn[:, order // 2] if order % 2 == 0 else -drawn[:, order // 2]
        turns = keys.masked_fill(~inked, 2.0).argsort(stable=True, dim=1)  # cells with ink first, as drawn
        shown = turns.argsort(1)[digits] <= steps[:, None]
        scores[digits, steps + 1] = _worth(subject, images, target, shown, digits)
        gains = (scores[:, 1:] - scores[:, :-1]).masked_fill(cells >= players[:, None], 0.0)
        values += torch.zeros_like(values).scatter(1, turns, gains)
    return _spread(values / ORDERS, images, inked)


def kernel_shap(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    """Return Shapley values of the cells by a regression on `COALITIONS` drawn sets, signed; they add up.

    Sets come in pairs, a set and the other cells, with sizes drawn by the Shapley kernel, so that all weigh the same.

    Source: Lundberg, Lee 2017, arXiv:1705.07874, theorem 2; sampling and solution: Covert, Lee 2021, arXiv:2012.01536.
    """
    inked = _inked(images)
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
        worth = _worth(subject, images, target, sets, digits) - blank[row].double()
        values[row, inked[row]] = _regression(sets[:, inked[row]].double(), worth, (full - blank)[row].double())
    return _spread(values, images, inked)


def _regression(sets: Tensor, worth: Tensor, total: Tensor) -> Tensor:
    """Return the least-squares values of the players whose sum is `total`."""
    inverse = torch.linalg.pinv(sets.T @ sets / len(sets), hermitian=True)
    found = inverse @ (sets.T @ worth / len(sets))
    values: Tensor = found + inverse.sum(1) * (total - found.sum()) / inverse.sum()
    return values


def _inked(images: Tensor) -> Tensor:
    """Return which cells have ink, bool (B, 49)."""
    return (torch.nn.functional.max_pool2d(images, CELL) > 0).flatten(1)


def _worth(subject: Subject, images: Tensor, target: Target, sets: Tensor, digits: Tensor) -> Tensor:
    """Return the target, float64, of digits of which only the cells in `sets` (N, 49) are left."""
    found = []
    for part, rows in zip(torch.split(sets, ROWS), torch.split(digits, ROWS), strict=True):
        left = part.view(-1, 28 // CELL, 28 // CELL).repeat_interleave(CELL, 1).repeat_interleave(CELL, 2)
        found.append(subject.scores(images[rows] * left[:, None], target.take(rows)).double())
    return torch.cat(found) if found else torch.zeros(0, dtype=torch.float64, device=images.device)


def _spread(values: Tensor, images: Tensor, inked: Tensor) -> Tensor:
    """Return the cells' values (B, 49) on their pixels with ink, float32 (B, 28, 28)."""
    ink = (images[:, 0] > 0).double()
    count = torch.nn.functional.avg_pool2d(ink[:, None], CELL).flatten(1) * CELL**2
    each = (values / count.clamp(min=1)).view(-1, 28 // CELL, 28 // CELL)
    return (each.repeat_interleave(CELL, 1).repeat_interleave(CELL, 2) * ink).float()


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
