"""A trial of a perturbation of the user's own: does it keep the rules on some made-up images?"""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb.images import SIZE
from robustmnist.perturb.own_arguments import broken, keywords
from robustmnist.perturb.perturbation import Perturbation

__all__ = ["check_own", "checked_images"]

TRIED = 6  # images that a function is tried on
ALIKE = 1e-6  # of full ink: in another batch a sum may be rounded differently, which is allowed


def check_own(entry: Perturbation, sweeps: Sequence[Mapping[str, Any]] = ()) -> None:
    """Try a perturbation on some made-up images, and raise `InputError` where it breaks a rule.

    At the neutral values it returns the images bit for bit; everywhere it returns images, the same when asked twice,
    whatever else is in the batch; and it leaves its input and the global generators alone.

    Args:
        entry: The perturbation.
        sweeps: Tables of a suite whose values are tried too: each has ``parameter`` and ``values``, and may have
            ``fixed``.
    """
    images, ids = _images(), torch.arange(TRIED, dtype=torch.int64)
    before = _generators()
    neutral = {key: strength.neutral for key, strength in entry.parameters.items()}
    with torch.no_grad():
        if not torch.equal(_tried(entry, images, ids, neutral), images):
            shown = ", ".join(f"{key} = {value:g}" for key, value in neutral.items())
            raise broken(entry, f"changes the images at {shown}, where it should return them bit for bit")
        used = not entry.random
        for arguments in _settings(entry, neutral, sweeps):
            used |= _check_setting(entry, images, ids, arguments)
    if _generators() != before:
        raise broken(entry, "draws from a global generator", "take a keyword draws: draws.uniform(1, 28, 28)")
    if not used:
        raise broken(entry, "takes draws and does not use them", "leave the keyword out")


def checked_images(entry: Perturbation, given: Any, images: Tensor) -> Tensor:
    """Return `given`, which a perturbation made of `images`, if it is images; raise `InputError` otherwise."""
    if not isinstance(given, Tensor):
        raise broken(entry, f"returns a {type(given).__name__}")
    if given.shape != images.shape or given.dtype != torch.float32:
        what = f"returns {str(given.dtype).removeprefix('torch.')} {tuple(given.shape)} of {len(images)} images"
        raise broken(entry, what)
    if given.numel():
        low, high = (float(edge) for edge in torch.aminmax(given.detach()))
        if not (low >= 0.0 and high <= 1.0):  # so written that NaN fails
            raise broken(entry, f"returns ink from {low:g} to {high:g}", "clamp it: images.clamp(0, 1)")
    return given


def _check_setting(entry: Perturbation, images: Tensor, ids: Tensor, arguments: Mapping[str, Any]) -> bool:
    """Check one setting; return whether other draws give other images."""
    given = images.clone()
    out = _tried(entry, given, ids, arguments)
    shown = ", ".join(f"{key} = {value}" for key, value in arguments.items())
    if not torch.equal(given, images):
        raise broken(entry, "changes its input in place", "let it work on a copy: images.clone()")
    if not torch.equal(_tried(entry, images, ids, arguments), out):
        remedy = "take a keyword draws for what is random: draws.uniform(1, 28, 28)"
        raise broken(entry, f"gives other images when it is asked twice, at {shown}", remedy)
    turned = _tried(entry, images.flip(0), ids.flip(0), arguments).flip(0)
    single = torch.cat([_tried(entry, images[row : row + 1], ids[row : row + 1], arguments) for row in range(TRIED)])
    if max(float((other - out).abs().max()) for other in (turned, single)) > ALIKE:
        what = f"gives an image another result in another batch, at {shown}"
        raise broken(entry, what, "let it treat each image by itself")
    return not torch.equal(_tried(entry, images, ids + 1000, arguments), out)


def _tried(entry: Perturbation, images: Tensor, ids: Tensor, arguments: Mapping[str, Any]) -> Tensor:
    shared: dict[str, Any] = {"draws": Draws(0, entry.name, ids)} if entry.random else {}
    if entry.prepare is not None:
        shared["prepared"] = entry.prepare(images, *shared.values())
    return checked_images(entry, entry.function(images, **shared, **arguments), images)


def _settings(
    entry: Perturbation, neutral: Mapping[str, float], sweeps: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the settings to try: ends and middle of each parameter, each choice, all settings of the sweeps."""
    words = {key: chosen[0] for key, chosen in entry.choices.items()}
    settings: list[dict[str, Any]] = []
    for key, strength in entry.parameters.items():
        numbers = {strength.low, strength.high, (strength.neutral + strength.high) / 2}
        settings += [{**words, **neutral, key: value} for value in sorted(numbers) if np.isfinite(value)]
        settings += [{**words, **neutral, key: strength.high, choice: word} for choice, word in _others(entry)]
    for sweep in sweeps:
        given = dict(sweep.get("fixed") or {})
        fixed = {key: value for key, value in given.items() if isinstance(value, int | float | str)}
        settings += [{**words, **neutral, **fixed, sweep["parameter"]: float(value)} for value in sweep["values"]]
    return [setting for setting in settings if setting.keys() <= keywords(entry.function, entry.name).keys()]


def _others(entry: Perturbation) -> list[tuple[str, str]]:
    return [(key, word) for key, chosen in entry.choices.items() for word in chosen[1:]]


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
