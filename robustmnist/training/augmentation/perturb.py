"""Training digits perturbed by what a recipe's pool holds, each with settings of its own.

A digit's settings depend on the recipe's seed, the epoch and the digit's id, and on nothing else: it is the same bits
in whatever batch it is shown, and in a training that was interrupted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb import prepare
from robustmnist.suites import Sweep
from robustmnist.training.augmentation.named import Source
from robustmnist.training.augmentation.pool import Pool

__all__ = ["SETTINGS", "Setting", "perturb_digits", "settings_of", "takes_of"]

# Settings of each sweep in an epoch. Every one is a call with the digits that it falls to, so that many would be slow;
# over the epochs of a training they cover the whole range.
SETTINGS = 8


@dataclass(frozen=True)
class Setting:
    """A perturbation with all its arguments."""

    sweep: Sweep
    arguments: Mapping[str, float | str]


def settings_of(source: Source, seed: int) -> list[Setting]:
    """Return the settings of an epoch, `SETTINGS` for every sweep.

    Where neutral is within a sweep, one half of them lies on either side. On each side the strengths are spread evenly
    from neutral to the farthest value, every one drawn uniformly in its own part of the range; each setting has one
    of the sweep's words, all of them equally likely.

    Args:
        source: What the settings are of.
        seed: Of the epoch.
    """
    settings = []
    for sweep in source.sweeps:
        spans, variants = _spans(sweep), [variant for variant in sweep.variants if variant.draw == 0]
        drawn = Draws(seed, f"settings {source.name} {sweep.name}", torch.arange(SETTINGS)).uniform(2).tolist()
        each = SETTINGS // len(spans)
        for number, (where, which) in enumerate(drawn):
            low, high = spans[number % len(spans)]
            value = low + (high - low) * (number // len(spans) + where) / each
            settings.append(Setting(sweep, sweep.arguments(value, variants[int(which * len(variants))])))
    return settings


def perturb_digits(images: Tensor, ids: Tensor, pool: Pool, seed: int) -> Tensor:
    """Return `images` with every digit perturbed by settings of its own; one that gets none comes back bit for bit.

    Args:
        images: float32 (B, 1, 28, 28) in [0, 1]; not changed.
        ids: Of the digits, int64 (B,) on the same device.
        pool: What they may be perturbed by.
        seed: Of the epoch.
    """
    images = images.clone()
    columns = 2 + 2 * len(pool.sources)
    uniform = Draws(seed, "settings of a digit", ids).uniform(columns)
    takes = takes_of(pool, uniform)
    for at, source in enumerate(pool.sources):
        settings = settings_of(source, seed)
        rows = torch.nonzero(takes[:, at])[:, 0]
        which = (uniform[rows, 2 + 2 * at + 1] * len(settings)).long()
        order = torch.argsort(which, stable=True)
        ends = torch.bincount(which, minlength=len(settings)).cumsum(0).tolist()
        for setting, start, end in zip(settings, [0, *ends], ends, strict=False):
            if start < end:
                mine = rows[order[start:end]]
                sweep = setting.sweep
                perturbed = prepare(sweep.own or sweep.perturbation, images[mine], ids=ids[mine], seed=seed, draw=at)
                images[mine] = perturbed(**setting.arguments)
    return images


def takes_of(pool: Pool, uniform: Tensor) -> Tensor:
    """Return which digit is perturbed by which source, bool (B, sources).

    Columns of `uniform`: whether a digit gets suites at all, how many, then two for each source.
    """
    own, suites = uniform[:, 2::2], len(pool.suites)
    singles = len(pool.sources) - suites
    takes = torch.zeros(own.shape, dtype=torch.bool, device=own.device)
    for at, source in enumerate(pool.sources[:singles]):
        takes[:, at] = own[:, at] < (source.probability or 0.0)
    if suites:
        fewest, most = pool.settings
        many = fewest + (uniform[:, 1] * (most - fewest + 1)).long()
        many = many * (uniform[:, 0] < pool.probability)
        rank = own[:, singles:].argsort(dim=1, stable=True).argsort(dim=1)
        takes[:, singles:] = rank < many[:, None]
    return takes


def _spans(sweep: Sweep) -> list[tuple[float, float]]:
    """Return the ranges of strengths, each from the end that is nearer to neutral: one or two."""
    low, high, neutral = min(sweep.values), max(sweep.values), sweep.neutral
    least = sweep.entry.parameters[sweep.parameter].smallest
    if not low <= neutral <= high:
        return [(low, high) if low > neutral else (high, low)]
    spans = [(neutral - least, low)] if low < neutral else []
    return [*spans, (neutral + least, high)] if high > neutral else spans
