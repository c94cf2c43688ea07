"""Fixtures: real MNIST where it is, real embedded digits everywhere."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import settings

if TYPE_CHECKING:
    from robustmnist.data import Dataset

CHECKOUT = Path(__file__).parent.parent

# The tests' tensors are small: a second thread gains nothing, and on a busy machine waiting for it costs tenfold.
# Results do not depend on it (tests of models and perturbations compare one thread with two).
torch.set_num_threads(1)

# Properties: a few examples each, the same ones at every run. --hypothesis-profile=thorough (make test-thorough) draws
# many, and others each time. No test sets its own number, which would count in both.
settings.register_profile("quick", max_examples=15, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=200, deadline=None, print_blob=True)
settings.load_profile("quick")


@pytest.fixture(autouse=True)
def interrupts_as_before() -> Iterator[None]:
    """Put back what an interrupt does: a command that is called within a test changes it for its whole process."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def mnist_dir() -> Path:
    """Return the folder with the MNIST files: $ROBUSTMNIST_DATA, else ../shared/data; skip where there is none."""
    named = os.environ.get("ROBUSTMNIST_DATA")
    for folder in (Path(named) if named else None, CHECKOUT.parent / "shared" / "data"):
        if folder is not None and list(folder.rglob("t10k-images-idx3-ubyte*")):
            return folder
    pytest.skip("MNIST is not on this machine: set ROBUSTMNIST_DATA to its folder")


@pytest.fixture(scope="session")
def mnist_or_none() -> Path | None:
    """Return the folder with MNIST's training digits, or None where they are not on this machine."""
    named = os.environ.get("ROBUSTMNIST_DATA")
    folders = (Path(named) if named else None, CHECKOUT.parent / "shared" / "data")
    return next((one for one in folders if one and list(one.rglob("train-images-idx3-ubyte*"))), None)


@pytest.fixture(scope="session")
def adoption_digits(mnist_or_none: Path | None) -> "Dataset":
    """Return the 300 digits by which adopted classifiers are judged: MNIST's, or the embedded ones."""
    from robustmnist.adoption import training_digits

    return training_digits(mnist_or_none or Path("/nowhere"))


@pytest.fixture(scope="session")
def mnist_test(mnist_dir: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the 10,000 test digits (uint8, (10000, 28, 28)) and their labels, read without the code under test."""
    from torchvision.datasets import MNIST

    data = MNIST(root=str(mnist_dir), train=False, download=False)
    return data.data.numpy(), data.targets.numpy()


@pytest.fixture(scope="session")
def digits_and_labels() -> tuple[torch.Tensor, torch.Tensor]:
    """Return 64 real embedded digits (64, 1, 28, 28) and their labels, 6 or 7 of each class."""
    from robustmnist.data import load_dataset

    data = load_dataset("digits").head(64)
    return data.images, data.labels


@pytest.fixture
def digits28(digits_and_labels: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Return a fresh copy of 64 real digits, float32 (64, 1, 28, 28) in [0, 1]."""
    return digits_and_labels[0].clone()


@pytest.fixture
def digit_labels(digits_and_labels: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Return the labels of `digits28`, int64 (64,)."""
    return digits_and_labels[1].clone()
