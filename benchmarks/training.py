"""How long the shipped recipes train, and what they reach."""

import tempfile
import time
from pathlib import Path

import torch

from benchmarks.timing import hardware, print_table
from robustmnist.models.checkpoints.card_file import read_card
from robustmnist.training import load_recipe, train

__all__ = ["run"]


def run(n: int, device: torch.device, data_dir: Path | None) -> None:
    """Train ``fc`` and ``cnn`` once each on the 60,000 training digits; `n` is not used."""
    rows = []
    for name in ("fc", "cnn"):
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            finished = train(load_recipe(name), device=str(device), out=Path(folder) / name, data_dir=data_dir)
            wall = time.perf_counter() - started
            card = read_card(finished.best.with_name("best.json"))
        test = card.test_accuracy
        assert test is not None
        rows.append(
            [
                name,
                f"{card.training_seconds:.1f}",
                f"{wall:.1f}",
                f"{100 * test.accuracy:.2f} % ({100 * test.low:.2f}–{100 * test.high:.2f})",
            ]
        )
    print_table(
        "Training the shipped recipes",
        ["recipe", "s of training", "s in all, data and test included", "test accuracy (95 % Wilson)"],
        rows,
        f"{hardware(device)}; 55,000 digits to train, 5,000 to validate, 10,000 to test.",
    )
