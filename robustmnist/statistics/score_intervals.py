"""95 % intervals of the scores of confidence: one bootstrap over images for many settings at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from robustmnist.statistics.answers import Answers
from robustmnist.statistics.calibration import BINS, calibration_ends, equal_mass, equal_width
from robustmnist.statistics.resampling import percentiles, resampled_counts
from robustmnist.statistics.selective_risk import ConfidenceRuns, confidence_runs, harmonic, resampled_risk
from robustmnist.statistics.unseen import with_unseen
from robustmnist.statistics.unseen_answer import UnseenAnswer, unseen_answer

__all__ = ["RESAMPLED", "SCORE_RESAMPLES", "MeanScore", "Scored", "score_intervals", "scored"]

# A tenth of what accuracies get: a row of 10,000 digits then takes 30 ms of one core, and 1,905 rows a minute. Between
# seeds an end moves by some 8 % of a standard error (0.005 / 0.058, the quantile's error over the density there).
SCORE_RESAMPLES = 1_000
ERRORS = ("ece_width", "ece_mass")
RISKS = ("aurc", "excess_aurc")
RESAMPLED = (*ERRORS, *RISKS)  # scores that are not means over answers: they have rules of their own
CELLS = 2_500_000  # images × resamples that are held at a time

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MeanScore:
    """A score that is a mean over answers.

    Attributes:
        amounts: Of each of the k answers, float64 (k,).
        least: The least amount that an answer can have.
        most: The amounts that wrong answers of some log-odds (B,) have, the most that can be; float64 (B,).
    """

    amounts: Array
    least: float
    most: Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Scored:
    """What resampling needs of one checkpoint's answers to n images under one setting.

    Attributes:
        means: Names of the scores that are means over answers.
        sums: What each of these is the mean of, summed over an image's valid answers, float64 (means, n).
        gaps: Σ of right − confidence over each image's answers in each cell, float32 (cells, n); a cell is what lies in
            the same two bins, of equal width and of equal mass. Cells are in the order of confidence.
        totals: Σ of right − confidence in each cell, float64 (cells,).
        starts: The first cell of each filled bin, of equal width and of equal mass.
        answers: How many.
        runs: The answers in the order of confidence.
        unseen: What an answer that the sample may lack is drawn from.
    """

    means: tuple[str, ...]
    sums: Array
    gaps: csr_array
    totals: Array
    starts: tuple[NDArray[np.int64], NDArray[np.int64]]
    answers: int
    runs: ConfidenceRuns
    unseen: UnseenAnswer


def scored(answers: Answers, image: NDArray[np.int64], n: int, variants: int, means: Mapping[str, MeanScore]) -> Scored:
    """Return what resampling needs of `answers`.

    Args:
        answers: The k valid answers, at least one.
        image: Which of the images each answer is for, int64 (k,).
        n: How many images there are.
        variants: How many variants of each image were asked for.
        means: By name, the scores that are means over the answers.

    >>> three = Answers(np.array([2.0, 1.0, 0.5]), np.array([True, True, False]), 0)
    >>> scored(three, np.array([0, 1, 1]), 2, 2, {"error": MeanScore(1.0 - three.right, 0, np.ones_like)}).sums.tolist()
    [[0.0, 1.0]]
    """
    sums = np.array([np.bincount(image, score.amounts, n) for score in means.values()], np.float64).reshape(-1, n)
    # Both kinds of bins follow one another in the order of confidence, and so do their cells.
    codes = equal_width(answers.confidence) * BINS + equal_mass(answers.ranking)
    cells, cell = np.unique(codes, return_inverse=True)
    gap = (answers.right - answers.confidence).astype(np.float32)
    # As coordinates, images come in their order within a cell: memory is then read in its order too.
    gaps = csr_array((gap, (cell, image)), shape=(len(cells), n))
    totals = np.asarray(np.bincount(cell, answers.right - answers.confidence), np.float64)
    starts = (_starts(cells // BINS), _starts(cells % BINS))
    extremes = [(score.least, score.most) for score in means.values()]
    unseen = unseen_answer(answers, image, sums, variants, extremes)
    runs = confidence_runs(answers, image, n, variants)
    return Scored(tuple(means), sums, gaps, totals, starts, len(image), runs, unseen)


def score_intervals(
    settings: Sequence[Scored], resamples: int = SCORE_RESAMPLES, seed: int = 0
) -> list[dict[str, float]]:
    """Return for each setting the ends of the 95 % intervals of all scores, ``<score>_low`` and ``<score>_high``.

    The scores are the setting's means and those of `RESAMPLED`. Images are drawn, all answers to an image together, and
    the same images for every setting: those that `bootstrap` draws with this seed, and with them an answer that the
    sample may lack, so that the ends hold where all is right. Means and areas under the risk-coverage curve have
    percentile intervals, calibration errors those of `calibration_ends`; bins of equal mass stay those of the full
    sample in every resample. Where a resample holds no valid answer the ends are NaN.

    Args:
        settings: At least one, all of the same n images and with the same means.
        resamples: How often n images are drawn.
        seed: Of the draws.

    Raises:
        ValueError: If there are no images, or fewer than 1 resamples.

    >>> right = Answers(np.full(100, 9.0), np.ones(100, np.bool_), 0)  # 100 right answers, the log-odds of each 9
    >>> ends = score_intervals([scored(right, np.arange(100), 100, 1, {})])[0]
    >>> ends["aurc_low"], round(ends["aurc_high"], 2)
    (0.0, 0.05)
    """
    n, m = settings[0].sums.shape[1], len(settings[0].means)
    if n < 1 or resamples < 1:
        raise ValueError(f"{n} images in {resamples} resamples: both must be 1 at least")
    tables = harmonic(max(setting.runs.most for setting in settings))
    sums = np.concatenate([setting.sums for setting in settings]).T
    # Resample, setting, score; at the end the calibration errors of a perfectly calibrated model.
    drawn = np.empty((resamples, len(settings), m + len(RESAMPLED) + len(ERRORS)))
    chunk = min(max(CELLS // n, 16), resamples)
    for start, counts in resampled_counts(n, resamples, seed, chunk):
        part = drawn[start : start + len(counts)]
        means = (counts.astype(np.float64) @ sums).reshape(len(counts), len(settings), m)
        across = np.ascontiguousarray(counts.T)
        by_type = {dtype: across.astype(dtype) for dtype in {setting.runs.members.dtype for setting in settings}}
        for index, setting in enumerate(settings):
            held, *areas = resampled_risk(setting.runs, by_type[setting.runs.members.dtype], tables)
            with np.errstate(invalid="ignore"):
                errors, null = _errors(setting, setting.gaps @ across, held)
                part[:, index] = np.column_stack([means[:, index] / held[:, None], *errors, *areas, *null])
    return [_ends(setting, drawn[:, index], n, seed) for index, setting in enumerate(settings)]


def _errors(setting: Scored, sums: NDArray[np.float32], held: NDArray[np.int64]) -> tuple[list[Array], list[Array]]:
    """Return the two calibration errors in each resample, and those of its distance from the full sample."""
    share = sums / held
    moved = share - (setting.totals / setting.answers)[:, None]
    return [_absolute(share, starts) for starts in setting.starts], [
        _absolute(moved, starts) for starts in setting.starts
    ]


def _absolute(gaps: Array, starts: NDArray[np.int64]) -> Array:
    total: Array = np.abs(np.add.reduceat(gaps, starts, axis=0)).sum(axis=0)
    return total


def _ends(setting: Scored, drawn: Array, n: int, seed: int) -> dict[str, float]:
    names = (*setting.means, *RESAMPLED)
    errors = len(setting.means) + np.arange(len(ERRORS))
    risks = errors[-1] + 1 + np.arange(len(RISKS))
    averages = [*range(len(setting.means)), *risks]  # all but the calibration errors
    low, high = np.empty(len(names)), np.empty(len(names))
    best, worst = setting.unseen.ends(len(drawn), seed)
    low[averages] = percentiles(with_unseen(drawn[:, averages], n, seed, best))[0]
    high[averages] = percentiles(with_unseen(drawn[:, averages], n, seed, worst))[1]
    # An answer moves the ranks of all others, so with many mistakes the area is not a mean: percentiles suffice.
    narrow = percentiles(drawn[:, risks])
    low[risks] = np.minimum(low[risks], narrow[0])
    high[risks] = np.minimum(np.maximum(high[risks], narrow[1]), 1.0)
    gap = setting.unseen.gap(len(drawn), seed)
    for kind, (error, starts) in enumerate(zip(errors, setting.starts, strict=True)):
        estimate = float(_absolute(setting.totals[:, None], starts)[0] / setting.answers)
        # The unseen answer's gap adds to the others' at most: as if it were alone in its bin.
        moved, wrong = (
            with_unseen(drawn[:, column], n, seed, np.where(np.isnan(gap), drawn[:, column], gap))
            for column in (len(names) + kind, error)
        )
        low[error], high[error] = calibration_ends(estimate, drawn[:, error], moved)
        high[error] = max(high[error], float(percentiles(wrong)[1]))
    ends = (("low", low), ("high", high))
    return {f"{name}_{end}": float(values[at]) for at, name in enumerate(names) for end, values in ends}


def _starts(bins: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.flatnonzero(np.diff(bins, prepend=-1))
