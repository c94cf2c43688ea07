"""How alike two maps are, against independent implementations."""

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr
from skimage.metrics import structural_similarity

from robustmnist.statistics.similarity import cosine, pearson, spearman, ssim

RANDOM = np.random.default_rng(0)
A, B = RANDOM.normal(size=(2, 5, 60)).round(1)
WHERE = RANDOM.random((5, 60)) < 0.5


def test_correlations_over_the_entries_that_count() -> None:
    for row in range(5):
        a, b = A[row, WHERE[row]], B[row, WHERE[row]]
        assert pearson(A, B, WHERE)[row] == pytest.approx(pearsonr(a, b)[0])
        assert spearman(A, B, WHERE)[row] == pytest.approx(spearmanr(a, b)[0])
        assert cosine(A, B, WHERE)[row] == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_ssim_agrees_with_scikit_image() -> None:
    a, b = RANDOM.normal(size=(2, 28, 28))
    inner = np.zeros((1, 28, 28), bool)
    inner[:, 3:-3, 3:-3] = True
    x, y = a / np.abs(a).max(), b / np.abs(b).max()
    _, full = structural_similarity(x, y, win_size=7, data_range=2.0, full=True, use_sample_covariance=False)
    assert ssim(a[None], b[None], inner)[0] == pytest.approx(full[3:-3, 3:-3].mean())


def test_what_has_no_spread_is_undefined() -> None:
    flat = np.ones((1, 60))
    assert np.isnan(pearson(flat, A[:1])).all()
    assert np.isnan(spearman(flat, A[:1])).all()
    assert np.isnan(cosine(0 * flat, A[:1])).all()
    assert np.isnan(ssim(np.zeros((1, 28, 28)), np.ones((1, 28, 28)))).all()
    assert np.isnan(pearson(np.full((1, 60), np.nan), A[:1])).all()
    assert np.isfinite(pearson(np.where(WHERE, A, np.nan), B, WHERE)).all()
