"""Attribution by the gradient of the target with respect to the ink.

Computed by a loop of our own over the deployed network in fixed tiles, not by captum: the same formulas, but the same
bits in any batch, and memory that does not grow with the digits.
"""

import torch
from torch import Tensor

from robustmnist.explanation.methods.method import Context, Method
from robustmnist.explanation.subject import Subject
from robustmnist.explanation.target import Target

__all__ = ["INPUT_X_GRADIENT", "SALIENCY", "SMOOTHGRAD", "input_x_gradient", "saliency", "smoothgrad"]

SMOOTH_DRAWS = 32
SMOOTH_SIGMA = 0.15  # ink; the paper finds 10 to 20 % of the range best


def saliency(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    """Return the gradient of the target, ``∂f/∂x``, signed: what more ink at this pixel would do.

    Source: Simonyan, Vedaldi, Zisserman 2013, arXiv:1312.6034, section 3, there its absolute value.
    """
    return subject.slopes(images, target)[:, 0]


def input_x_gradient(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    """Return ``x · ∂f/∂x``, signed: the first-order share of the ink in the target; background has none.

    Source: Shrikumar, Greenside, Shcherbina, Kundaje 2016, arXiv:1605.01713.
    """
    return (images * subject.slopes(images, target))[:, 0]


def smoothgrad(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    """Return the mean gradient over `SMOOTH_DRAWS` copies with normal noise of `SMOOTH_SIGMA`, kept in [0, 1].

    A loop of our own: captum's NoiseTunnel draws from torch's global generator, and does not clip, so that the network
    would see ink that cannot be. Here each digit has draws of its own.

    Source: Smilkov, Thorat, Kim, Viégas, Wattenberg 2017, arXiv:1706.03825.
    """
    total = torch.zeros(images.shape, dtype=torch.float64, device=images.device)
    for index in range(SMOOTH_DRAWS):
        noise = context.draws("smoothgrad", index).normal(*images.shape[1:])
        total += subject.slopes((images + SMOOTH_SIGMA * noise).clamp_(0, 1), target)
    return (total / SMOOTH_DRAWS).float()[:, 0]


SALIENCY = Method(
    saliency,
    title="Saliency",
    kind="sensitivity",
    unit="logits per unit of ink",
    reading="what a little more ink at this pixel would add to the target",
    source="Simonyan et al. 2013",
    pixelwise=True,
)

INPUT_X_GRADIENT = Method(
    input_x_gradient,
    title="Input × gradient",
    kind="share",
    unit="logits",
    reading="this pixel’s ink times the slope of the target; background has none",
    source="Shrikumar et al. 2016",
    pixelwise=True,
)

SMOOTHGRAD = Method(
    smoothgrad,
    title="SmoothGrad",
    kind="sensitivity",
    unit="logits per unit of ink",
    reading="what a little more ink would add to the target, on average over noisy copies",
    source="Smilkov et al. 2017",
    settings={"copies": SMOOTH_DRAWS, "noise": f"normal, {SMOOTH_SIGMA} of full ink, clipped to 0 to 1"},
    random=True,
    pixelwise=True,
)
