"""Timing that survives a noisy machine: contestants in turn, medians, ratios pair by pair."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

__all__ = ["Timing", "cpu_seconds", "hardware", "print_table", "side_by_side"]


@dataclass(frozen=True)
class Timing:
    """The times of one contestant.

    Attributes:
        seconds: Median over the rounds.
        low: Fastest round, in seconds.
        high: Slowest round, in seconds.
        ratio: Median over the rounds of this contestant's time divided by the reference's in the same round.
        ratio_low: Smallest of these ratios.
        ratio_high: Largest of these ratios.
    """

    seconds: float
    low: float
    high: float
    ratio: float
    ratio_low: float
    ratio_high: float


def side_by_side(
    contestants: Mapping[str, Callable[[], object]],
    *,
    reference: str,
    rounds: int = 7,
    warm_up: bool = True,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Timing]:
    """Time every contestant once a round, in turn, after one uncounted round, by `clock`, in seconds.

    A slow minute of the machine hits all contestants of its round alike, so ratios are steadier than seconds.
    With `cpu_seconds` as the clock the time that other programs take from this one does not count.
    """
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for round_ in range(-1 if warm_up else 0, rounds):
        for name, work in contestants.items():
            started = clock()
            work()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if round_ >= 0:
                times[name].append(clock() - started)
    timings = {}
    for name, seconds in times.items():
        ratios = [mine / theirs for mine, theirs in zip(seconds, times[reference], strict=True)]
        timings[name] = Timing(
            statistics.median(seconds),
            min(seconds),
            max(seconds),
            statistics.median(ratios),
            min(ratios),
            max(ratios),
        )
    return timings


def cpu_seconds() -> float:
    """Return the seconds that processors have spent in this process's own code, its ended children's included."""
    times = os.times()
    return times.user + times.children_user


def hardware(device: torch.device) -> str:
    """Return the machine and the versions in one line, to stand under every table."""
    import torchvision

    from robustmnist.system.device import describe_device
    from robustmnist.system.installation import __version__

    versions = f"Python {platform.python_version()}, torch {torch.__version__}, torchvision {torchvision.__version__}"
    return f"{describe_device(device)}; {versions}, robustmnist {__version__}"


def print_table(title: str, head: list[str], rows: list[list[str]], note: str) -> None:
    """Print a Markdown table with its title above and `note` below."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    cells = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in [head, *rows]]
    rule = ["-" * width for width in widths]
    print(f"\n### {title}\n")
    for row in [cells[0], rule, *cells[1:]]:
        print("| " + " | ".join(row) + " |")
    print(f"\n{note}", flush=True)
