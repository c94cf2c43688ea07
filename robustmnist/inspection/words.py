"""The sentences of the page about data sets, by rules."""

from collections.abc import Sequence

import numpy as np

from robustmnist.inspection.facts import InspectionFacts
from robustmnist.wording.numbers import count, listing, percent, plain

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
    "classes": "Above the mean of every class, below the standard deviation of each pixel: dark where digits differ.",
    "measures": "The share of digits in each bin. The tinted band holds the middle 95 % of MNIST's training digits.",
    "pixels": "The share of all pixels, as its square root: most of them are paper.",
    "strange": "Farthest from the five nearest digits of its class. Under each its label, that distance and its id.",
    "hard": "The labels that the checkpoints find least likely. Under each its label, the answers, and its id.",
}
UNEVEN = 1.5  # largest class against smallest


def findings(several: Sequence[InspectionFacts]) -> tuple[str, ...]:
    """Return what stands out in each data set: balance, how centred and equal in size, copies, doubtful labels."""
    return tuple(sentence for facts in several for sentence in _of(facts))


def _of(facts: InspectionFacts) -> list[str]:
    name, counts = facts.dataset.name, facts.counts
    said = [f"{name}: {count(len(facts.labels))} digits."]
    missing = [str(digit) for digit in np.flatnonzero(counts == 0)]
    if missing:
        said.append(f"It has no digit of class {listing(missing)}.")
    elif counts.max() > UNEVEN * counts.min():
        said.append(
            f"Classes are uneven: {count(int(counts.max()))} digits of {counts.argmax()}, "
            f"{count(int(counts.min()))} of {counts.argmin()}."
        )
    radius, size = facts.readings["centroid-radius"], facts.readings["size"]
    off = float((radius > 1.5).mean())
    low, high = np.nanquantile(size, [0.025, 0.975])
    said.append(
        f"{percent(1 - off)} have their centre of mass within 1.5 px of the middle, and the longer side of 95 % is "
        f"between {plain(float(low), 1)} and {plain(float(high), 1)} px."
    )
    if facts.neighbours.copies:
        same = f", {facts.neighbours.contradicted} of them with another label" if facts.neighbours.contradicted else ""
        said.append(f"{count(facts.neighbours.copies)} pictures are copies of an earlier one{same}.")
    if facts.hard is not None and len(facts.hard.names) > 1:
        said.append(f"{count(len(facts.hard.doubted))} labels are doubted by all of {listing(facts.hard.names)}.")
    return [" ".join(said)]


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
