"""What a classifier wants to be given and what it answers: its input contract and its output contract."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from robustmnist.errors import InputError
from robustmnist.models.contract import text as contract_text
from robustmnist.models.contract.checks import PerChannel, check_choice, checked_keys, each, is_whole, numbers, refusal

__all__ = ["DIGITS", "Input", "Kind", "Layout", "Output"]

Layout = Literal["nchw", "nhwc", "hw", "flat"]
Kind = Literal["logits", "log-probabilities", "probabilities", "labels"]

DIGITS = tuple(range(10))
SIZES = range(8, 513)  # px: smaller cannot hold a digit; larger would be a slip, and 300 digits would fill the memory


@dataclass(frozen=True)
class Input:
    """How a classifier wants its digits, in the order in which it is done to light ink on dark, 28 × 28 px, 0 to 1.

    Attributes:
        orientation: ``transposed`` exchanges rows and columns, as the files of EMNIST do.
        size: Height and width in px, 8 to 512.
        fit: How a digit gets to that size: ``pad`` puts background around it, ``resize`` scales it, bilinear.
        ink: ``dark`` turns brightness round: ink is low, the background high.
        range: What background and full ink become, ``(0, 1)`` or ``(0, 255)`` or ``(-1, 1)``.
        per_image: Whether each image is then brought to mean 0 and standard deviation 1 by itself.
        mean: Subtracted after that, in units of `range`; a number, or one for each channel.
        sd: What is divided by in the end, as `mean`; above 0.
        channels: 1, or 3 with the same values in each.
        layout: ``nchw`` (B, channels, size, size), ``nhwc`` (B, size, size, channels), ``hw`` (B, size, size) or
            ``flat`` (B, size²); the last two have one channel.

    Raises:
        InputError: If a value is none of these, or they do not go together.

    >>> Input.parse("mean=0.1307,sd=0.3081,size=32,fit=resize")
    Input(orientation='upright', size=32, fit='resize', ink='light', range=(0.0, 1.0), per_image=False, \
mean=0.1307, sd=0.3081, channels=1, layout='nchw')
    >>> str(Input(range=(0, 255), layout="nhwc", ink="dark"))
    '0..255,dark,nhwc'
    """

    orientation: Literal["upright", "transposed"] = "upright"
    size: int = 28
    fit: Literal["pad", "resize"] = "pad"
    ink: Literal["light", "dark"] = "light"
    range: tuple[float, float] = (0.0, 1.0)
    per_image: bool = False
    mean: PerChannel = 0.0
    sd: PerChannel = 1.0
    channels: Literal[1, 3] = 1
    layout: Layout = "nchw"

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            check_choice("input", name, getattr(self, name), allowed)
        if not is_whole(self.size) or self.size not in SIZES:
            raise refusal("size", self.size, f"a whole number of px, {SIZES[0]} to {SIZES[-1]}")
        for name, least in (("range", 2), ("mean", 1), ("sd", 1)):
            object.__setattr__(self, name, numbers(name, getattr(self, name), least, self.channels))
        if self.range[0] == self.range[1]:
            raise refusal("range", self.range, "two different numbers, such as 0..255")
        if min(each(self.sd)) <= 0:
            raise refusal("sd", self.sd, "above 0")
        if self.per_image and (self.mean, self.sd) != (0.0, 1.0):
            raise InputError("per-image and mean or sd exclude each other", where="input", remedy="give one of them")
        if self.layout in ("hw", "flat") and self.channels != 1:
            what = f"layout {self.layout} has one channel, not {self.channels}"
            raise InputError(what, where="input", remedy="use nchw or nhwc")
        if self.fit == "pad" and self.size < 28:
            what = f"28 px cannot be padded to {self.size} px"
            raise InputError(what, where="input", remedy="use fit=resize")

    @classmethod
    def parse(cls, text: str) -> "Input":
        """Return the contract that `text` says: words and ``key=value``, parted by commas; what it leaves out is usual.

        Raises:
            InputError: One line with what is not understood and, where something is near, what was meant.
        """
        return cls(**contract_text.read_input(text))

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "Input":
        """Return the contract that `as_dict` wrote; raises `InputError` where a key or a value is none of it."""
        return cls(**checked_keys("input", table, [item.name for item in fields(cls)]))

    def as_dict(self) -> dict[str, Any]:
        """Return the contract as plain values, ready for JSON or TOML."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one digit as the classifier is given it."""
        side, channels = self.size, self.channels
        shapes: dict[str, tuple[int, ...]] = {
            "nchw": (channels, side, side),
            "nhwc": (side, side, channels),
            "hw": (side, side),
            "flat": (side * side,),
        }
        return shapes[self.layout]

    def same_as(self, other: "Input") -> bool:
        """Return whether both make the same of every digit, though they may say it otherwise.

        >>> Input(range=(-1, 1)).same_as(Input(mean=0.5, sd=0.5))
        True
        """
        plain = all(getattr(self, name) == getattr(other, name) for name in CHOICES if name != "fit")
        if not plain or self.size != other.size or (self.size != 28 and self.fit != other.fit):
            return False
        ends = zip(self._ends(), other._ends(), strict=True)
        return self.per_image or all(math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-6) for a, b in ends)

    def _ends(self) -> list[float]:
        """Return what background and full ink become in each channel."""
        means, sds = (value * self.channels if len(value) == 1 else value for value in map(each, (self.mean, self.sd)))
        return [(end - mean) / sd for end in self.range for mean, sd in zip(means, sds, strict=True)]

    def __str__(self) -> str:
        return contract_text.write_input(self)


