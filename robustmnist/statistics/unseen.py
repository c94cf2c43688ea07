"""Intervals that hold at the edge: beside the images that were drawn, an image that the sample may lack.

A bootstrap knows nothing but its sample. Where nothing in it varies, 100 digits all read right, no resample moves, and
the percentile interval has no width, although a checkpoint that misreads 2 % meets such a sample one time in seven.
Where little varies it is too narrow, and shifted besides, for the mean of few rare answers is skewed.

So each resample of n images is taken together with an image that was not seen: a mean over the n becomes ``(1 − w) ·
mean + w · unseen``, where w is drawn from Beta(1, n), the weight of an image among n + 1. What it is like:

- with probability ``2 / (k + 2)`` the worst that can be for the lower end of the interval, the best for the upper end;
  k says for how many images of that kind the sample itself speaks: 0 where all are alike.
- otherwise as far from the mean as the sample's own skewness says, ``Σ (x − mean)³ / Σ (x − mean)²``: by one such image
  a percentile interval of a skewed mean lies too near to the common answers.

Of n images that are all right the interval ends at ``0.025^(1/n)``, as Clopper and Pearson's: 96.4 % for 100. Where
many images vary it is the percentile interval but for its skewness. ``python -m benchmarks coverage`` simulates it.

Source: the weights are those of the Bayesian bootstrap (Rubin, 1981); an image at the end of the range: Phan, Thomas &
Learned-Miller, Towards practical mean bounds for small samples, ICML 2021; for right and wrong that is the interval of
Clopper & Pearson, The use of confidence or fiducial limits, Biometrika 26 (1934); the skewness of percentile intervals:
Hall, The bootstrap and Edgeworth expansion, 1992. The share ``2 / (k + 2)`` is this project's, chosen by simulation.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robustmnist.statistics.resampling import percentiles

__all__ = ["mean_ends", "rarely", "skewed", "unseen_draws", "with_unseen"]

Array = NDArray[np.float64]
STREAM = 1  # beside the seed: images and the unseen image are drawn independently


def mean_ends(
    drawn: NDArray[np.floating], images: NDArray[np.floating], seed: int, lowest: ArrayLike, highest: ArrayLike
) -> tuple[Array, Array]:
    """Return the ends of the 95 % interval of a mean over images, each (…).

    Args:
        drawn: The mean in each resample, (B, …).
        images: What the mean is of, (…, n).
        seed: Of the bootstrap.
        lowest: The least that an image can have: 0 for a share, −1 for a difference of shares; (…) or a number.
        highest: The largest possible value.

    >>> low, high = mean_ends(np.ones(10_000), np.ones(100), 0, 0, 1)  # 100 images, all right in every resample
    >>> round(float(low), 2), float(high)
    (0.96, 1.0)
    """
    n, common = images.shape[-1], np.median(images, axis=-1)
    apart = np.abs(images - common[..., None]).sum(axis=-1)
    alike = skewed(images)
    ends = []
    for extreme in (lowest, highest):
        worst = np.broadcast_to(np.asarray(extreme, np.float64), common.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            known = np.where(worst == common, 0.0, apart / np.abs(worst - common))
        value = np.where(rarely(known, len(drawn), seed), worst, alike)
        ends.append(percentiles(with_unseen(drawn, n, seed, value)))
    return ends[0][0], ends[1][1]


def unseen_draws(resamples: int, seed: int) -> Array:
    """Return what the unseen image of each resample is drawn with, four uniform numbers, float64 (resamples, 4).

    They depend on the seed alone, not on the images, and the first k are the same however many are asked for.

    >>> bool((unseen_draws(5, seed=0)[:3] == unseen_draws(3, seed=0)).all())
    True
    """
    return np.random.default_rng([seed, STREAM]).random((resamples, 4))


def with_unseen(drawn: NDArray[np.floating], n: int, seed: int, value: ArrayLike) -> Array:
    """Return means over resamples of n images, `drawn` (B, …), with an unseen image of `value` in each, (B, …).

    `value` broadcasts against `drawn`.

    >>> with_unseen(np.full(4, 0.5), n=10, seed=0, value=0.5).tolist()  # an image as the mean moves nothing
    [0.5, 0.5, 0.5, 0.5]
    """
    samples = np.asarray(drawn, np.float64)
    weight = -np.expm1(np.log1p(-unseen_draws(len(samples), seed)[:, 0]) / n)  # 1 − (1 − u)^(1/n)
    weight = weight.reshape(-1, *[1] * (samples.ndim - 1))
    means: Array = samples + weight * (np.asarray(value, np.float64) - samples)
    return means


def rarely(known: ArrayLike, resamples: int, seed: int) -> NDArray[np.bool_]:
    """Return in which resamples the unseen image is an extreme one, bool (B, …), for `known` (…) such images seen.

    >>> bool(rarely(0.0, resamples=100, seed=0).all())  # where the sample has none, the unseen image always is
    True
    """
    seen = np.asarray(known, np.float64)
    draws = unseen_draws(resamples, seed)[:, 1].reshape(-1, *[1] * seen.ndim)
    rare: NDArray[np.bool_] = draws < 2.0 / (seen + 2.0)
    return rare


def skewed(images: NDArray[np.floating]) -> Array:
    """Return the value of an image that makes up for the skewness of `images` (…, n), (…); their mean without any.

    mean + Σ (x − mean)³ / Σ (x − mean)².

    >>> float(skewed(np.array([0.0, 0.0, 0.0, 1.0]))), float(skewed(np.array([0.0, 1.0])))
    (0.75, 0.5)
    """
    mean = images.mean(axis=-1)
    apart = images - mean[..., None]
    square = (apart**2).sum(axis=-1)
    flat = square <= 1e-20 * images.shape[-1]
    value: Array = mean + np.where(flat, 0.0, (apart**3).sum(axis=-1) / np.where(flat, 1.0, square))
    return value
