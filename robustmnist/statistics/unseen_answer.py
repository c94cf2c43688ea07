"""What an answer that the sample may lack does to the scores of confidence: `unseen` for numbers without a range."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from robustmnist.statistics.answers import Answers
from robustmnist.statistics.unseen import rarely, skewed, unseen_draws

__all__ = ["UnseenAnswer", "unseen_answer"]

Array = NDArray[np.float64]
LEAST_SURE = 0.1  # ten classes


@dataclass(frozen=True, eq=False)
class UnseenAnswer:
    """What the unseen image is drawn from.

    Attributes:
        skewed: What makes up for the skewness of NLL, Brier's score, mean confidence and AURC, float64 (4,).
        wrong: How many images speak for a wrong answer: wrong answers over variants.
        log_odds: Of all answers, surest first, float64 (k,).
    """

    skewed: Array
    wrong: float
    log_odds: Array

    def ends(self, resamples: int, seed: int) -> tuple[Array, Array]:
        """Return the worst for the lower ends and the worst for the upper ones, each float64 (resamples, 5).

        Columns: NLL, Brier's score, mean confidence, AURC, excess AURC. NLL, Brier's score and AURC know no greatest
        value that a digit can come near; the extreme image has a wrong answer, as sure as one of all answers drawn at
        random. Its loss is that of a true class which got what the wrong one left, as much for NLL and none for Brier.
        """
        rare = rarely(self.wrong, resamples, seed)[:, None]
        rank, log_odds = self._drawn(resamples, seed)
        confidence = expit(log_odds)
        harm = -np.log(rank)  # H(n) − H(r − 1) of a rank r in n
        worst = [np.logaddexp(0.0, log_odds), 1.0 + confidence**2, np.ones(resamples), harm, harm]
        best = np.array([0.0, 0.0, LEAST_SURE, 0.0, 0.0])
        alike = self.skewed[[0, 1, 2, 3, 3]]
        return np.where(rare, best, alike), np.where(rare, np.stack(worst, axis=1), alike)

    def gap(self, resamples: int, seed: int) -> Array:
        """Return how sure the extreme image's wrong answer is, float64 (resamples,); NaN where it is not extreme."""
        confidence = expit(self._drawn(resamples, seed)[1])
        return np.where(rarely(self.wrong, resamples, seed), confidence, np.nan)

    def _drawn(self, resamples: int, seed: int) -> tuple[Array, Array]:
        """Return the rank of an answer as a share of all, over 0 to 1, and its log-odds, each (resamples,)."""
        rank = 1.0 - unseen_draws(resamples, seed)[:, 2]
        place = np.ceil(rank * len(self.log_odds)).astype(np.int64) - 1
        return rank, self.log_odds[place]


def unseen_answer(found: Answers, image: NDArray[np.int64], sums: Array, variants: int) -> UnseenAnswer:
    """Return what the unseen image of some answers is drawn from.

    Args:
        found: The k valid answers, one at least.
        image: Which of the n images each is for, int64 (k,).
        sums: Of NLL, Brier's score and confidence over the answers to each image, float64 (3, n).
        variants: How often each image was asked.
    """
    ranking, n = found.ranking, sums.shape[1]
    middle = (ranking.start + (ranking.size - 1) / 2.0 + 0.5) / len(ranking.order)
    harm = np.where(found.right[ranking.order], 0.0, -np.log(middle))
    risk = np.asarray(np.bincount(image[ranking.order], harm, n), np.float64)
    images = np.concatenate([sums, risk[None]]) / variants
    wrong = float(np.count_nonzero(~found.right)) / variants
    return UnseenAnswer(skewed(images), wrong, found.log_odds[ranking.order])
