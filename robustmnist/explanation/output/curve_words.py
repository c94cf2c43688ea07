"""The sentences of the page of curves."""

from robustmnist.explanation.curves.half_life import HalfLife, Median, Pair
from robustmnist.explanation.methods.registry import METHODS
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import percent, strength
from robustmnist.wording.tests import ALPHA, p_text

__all__ = ["HOW", "NAME", "at", "half_life_sentence", "pair_sentence", "title_of"]

NAME = 32  # letters of a checkpoint's name
HOW = (
    "Similarity is the cosine between the map of a perturbed digit and that of the clean one, with their signs, over "
    "the pixels that hold ink when clean; 1 is the same map. Both explain the same class. Where a perturbation moves "
    "the ink by a linear map, the map is turned back before it is compared, and pixels whose values come from outside "
    "the frame do not count. The thin line is the floor: the similarity to the map of another digit of the same class. "
    "A map is broken where it is nearer to the floor than to 1."
)


def title_of(method: str) -> str:
    """Return a method's name in a heading."""
    return METHODS[method].title


def at(median: Median, unit: str) -> str:
    """Return a median with its interval: ``15° (15° to 22.5°)``; words where it lies beyond the sweep."""
    middle, low, high = median
    if middle != middle:
        return "beyond the sweep"
    top = strength(high, unit) if high == high else "beyond the sweep"
    return f"{strength(middle, unit)} ({strength(low, unit)} to {top})"


def half_life_sentence(row: HalfLife) -> str:
    """Return what a row says, its subject the checkpoint."""
    map_at, read_at = row.explanation[0], row.prediction[0]
    half = (
        f"half of its maps are broken at {strength(map_at, row.unit)}"
        if map_at == map_at
        else ("more than half of its maps last to the end of the sweep")
    )
    read = (
        f"half of the digits are misread at {strength(read_at, row.unit)}"
        if read_at == read_at
        else ("more than half of the digits are read right to the end")
    )
    low, high = row.first_interval
    first = f"The map breaks before the reading on {percent(row.first, 0)} of the digits"
    return f"{half}, {read}. {first} ({percent(low, 0)} to {percent(high, 0)})."


def pair_sentence(pair: Pair) -> str:
    """Return how two checkpoints compare: ``cnn’s maps last 2.1° longer than fc’s (0.9° to 3.2°, p < 0.001)``."""
    over = pair.over
    a, b = shorten(pair.a, NAME), shorten(pair.b, NAME)
    ends = f"95 % interval {strength(over.low, pair.unit, 1)} to {strength(over.high, pair.unit, 1)}, {p_text(over.p)}"
    if not over.p < ALPHA:
        return f"The maps of {a} and {b} do not differ measurably ({ends})."
    word = "farther" if over.mean > 0 else "less far"
    return f"The maps of {a} last {strength(abs(over.mean), pair.unit, 1)} {word} than those of {b} ({ends})."
