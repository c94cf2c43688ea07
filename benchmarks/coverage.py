"""How often 95 % intervals hold the truth: simulated digits, as few and as alike as an evaluation may have them.

No model and no data: right answers, areas, differences and confidences are drawn from distributions whose truth is
known, and an interval is made of each sample by the functions that evaluations use. A row per statistic, a column per
number of digits and rate, the share of wrong answers. Where next to nothing varies, at an expected number of wrong
answers under five or so, no interval of whole digits covers 95 % exactly: those of this project then cover more.
"""

import math
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit

from robustmnist.statistics.answers import Answers
from robustmnist.statistics.calibration import calibration_error, equal_width
from robustmnist.statistics.curves import fall
from robustmnist.statistics.resampling import percentiles
from robustmnist.statistics.score_intervals import MeanScore, score_intervals, scored
from robustmnist.statistics.selective_risk import aurc, excess_aurc
from robustmnist.statistics.unseen import mean_ends, with_unseen

__all__ = ["MEANS", "critical_coverage", "mean_coverage", "run", "score_coverage"]

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int, float], Array]
SIZES, RATES = (100, 500, 1797, 10_000), (0.004, 0.04, 0.4)
TIMES, RESAMPLES = 400, 1_000
SCORE_TIMES, SCORE_RESAMPLES = 200, 300
LARGE = 1_000_000  # images that stand for infinitely many


def accuracy(rng: np.random.Generator, n: int, rate: float) -> Array:
    """Return 1 for right, 0 for wrong."""
    return np.where(rng.random(n) < rate, 0.0, 1.0)


def area(rng: np.random.Generator, n: int, rate: float) -> Array:
    """Return areas of digits that fail at a strength of their own, most near the sweep's end, in 20 steps."""
    return 1.0 - (rng.random(n) < min(3 * rate, 1.0)) * np.ceil(rng.random(n) ** 2 * 20) / 20


def lopsided(rng: np.random.Generator, n: int, rate: float) -> Array:
    """Return areas of which half of what is lost is in a few digits that fail everywhere."""
    lost: Array = np.maximum(rng.random(n) < rate / 2, (rng.random(n) < min(5 * rate, 1.0)) * 0.1)
    return 1.0 - lost


def difference(rng: np.random.Generator, n: int, rate: float) -> Array:
    """Return B − A of two that disagree on a share `rate` of the digits, B being right three times in four."""
    chosen = rng.random(n)
    return (chosen < 0.75 * rate).astype(np.float64) - (chosen > 1 - 0.25 * rate)


def area_difference(rng: np.random.Generator, n: int, rate: float) -> Array:
    """Return differences of areas, in twentieths, of digits that B keeps somewhat longer or A does."""
    moved = np.round(rng.normal(0.1, 0.3, n).clip(-1, 1) * 20) / 20
    return (rng.random(n) < min(2 * rate, 1.0)) * moved


MEANS: dict[str, tuple[Draw, float]] = {  # how images are drawn, and the least that one can have
    "accuracy": (accuracy, 0.0),
    "area": (area, 0.0),
    "area, lopsided": (lopsided, 0.0),
    "difference of accuracies": (difference, -1.0),
    "difference of areas": (area_difference, -1.0),
}


def mean_coverage(name: str, n: int, rate: float, times: int, resamples: int) -> tuple[float, float]:
    """Return the coverage of a mean over n images: by the interval of this project, and by percentiles alone."""
    draw, lowest = MEANS[name]
    exact = {"accuracy": 1 - rate, "difference of accuracies": rate / 2}
    truth = exact[name] if name in exact else float(draw(np.random.default_rng(1), LARGE, rate).mean())
    rng, inside = np.random.default_rng(0), np.zeros(2)
    for _ in range(times):
        images = draw(rng, n, rate)
        levels, held = np.unique(images, return_counts=True)
        drawn = rng.multinomial(n, held / n, size=resamples) @ levels / n
        for at, (low, high) in enumerate((mean_ends(drawn, images, 0, lowest, 1.0), percentiles(drawn))):
            inside[at] += bool(low - 1e-12 <= truth <= high + 1e-12)
    return float(inside[0] / times), float(inside[1] / times)


