"""95 % intervals of the scores of confidence: one bootstrap over images for many settings at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from robustmnist.statistics.answers import Answers
from robustmnist.statistics.calibration import BINS, calibration_ends, equal_mass, equal_width
from robustmnist.statistics.resampling import percentiles, resampled_counts
from robustmnist.statistics.selective_risk import RiskRuns, harmonic, resampled_risk, risk_runs
from robustmnist.statistics.unseen import with_unseen
from robustmnist.statistics.unseen_answer import UnseenAnswer, unseen_answer

__all__ = ["SCORES", "SCORE_RESAMPLES", "Scored", "score_intervals", "scored"]

# A tenth of what accuracies get: a row of 10,000 digits then takes 30 ms of one core, and 1,905 rows a minute. Between
# seeds an end moves by some 8 % of a standard error (0.005 / 0.058, the quantile's error over the density there).
SCORE_RESAMPLES = 1_000
MEANS = ("nll", "brier", "mean_confidence")
ERRORS = ("ece_width", "ece_mass")
SCORES = (*MEANS, *ERRORS, "aurc", "excess_aurc")
RISKS = [SCORES.index("aurc"), SCORES.index("excess_aurc")]
CELLS = 2_500_000  # images × resamples that are held at a time


@dataclass(frozen=True, eq=False)
class Scored:
    """What resampling needs of one checkpoint's answers to n images under one setting.

    Attributes:
        sums: Over each image's valid answers, of what the three `MEANS` are means of, float64 (3, n).
        gaps: Σ of right − confidence over each image's answers in each cell, float32 (cells, n); a cell is what lies in
            the same two bins, of equal width and of equal mass. They are in the order of confidence.
        totals: Σ of right − confidence in each cell, float64 (cells,).
        starts: The first cell of each filled bin, of equal width and of equal mass.
        answers: How many.
        runs: The answers in the order of their sureness.
        unseen: What an answer that the sample may lack is drawn from.
    """

    sums: NDArray[np.float64]
    gaps: csr_array
    totals: NDArray[np.float64]
    starts: tuple[NDArray[np.int64], NDArray[np.int64]]
    answers: int
    runs: RiskRuns
    unseen: UnseenAnswer


def scored(
    found: Answers, image: NDArray[np.int64], n: int, variants: int, amounts: Mapping[str, NDArray[np.float64]]
) -> Scored:
    """Return what resampling needs of `found`.

    Args:
        found: The k valid answers, one at least.
        image: Which of the images each is for, int64 (k,).
        n: How many images there are.
        variants: How often each was asked.
        amounts: Of each answer, what ``nll`` and ``brier`` are the means of, float64 (k,).
    """
    whole = {**amounts, "mean_confidence": found.confidence}
    sums = np.stack([np.asarray(np.bincount(image, whole[name], n), np.float64) for name in MEANS])
    # Both kinds of bins follow one another in the order of confidence, and so do their cells.
    codes = equal_width(found.confidence) * BINS + equal_mass(found.ranking)
    cells, cell = np.unique(codes, return_inverse=True)
    gap = (found.right - found.confidence).astype(np.float32)
    # As coordinates, images come in their order within a cell: memory is then read in its order too.
    gaps = csr_array((gap, (cell, image)), shape=(len(cells), n))
    totals = np.asarray(np.bincount(cell, found.right - found.confidence), np.float64)
    starts = (_starts(cells // BINS), _starts(cells % BINS))
    runs, unseen = risk_runs(found, image, n, variants), unseen_answer(found, image, sums, variants)
    return Scored(sums, gaps, totals, starts, len(image), runs, unseen)


def score_intervals(
    settings: Sequence[Scored], resamples: int = SCORE_RESAMPLES, seed: int = 0
) -> list[dict[str, float]]:
    """Return for each setting the ends of the 95 % intervals of all `SCORES`, ``<score>_low`` and ``<score>_high``.

    Images are drawn, all answers to an image together, and the same images for every setting: those that `bootstrap`
    draws with this seed, and with them an answer that the sample may lack, so that the ends hold where all is right.
    Means and areas under the risk-coverage curve have percentile intervals, calibration errors those of
    `calibration_ends`; bins of equal mass stay those of the full sample in every resample. Where a resample holds no
    valid answer the ends are NaN.

    Args:
        settings: One at least, all of the same n images.
        resamples: How often n images are drawn.
        seed: Of the draws.

    Raises:
        ValueError: If there are no images, or fewer than 1 resamples.
    """
    n = settings[0].sums.shape[1]
    if n < 1 or resamples < 1:
        raise ValueError(f"{n} images in {resamples} resamples: both must be 1 at least")
    tables = harmonic(max(one.runs.most for one in settings))
    sums = np.concatenate([one.sums for one in settings]).T
    # Resample, setting, score; the last two are the errors of checkpoints that are right as often as they are sure.
    drawn = np.empty((resamples, len(settings), len(SCORES) + len(ERRORS)))
    chunk = min(max(CELLS // n, 16), resamples)
    for start, counts in resampled_counts(n, resamples, seed, chunk):
        part = drawn[start : start + len(counts)]
        means = (counts.astype(np.float64) @ sums).reshape(len(counts), len(settings), len(MEANS))
        across = np.ascontiguousarray(counts.T)
        whole = {dtype: across.astype(dtype) for dtype in {one.runs.members.dtype for one in settings}}
        for place, one in enumerate(settings):
            held, *areas = resampled_risk(one.runs, whole[one.runs.members.dtype], tables)
            with np.errstate(invalid="ignore"):
                errors, null = _errors(one, one.gaps @ across, held)
                part[:, place] = np.column_stack([means[:, place] / held[:, None], *errors, *areas, *null])
    return [_ends(one, drawn[:, place], n, seed) for place, one in enumerate(settings)]


def _errors(
    one: Scored, sums: NDArray[np.float32], held: NDArray[np.int64]
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Return the two calibration errors in each resample, and those of its distance from the full sample."""
    share = sums / held
    moved = share - (one.totals / one.answers)[:, None]
    return [_absolute(share, starts) for starts in one.starts], [_absolute(moved, starts) for starts in one.starts]


