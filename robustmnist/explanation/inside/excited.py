"""What excites a class most: images made by climbing its logit, and what other classifiers read in them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.explanation.subject import Subject
from robustmnist.explanation.target import Target

__all__ = ["Excited", "excite"]

STARTS = 5  # seeded starts for each class
STEPS = 120
STEP = 0.6  # length of a step, in the norm of the image
FLATNESS = 0.3  # share of a step that goes against the total variation
START_INK = 0.2  # most ink of a start: faint noise


@dataclass(frozen=True, eq=False)
class Excited:
    """Images that excite each class.

    Attributes:
        images: float32 (10, S, 28, 28), ink in [0, 1].
        logits: float32 (10, S), the class's logit at the end.
    """

    images: NDArray[np.float32]
    logits: NDArray[np.float32]

    def read_by(self, answer: Callable[[Tensor], Tensor], device: torch.device | None = None) -> NDArray[np.int64]:
        """Return what a classifier on `device` reads in each image, int64 (10, S): evidence if others agree."""
        images = torch.from_numpy(self.images).flatten(0, 1)[:, None].to(device)
        with torch.no_grad():
            classes: NDArray[np.int64] = answer(images).argmax(1).cpu().numpy().reshape(self.logits.shape)
        return classes


def excite(
    subject: Subject, *, seed: int = 0, starts: int = STARTS, steps: int = STEPS, device: torch.device | None = None
) -> Excited:
    """Return images whose ink was changed step by step so that the logit of a class rises.

    From faint seeded noise; each step goes along the slope, scaled to one length, less a share along the slope of the
    total variation, which keeps strokes instead of single pixels; then the ink is kept in [0, 1]. One channel, grey.

    Source: Erhan, Bengio, Courville, Vincent 2009, "Visualizing higher-layer features of a deep network"; total
    variation: Mahendran, Vedaldi 2015, arXiv:1412.0035.
    """
    ids = torch.arange(10 * starts, dtype=torch.int64, device=device)
    target = Target.of_class(ids // starts)
    with torch.inference_mode(False):
        images = START_INK * Draws(seed, "explain excite", ids).uniform(1, 28, 28)
        for step in range(steps):
            slope = _unit(subject.slopes(images, target))
            rough = _unit(_variation_slope(images))
            images = (images + STEP * (1 - step / steps) * (slope - FLATNESS * rough)).clamp(0, 1)
        logits = subject.scores(images, target)
    shape = (10, starts)
    return Excited(images.view(*shape, 28, 28).cpu().numpy(), logits.view(shape).cpu().numpy())


def _unit(slopes: Tensor) -> Tensor:
    length = slopes.flatten(1).norm(dim=1).clamp(min=1e-12)
    unit: Tensor = slopes / length[:, None, None, None]
    return unit


def _variation_slope(images: Tensor) -> Tensor:
    """Return the slope of the sum of absolute differences of neighbours."""
    down = F.pad((images[:, :, 1:] - images[:, :, :-1]).sign(), (0, 0, 1, 1))
    across = F.pad((images[..., 1:] - images[..., :-1]).sign(), (1, 1))
    return down[:, :, :-1] - down[:, :, 1:] + across[..., :-1] - across[..., 1:]
