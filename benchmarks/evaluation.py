"""What a suite costs: an evaluation against the bare forward passes, and against a plain DataLoader loop."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.timing import hardware, print_table, side_by_side
from robustmnist.data import Dataset, load_dataset
from robustmnist.evaluation import evaluate
from robustmnist.models.checkpoints.checkpoint import Checkpoint, load_checkpoint
from robustmnist.models.inference.deployed import deployed
from robustmnist.suites import load_suite, load_suites

__all__ = ["run"]


def run(n: int, device: torch.device, data_dir: Path | None) -> None:
    """Print the tables for `n` test digits on `device`."""
    digits = load_dataset("auto", data_dir=data_dir).head(n).to(device)
    _against_bare_forward_passes(digits, device)
    _against_a_dataloader(digits, device)


def _against_bare_forward_passes(digits: Dataset, device: torch.device) -> None:
    suites = load_suites(["core"])
    rows = []
    for name in ("fc", "cnn"):
        checkpoint = load_checkpoint(name, device=device)
        ratios, walls, shares, passes = [], [], [], 0
        for _ in range(3 if name == "fc" or device.type == "cuda" else 1):
            # The bare passes run before and after, so that a machine that drifts is seen from both sides.
            before = _bare(checkpoint, digits.images)
            started = time.perf_counter()
            predictions = evaluate({name: checkpoint}, digits, suites, device=str(device))
            walls.append(time.perf_counter() - started)
            after = _bare(checkpoint, digits.images)
            passes, share = (predictions.manifest[key] for key in ("forward_passes", "duration_seconds"))
            shares.append(share)
            ratios.append(walls[-1] / (passes / len(digits) * (before + after) / 2))
        wall, share = statistics.median(walls), statistics.median(shares)
        figures = f"{wall:.1f}", f"{share:.1f}", f"{statistics.median(ratios):.2f}", f"{passes / wall:,.0f}"
        rows.append([name, f"{passes:,}", *figures])
    print_table(
        f"evaluate --suite core over {len(digits):,} digits",
        [
            "checkpoint",
            "images through the model",
            "s",
            "of them to perturb and classify",
            "× bare forward passes",
            "images/s",
        ],
        rows,
        f"{hardware(device)}; bare: the same number of images, nothing perturbed, through the fastest exact layout; "
        "the rest: realised severities, summary, pictures.",
    )


def _bare(checkpoint: Checkpoint, images: Tensor, passes: int = 5) -> float:
    """Return the seconds of one bare pass over `images`: the mean of several, since a suite pays the mean."""
    ready = deployed(checkpoint.model)
    ready(images)
    if images.is_cuda:
        torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(passes):
        ready(images)
    if images.is_cuda:
        torch.cuda.synchronize()
    return (time.perf_counter() - started) / passes


def _against_a_dataloader(digits: Dataset, device: torch.device) -> None:
    """One setting, rotation by 30°, as it is usually written: a transform per image, a big batch, a plain forward."""
    from torch.utils.data import DataLoader
    from torchvision.transforms import v2

    from robustmnist import perturb

    checkpoint = load_checkpoint("cnn", device=device)
    pairs = list(zip(digits.images.cpu(), digits.labels.cpu().tolist(), strict=True))

    def collate(batch: list[tuple[Tensor, int]]) -> tuple[Tensor, Tensor]:
        turned = [v2.functional.rotate(x, 30.0, interpolation=v2.InterpolationMode.BILINEAR) for x, _ in batch]
        return torch.stack(turned), torch.tensor([label for _, label in batch])

    loader: DataLoader[tuple[Tensor, int]] = DataLoader(pairs, batch_size=1000, collate_fn=collate)  # type: ignore[arg-type]

    def usual() -> None:
        with torch.inference_mode():
            for images, _ in loader:
                checkpoint.model(images.to(device))

    contestants: dict[str, Callable[[], object]] = {
        "robustmnist": lambda: checkpoint(perturb.rotation(digits.images, angle=30.0)),
        "DataLoader, one transform per image, batch 1000": usual,
    }
    times = side_by_side(contestants, reference="robustmnist", rounds=3)
    rows = [[name, f"{t.seconds:.2f}", f"{t.ratio:.1f}"] for name, t in times.items()]
    print_table(
        f"One setting (rotation by 30°, cnn) over {len(digits):,} digits",
        ["implementation", "s", "× robustmnist"],
        rows,
        f"{hardware(device)}; suite shift has {len(load_suite('shift').sweeps)} sweeps of such settings.",
    )