def _absolute(gaps: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.abs(np.add.reduceat(gaps, starts, axis=0)).sum(axis=0)
    return found


def _ends(one: Scored, drawn: NDArray[np.float64], n: int, seed: int) -> dict[str, float]:
    low, high = np.empty(len(SCORES)), np.empty(len(SCORES))
    means = [*range(len(MEANS)), *RISKS]  # all but the calibration errors
    best, worst = one.unseen.ends(len(drawn), seed)
    low[means] = percentiles(with_unseen(drawn[:, means], n, seed, best))[0]
    high[means] = percentiles(with_unseen(drawn[:, means], n, seed, worst))[1]
    # An answer moves the ranks of all others: of many mistakes an area is no mean, and its percentiles serve.
    narrow = percentiles(drawn[:, RISKS])
    low[RISKS] = np.minimum(low[RISKS], narrow[0])
    high[RISKS] = np.minimum(np.maximum(high[RISKS], narrow[1]), 1.0)
    gap = one.unseen.gap(len(drawn), seed)
    for place, starts in enumerate(one.starts):
        at, null = len(MEANS) + place, len(SCORES) + place
        estimate = float(_absolute(one.totals[:, None], starts)[0] / one.answers)
        # The unseen answer's gap adds to the others' at most: as if it were alone in its bin.
        moved, wrong = (
            with_unseen(drawn[:, which], n, seed, np.where(np.isnan(gap), drawn[:, which], gap)) for which in (null, at)
        )
        low[at], high[at] = calibration_ends(estimate, drawn[:, at], moved)
        high[at] = max(high[at], float(percentiles(wrong)[1]))
    return {
        f"{name}_{end}": float(ends[at])
        for at, name in enumerate(SCORES)
        for end, ends in (("low", low), ("high", high))
    }


def _starts(bins: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.flatnonzero(np.diff(bins, prepend=-1))
