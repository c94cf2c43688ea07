"""Detection: scikit-learn as an oracle, intervals that hold the truth, ties and NaN."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from robustmnist.statistics.detection import detection, energy


@pytest.mark.parametrize("ties", [False, True])
def test_scikit_learn_agrees(ties: bool) -> None:
    rng = np.random.default_rng(0)
    for shift in (0.0, 0.5, 2.0):
        known, other = rng.normal(shift, 1, 300), rng.normal(0, 1, 200)
        if ties:
            known, other = known.round(), other.round()
        found = detection(known, other, resamples=50)
        truth, scores = np.r_[np.ones(300), np.zeros(200)], np.r_[known, other]
        assert found.auroc == pytest.approx(roc_auc_score(truth, scores))
        fpr, tpr, _ = roc_curve(truth, scores, drop_intermediate=False)
        assert found.fpr95 == pytest.approx(fpr[tpr >= 0.95].min())
        assert found.auroc_low <= found.auroc <= found.auroc_high
        assert found.fpr95_low <= found.fpr95 <= found.fpr95_high


def test_intervals_hold_the_truth_and_groups_widen_them() -> None:
    """Two normals a standard deviation apart: AUROC Φ(1/√2) = 0.7602."""
    rng = np.random.default_rng(1)
    held = 0
    for trial in range(100):
        found = detection(rng.normal(1, 1, 80), rng.normal(0, 1, 80), resamples=200, seed=trial)
        held += found.auroc_low <= 0.7602 <= found.auroc_high
    assert held >= 89
    writers = np.repeat(np.arange(20), 20)
    other = rng.normal(0, 1, 20)[writers] + rng.normal(0, 0.1, 400)
    known = rng.normal(1, 1, 400)
    alone, together = (detection(known, other, other_groups=groups, resamples=200) for groups in (None, writers))
    assert together.auroc == alone.auroc
    assert together.auroc_high - together.auroc_low > 1.5 * (alone.auroc_high - alone.auroc_low)


@pytest.mark.parametrize("writers", [6, 20])
def test_few_groups_are_counted_as_few(writers: int) -> None:
    """Of 100 sets by so many writers at least 90 intervals hold AUROC Φ(1 / 1.5) = 0.7475 and FPR95 0.7180."""
    rng = np.random.default_rng(3)
    writer = np.repeat(np.arange(writers), 15)
    held = np.zeros(2)
    for trial in range(100):
        other = rng.normal(0, 0.5, writers)[writer] + rng.normal(0, 1, len(writer))
        found = detection(rng.normal(1, 1, 400), other, other_groups=writer, resamples=100, seed=trial)
        held += [found.auroc_low <= 0.7475 <= found.auroc_high, found.fpr95_low <= 0.7180 <= found.fpr95_high]
    assert (held >= 90).all()


def test_apart_and_alike() -> None:
    found = detection(np.arange(10, 20), np.arange(10), resamples=20)
    assert (found.auroc, found.fpr95) == (1.0, 0.0)
    alike = detection(np.zeros(10), np.zeros(10), resamples=20)
    assert (alike.auroc, alike.fpr95) == (0.5, 1.0)


def test_no_number_is_the_lowest_score() -> None:
    found = detection(np.array([1.0, 2.0]), np.array([np.nan, np.nan]), resamples=5)
    assert found.auroc == 1.0


def test_energy_neither_overflows_nor_depends_on_the_dtype() -> None:
    logits = np.array([[1000.0] * 10, [-1000.0] * 10])
    assert energy(logits) == pytest.approx([1000 + np.log(10), -1000 + np.log(10)])
    assert energy(logits.astype(np.float32)) == pytest.approx(energy(logits))