@dataclass(frozen=True)
class Output:
    """What a classifier answers.

    Attributes:
        kind: ``logits``, ``log-probabilities``, ``probabilities``, or ``labels``: the class alone.
        classes: For each digit from 0 to 9 its column, or of labels the number that stands for it. Other columns are
            not read.

    Raises:
        InputError: If a value is none of these.

    >>> str(Output.parse("probabilities,classes=1/2/3/4/5/6/7/8/9/0"))
    'probabilities,classes=1/2/3/4/5/6/7/8/9/0'
    """

    kind: Kind = "logits"
    classes: tuple[int, ...] = DIGITS

    def __post_init__(self) -> None:
        check_choice("output", "kind", self.kind, get_args(Kind))
        classes = self.classes
        if isinstance(classes, list | tuple) and len(classes) == 10 and all(map(is_whole, classes)):
            object.__setattr__(self, "classes", tuple(int(column) for column in classes))
            if len(set(classes)) == 10 and min(classes) >= 0:
                return
        raise refusal("classes", classes, "ten different whole numbers from 0, such as 1/2/3/4/5/6/7/8/9/0", "output")

    @classmethod
    def parse(cls, text: str) -> "Output":
        """Return the contract that `text` says: a kind, and ``classes=`` where they are not in the usual order.

        Raises:
            InputError: As `Input.parse`.
        """
        return cls(**contract_text.read_output(text))

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "Output":
        """Return the contract that `as_dict` wrote; raises `InputError` where a key or a value is none of it."""
        return cls(**checked_keys("output", table, [item.name for item in fields(cls)]))

    def as_dict(self) -> dict[str, Any]:
        """Return the contract as plain values, ready for JSON or TOML."""
        return {"kind": self.kind, "classes": list(self.classes)}

    @property
    def has_confidence(self) -> bool:
        """Whether the classifier says how confident it is; of bare labels every confidence would be made up."""
        return self.kind != "labels"

    def __str__(self) -> str:
        return contract_text.write_output(self)


CHOICES: dict[str, tuple[Any, ...]] = {
    "orientation": ("upright", "transposed"),
    "fit": ("pad", "resize"),
    "ink": ("light", "dark"),
    "per_image": (False, True),
    "channels": (1, 3),
    "layout": get_args(Layout),
}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
