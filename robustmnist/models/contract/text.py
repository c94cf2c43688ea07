"""Contracts as one line of text, the same on the command line, in messages and in notes."""

import re
from typing import Any

from robustmnist.errors import InputError
from robustmnist.system.validation import did_you_mean, shorten

__all__ = ["read_input", "read_output", "write_input", "write_output"]

# Words that say by themselves which key they are the value of.
WORDS: dict[str, tuple[str, Any]] = {
    "per-image": ("per_image", True),
    "light": ("ink", "light"),
    "dark": ("ink", "dark"),
    "upright": ("orientation", "upright"),
    "transposed": ("orientation", "transposed"),
    "pad": ("fit", "pad"),
    "resize": ("fit", "resize"),
    "nchw": ("layout", "nchw"),
    "nhwc": ("layout", "nhwc"),
    "hw": ("layout", "hw"),
    "flat": ("layout", "flat"),
}
KEYS = ("range", "mean", "sd", "size", "fit", "channels", "layout", "ink", "orientation")
# What people call things elsewhere, and the word for it here.
ELSEWHERE = {
    "inverted": "dark",
    "transpose": "transposed",
    "emnist": "transposed",
    "channels-first": "nchw",
    "channels-last": "nhwc",
    "std": "sd=",
    "std=": "sd=",
    "softmax": "probabilities",
    "log-softmax": "log-probabilities",
    "scores": "logits",
}
KINDS = ("logits", "log-probabilities", "probabilities", "labels")
USUAL_CLASSES = tuple(range(10))

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
# The first number ends before the two dots, so it has no point at its end.
_RANGE = re.compile(rf"([-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?)\.\.({_NUMBER})")
MOST_CHARACTERS = 400  # of a contract: the longest that says something has half as many


def read_input(text: str) -> dict[str, Any]:
    """Return the fields of `Input` that `text` says; raise `InputError` at the first word that it cannot read."""
    values: dict[str, Any] = {}
    for word in _words(text, "input"):
        key, value = _entry(word)
        if key in values:
            raise InputError(f"{key} is given twice", where="input", remedy="give it once")
        values[key] = value
    return values


def read_output(text: str) -> dict[str, Any]:
    """Return the fields of `Output` that `text` says; raise `InputError` at the first word that it cannot read."""
    values: dict[str, Any] = {}
    for word in _words(text, "output"):
        key, equals, value = word.partition("=")
        name = "kind" if not equals and word in KINDS else key
        if name in values:
            raise InputError(f"{name} is given twice", where="output", remedy="give it once")
        if name == "kind":
            values["kind"] = value or word
        elif name == "classes":
            values["classes"] = [_whole(part, "classes", "output") for part in value.split("/")]
        else:
            raise _unknown(word, (*KINDS, "classes="), "output")
    return values


def write_input(contract: Any) -> str:
    """Return the words for what is not usual in an `Input`; ``0..1`` where all is.

    The range stands there unless mean and standard deviation, or each image by itself, say how values are scaled.
    """
    scaled = contract.per_image or (contract.mean, contract.sd) != (0.0, 1.0)
    words = [] if scaled and contract.range == (0.0, 1.0) else ["..".join(map(_number, contract.range))]
    if contract.per_image:
        words.append("per-image")
    elif scaled:
        words += [f"mean={_number(contract.mean)}", f"sd={_number(contract.sd)}"]
    if contract.size != 28:
        words += [f"size={contract.size}", f"fit={contract.fit}"]
    elif contract.fit != "pad":
        words.append(f"fit={contract.fit}")
    if contract.channels != 1:
        words.append(f"channels={contract.channels}")
    usual = {"light", "upright", "nchw"}
    words += [word for word in (contract.ink, contract.orientation, contract.layout) if word not in usual]
    return ",".join(words)


def write_output(contract: Any) -> str:
    """Return the kind of an `Output`, and the classes where they are not in the usual order."""
    order = "" if contract.classes == USUAL_CLASSES else f",classes={'/'.join(map(str, contract.classes))}"
    return f"{contract.kind}{order}"


def _words(text: str, where: str) -> list[str]:
    if not isinstance(text, str) or len(text) > MOST_CHARACTERS:
        raise InputError(f"{shorten(text)} is no contract", where=where, remedy="give a line of words")
    words = [re.sub(r"\s*=\s*", "=", word.strip().lower().replace("−", "-")) for word in text.split(",")]
    if not all(words):
        raise InputError("a word is missing between commas", where=where, remedy="give words parted by single commas")
    return words


def _entry(word: str) -> tuple[str, Any]:
    """Return the field and the value that one word of an input contract says."""
    bare = re.sub(r"[\s_]+", "-", word)
    if bare in WORDS:
        return WORDS[bare]
    if ends := _RANGE.fullmatch(word):
        return "range", (float(ends[1]), float(ends[2]))
    key, equals, value = word.partition("=")
    if not equals or key not in KEYS:
        raise _unknown(word, (*WORDS, *(f"{key}=" for key in KEYS), "0..1", "0..255"), "input")
    if key == "range":
        if not (ends := _RANGE.fullmatch(value)):
            raise InputError(f"range={shorten(value)[1:-1]} is no range", where="input", remedy="write it as 0..255")
        return key, (float(ends[1]), float(ends[2]))
    if key in ("size", "channels"):
        return key, _whole(value, key, "input")
    if key in ("mean", "sd"):
        parts = value.split("/")
        if not all(re.fullmatch(_NUMBER, part) for part in parts):
            remedy = "give a number, or one for each channel as 0.485/0.456/0.406"
            raise InputError(f"{key}={shorten(value)[1:-1]} is no number", where="input", remedy=remedy)
        numbers = tuple(map(float, parts))
        return key, numbers if len(numbers) > 1 else numbers[0]
    return key, value


def _whole(value: str, key: str, where: str) -> int:
    if not re.fullmatch(r"\d{1,6}", value):
        what = f"{key} has {shorten(value)}, which is not a whole number"
        raise InputError(what, where=where, remedy="give whole numbers")
    return int(value)


def _unknown(word: str, known: tuple[str, ...], where: str) -> InputError:
    key, equals, _ = word.partition("=")
    other = ELSEWHERE.get(re.sub(r"[\s_]+", "-", f"{key}{equals}"))
    near = f", did you mean '{other}'?" if other in known else ""
    near = near or did_you_mean(f"{key}{equals}", known) or did_you_mean(f"{key}=", known)
    return InputError(f"{shorten(word)} is not understood{near}", where=where, remedy=f"use {', '.join(known)}")


def _number(value: float | tuple[float, ...]) -> str:
    if isinstance(value, tuple):
        return "/".join(map(_number, value))
    return str(int(value)) if value == int(value) else repr(value)
