"""RISE: how much better the target does, on average, where a pixel is left to be seen."""

import torch
import torch.nn.functional as F
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.explanation.methods.method import Context, Method
from robustmnist.explanation.subject import ROWS, Subject
from robustmnist.explanation.target import Target

__all__ = ["RISE", "rise"]

MASKS = 500
SIDE = 7  # cells of a mask on each side, 4 px each
SHOWN = 0.5  # chance of a cell to be seen


def rise(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    """Return the mean target where the pixel is seen minus the mean over all masks, signed.

    `MASKS` grids of 7 × 7 random cells, enlarged bilinearly and shifted by up to a cell, the same for all digits and
    models. The paper's mean is of a probability and never negative; of a logit, which may be, only the difference from
    the mean over all masks says anything.

    Our own: captum has none. Black box, with memory for a few digits' masked copies.

    Source: Petsiuk, Das, Saenko 2018, arXiv:1806.07421, section 3.
    """
    masks = _masks(context.seed, images.device)
    total = torch.zeros_like(images[:, 0], dtype=torch.float64)
    parts = []
    for some in torch.split(masks, max(1, ROWS // len(images))):
        seen = (images * some[:, None, None]).flatten(0, 1)
        parts.append(subject.scores(seen, target.repeat(len(some))).double().view(len(some), -1))
    scores = torch.cat(parts)
    mean = torch.zeros_like(scores[0])
    for each in scores:  # one after the other, so that no bit depends on the batch
        mean += each / MASKS
    for each, mask in zip(scores, masks.double(), strict=True):
        total += (each - mean)[:, None, None] * mask
    return (total / masks.double().sum(0)).float()


def _masks(seed: int, device: torch.device) -> Tensor:
    """Return float32 (M, 28, 28) in [0, 1]."""
    draws = Draws(seed, "explain rise", torch.arange(MASKS, dtype=torch.int64))
    cell = 28 // SIDE
    grid = (draws.uniform(1, SIDE + 1, SIDE + 1) < SHOWN).to(torch.float32)
    large = F.interpolate(grid, scale_factor=float(cell), mode="bilinear")[:, 0]
    down, across = (draws.uniform(2) * cell).long().unbind(1)
    parts = [mask[y : y + 28, x : x + 28] for mask, y, x in zip(large, down.tolist(), across.tolist(), strict=True)]
    return torch.stack(parts).to(device)


RISE = Method(
    rise,
    title="RISE",
    kind="share",
    unit="logits",
    reading="how much better the target does on average where this pixel is seen through a random mask",
    source="Petsiuk et al. 2018",
    settings={"masks": MASKS, "grid": f"{SIDE} × {SIDE}", "seen": f"{SHOWN:.0%}", "fill": "background 0"},
    gradients=False,
    random=True,
    chunk=1024,
)
