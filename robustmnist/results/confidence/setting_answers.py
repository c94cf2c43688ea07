"""The answers of one checkpoint under one setting, as metrics need them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from robustmnist.statistics.answers import Answers
from robustmnist.statistics.proper_scores import Brier, BrierSums, brier

__all__ = ["SettingAnswers"]


@dataclass(frozen=True, eq=False)
class SettingAnswers:
    """The k valid answers to n images, at a temperature; all variants together.

    Attributes:
        answers: Which are right, and how confident each is.
        image: Which of the n images each answer is for, int64 (k,).
        n: How many images there are.
        variants: How many variants of each there are.
        log_likelihoods: Of the true class, for each answer, natural logarithm, float64 (k,).
        brier_sums: What Brier's score is made of.
    """

    answers: Answers
    image: NDArray[np.int64]
    n: int
    variants: int
    log_likelihoods: NDArray[np.float64]
    brier_sums: BrierSums

    @cached_property
    def brier(self) -> Brier:
        """Brier's score and its parts."""
        return brier(self.brier_sums)
