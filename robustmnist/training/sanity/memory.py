"""Checks of what a network must be able to learn by heart, and of what nobody can learn."""

import torch

from robustmnist.training.sanity.subject import Subject
from robustmnist.training.sanity.verdict import Verdict

__all__ = ["batch_by_heart", "few_digits_by_heart", "random_labels"]

STEPS, ALMOST_NOTHING = 150, 0.05
FEW, ROUNDS = 128, 60
CHANCE = 0.2  # twice the tenth of the answers that is right by chance
RANDOM_DIGITS, RANDOM_EPOCHS, FALLEN = 300, 20, 0.9


def batch_by_heart(subject: Subject) -> Verdict:
    """A network must bring the loss of one batch to almost nothing."""
    recipe = subject.plain(epochs=STEPS, batch_size=32)
    images, labels = subject.images[:32], subject.labels[:32]
    state, lowest, steps = subject.start(recipe), float("inf"), 0
    while lowest > ALMOST_NOTHING and steps < STEPS:
        steps += 1
        lowest = min(lowest, float(subject.epoch(state, recipe, images, labels).losses[-1]))
    return Verdict(
        "one batch is learnt",
        lowest <= ALMOST_NOTHING,
        f"loss {lowest:.3f} after {steps} steps",
        f"≤ {ALMOST_NOTHING} in {STEPS}",
        "the loss does not fit the output (softmax before cross-entropy), or the learning rate is wrong",
    )


def few_digits_by_heart(subject: Subject) -> Verdict:
    """A network with more weights than these digits have pixels that matter must know all of them."""
    recipe = subject.plain(epochs=ROUNDS, batch_size=32)
    images, labels = subject.images[:FEW], subject.labels[:FEW]
    state, best = subject.start(recipe), 0.0
    for epoch in range(ROUNDS):
        subject.epoch(state, recipe, images, labels)
        if epoch % 5 == 4:
            best = max(best, subject.accuracy(state, images, labels))
        if best == 1:
            break
    return Verdict(
        f"{len(labels)} digits are known by heart",
        best == 1,
        f"{100 * best:.1f} % after {epoch + 1} epochs",
        f"100 % in {ROUNDS}",
        "the network is too small, or what it computes in training differs from what it computes afterwards",
    )


def random_labels(subject: Subject) -> Verdict:
    """Labels drawn at random can be learnt by heart but not be foretold: else validation digits leak."""
    generator = torch.Generator().manual_seed(subject.recipe.seed)
    images = subject.images[:RANDOM_DIGITS]
    drawn = torch.randint(10, (len(images),), generator=generator).to(images.device)
    recipe = subject.plain(epochs=RANDOM_EPOCHS, batch_size=32)
    state = subject.start(recipe)
    losses = [
        float(torch.stack(subject.epoch(state, recipe, images, drawn).losses).mean()) for _ in range(RANDOM_EPOCHS)
    ]
    read = subject.accuracy(state, subject.validation_images, subject.validation_labels)
    ratio = losses[-1] / losses[0]
    return Verdict(
        "random labels teach nothing",
        read <= CHANCE and ratio <= FALLEN,
        f"validation {100 * read:.1f} %, training loss × {ratio:.2f}",
        f"≤ {100 * CHANCE:.0f} %, × {FALLEN} or less",
        "validation digits are among those to learn from, or nothing is learnt at all",
    )
