"""Are digits MNIST's own, in another file? Copies are recognised moved, turned, flipped, enlarged and shrunk."""

from pathlib import Path

import torch
from torch import Tensor

from robustmnist.data import Dataset, load_dataset, to_mnist
from robustmnist.errors import DataError
from robustmnist.inspection.preflight.changes import TURNS
from robustmnist.inspection.preflight.finding import Finding
from robustmnist.inspection.preflight.outline import outlines
from robustmnist.wording.numbers import percent

__all__ = ["check_leak", "have_twin"]

# The nearest known digit is a twin where its distance (1 - correlation of the outlines) is at most this part of that of
# the second nearest: upright, turned or flipped, and where it is the same picture.
NEARER, NEARER_TURNED, SAME = 0.6, 0.4, 0.1
SHARE = 0.15  # of the digits with a twin, from which they are said to be MNIST's
SHARE_SAME = 0.03  # of the digits that are the same, from which that is said
MOST, EVERY = 150, 3  # digits compared; of these every third is also turned and flipped
PART = 10_000  # images compared together
NAMES = {"train": "training", "test": "test"}


def check_leak(sample: Dataset, data_dir: Path | None = None, *, training: bool = False) -> Finding | None:
    """Return what is to be said where many of the digits are in MNIST; None where MNIST is not at hand.

    Nothing is downloaded for it. What it recognises, as the share of 150 copies of MNIST's training digits with a twin;
    it is said from 15 % on, or from 3 % that are the same picture:

    - as they are or moved 100 %; turned by quarters or flipped, each in another way, 100 %
    - enlarged 2.5 times and smoothed 92 %
    - the frame shrunk to 20 px 74 to 89 %, to 16 px 75 to 84 %, to 14 px 63 to 91 %, to 12 px 33 to 49 %; the same
      and enlarged to 28 px again 89 to 95, 65 to 90, 34 to 70 and 21 to 46 %; turned as well 54 to 83 % at 20 px, 42 to
      81 % at 14 px
    - to 10 px 5 to 19 %, hence mostly not; to 8 px (a digit of 6 px) 5 %, as of digits that are none of MNIST's
    - not: copies that were bent, drawn anew, or turned by other angles than quarters

    Of as many test digits, embedded and printed digits and strokes, 3 to 7 % have a twin that is none, turned 2 %.

    Args:
        sample: Digits that are not blank.
        data_dir: Where MNIST is, if not in the usual places.
        training: Whether they are to train on; then only MNIST's test digits among them are worth saying.
    """
    shares: dict[str, tuple[float, float, float]] = {}
    images = sample.sample(MOST).images
    clean = torch.cat((images[:, 0, 0], images[:, 0, -1], images[:, 0, :, 0], images[:, 0, :, -1]), 1).median(1).values
    # On clean paper digits are looked at as they are: bringing copies to size once more makes them less alike.
    digits = outlines(torch.where((clean == 0)[:, None, None, None], images, to_mnist(images)))
    turned = torch.cat([turn(digits[::EVERY]) for turn in list(TURNS.values())[1:]])
    for part in ("test",) if training else ("train", "test"):
        try:
            known = load_dataset("mnist", part=part, data_dir=data_dir, download=False)
        except DataError:
            continue
        ratios = _nearness(torch.cat([digits, turned]), known)
        upright, other = ratios[: len(digits)], ratios[len(digits) :].reshape(len(TURNS) - 1, -1).amin(0)
        shares[part] = (_share(upright <= NEARER), _share(other <= NEARER_TURNED), _share(upright <= SAME))
    if not shares:
        return None
    part = max(shares, key=lambda name: max(shares[name][:2]))
    plain, flipped, same = shares[part]
    if max(plain, flipped) < SHARE and same < SHARE_SAME:
        return None
    if training:
        why = "what is trained on them has seen these, and its numbers on MNIST say nothing about other digits"
    elif part == "train":
        why = "what was trained on MNIST has seen them, and its numbers here say nothing about other digits"
    else:
        why = "these are no other digits than those of --dataset mnist"
    how = ", turned or flipped" if flipped > plain else ""
    share = percent(max(plain, flipped), 0)
    return Finding(f"{share} of the digits have a twin among MNIST's {NAMES[part]} digits{how}: {why}.")


def have_twin(images: Tensor, known: Dataset) -> Tensor:
    """Return for each image ``(n, 1, 28, 28)`` whether one known digit is far nearer than all others, bool ``(n,)``."""
    return _nearness(outlines(images), known) <= NEARER


def _nearness(queries: Tensor, known: Dataset) -> Tensor:
    """Return of each outline the distance to the nearest known digit as a part of that to the second nearest."""
    flat = queries.flatten(1)
    starts = range(0, len(known), PART)
    parts = (flat @ outlines(known.rows(slice(start, start + PART))).flatten(1).mT for start in starts)
    nearest = torch.cat([part.topk(min(2, part.shape[1])).values for part in parts], 1).topk(2).values
    first, second = (1 - nearest).clamp(min=0).unbind(1)
    return first / second.clamp(min=1e-9)


def _share(which: Tensor) -> float:
    return float(which.double().mean())
