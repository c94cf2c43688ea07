"""Checks of a sample of digits: which is ink and which is paper, which way is up, do labels and shapes agree."""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor

from robustmnist.data import Dataset, to_mnist
from robustmnist.data.form import form_notices
from robustmnist.inspection.preflight.changes import TURNS, formed, inverted, relabelled, turned
from robustmnist.inspection.preflight.finding import Finding
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.wording.numbers import percent

__all__ = ["READER", "check_form", "check_polarity", "check_reading"]

READER = "fc"  # reads 98.6 % of MNIST's test digits, 90.8 % of the embedded ones, and in an instant
MOST, SOME = 0.9, 0.1  # share of images with dark ink: in all, as far as that can be seen; in some
READ, MISREAD = 0.75, 0.5  # accuracy with what mends, at least, and without it, at most, for it to be certain
BETTER = 0.15  # accuracy that another turn must gain to be worth saying
EXCHANGED, SEVERAL = 0.6, 8  # share and number of a class's digits that are read as one other for it to be said
CLASSES = 4  # of so many different labels a turn shows
STILL = 0.02  # mean change of ink by `to_mnist` up to which a digit counts as in MNIST's form


def check_polarity(sample: Dataset) -> Finding | None:
    """Return what is to be said where the median of the border is nearer to the brightest value than to the darkest."""
    images = sample.images[:, 0]
    border = torch.cat((images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]), 1).median(1).values
    dark = border - images.amin((1, 2)) > images.amax((1, 2)) - border
    share = float(dark.double().mean())
    if share >= MOST:
        return Finding(
            f"The ink is darker than the paper in {percent(share, 0)} of the digits, in MNIST brighter: "
            "they are inverted.",
            certain=True,
            mended="ink and paper exchanged",
            mend=inverted,
        )
    if share > SOME:
        return Finding(
            f"The ink is darker than the paper in {percent(share, 0)} of the digits and brighter in the others.",
            mended="each brought to bright ink and to MNIST's form",
            mend=formed,
        )
    return None


def check_reading(sample: Dataset) -> list[Finding]:
    """Return what is to be said where a shipped network reads the digits better turned or with other labels.

    The digits are brought to MNIST's form first, so that size, position and polarity play no part.
    """
    if len(set(sample.labels.tolist())) < CLASSES:
        return []
    images, labels = to_mnist(sample.images), sample.labels
    model = load_checkpoint(READER)
    answers = torch.stack([model(turn(images).contiguous()).argmax(1) for turn in TURNS.values()])  # (8, n)
    steps = torch.arange(10)
    accuracy = (answers[:, None] == (labels + steps[:, None]) % 10).double().mean(2)  # turns × steps
    plain = float(accuracy[0, 0])
    best = int(accuracy.argmax())
    turn, step = list(TURNS)[best // 10], best % 10
    top = float(accuracy.max())
    if best == 0 or top - plain < BETTER:
        return _misread(plain, answers[0], labels) if plain < MISREAD else _exchanged(answers[0], labels)
    if top < READ and step:  # of 80 readings some are right by chance
        return _misread(plain, answers[0], labels)
    certain = top >= READ and plain <= MISREAD
    read = f"{READER}, a network of MNIST's, reads {percent(plain, 0)} of these digits as they are"
    shifted = f"labels look shifted, what is labelled 1 shows {(1 + step) % 10}"
    findings = []
    if best // 10:
        said = f"{read}, {percent(top, 0)} {turn}{', other labels given' if step else ''}."
        findings.append(Finding(said, certain, turn.removeprefix("with "), partial(turned, turn=turn)))
    if step:
        said = f"{shifted.capitalize()}." if findings else f"{read}, {percent(top, 0)} with other labels: {shifted}."
        findings.append(Finding(said, certain, f"labels changed to {_step(step)}", partial(relabelled, step=step)))
    return findings


def check_form(sample: Dataset) -> Finding | None:
    """Return what mends digits of another size, position or contrast than MNIST's, where most are of one."""
    if not form_notices(sample):
        return None
    change = (to_mnist(sample.images) - sample.images).abs().mean((1, 2, 3))
    share = float((change > STILL).double().mean())
    if share <= 0.5:
        return None
    # Nothing is said unless it is mended: the notices of the form say what differs.
    return Finding("", mended="brought to MNIST's form", mend=formed)


def _step(step: int) -> str:
    return f"{step} higher" if step <= 5 else f"{10 - step} lower"


def _exchanged(answers: Tensor, labels: Tensor) -> list[Finding]:
    """Return a finding about classes that are read as another one for the most part, where most digits are right."""
    counts = _counts(answers, labels)
    shown, n = counts.argmax(1).tolist(), counts.sum(1).tolist()
    least = [max(EXCHANGED * of_class, SEVERAL) for of_class in n]
    odd = [label for label in range(10) if shown[label] != label and counts[label, shown[label]] >= least[label]]
    if not odd or {*odd} != {shown[label] for label in odd}:  # one class alone is hard to read, two are exchanged
        return []
    return [Finding(_exchange_text({label: shown[label] for label in odd}))]


def _misread(plain: float, answers: Tensor, labels: Tensor) -> list[Finding]:
    """Return a finding about digits that no turn and no shift of the labels makes legible."""
    counts = _counts(answers, labels)
    shown = counts.argmax(1).tolist()
    agree = float(counts.amax(1).sum() / counts.sum())
    if agree >= READ and len(set(shown)) == 10:
        others = {label: digit for label, digit in enumerate(shown) if label != digit}
        return [Finding(_exchange_text(others), certain=True)]
    return [
        Finding(
            f"{READER}, which reads 98.6 % of MNIST, reads {percent(plain, 0)} of these digits, and not more in any of "
            "8 turns and flips: are these digits, and the labels theirs?"
        )
    ]


def _counts(answers: Tensor, labels: Tensor) -> Tensor:
    """Return how many digits of each class (rows) are read as each class (columns), int64 (10, 10)."""
    return torch.bincount(labels * 10 + answers, minlength=100).reshape(10, 10)


def _exchange_text(shown: Mapping[int, int]) -> str:
    """Return the sentence on labels whose digits show other classes, by label."""
    pairs = ", ".join(f"what is labelled {label} shows {digit}" for label, digit in shown.items())
    return f"Labels look exchanged: {pairs}."
