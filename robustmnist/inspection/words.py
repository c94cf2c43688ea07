"""The sentences of the page about data sets, by rules."""

from collections.abc import Sequence

import numpy as np

from robustmnist.inspection.differences import comparable, differences
from robustmnist.inspection.facts import InspectionFacts
from robustmnist.measure import MEASURES
from robustmnist.wording.numbers import count, listing, many, percent, plain, strength

__all__ = ["NOTES", "doubt_words", "findings", "measure_title", "pair_words"]

TITLES = {
    "centroid-radius": "Centre of mass, from the middle of the frame",
    "centroid-x": "Centre of mass, to the right",
    "centroid-y": "Centre of mass, down",
    "size": "Longer side of the box",
    "width": "Width of the box",
    "height": "Height of the box",
    "slant": "Slant",
    "angle": "Principal angle",
    "stroke-width": "Stroke width",
    "ink": "Ink",
}
NOTES = {
    "samples": "Digits spread evenly over each class, in the order of the data set.",
    "classes": "Above the mean of every class, below the standard deviation of each pixel: the stronger, the more the "
    "digits differ there.",
    "measures": "The share of digits in each bin. The tinted band holds the middle 95 % of MNIST's training digits.",
    "pixels": "The share of all pixels, as its square root: most of them are paper.",
    "strange": "Farthest from the five nearest digits of its class. Under each its label, that distance and its id.",
    "hard": "The labels that the checkpoints find least likely. Under each its label, the answers, and its id.",
}
UNEVEN = 1.5  # largest class against smallest
MOST = 3  # measures that are named


def findings(several: Sequence[InspectionFacts]) -> tuple[str, ...]:
    """Return what stands out: of each data set alone, and how every further one differs from the first."""
    apart = (difference_words(several[0], facts) for facts in several[1:])
    return (*(sentence for facts in several for sentence in _of(facts)), *filter(None, apart))


def difference_words(first: InspectionFacts, second: InspectionFacts) -> str:
    """Return in which measures the digits of the second data set differ most from those of the first.

    Nothing where no measure is known of enough digits of both.
    """
    if not comparable(first, second):
        return ""
    names = f"{second.dataset.name} differs from {first.dataset.name}"
    large = differences(first, second)[:MOST]
    if not large:
        return f"{names} in no measure by more than half a standard deviation."
    phrases = [
        f"{measure_title(difference.measure).lower()} ({_measured(difference.measure, difference.after)} on average, "
        f"{_measured(difference.measure, difference.before)} in {first.dataset.name})"
        for difference in large
    ]
    return f"{names} most in {listing(phrases)}."


def _measured(name: str, value: float) -> str:
    return strength(value, MEASURES[name].unit, 2)


def _of(facts: InspectionFacts) -> list[str]:
    name, counts = facts.dataset.name, facts.counts
    said = [f"{name}: {many(len(facts.labels), 'digit')}."]
    missing = [str(digit) for digit in np.flatnonzero(counts == 0)]
    if missing:
        said.append(f"It has no digit of class {listing(missing)}.")
    elif counts.max() > UNEVEN * counts.min():
        said.append(
            f"Classes are uneven: {count(int(counts.max()))} digits of {counts.argmax()}, "
            f"{count(int(counts.min()))} of {counts.argmin()}."
        )
    radius, size = facts.readings["centroid-radius"], facts.readings["size"]
    inked = np.isfinite(radius) & np.isfinite(size)
    if not inked.all():
        said.append(f"{_number(int((~inked).sum()), 'picture')} blank.")
    if inked.any():
        low, high = np.quantile(size[inked], [0.025, 0.975])
        said.append(
            f"{percent(float((radius[inked] <= 1.5).mean()))} have their centre of mass within 1.5 px of the middle, "
            f"and the longer side of 95 % is between {plain(float(low), 1)} and {plain(float(high), 1)} px."
        )
    if facts.neighbours.copies:
        same = f", {facts.neighbours.contradicted} of them with another label" if facts.neighbours.contradicted else ""
        said.append(f"{_number(facts.neighbours.copies, 'picture')} the same as an earlier one{same}.")
    if facts.hard is not None and len(facts.hard.names) > 1:
        said.append(f"{_number(len(facts.hard.doubted), 'label')} doubted by all of {listing(facts.hard.names)}.")
    return [" ".join(said)]


def _number(number: int, thing: str) -> str:
    return f"{many(number, thing) if number else f'No {thing}'} {'is' if number < 2 else 'are'}"


def pair_words(facts: InspectionFacts) -> str:
    """Return how the closest pairs were looked for."""
    n, compared = len(facts.labels), facts.neighbours.compared
    which = "All digits" if compared == n else f"A sample of {count(compared)} of {count(n)} digits"
    return (
        f"{which} were held against each other. Under each pair its distance, the root mean square of the difference "
        "in ink, then labels and ids; ≠ where the labels differ."
    )


def doubt_words(facts: InspectionFacts) -> str:
    """Return what it means that a label is doubted."""
    if facts.hard is None:
        return ""
    if len(facts.hard.names) < 2:
        return "Labels are doubted only where several checkpoints agree: give two or more."
    return (
        f"All of {listing(facts.hard.names)} give the same other class than the label: some of these labels are wrong, "
        "others belong to digits that people would dispute. Under each the label, the answer with the lowest "
        "confidence, and the id. Checkpoints trained on these very digits doubt fewer."
    )


def measure_title(name: str) -> str:
    """Return what a measure is, in words."""
    return TITLES.get(name, name)
