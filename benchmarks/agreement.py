"""Whether another device decides as a processor does: the same settings on both, digit by digit."""

from pathlib import Path

import numpy as np
import torch

from benchmarks.timing import hardware, print_table
from robustmnist.data import load_dataset
from robustmnist.evaluation import evaluate
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.results import near_ties, summarise
from robustmnist.suites import load_suites

__all__ = ["run"]

CHECKPOINTS = ("fc", "cnn", "lenet5")
SUITES = ("rotation", "scale", "noise", "thickness", "decentering")
MOST = 3_000  # digits: what a processor of two cores does in a minute


def run(n: int, device: torch.device, data_dir: Path | None) -> None:
    """Print a row per checkpoint for `n` test digits, at most 3,000; nothing to compare without a second device."""
    if device.type == "cpu":
        return
    digits, suites = load_dataset("auto", data_dir=data_dir).head(min(n, MOST)), load_suites(SUITES)
    models = {name: load_checkpoint(name) for name in CHECKPOINTS}
    here, there = (evaluate(models, digits, suites, device=where) for where in ("cpu", str(device)))
    rows = []
    for index, name in enumerate(CHECKPOINTS):
        predictions, otherwise, apart, gap = 0, 0, 0.0, 0.0
        for key in here.logits:
            mine, other = (np.asarray(result.logits[key][index]) for result in (here, there))
            unlike = mine.argmax(-1) != other.argmax(-1)
            best = np.sort(mine, -1)
            predictions += unlike.size
            otherwise += int(unlike.sum())
            apart = max(apart, float(np.abs(mine - other).max()))
            gap = max(gap, float((best[..., -1] - best[..., -2])[unlike].max(initial=0.0)))
        ties = " and ".join(str(near_ties(result, summarise(result))[name]) for result in (here, there))
        rows.append([name, f"{predictions:,}", str(otherwise), f"{gap:.1e}", ties, f"{apart:.1e}"])
    print_table(
        f"A processor and {device}: suites {', '.join(SUITES)} on {len(digits):,} digits",
        [
            "checkpoint",
            "predictions",
            "decided otherwise",
            "widest gap of these",
            "near-ties here and there",
            "logits apart by up to",
        ],
        rows,
        hardware(device),
    )
