"""Moves of a training digit: noise comes last, with a strength of its own."""

import pytest
import torch

from robustmnist.training.augment import Augment
from robustmnist.training.augmentation.moves import augment


def test_noise_is_added_last_and_of_a_strength_of_its_own() -> None:
    grey = torch.full((400, 1, 28, 28), 0.5)
    noisy = augment(grey, Augment(noise=0.1), torch.Generator().manual_seed(0))
    spread = (noisy - grey).flatten(1).std(1)
    assert float(spread.max()) < 0.11
    assert float(spread.mean()) == pytest.approx(0.05, rel=0.1)  # strengths are even from 0 up to 0.1
    assert float(noisy.min()) >= 0
    untouched = augment(grey, Augment(noise=0.1, probability=1e-9), torch.Generator().manual_seed(0))
    assert torch.equal(untouched, grey)


def test_other_strengths_do_not_depend_on_noise(digits28: torch.Tensor) -> None:
    plain, noisy = (
        augment(digits28[:20], Augment(shift=2.0, noise=noise), torch.Generator().manual_seed(1))
        for noise in (0.0, 1e-6)
    )
    torch.testing.assert_close(plain, noisy, atol=1e-4, rtol=0)
