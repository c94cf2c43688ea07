"""What a perturbation costs: against a plain copy of the same images, and against what a user would write instead."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.timing import hardware, print_table, side_by_side
from robustmnist import perturb
from robustmnist.data import load_dataset

__all__ = ["run"]

# One typical strength of every perturbation, once whatever depends on the image alone is prepared.
CASES: dict[str, dict[str, Any]] = {
    "shift": {"dx": 3, "dy": -2},
    "shift-towards": {"distance": 3, "direction": "down-right"},
    "scale": {"factor": 0.8},
    "rotation": {"angle": 30.0},
    "thickness": {"change": 1.0},
    "decentering": {"fraction": 0.5},
    "gaussian-noise": {"sigma": 0.3},
    "salt-and-pepper": {"probability": 0.2},
    "speckle": {"sigma": 0.6},
    "uniform-noise": {"amplitude": 0.5},
    "shot-noise": {"sigma": 0.5},
}
PER_IMAGE = 500  # peers that go image by image are timed on so many images and scaled up


def run(n: int, device: torch.device, data_dir: Path | None) -> None:
    """Print the tables for `n` test digits on `device`."""
    images = load_dataset("auto", data_dir=data_dir).head(n).to(device).images
    _against_a_copy(images, device)
    _thickness_sweep(images, device)
    _against_peers(images, device)


def _against_a_copy(images: Tensor, device: torch.device) -> None:
    ids = torch.arange(len(images), device=device)
    contestants: dict[str, Callable[[], object]] = {"copy": images.clone}
    for name, strengths in CASES.items():
        contestants[name] = functools.partial(perturb.prepare(name, images, ids=ids), **strengths)
    times = side_by_side(contestants, reference="copy", rounds=15)
    rows = [
        [
            name,
            f"{1000 * t.seconds:.1f}",
            f"{t.ratio:.1f} ({t.ratio_low:.1f}–{t.ratio_high:.1f})",
            f"{len(images) / t.seconds:,.0f}",
        ]
        for name, t in times.items()
    ]
    print_table(
        f"One strength of {len(images):,} digits, once prepared, against a copy of them",
        ["perturbation", "ms", "× a copy (range)", "images/s"],
        rows,
        hardware(device),
    )


def _thickness_sweep(images: Tensor, device: torch.device) -> None:
    ids = torch.arange(len(images), device=device)
    values = np.arange(-2, 4.01, 0.5)

    def sweep() -> None:
        ready = perturb.prepare("thickness", images, ids=ids)
        for value in values:
            ready(change=float(value))

    seconds = side_by_side({"sweep": sweep}, reference="sweep", rounds=3)["sweep"].seconds
    print_table(
        "A whole thickness sweep, preparation included",
        ["digits", "strengths", "s", "images/s"],
        [[f"{len(images):,}", str(len(values)), f"{seconds:.2f}", f"{len(images) * len(values) / seconds:,.0f}"]],
        hardware(device),
    )


def _against_peers(images: Tensor, device: torch.device) -> None:
    import kornia.geometry.transform as kornia
    from scipy import ndimage
    from torchvision.transforms import v2

    few = images[:PER_IMAGE]
    angles = torch.full((len(images),), 30.0, device=device)
    array = few[:, 0].cpu().numpy()
    centred = v2.functional.rotate

    def one_by_one() -> None:
        for image in few:
            centred(image, 30.0, interpolation=v2.InterpolationMode.BILINEAR)

    def scipy_one_by_one() -> None:
        for image in array:
            ndimage.rotate(image, 30.0, reshape=False, order=1)

    contestants: dict[str, Callable[[], object]] = {
        "robustmnist": lambda: perturb.rotation(images, angle=30.0),
        "kornia, per sample": lambda: kornia.rotate(images, angles),
        "torchvision v2, whole batch": lambda: centred(images, 30.0, interpolation=v2.InterpolationMode.BILINEAR),
        "torchvision v2, image by image": one_by_one,
        "scipy.ndimage, image by image": scipy_one_by_one,
    }
    times = side_by_side(contestants, reference="robustmnist", rounds=7)
    rows = []
    for name, t in times.items():
        factor = len(images) / len(few) if name.endswith("image by image") else 1.0
        rows.append([name, f"{1000 * factor * t.seconds:.0f}", f"{factor * t.ratio:.1f}"])
    print_table(
        f"Rotation of {len(images):,} digits by 30°, bilinear",
        ["implementation", "ms", "× robustmnist"],
        rows,
        f"{hardware(device)}; image by image: timed on {len(few)} digits and scaled up.",
    )
