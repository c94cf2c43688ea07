"""Check that digits have the form of MNIST's digits, on which every checkpoint relies."""

import torch
from torch import Tensor

from robustmnist.data.dataset import Dataset
from robustmnist.errors import DataError
from robustmnist.measure import centroid
from robustmnist.measure.box import extent

__all__ = ["check_digits", "form_notices", "notices"]

MOST = 2_000  # images measured, spread evenly: what is typical shows in them
MIDDLE = 13.5  # px, the frame's
FEW = 30  # images; fewer have no typical form
FEW_LABELS = 100  # images among which a class may well be missing
INK = 0.04  # of an image's brightest ink: what is fainter does not widen its box
PALE = 0.5  # brightest ink of a typical image; in MNIST 1.00, in every 99 of 100 at least 0.996
PAPER, SOME = 0.05, 0.05  # a border brighter than this, in more than this share of the images; none in MNIST
BOX = (18, 22)  # px, the longer side of a typical digit; in MNIST 20
OFF = 2.0  # px from the centre to a typical digit's centre of mass; in MNIST 0.8, and 1.4 at most
WIDE = 0.5  # share of the digits that are wider than tall; in MNIST 0.08 to 0.09, 0.78 with rows and columns exchanged


def check_digits(dataset: Dataset) -> None:
    """Raise DataError where the images are no digits: no answer to them is right."""
    if not dataset.holds_digits:
        what = f"holds {dataset.provenance.content}, no digits: no answer is right or wrong"
        remedy = "use it for out-of-distribution detection with 'robustmnist generalise'"
        raise DataError(what, where=dataset.name, remedy=remedy)


def notices(dataset: Dataset) -> tuple[str, ...]:
    """Return what a reader must know of digits before any number: their form, and what was noticed when they came."""
    return (*form_notices(dataset), *dataset.provenance.warnings)


def form_notices(dataset: Dataset) -> tuple[str, ...]:
    """Return a sentence for each way in which digits differ from MNIST's, so that a checkpoint may misread them.

    Looked for are blank images, paper that is not 0, pale ink, digits too large, too small, off the centre or wider
    than tall, and labels that never come. Digits that ``robustmnist perturb`` wrote or MNIST-C holds are meant to look
    odd: nothing is said of them. The figures of MNIST are those of its 70,000 digits.
    """
    if (
        dataset.provenance.lineage
        or dataset.name.startswith("mnist-c:")
        or not len(dataset)
        or not dataset.holds_digits
    ):
        return ()
    blank = sum(int((part.amax((1, 2, 3)) == 0).sum()) for part in dataset.parts())
    notices = [f"{blank:,} of {len(dataset):,} images are blank."] if blank else []
    images = dataset.rows(slice(None, None, -(-len(dataset) // MOST)))
    images = images[images.amax((1, 2, 3)) > 0]
    border = torch.cat((images[:, 0, 0], images[:, 0, -1], images[:, 0, :, 0], images[:, 0, :, -1]), 1)
    grey = int(((border > PAPER).double().mean(1) > 0.5).sum())
    if grey > SOME * len(images):
        notices.append(f"The paper of {grey:,} of {len(images):,} images is not 0; ink is to be bright on dark paper.")
    elif len(images) >= FEW:
        notices += _shape(images)
    return (*notices, *_labels(dataset.labels))


def _shape(images: Tensor) -> list[str]:
    peak = images.amax((1, 2, 3))
    left, top, right, bottom = extent(images / peak[:, None, None, None], threshold=INK).unbind(1)
    width, height = right - left, bottom - top
    away = float((centroid(images) - MIDDLE).norm(dim=1).median())
    notices = []
    if (typical := float(peak.median())) < PALE:
        notices.append(
            f"The brightest ink of a typical image is {typical:.3f}, in MNIST 1: were 0 and 1 written as bytes?"
        )
    if not BOX[0] <= (side := float(torch.maximum(width, height).median())) <= BOX[1]:
        notices.append(
            f"A typical digit is {side:.0f} px long, in MNIST 20: robustmnist.data.to_mnist brings it to size."
        )
    if away > OFF:
        notices.append(f"A typical digit lies {away:.1f} px off the centre, in MNIST 0.8.")
    if (wide := int((width > height).sum())) > WIDE * len(images):
        notices.append(
            f"{wide:,} of {len(images):,} digits are wider than tall, in MNIST 9 %: are rows and columns exchanged?"
        )
    return notices


def _labels(labels: Tensor) -> list[str]:
    absent = sorted(set(range(10)) - set(labels.tolist()))
    if len(labels) < FEW_LABELS or not absent:
        return []
    return [f"No digit is labelled {', '.join(map(str, absent))}."]
