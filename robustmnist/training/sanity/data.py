"""Checks of the digits: no part meets another, more of them help, and their pixels lie where they belong."""

import hashlib
import math

import torch

from robustmnist.data import Dataset
from robustmnist.models.inference.structure import is_convolutional
from robustmnist.training.sanity.subject import EPOCHS, Subject
from robustmnist.training.sanity.verdict import Verdict

__all__ = ["more_digits_help", "parts_are_apart", "same_seed_same_bits", "shuffled_pixels", "unseen_digits_are_read"]

READ = 0.5  # share of unseen digits after a few seconds of learning
FEWER = 4  # the smaller training has a quarter of the digits
NOISE = 3.0  # standard errors
HURT = 0.01  # what a network that looks at neighbours must lose by shuffled pixels
STEPS = 512  # digits, to compare bits


def parts_are_apart(subject: Subject) -> Verdict:
    """No picture may be in two of the parts: to learn from, to choose by, to test on."""
    digits = subject.digits
    training, validation, test = (_hashes(part) for part in (digits.training, digits.validation, digits.test))
    shared = len(training & validation) + len(training & test) + len(validation & test)
    return Verdict(
        "parts of the data are apart",
        not shared,
        f"{shared} pictures in two parts",
        "0",
        "the split is wrong: copies of test digits are in the training data",
    )


def unseen_digits_are_read(subject: Subject) -> Verdict:
    """Even a few seconds of learning must teach more than chance."""
    read = subject.learnt
    return Verdict(
        "unseen digits are read",
        read >= READ,
        f"{100 * read:.1f} %",
        f"≥ {100 * READ:.0f} %",
        "labels and images are not in the same order, or the learning rate is wrong",
    )


def more_digits_help(subject: Subject) -> Verdict:
    """Four times as many digits must not make it worse by more than chance."""
    more, fewer = subject.learnt, _read(subject, len(subject.labels) // FEWER)
    n = len(subject.validation_labels)
    noise = math.sqrt((more * (1 - more) + fewer * (1 - fewer)) / n)
    return Verdict(
        "more digits do not hurt",
        more >= fewer - NOISE * noise,
        f"{100 * (more - fewer):+.1f} points",
        f"≥ −{100 * NOISE * noise:.1f}",
        "the learning rate is too high for the longer training, or some digits have wrong labels",
    )


def shuffled_pixels(subject: Subject) -> Verdict:
    """Pixels in another order are the same to a fully connected network, and not to one that looks at neighbours."""
    order = torch.randperm(28 * 28, generator=torch.Generator().manual_seed(1)).to(subject.device)
    images, validation = (
        part.flatten(2)[..., order].view_as(part) for part in (subject.images, subject.validation_images)
    )
    recipe = subject.plain(epochs=EPOCHS)
    looks, clean = is_convolutional(subject.start(recipe).model), subject.learnt
    other = subject.accuracy(subject.trained(recipe, images, subject.labels), validation, subject.validation_labels)
    noise = NOISE * math.sqrt((clean * (1 - clean) + other * (1 - other)) / len(validation))
    lost = clean - other
    return Verdict(
        f"shuffled pixels {'hurt' if looks else 'do not matter'}",
        lost >= HURT if looks else abs(lost) <= max(noise, HURT),
        f"{100 * lost:+.1f} points lost",
        f"≥ {100 * HURT:.0f}" if looks else f"± {100 * max(noise, HURT):.1f}",
        "the convolutions learn nothing" if looks else "the pixels are not all treated alike",
    )


def same_seed_same_bits(subject: Subject) -> Verdict:
    """The same recipe must give the same bits, and another seed others."""
    first, second, other = (
        _bits(subject, seed) for seed in (subject.recipe.seed, subject.recipe.seed, subject.recipe.seed ^ 1)
    )
    return Verdict(
        "the same seed gives the same bits",
        first == second != other,
        f"{first[:8]}, {second[:8]}, other seed {other[:8]}",
        "equal, equal, other",
        "something draws from a generator that the seed does not set, or the seed is not used",
    )


def _read(subject: Subject, n: int) -> float:
    recipe = subject.plain(epochs=EPOCHS)
    state = subject.trained(recipe, subject.images[:n], subject.labels[:n])
    return subject.accuracy(state, subject.validation_images, subject.validation_labels)


def _bits(subject: Subject, seed: int) -> str:
    recipe = subject.changed(epochs=1, seed=seed)
    state = subject.trained(recipe, subject.images[:STEPS], subject.labels[:STEPS])
    values = b"".join(value.detach().cpu().numpy().tobytes() for value in state.weights.values())
    return hashlib.sha256(values).hexdigest()


def _hashes(data: Dataset) -> set[bytes]:
    levels = data.stored.flatten(1).cpu().contiguous().numpy()
    return {hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in levels}
