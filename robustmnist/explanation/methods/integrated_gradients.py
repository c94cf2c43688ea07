"""Integrated gradients against blank paper, and expected gradients against other digits."""

import torch
from torch import Tensor

from robustmnist.explanation.methods.method import Context, Method
from robustmnist.explanation.methods.path_integral import MOST, STEPS, TOLERANCE, straight
from robustmnist.explanation.subject import Subject
from robustmnist.explanation.target import Target

__all__ = ["EXPECTED_GRADIENTS", "INTEGRATED_GRADIENTS", "expected_gradients", "integrated_gradients"]

REFERENCES = 64  # training digits a map is compared with


def integrated_gradients(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    """Return ``x · ∫ ∂f/∂x(αx) dα``, signed: the share of each pixel's ink in the target against a blank image.

    By our own `straight`: captum's takes the same midpoints, but its sums depend on the batch, and it refines nothing.

    Source: Sundararajan, Taly, Yan 2017, arXiv:1703.01365.
    """
    return straight(subject, torch.zeros_like(images), images, target).maps


def expected_gradients(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    """Return ``E[(x − r) · ∂f/∂x(r + α(x − r))]`` over training digits r and α in [0, 1], signed.

    The digits are of the rival class, or of the explained class where there is no rival. Against blank paper a pixel
    without ink has no share; against digits that have ink there its absence has: blank paper can speak. Each map takes
    `REFERENCES` digits, each at its own α in one of as many equal parts of [0, 1], so that the shares add up to
    ``f(x) − E[f(r)]`` but for a sampling error.

    A loop of our own: captum's GradientShap draws from numpy's global generator, and its memory grows with the draws.

    Source: Erion, Janizek, Sturmfels, Lundberg, Lee 2021, Nature Machine Intelligence 3, section "expected gradients".
    """
    assert context.references is not None, "check_method refuses it without references"
    classes = target.classes if target.rivals is None else target.rivals
    pool = context.references[classes.to(context.references.device)].to(images.device)
    draws = context.draws("expected-gradients")
    chosen, offsets = draws.uniform(2, REFERENCES).unbind(1)
    rows = torch.arange(len(images), device=images.device, dtype=torch.int64)
    total = torch.zeros(images.shape, dtype=torch.float64, device=images.device)
    for step in range(REFERENCES):
        # Without repetition while the pool lasts, from a start that is the digit's own.
        which = ((chosen[:, 0] * pool.shape[1]).long() + step) % pool.shape[1]
        reference = pool[rows, which]
        share = ((step + offsets[:, step]) / REFERENCES)[:, None, None, None]
        difference = images - reference
        total += difference * subject.slopes(reference + share * difference, target)
    return (total / REFERENCES).float()[:, 0]


INTEGRATED_GRADIENTS = Method(
    integrated_gradients,
    title="Integrated gradients",
    kind="share",
    unit="logits",
    reading="this pixel’s share in the target, against a blank image; the shares add up to the difference",
    source="Sundararajan et al. 2017",
    settings={
        "baseline": "background 0",
        "path": "straight",
        "midpoints": f"{STEPS}, doubled up to {MOST} where they miss by over {TOLERANCE:.0%}",
    },
    complete=True,
    chunk=512,
    pixelwise=True,
)

EXPECTED_GRADIENTS = Method(
    expected_gradients,
    title="Expected gradients",
    kind="share",
    unit="logits",
    reading="this pixel’s share in the target, ink or its absence, against training digits of the rival class",
    source="Erion et al. 2021",
    settings={"references": f"{REFERENCES} training digits of the rival class", "path": "straight"},
    random=True,
    references=True,
    pixelwise=True,
)
