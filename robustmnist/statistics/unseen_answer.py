"""What an answer that the sample may lack does to the scores of confidence: `unseen` for numbers without a range."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from robustmnist.statistics.answers import Answers
from robustmnist.statistics.unseen import rarely, skewed, unseen_draws

__all__ = ["UnseenAnswer", "unseen_answer"]

Array = NDArray[np.float64]
Extremes = tuple[float, Callable[[Array], Array]]


@dataclass(frozen=True, eq=False)
class UnseenAnswer:
    """What the unseen image is drawn from.

    Attributes:
        skewed: What makes up for the skewness of m scores that are means and of AURC, float64 (m + 1,).
        extremes: For each of the m scores the least amount that an answer can have, and the most that a wrong answer of
            some log-odds has.
        wrong: How many images speak for a wrong answer: wrong answers over variants.
        log_odds: Of all answers, most confident first, float64 (k,).
    """

    skewed: Array
    extremes: Sequence[Extremes]
    wrong: float
    log_odds: Array

    def ends(self, resamples: int, seed: int) -> tuple[Array, Array]:
        """Return the worst for the lower ends and the worst for the upper ends, each float64 (resamples, m + 2).

        Columns: the m means, AURC, excess AURC. NLL, Brier's score and AURC know no greatest value that a digit can
        come near; the extreme image has a wrong answer, as confident as an answer drawn at random from all of them.
        """
        rare = rarely(self.wrong, resamples, seed)[:, None]
        rank, log_odds = self._drawn(resamples, seed)
        harm = -np.log(rank)  # H(n) − H(r − 1) of a rank r in n
        worst = np.stack([*(most(log_odds) for _, most in self.extremes), harm, harm], axis=1)
        best = np.array([*(least for least, _ in self.extremes), 0.0, 0.0])
        alike = np.append(self.skewed, self.skewed[-1])
        return np.where(rare, best, alike), np.where(rare, worst, alike)

    def gap(self, resamples: int, seed: int) -> Array:
        """Return the confidence of the extreme image's wrong answer, float64 (resamples,); NaN where not extreme."""
        confidence = expit(self._drawn(resamples, seed)[1])
        return np.where(rarely(self.wrong, resamples, seed), confidence, np.nan)

    def _drawn(self, resamples: int, seed: int) -> tuple[Array, Array]:
        """Return the rank of an answer as a share of all, over 0 to 1, and its log-odds, each (resamples,)."""
        rank = 1.0 - unseen_draws(resamples, seed)[:, 2]
        index = np.ceil(rank * len(self.log_odds)).astype(np.int64) - 1
        return rank, self.log_odds[index]


def unseen_answer(
    answers: Answers, image: NDArray[np.int64], sums: Array, variants: int, extremes: Sequence[Extremes]
) -> UnseenAnswer:
    """Return what the unseen image of some answers is drawn from.

    Args:
        answers: The k valid answers, at least one.
        image: Which of the n images each answer is for, int64 (k,).
        sums: Of m scores, what each is the mean of, over the answers to each image, float64 (m, n).
        variants: How many variants of each image were asked for.
        extremes: As in `UnseenAnswer`, m of them.

    >>> two = Answers(np.array([1.0, 3.0]), np.array([False, True]), 0)
    >>> unseen_answer(two, np.array([0, 1]), np.zeros((0, 2)), 1, []).log_odds.tolist()
    [3.0, 1.0]
    """
    ranking, n = answers.ranking, sums.shape[1]
    middle = (ranking.start + (ranking.size - 1) / 2.0 + 0.5) / len(ranking.order)
    harm = np.where(answers.right[ranking.order], 0.0, -np.log(middle))
    risk = np.asarray(np.bincount(image[ranking.order], harm, n), np.float64)
    images = np.concatenate([sums, risk[None]]) / variants
    wrong = float(np.count_nonzero(~answers.right)) / variants
    return UnseenAnswer(skewed(images), extremes, wrong, answers.log_odds[ranking.order])
