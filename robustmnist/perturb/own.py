"""A perturbation of the user's own: a function with its strengths, checked before anything is computed from it."""

import functools
import inspect
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.errors import InputError
from robustmnist.measure import MEASURES
from robustmnist.perturb.images import SIZE
from robustmnist.perturb.perturbation import Parameter, Perturbation
from robustmnist.perturb.registry import PERTURBATIONS
from robustmnist.system.files import sha256_bytes
from robustmnist.system.fingerprint import code_of
from robustmnist.system.python_code import Named, guarded

__all__ = ["check_own", "named_perturbation", "perturbation"]

TRIED = 6  # images that a function is tried on
ALIKE = 1e-6  # of full ink: two batches may round sums differently, which is no dependence on the company
IMAGES = "return a new float32 tensor (B, 1, 28, 28) of ink in [0, 1]"


def perturbation(
    function: Callable[..., Tensor],
    /,
    *,
    modifiers: Mapping[str, Parameter] | None = None,
    choices: Mapping[str, tuple[str, ...]] | None = None,
    **strengths: Parameter,
) -> Perturbation:
    """Return a function of images as a perturbation that suites can use, having checked it.

    ``rm.perturbation(fade, share=rm.Parameter("fraction", neutral=0, low=0, high=1))``

    Args:
        function: ``f(images, *, share) -> images``: float32 (B, 1, 28, 28), ink in [0, 1], in and out. At the neutral
            values it returns the images bit for bit, and it works image by image. One with a keyword ``draws`` is
            random and takes its numbers from there (`robustmnist.draws.Draws`), from no generator of its own.
        modifiers: Further numbers that it takes; their ``neutral`` is the default.
        choices: Keywords that take a word, with the words.
        **strengths: Its strengths, each by the name of the keyword.

    Raises:
        InputError: If the function does not take these keywords, or breaks a rule when it is tried on some images.
    """
    name = str(getattr(function, "__name__", type(function).__name__)).strip("<>").replace("_", "-")
    if name in PERTURBATIONS:
        raise InputError("is the name of a shipped perturbation", where=name, remedy="rename the function")
    entry = Perturbation(
        function,
        strengths,
        modifiers=dict(modifiers or {}),
        choices=dict(choices or {}),
        random="draws" in _keywords(function, name),
        name=name,
        code_sha256=sha256_bytes(code_of(function).encode()),
    )
    _check_keywords(entry)
    check_own(entry)
    return _watched(entry)


def named_perturbation(named: Named, *, sweeps: Sequence[Mapping[str, Any]] = ()) -> Perturbation:
    """Return the perturbation that the user's code ``mine.py:f`` is, checked.

    Args:
        named: What `perturbation` returned, or a function like those that it takes.
        sweeps: The tables of a suite that ask for it, each at least with ``parameter`` and ``values``. A function says
            nothing of its strengths: their ranges are what the sweeps ask for, and neutral is what they call so, or 0.

    Raises:
        InputError: If it is neither, or breaks a rule when it is tried.
    """
    value, name = named.value, f"{named.file.name}:{named.name}"
    sha256 = named.code.sha256
    if isinstance(value, Perturbation):
        entry = replace(value, function=guarded(value.function, named.file), name=name, code_sha256=sha256)
    elif callable(value):
        known = _keywords(value, name)
        numbers = {
            key: Parameter("", float(each.default), -np.inf, np.inf)
            for key, each in known.items()
            if isinstance(each.default, int | float) and not isinstance(each.default, bool)
        }
        strengths = {str(sweep["parameter"]): _strength(sweep, sweeps) for sweep in sweeps if _is_complete(sweep)}
        entry = Perturbation(
            guarded(value, named.file),
            strengths,
            modifiers={key: one for key, one in numbers.items() if key not in strengths},
            random="draws" in known,
            name=name,
            code_sha256=sha256,
        )
    else:
        what = f"is a {type(value).__name__}, neither a function nor a perturbation"
        raise InputError(what, where=name, remedy="define it as f(images, *, strength)")
    _check_keywords(entry)
    check_own(entry, sweeps)
    return _watched(entry)


