"""The hands that write the stroke digits: what each does to every digit, and what varies from digit to digit.

Every number comes from `Draws` by arithmetic that all machines do alike: sums, products and quotients of float64, no
sine and no logarithm.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from robustmnist.data.generated.allographs import allographs_of
from robustmnist.draws import Draws

__all__ = ["PER_HAND", "Hands", "hands"]

PER_HAND = 50  # digits of a hand, five of each class
WIDTH = (2.6, 0.7, 1.4, 4.8)  # px: mean and standard deviation over hands, least and most; as over MNIST's digits
SLANT = (0.12, 0.22, 0.06)  # px/px: mean and standard deviation over hands, and of a hand's digits
ASPECT = (1.02, 0.17, 0.08)  # ×, as the next two
TURN = (0.0, 0.03, 0.04)  # half the tangent of the angle, about as many radians
WARP = (0.07, 0.07)  # heights of the digit: standard deviation over hands, and of a hand's digits
JITTER = 0.023  # heights of the digit: standard deviation of every point of a stroke, on each axis
WOBBLE = (0.0, 0.45)  # px: least and most standard deviation of a hand's tremor
TAPER = (0.0, 0.55)  # share of the width that is missing where a stroke begins and ends, least and most of the hands


@dataclass(frozen=True)
class Hands:
    """How `n` digits are written, float64 ``(n,)`` unless said otherwise.

    Attributes:
        hand: int64: the number of the hand that writes each.
        form: int64: which of the digit's forms (`allographs_of`).
        width: px, of the stroke where it is broadest.
        slant: px to the right per px of height.
        aspect: ×, of the width of the form.
        turn: Tangent of half the angle by which the digit is turned.
        wobble: px, standard deviation of the tremor.
        taper: Share of the width that is missing at both ends of a stroke.
        warp: ``(n, 2, 3)``: how far x and y are moved by u², u v and v², of heights from the middle.
    """

    hand: Tensor
    form: Tensor
    width: Tensor
    slant: Tensor
    aspect: Tensor
    turn: Tensor
    wobble: Tensor
    taper: Tensor
    warp: Tensor


def hands(ids: Tensor, seed: int = 0) -> Hands:
    """Return how the digits with these ids, int64 ``(n,)``, are written; the class of a digit is its id modulo 10.

    >>> writing = hands(torch.tensor([0, 49, 50]))
    >>> writing.hand.tolist()
    [0, 0, 1]
    """
    hand = ids // PER_HAND
    own, each = Draws(seed, "hand", hand), Draws(seed, "written", ids)
    normal, varied = own.normal(12).double(), each.normal(12).double()
    level, chance = own.uniform(12).double(), each.uniform(1).double()[:, 0]
    width = (WIDTH[0] + WIDTH[1] * normal[:, 0]) * (1 + 0.08 * varied[:, 0])
    slant, aspect, turn = (
        mean + over * normal[:, at] + within * varied[:, at]
        for at, (mean, over, within) in enumerate((SLANT, ASPECT, TURN), start=1)
    )
    return Hands(
        hand=hand,
        form=_forms(ids % 10, level, chance),
        width=width.clamp(WIDTH[2], WIDTH[3]),
        slant=slant,
        aspect=aspect.clamp(0.6, 1.5),
        turn=turn,
        wobble=WOBBLE[0] + (WOBBLE[1] - WOBBLE[0]) * level[:, 10] * level[:, 10],
        taper=TAPER[0] + (TAPER[1] - TAPER[0]) * level[:, 11],
        warp=(WARP[0] * normal[:, 4:10] + WARP[1] * varied[:, 4:10]).view(-1, 2, 3),
    )


def _forms(digits: Tensor, level: Tensor, chance: Tensor) -> Tensor:
    """Return which form each digit has: that of its hand, but for one digit in ten, which has any."""
    habit = level.gather(1, digits[:, None])[:, 0]
    number = torch.where(chance < 0.1, chance * 10, habit)
    form = torch.zeros_like(digits)
    for digit in range(10):
        bound = 0
        for allograph in allographs_of(digit)[:-1]:
            bound += allograph.share
            form += ((digits == digit) & (number * 100 >= bound)).long()
    return form
