"""All sanity checks, in the order in which they are made: a miss of an early one explains those that follow."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from robustmnist.training.digits import Digits
from robustmnist.training.recipe import Recipe
from robustmnist.training.sanity.data import (
    more_digits_help,
    parts_are_apart,
    same_seed_same_bits,
    shuffled_pixels,
    unseen_digits_are_read,
)
from robustmnist.training.sanity.memory import batch_by_heart, few_digits_by_heart, random_labels
from robustmnist.training.sanity.start import first_loss, gradients_are_cleared, gradients_arrive, units_alive
from robustmnist.training.sanity.subject import Subject, subject_of
from robustmnist.training.sanity.verdict import Verdict

__all__ = ["CHECKS", "check_sanity"]

CHECKS: Mapping[str, Callable[[Subject], Verdict]] = {
    "parts-are-apart": parts_are_apart,
    "first-loss": first_loss,
    "gradients-arrive": gradients_arrive,
    "gradients-are-cleared": gradients_are_cleared,
    "units-alive": units_alive,
    "one-batch": batch_by_heart,
    "few-digits-by-heart": few_digits_by_heart,
    "same-seed-same-bits": same_seed_same_bits,
    "unseen-digits-are-read": unseen_digits_are_read,
    "more-digits-help": more_digits_help,
    "random-labels": random_labels,
    "shuffled-pixels": shuffled_pixels,
}


def check_sanity(recipe: Recipe, digits: Digits, codes: Sequence[str] = ()) -> Iterator[Verdict]:
    """Yield the verdict of every check of `recipe` on a sample of its digits, as soon as it is known.

    Args:
        recipe: Whose network, optimiser and loss are checked; its epochs are not.
        digits: As `robustmnist.training.digits.load_digits` gives them, on the device to train on.
        codes: Code that the recipe's model may be, ``net.py:Net``.
    """
    subject = subject_of(recipe, digits, codes)
    for check in CHECKS.values():
        yield check(subject)