def check_own(entry: Perturbation, sweeps: Sequence[Mapping[str, Any]] = ()) -> None:
    """Try a perturbation on some made-up images, and raise `InputError` where it breaks a rule.

    At the neutral values it returns the images bit for bit; everywhere it returns images, the same when asked twice,
    whatever else is in the batch; and it leaves its input and the global generators alone.

    Args:
        entry: The perturbation.
        sweeps: Tables of a suite, whose values are tried too: ``parameter``, ``values``, ``fixed``.
    """
    images, ids = _images(), torch.arange(TRIED, dtype=torch.int64)
    before = _generators()
    neutral = {key: strength.neutral for key, strength in entry.parameters.items()}
    with torch.no_grad():
        if not torch.equal(_tried(entry, images, ids, neutral), images):
            shown = ", ".join(f"{key} = {value:g}" for key, value in neutral.items())
            raise _broken(entry, f"changes the images at {shown}, where it should return them bit for bit")
        used = not entry.random
        for arguments in _settings(entry, neutral, sweeps):
            used |= _check_setting(entry, images, ids, arguments)
    if _generators() != before:
        raise _broken(entry, "draws from a global generator", "take a keyword draws: draws.uniform(1, 28, 28)")
    if not used:
        raise _broken(entry, "takes draws and does not use them", "leave the keyword out")


def _check_setting(entry: Perturbation, images: Tensor, ids: Tensor, arguments: Mapping[str, Any]) -> bool:
    """Check one setting; return whether other draws give other images."""
    given = images.clone()
    out = _tried(entry, given, ids, arguments)
    shown = ", ".join(f"{key} = {value}" for key, value in arguments.items())
    if not torch.equal(given, images):
        raise _broken(entry, "changes its input in place", "let it work on a copy: images.clone()")
    if not torch.equal(_tried(entry, images, ids, arguments), out):
        remedy = "take a keyword draws for what is random: draws.uniform(1, 28, 28)"
        raise _broken(entry, f"gives other images when it is asked twice, at {shown}", remedy)
    turned = _tried(entry, images.flip(0), ids.flip(0), arguments).flip(0)
    single = torch.cat([_tried(entry, images[row : row + 1], ids[row : row + 1], arguments) for row in range(TRIED)])
    if max(float((other - out).abs().max()) for other in (turned, single)) > ALIKE:
        what = f"gives an image another result in another batch, at {shown}"
        raise _broken(entry, what, "let it treat each image by itself")
    return not torch.equal(_tried(entry, images, ids + 1000, arguments), out)


def _tried(entry: Perturbation, images: Tensor, ids: Tensor, arguments: Mapping[str, Any]) -> Tensor:
    shared: dict[str, Any] = {"draws": Draws(0, entry.name, ids)} if entry.random else {}
    if entry.prepare is not None:
        shared["prepared"] = entry.prepare(images, *shared.values())
    return _checked(entry, entry.function(images, **shared, **arguments), images)


