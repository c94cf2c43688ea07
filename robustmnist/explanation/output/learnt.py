"""What the networks have learnt, as the page shows it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustmnist.explanation.cases import Explanation
from robustmnist.explanation.inside.learnt import Learnt, Shown
from robustmnist.page.map_picture import digit, heat, png
from robustmnist.page.png import uri
from robustmnist.wording.characters import shorten
from robustmnist.wording.digits import digit_text
from robustmnist.wording.numbers import percent, plain

__all__ = ["LearntSection", "Strip", "digit_strips", "learnt_sections"]

NAME = 40
FILTERS = 24  # filters on the page
GROUPS = 8  # groups on the page
INK_LEVELS = 15
CELL = 2  # CSS pixels per pixel
GAP = 2  # pixels between pictures of a strip


@dataclass(frozen=True)
class Strip:
    """Pictures in one row: a data address, its size in CSS pixels, what it shows, and a note."""

    title: str
    source: str
    wide: int
    tall: int
    kind: str
    alt: str
    note: str


@dataclass(frozen=True)
class LearntSection:
    """One checkpoint: strips, and the table of groups of mistakes."""

    checkpoint: str
    strips: tuple[Strip, ...]
    head: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]


def learnt_sections(explanations: list[Explanation], learnt: list[Learnt]) -> tuple[LearntSection, ...]:
    """Return a section for each checkpoint."""
    return tuple(_section(explanation, its) for explanation, its in zip(explanations, learnt, strict=True))


def digit_strips(learnt: Learnt, row: int) -> tuple[Strip, ...]:
    """Return the strips of one digit: training digits like it, training digits that taught against it, activations."""
    strips = []
    if learnt.alike:
        some = learnt.alike[row]
        words = ", ".join(f"{similar.label} ({plain(similar.number, 3)})" for similar in some)
        strips.append(_digits("Most alike in training", some, f"labels, and cosine of the features: {words}"))
        some = learnt.harmful[row]
        words = ", ".join(str(similar.label) for similar in some)
        strips.append(_digits("Taught most against it", some, f"labels: {words}; by the last layer’s influence"))
    for number, layer in enumerate(learnt.activations[row] if learnt.activations else ()):
        # A channel below the other; in each the digit at rising strength.
        rows = [np.concatenate([_framed(heat(_share(part))) for part in layer[:, channel]], 1)
                for channel in range(layer.shape[1])]  # fmt: skip
        strips.append(
            _strip(
                f"Convolution {number + 1}",
                np.concatenate(rows, 0),
                56 / layer.shape[-1],
                "heat",
                f"the {layer.shape[1]} most active channels, from the clean digit to the full strength",
            )
        )
    return tuple(strips)


def _section(explanation: Explanation, learnt: Learnt) -> LearntSection:
    strips = []
    if learnt.filters is not None:
        some = learnt.filters[:FILTERS]
        pictures = np.concatenate([_framed(heat(_share(kernel))) for kernel in some], 1)
        size = 32 / some.shape[-1] if some.shape[-1] < 28 else CELL
        words = f"the {len(some)} strongest of {len(learnt.filters)}; vermilion is excited by ink, blue silenced"
        strips.append(_strip("First-layer filters", pictures, size, "heat", words))
    if learnt.excited is not None:
        best = learnt.excited.logits.argmax(1)
        images = [learnt.excited.images[label, best[label]] for label in range(10)]
        pictures = np.concatenate([_framed(digit(image, INK_LEVELS)) for image in images], 1)
        right = {name: (read == np.arange(10)[:, None]).mean() for name, read in learnt.read.items()}
        words = ", ".join(f"{shorten(name, NAME)} {percent(float(share), 0)}" for name, share in right.items())
        many = learnt.excited.images.shape[1]
        strips.append(
            _strip(
                "What excites 0 to 9 most", pictures, CELL, "ink",
                f"of {many} seeded starts the best; read as their class by: {words}",
            )
        )  # fmt: skip
    if learnt.clusters and learnt.groups:
        first = learnt.groups[0]
        members = ", ".join(str(int(medoid.number)) for medoid in learnt.clusters)
        where = f"{digit_text(first.true)} read as {first.read}, {shorten(first.condition, NAME)}"
        words = f"the middle of each cluster of {where}; members: {members}; {learnt.alone} in none"
        strips.append(_digits("The largest group", learnt.clusters, words))
    rows = tuple(
        (
            f"{group.true} → {group.read}",
            shorten(group.condition, NAME),
            str(len(group.rows)),
            _most_often(group.values),
            plain(group.expected, 1),
            f"{plain(len(group.rows) / group.expected, 1)}×" if group.expected else "–",
        )
        for group in learnt.groups[:GROUPS]
    )
    head = ("true → read", "in", "mistakes", "most often at", "by chance", "ratio")
    return LearntSection(shorten(explanation.checkpoint, NAME), tuple(strips), head, rows)


def _most_often(values: NDArray[np.float64]) -> str:
    """Return the strength at which most digits are first misread, the lowest of several; a dash for clean digits."""
    if not np.isfinite(values).all():
        return "–"
    strengths, counts = np.unique(values, return_counts=True)
    return plain(float(strengths[counts.argmax()]))


def _digits(title: str, shown: tuple[Shown, ...], note: str) -> Strip:
    pictures = np.concatenate([_framed(digit(each.image, INK_LEVELS)) for each in shown], 1)
    return _strip(title, pictures, CELL, "ink", note)


def _strip(title: str, pictures: NDArray[np.uint8], size: float, kind: str, note: str) -> Strip:
    tall, wide, _ = pictures.shape
    return Strip(title, uri(png(pictures)), round(wide * size), round(tall * size), kind, f"{title}: {note}", note)


def _framed(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    gap = GAP if picture.shape[0] > 7 else 1
    return np.pad(picture, ((0, gap), (0, gap), (0, 0)))


def _share(values: NDArray[np.float32]) -> NDArray[np.float32]:
    shares: NDArray[np.float32] = values / max(float(np.abs(values).max()), 1e-12)
    return shares
