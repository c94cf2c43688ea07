"""Small classifiers as strangers would bring them, trained in a second under a contract of their own."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from robustmnist.data import Dataset, load_dataset
from robustmnist.models.contract.adapter import feed
from robustmnist.models.contract.contract import Input

__all__ = ["Net", "convolutional", "dense", "learnt", "some_digits"]


@dataclass(frozen=True, eq=False)
class Net:
    """What the readers of files hand over."""

    module: nn.Module | Callable[..., Any]
    torch: bool = True
    shape: tuple[int, ...] = (1, 28, 28)
    layout: str = "nchw"
    output: str | None = None
    description: str = "made up"


@functools.cache
def some_digits(folder: Path | None) -> Dataset:
    """Return 3,000 of MNIST's training digits from `folder`, or all 1,797 embedded ones."""
    if folder is None:
        return load_dataset("digits")
    return load_dataset("mnist", part="train", data_dir=folder).head(3000)


def dense(pixels: int = 784) -> nn.Sequential:
    """Return an untrained network with one hidden layer."""
    return nn.Sequential(nn.Flatten(), nn.Linear(pixels, 64), nn.ReLU(), nn.Linear(64, 10))


def convolutional(channels: int = 1, side: int = 28) -> nn.Sequential:
    """Return an untrained network with two convolutions."""
    return nn.Sequential(
        nn.Conv2d(channels, 8, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(side * side, 10),
    )


def learnt(network: nn.Sequential, contract: Input, digits: Dataset, epochs: int = 5) -> nn.Sequential:
    """Train `network` on digits fed as `contract` says, from a seed of its own, and return it in eval mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        for part in network:
            if isinstance(part, nn.Linear | nn.Conv2d):
                part.reset_parameters()
        given = feed(digits.images, contract)
        optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
        for _ in range(epochs):
            for rows in torch.randperm(len(digits)).split(64):
                optimiser.zero_grad()
                loss: Tensor = nn.functional.cross_entropy(network(given[rows]), digits.labels[rows])
                loss.backward()
                optimiser.step()
    for weight in network.parameters():
        weight.requires_grad_(False)
        weight.grad = None
    return network.eval()