def _settings(
    entry: Perturbation, neutral: Mapping[str, float], sweeps: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return what is tried: the ends and the middle of every strength, every word, and what the sweeps ask for."""
    words = {key: chosen[0] for key, chosen in entry.choices.items()}
    settings: list[dict[str, Any]] = []
    for key, strength in entry.parameters.items():
        numbers = {strength.low, strength.high, (strength.neutral + strength.high) / 2}
        settings += [{**words, **neutral, key: value} for value in sorted(numbers) if np.isfinite(value)]
        settings += [{**words, **neutral, key: strength.high, choice: word} for choice, word in _others(entry)]
    for sweep in (sweep for sweep in sweeps if _is_complete(sweep)):
        fixed = {key: one for key, one in dict(sweep.get("fixed") or {}).items() if isinstance(one, int | float | str)}
        settings += [{**words, **neutral, **fixed, sweep["parameter"]: float(value)} for value in sweep["values"]]
    return [setting for setting in settings if setting.keys() <= _keywords(entry.function, entry.name).keys()]


def _others(entry: Perturbation) -> list[tuple[str, str]]:
    return [(key, word) for key, chosen in entry.choices.items() for word in chosen[1:]]


def _watched(entry: Perturbation) -> Perturbation:
    """Return the perturbation so that whatever it returns, at any strength, is checked to be images."""

    @functools.wraps(entry.function)
    def function(images: Tensor, **arguments: Any) -> Tensor:
        return _checked(entry, entry.function(images, **arguments), images)

    return replace(entry, function=function)


def _checked(entry: Perturbation, given: Any, images: Tensor) -> Tensor:
    if not isinstance(given, Tensor):
        raise _broken(entry, f"returns a {type(given).__name__}")
    if given.shape != images.shape or given.dtype != torch.float32:
        what = f"returns {str(given.dtype).removeprefix('torch.')} {tuple(given.shape)} of {len(images)} images"
        raise _broken(entry, what)
    if given.numel():
        low, high = (float(edge) for edge in torch.aminmax(given.detach()))
        if not (low >= 0.0 and high <= 1.0):  # so written that NaN fails
            raise _broken(entry, f"returns ink from {low:g} to {high:g}", "clamp it: images.clamp(0, 1)")
    return given


def _keywords(function: Callable[..., Any], name: str) -> dict[str, inspect.Parameter]:
    """Return the arguments of a function after the images."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        remedy = "define it as f(images, *, strength)"
        raise InputError("cannot be asked for its arguments", where=name, remedy=remedy) from None
    return {each.name: each for each in parameters[1:]}


def _check_keywords(entry: Perturbation) -> None:
    if not entry.parameters:
        raise _broken(entry, "has no strength", 'name one: strength=rm.Parameter("px", neutral=0, low=0, high=9)')
    known = _keywords(entry.function, entry.name)
    takes_all = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in known.values())
    for key, parameter in {**entry.parameters, **entry.modifiers, **dict.fromkeys(entry.choices)}.items():
        if key not in known and not takes_all:
            raise _broken(entry, f"takes no argument {key} ({', '.join(known) or 'none'})", "name one of its arguments")
        if parameter is not None and not parameter.low <= parameter.neutral <= parameter.high:
            what = f"{key}: neutral {parameter.neutral:g} is not within {parameter.low:g} to {parameter.high:g}"
            raise _broken(entry, what, "correct its Parameter")
        if parameter is not None and parameter.measure is not None and parameter.measure not in MEASURES:
            raise _broken(entry, f"{key}: no measure is called {parameter.measure!r}", f"use {', '.join(MEASURES)}")


def _strength(sweep: Mapping[str, Any], sweeps: Sequence[Mapping[str, Any]]) -> Parameter:
    """Return the strength that a sweep goes along: as far as any sweep asks for it."""
    same = [one for one in sweeps if _is_complete(one) and one["parameter"] == sweep["parameter"]]
    values = [float(value) for one in same for value in one["values"]]
    neutral = next((float(one["neutral"]) for one in same if isinstance(one.get("neutral"), int | float)), 0.0)
    unit = next((one["unit"] for one in same if isinstance(one.get("unit"), str)), "")
    return Parameter(unit, neutral, min([*values, neutral]), max([*values, neutral]))


def _is_complete(sweep: Mapping[str, Any]) -> bool:
    """Whether a table of a suite, which may hold anything, says which strength it goes along and how far."""
    values = sweep.get("values")
    return (
        isinstance(sweep.get("parameter"), str)
        and isinstance(values, list)
        and bool(values)
        and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        and all(np.isfinite(values))
    )


def _generators() -> tuple[object, ...]:
    """Return the states of the global generators."""
    numpy = np.random.get_state(legacy=False)  # noqa: NPY002 - whether someone else draws from it is what is asked
    return torch.get_rng_state().numpy().tobytes(), random.getstate(), str(numpy)


def _images() -> Tensor:
    """Return images (TRIED, 1, 28, 28): bars and boxes of different ink, one blank, one full of noise."""
    generator = torch.Generator().manual_seed(0)
    images = torch.zeros(TRIED, 1, SIZE, SIZE, dtype=torch.float32)
    for row in range(1, TRIED - 1):
        images[row, :, 4 + row : 24 - row, 6 + 2 * row : 12 + 2 * row] = 1 - 0.15 * row
        images[row, :, 12 : 14 + row, 5:23] = 0.5 + 0.1 * row
    images[TRIED - 1] = torch.rand(1, SIZE, SIZE, generator=generator, dtype=torch.float32)
    return images


def _broken(entry: Perturbation, what: str, remedy: str = IMAGES) -> InputError:
    return InputError(what, where=entry.name, remedy=remedy)
