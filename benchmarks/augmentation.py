"""What it costs to show a digit perturbed, beside a step of the training that it is shown in."""

import time
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.timing import hardware, print_table
from robustmnist.data import load_dataset
from robustmnist.suites import CORE
from robustmnist.system.threads import torch_threads
from robustmnist.training import load_recipe
from robustmnist.training.augmentation.perturb import perturb_digits
from robustmnist.training.augmentation.pool import pool_of
from robustmnist.training.augmentation.shown import BLOCK
from robustmnist.training.loop import start, train_epoch

__all__ = ["run"]

SUITES = (*CORE, "core", "blur", "intensity", "occlusion", "geometry", "stroke", "mnist-c", "all")
ROUNDS = 3


def run(n: int, device: torch.device, data_dir: Path | None) -> None:
    """Perturb training digits by every suite, one setting a digit, with one thread; `n` is not used."""
    digits = load_dataset("mnist", part="train", data_dir=data_dir, device=device).sample(BLOCK)
    images, labels, ids = digits.images, digits.labels, digits.ids
    with torch_threads(1):
        steps = {name: _microseconds(_step(name, images, labels, device), len(labels)) for name in ("fc", "cnn")}
        rows = []
        for name in SUITES:
            pool = pool_of(load_recipe("cnn", overrides=[f"augment.suites={name}"]))
            cost = _microseconds(lambda round_, pool=pool: perturb_digits(images, ids, pool, round_), BLOCK)  # type: ignore[misc]
            rows.append([name, f"{cost:.0f}", *(f"{100 * cost / step:.0f} %" for step in steps.values())])
    print_table(
        "A training digit perturbed by one setting of a suite",
        ["suite", "CPU µs a digit", *(f"of a step of {name}" for name in steps)],
        rows,
        f"{hardware(device)}; one thread, blocks of {BLOCK:,} digits, least of {ROUNDS} epochs; a training step takes "
        + " and ".join(f"{step:.0f} µs a digit for {name}" for name, step in steps.items())
        + ".",
    )


def _step(name: str, images: torch.Tensor, labels: torch.Tensor, device: torch.device) -> Callable[[int], object]:
    recipe = load_recipe(name)
    state = start(recipe, device)
    return lambda _: train_epoch(state, recipe, images, labels)


def _microseconds(work: Callable[[int], object], digits: int) -> float:
    """Return the CPU time of `work` a digit, the least of the rounds."""
    times = []
    for round_ in range(ROUNDS):
        started = time.process_time()
        work(round_)
        times.append(time.process_time() - started)
    return 1e6 * min(times) / digits