def critical_coverage(n: int, rate: float, times: int, resamples: int) -> tuple[float, float]:
    """Return the coverage of the strength at which a tenth is lost; `rate` is the share that is wrong unperturbed.

    Digits that are read stand up to strengths of their own, exponential of mean 5, in a sweep from 0 to 4 by halves.
    """
    distances = np.arange(0.0, 4.5, 0.5)
    clean = 1 - rate
    truth = float(fall(distances, (clean * np.exp(-distances / 5))[None], np.array([0.9 * clean]))[0])
    rng, inside = np.random.default_rng(0), np.zeros(2)
    near, far = np.where(distances > 0, 0.0, 1.0), np.where(distances > 0, 1.0, 0.0)
    for _ in range(times):
        stands = np.where(rng.random(n) < rate, -1.0, rng.exponential(5.0, n))
        first = np.searchsorted(distances, stands, "right")  # how many of the values it is read at
        held = rng.multinomial(n, np.bincount(first, minlength=len(distances) + 1) / n, size=resamples)
        right = held[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:] / n
        ends = []
        for curve in (with_unseen(right, n, 0, near), with_unseen(right, n, 0, far), right):
            ends.append(percentiles(fall(distances, curve, 0.9 * curve[:, 0])))
        for at, (low, high) in enumerate(((ends[0][0], ends[1][1]), ends[2])):
            inside[at] += bool(low - 1e-12 <= truth <= high + 1e-12)
    return float(inside[0] / times), float(inside[1] / times)


def confident(rng: np.random.Generator, n: int, rate: float) -> tuple[Answers, dict[str, MeanScore]]:
    """Return answers of which `rate` are wrong, mostly the unsure ones, with their NLL and Brier scores."""
    right = rng.random(n) >= rate
    log_odds = np.maximum(np.where(right, rng.normal(9, 3, n), rng.normal(2, 2.5, n)), 0.05)
    p = expit(log_odds)
    nll, brier = np.where(right, -np.log(p), np.logaddexp(0, log_odds)), np.where(right, (1 - p) ** 2, 1 + p**2)
    means = {
        "nll": MeanScore(nll, 0.0, lambda odds: np.logaddexp(0, odds)),
        "brier": MeanScore(brier, 0.0, lambda odds: 1 + expit(odds) ** 2),
    }
    return Answers(log_odds, right, 0), means


def score_coverage(n: int, rate: float, times: int, resamples: int) -> dict[str, float]:
    """Return the coverage of the scores of confidence."""
    whole, means = confident(np.random.default_rng(1), LARGE, rate)
    truth = {name: float(score.amounts.mean()) for name, score in means.items()}
    truth |= {"ece_width": calibration_error(whole, equal_width(whole.confidence))}
    truth |= {"aurc": aurc(whole), "excess_aurc": excess_aurc(whole)}
    rng, settings = np.random.default_rng(0), []
    for _ in range(times):
        answers, means = confident(rng, n, rate)
        settings.append(scored(answers, np.arange(n), n, 1, means))
    ends = score_intervals(settings, resamples)
    return {
        name: float(np.mean([interval[f"{name}_low"] <= value <= interval[f"{name}_high"] for interval in ends]))
        for name, value in truth.items()
    }


def run(n: int, device: torch.device, data_dir: Path | None) -> None:
    """Print the coverage of every statistic, in per cent; behind a stroke that of percentiles alone."""
    cells = [(size, rate) for size in SIZES for rate in RATES]
    click.echo(
        f"\nCoverage of 95 % intervals, %, of {TIMES:,} samples ({SCORE_TIMES} for scores); / percentiles alone\n"
    )
    click.echo("| statistic | " + " | ".join(f"{size:,}, {100 * rate:g} %" for size, rate in cells) + " |")
    click.echo("| --- " * (len(cells) + 1) + "|")
    for name in MEANS:
        _line(name, [_two(mean_coverage(name, size, rate, TIMES, RESAMPLES)) for size, rate in cells])
    _line("critical strength", [_two(critical_coverage(size, rate, TIMES, RESAMPLES)) for size, rate in cells])
    tables = [score_coverage(size, rate, SCORE_TIMES, SCORE_RESAMPLES) for size, rate in cells]
    for name in tables[0]:
        _line(name, [f"{100 * table[name]:.0f}" for table in tables])
    error = 100 * math.sqrt(0.95 * 0.05 / TIMES)
    click.echo(
        f"\nStandard error of a coverage of 95 %: {error:.1f} points ({error * math.sqrt(TIMES / SCORE_TIMES):.1f})."
    )


def _two(shares: tuple[float, float]) -> str:
    return " / ".join(f"{100 * share:.0f}" for share in shares)


def _line(name: str, cells: list[str]) -> None:
    click.echo(f"| {name} | " + " | ".join(cells) + " |")
