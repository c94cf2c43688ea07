"""What the evidence of a training costs: its tables, its page, its live numbers, against the same training without."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from benchmarks.timing import cpu_seconds, hardware, print_table, side_by_side
from robustmnist.system.threads import torch_threads
from robustmnist.training import epoch, finish, load_recipe, loop, train
from robustmnist.training.digits import Digits, load_digits
from robustmnist.training.evidence.trace import Trace
from robustmnist.training.recipe import Recipe

__all__ = ["run"]

# Fewer epochs than the recipes have: the page at the end weighs more here.
EPOCHS, ROUNDS = {"fc": 3, "cnn": 1}, {"fc": 5, "cnn": 3}


def run(n: int, device: torch.device, data_dir: Path | None) -> None:
    """Train ``fc`` and ``cnn`` for some epochs with and without evidence, in turn; `n` is not used.

    On a CPU with one thread and in CPU seconds: on a busy machine a difference of 5 % is lost in wall time.
    """
    clock = time.perf_counter if device.type == "cuda" else cpu_seconds
    with torch_threads(1):
        for name, epochs in EPOCHS.items():
            recipe = load_recipe(name, overrides=[f"epochs={epochs}"])
            digits = load_digits(recipe, device, data_dir)
            contestants: dict[str, Callable[[], object]] = {
                "without": lambda recipe=recipe, digits=digits: _without(recipe, digits, device),  # type: ignore[misc]
                "with": lambda recipe=recipe, digits=digits: _train(  # type: ignore[misc]
                    recipe, digits, device, on_step=len, on_epoch=len
                ),
            }
            times = side_by_side(contestants, reference="without", rounds=ROUNDS[name], clock=clock)
            own = times["with"]
            row = [f"{times['without'].seconds:.2f}", f"{own.seconds:.2f}"]
            row.append(f"{own.ratio:.3f} ({own.ratio_low:.3f}–{own.ratio_high:.3f})")
            print_table(
                f"The evidence of a training of {name}",
                ["s without", "s with", "ratio (lowest–highest of the rounds)"],
                [row],
                f"{hardware(device)}; {'wall seconds' if device.type == 'cuda' else 'CPU seconds of one thread'}; "
                f"{ROUNDS[name]} rounds in turn; {epochs} × 55,000 digits, with checkpoints, curves and test.",
            )


def _train(recipe: Recipe, digits: Digits, device: torch.device, **hooks: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        train(recipe, device=str(device), out=Path(folder) / "run", digits=digits, **hooks)


def _without(recipe: Recipe, digits: Digits, device: torch.device) -> None:
    """Train without the norms of gradients and layers, the numbers of the steps, the tables and the page."""
    none = torch.zeros(1, device=device)

    def nothing(*_: object) -> dict[str, tuple[float, float]]:
        return {}

    with (
        patch.object(loop, "gradient_norms", lambda _: none),
        patch.object(Trace, "add", nothing),
        patch.object(Trace, "step_rows", nothing),
        patch.object(epoch, "append_rows", nothing),
        patch.object(epoch, "_norms", nothing),
        patch.object(finish, "write_page", nothing),
    ):
        _train(recipe, digits, device)
