"""What a perturbation costs: against a plain copy of the same images, and against what a user would write instead."""

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.peers import PEERS
from benchmarks.timing import hardware, print_table, side_by_side
from robustmnist import perturb
from robustmnist.data import load_dataset
from robustmnist.suites import Sweep, list_suites

__all__ = ["run"]

PER_IMAGE = 200  # peers that go image by image are timed on so many images and scaled up
ROUNDS = 9


def run(n: int, device: torch.device, data_dir: Path | None) -> None:
    """Print the tables for `n` test digits on `device`."""
    images = load_dataset("auto", data_dir=data_dir).head(n).to(device).images
    _against_a_copy(images, device)
    _mnist_c(images, device)
    _thickness_sweep(images, device)
    _against_peers(images, device)


def typical() -> dict[str, tuple[Sweep, dict[str, Any]]]:
    """Return each perturbation's first shipped sweep, and its arguments three quarters along that sweep's values."""
    hardest: dict[str, tuple[Sweep, dict[str, Any]]] = {}
    for suite in list_suites():
        for sweep in suite.sweeps:
            value = sweep.values[3 * len(sweep.values) // 4]
            hardest.setdefault(sweep.perturbation, (sweep, sweep.arguments(value, sweep.variants[-1])))
    return hardest


def _against_a_copy(images: Tensor, device: torch.device) -> None:
    ids = torch.arange(len(images), device=device)
    rows = []
    for name, (sweep, arguments) in typical().items():
        ready = perturb.prepare(name, images, ids=ids)
        once = functools.partial(_once, name, images, arguments)
        first = side_by_side({"once": once}, reference="once", rounds=3)["once"].seconds
        started = time.perf_counter()
        prepared = perturb.prepare(name, images, ids=ids)
        for value in sweep.values:
            prepared(**sweep.arguments(value, sweep.variants[0]))
        if device.type == "cuda":
            torch.cuda.synchronize()
        whole = (time.perf_counter() - started) / len(sweep.values)
        # A pair of its own for each: memory that others have just given back would be cheaper for one of the two.
        pair: dict[str, Callable[[], object]] = {"copy": images.clone, name: functools.partial(ready, **arguments)}
        timing = side_by_side(pair, reference="copy", rounds=ROUNDS)
        its, copy = timing[name], timing["copy"]
        rows.append(
            [
                name,
                " ".join(
                    f"{key} {value}" if isinstance(value, str) else f"{key} {value:g}"
                    for key, value in arguments.items()
                ),
                f"{len(images) / first:,.0f}",
                f"{len(images) / whole:,.0f}",
                f"{len(images) / its.seconds:,.0f}",
                f"{1000 * its.seconds:.1f}",
                f"{1000 * copy.seconds:.1f}",
                f"{its.ratio:.1f} ({its.ratio_low:.1f}–{its.ratio_high:.1f})",
            ]
        )
    print_table(
        f"One strength of {len(images):,} digits, three quarters along the perturbation's first shipped sweep",
        [
            "perturbation",
            "strength",
            "images/s, first",
            "images/s, sweep",
            "images/s, prepared",
            "ms",
            "ms of a copy",
            "× a copy (range)",
        ],
        rows,
        f"{hardware(device)}; first: with draws and preparation; sweep: the whole of it; prepared: once more.",
    )


def _mnist_c(images: Tensor, device: torch.device) -> None:
    from robustmnist.perturb.mnist_c import DATA_SET
    from robustmnist.suites import load_suite

    sweeps = {sweep.name: sweep for sweep in load_suite("mnist-c").sweeps}
    ids = torch.arange(len(images), device=device)

    def all_of_them() -> None:
        for name, value in DATA_SET.items():
            sweep = sweeps[name]
            perturb.prepare(sweep.perturbation, images, ids=ids)(**sweep.arguments(value, sweep.variants[0]))

    seconds = side_by_side({"all": all_of_them}, reference="all", rounds=3)["all"].seconds
    print_table(
        "MNIST-C: its corruptions at the data set's severity, draws and preparation included",
        ["digits", "corruptions", "s", "images/s"],
        [[f"{len(images):,}", str(len(DATA_SET)), f"{seconds:.2f}", f"{len(images) * len(DATA_SET) / seconds:,.0f}"]],
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


def _once(name: str, images: Tensor, arguments: dict[str, Any]) -> Tensor:
    return perturb.prepare(name, images, ids=torch.arange(len(images), device=images.device))(**arguments)


def _against_peers(images: Tensor, device: torch.device) -> None:
    few = images[:PER_IMAGE]
    array, rows = few[:, 0].cpu().numpy(), []
    for name, (arguments, peers) in PEERS.items():
        contestants: dict[str, Callable[[], object]] = {
            "robustmnist": functools.partial(_once, name, images, arguments)
        }
        for label, work in peers.items():
            part = (
                array if label.startswith(("scipy", "scikit-image")) else few if label.endswith("by image") else images
            )
            contestants[label] = functools.partial(work, part)
        for label, timing in side_by_side(contestants, reference="robustmnist", rounds=3).items():
            factor = len(images) / len(few) if label.endswith("by image") else 1.0
            rows.append([name, label, f"{1000 * factor * timing.seconds:.0f}", f"{factor * timing.ratio:.1f}"])
    print_table(
        f"{len(images):,} digits beside other libraries' own calls of the same kind",
        ["perturbation", "implementation", "ms", "× robustmnist"],
        rows,
        f"{hardware(device)}; robustmnist with draws and preparation; image by image: {len(few)} digits, scaled up.",
    )
