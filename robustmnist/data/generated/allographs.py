"""The forms in which people write the ten digits: strokes as points that a smooth line goes through.

Every text is a form: strokes are separated by ``;``, points are ``x,y`` in hundredths of the digit's height, x to the
right and y down, in the order in which they are written, and a point that is followed by ``|`` is a corner. They were
drawn for this project.
"""

import functools
from dataclasses import dataclass

__all__ = ["ALLOGRAPHS", "Allograph", "allographs_of"]

Point = tuple[float, float]


@dataclass(frozen=True)
class Allograph:
    """A form of a digit.

    Attributes:
        name: What tells it from the digit's other forms.
        share: How many of a hundred hands write it.
        strokes: The points of each stroke, in heights of the digit; a corner stands twice.
    """

    name: str
    share: int
    strokes: tuple[tuple[Point, ...], ...]


# Digit -> form -> how many of a hundred hands write it, and its strokes.
ALLOGRAPHS: dict[int, dict[str, tuple[int, str]]] = {
    0: {
        "closed": (62, "38,2 18,12 5,40 6,70 22,95 42,96 60,78 66,46 58,16 40,1 32,4"),
        "overlapping": (23, "52,10 34,0 14,16 4,50 12,84 32,99 54,86 64,52 58,22 44,4 30,12"),
        "open": (15, "46,4 24,8 8,34 6,66 20,94 42,97 60,76 64,42 54,14 36,10"),
    },
    1: {
        "bar": (66, "12,0 11,33 10,66 9,100"),
        "flag": (24, "8,19 18,9 27,0| 26,34 25,68 24,100"),
        "foot": (10, "8,19 18,9 28,0| 28,34 27,66 27,98 ; 4,99 28,98 52,97"),
    },
    2: {
        "plain": (45, "4,24 14,6 36,0 56,12 56,34 40,60 20,82 2,98| 26,95 48,95 70,97"),
        "looped": (40, "6,22 20,4 42,1 58,16 52,42 34,70 16,92 4,92 6,78 22,76 42,90 60,98 76,90"),
        "round": (15, "2,18 22,2 46,4 58,20 50,44 28,68 8,88 4,97| 28,92 50,98 72,92"),
    },
    3: {
        "round": (66, "6,12 24,0 46,4 54,20 42,40 20,47| 44,50 60,66 56,88 34,100 12,96 0,84"),
        "flat": (14, "4,6 26,4 56,3| 42,20 24,42| 46,46 62,66 54,90 30,100 4,92"),
        "looped": (20, "8,10 28,0 50,10 48,30 30,46 22,48 24,41 40,46 58,62 56,86 32,100 4,90"),
    },
    4: {
        "open": (58, "12,2 6,24 3,46 14,56 36,54 60,48 ; 60,4 58,36 55,68 52,100"),
        "closed": (20, "52,0 34,24 16,46 0,66| 24,67 48,66 74,64 ; 52,2 52,36 51,68 50,100"),
        "angular": (22, "16,0 10,22 4,50| 28,52 50,50 74,47 ; 54,10 52,40 49,70 46,100"),
    },
    5: {
        "hat": (54, "18,4 14,24 11,44| 32,38 54,48 58,70 44,92 20,100 0,90 ; 17,5 36,5 52,4 68,1"),
        "joined": (34, "66,2 46,4 24,4| 18,22 14,42| 34,40 54,54 54,80 34,98 10,98 0,90"),
        "flowing": (12, "62,4 42,0 22,8 18,28 34,42 50,56 52,80 32,98 10,96 2,84"),
    },
    6: {
        "curved": (58, "48,0 28,14 12,38 4,66 10,92 30,100 50,88 54,68 40,56 20,62 8,78"),
        "straight": (27, "30,0 18,24 8,50 4,76 16,97 38,97 52,80 44,62 24,62 10,78"),
        "wide": (15, "58,4 34,8 14,30 3,60 12,90 36,99 58,86 58,66 40,58 18,66 8,82"),
    },
    7: {
        "plain": (66, "0,8 20,5 42,5 62,3| 50,30 38,58 28,100"),
        "barred": (14, "2,6 22,4 42,5 64,2| 50,30 38,60 30,100 ; 14,54 36,50 62,46"),
        "hooked": (20, "2,22 4,4| 24,7 44,6 64,2| 54,26 42,54 36,100"),
    },
    8: {
        "one-stroke": (68, "52,12 34,0 14,6 8,22 20,40 40,54 50,74 42,94 22,100 4,88 8,66 28,48 46,32 56,14 48,4"),
        "two-rings": (14, "30,0 12,8 10,30 28,44 46,34 48,12 32,0| ; 28,44 8,56 4,82 24,100 48,88 50,62 30,44"),
        "slanted": (18, "62,10 42,0 22,8 18,24 30,42 44,60 42,86 22,100 4,88 8,66 30,48 54,30 66,12"),
    },
    9: {
        "straight": (58, "52,14 34,0 12,8 4,30 16,46 36,42 50,24 54,6| 54,36 51,68 48,100"),
        "curved": (24, "54,14 36,0 12,10 6,34 22,48 42,36 54,12| 56,44 50,76 32,98 12,94"),
        "leaning": (18, "54,8 32,0 10,14 6,38 24,46 44,28 56,4| 48,36 38,68 30,100"),
    },
}


@functools.cache
def allographs_of(digit: int) -> tuple[Allograph, ...]:
    """Return the forms of a digit.

    >>> [(form.name, len(form.strokes)) for form in allographs_of(4)]
    [('open', 2), ('closed', 2), ('angular', 2)]
    """
    return tuple(
        Allograph(name, share, tuple(_points(stroke) for stroke in text.split(";")))
        for name, (share, text) in ALLOGRAPHS[digit].items()
    )


def _points(text: str) -> tuple[Point, ...]:
    points: list[Point] = []
    for word in text.split():
        x, _, y = word.removesuffix("|").partition(",")
        points += [(int(x) / 100, int(y) / 100)] * (2 if word.endswith("|") else 1)
    return tuple(points)
