"""How fast a classifier answers, and what that means for an evaluation."""

import time

from torch import Tensor, nn

from robustmnist.evaluation.plan import passes_per_image
from robustmnist.models.inference.deployed import deployed
from robustmnist.suites import load_suites

__all__ = ["digits_per_second", "speed_line"]

TEST_DIGITS = 10_000
UNITS = (("seconds", 1), ("minutes", 60), ("hours", 3600))


def digits_per_second(classifier: nn.Module, images: Tensor) -> float:
    """Return how many images (B, 1, 28, 28) a second `classifier` answers as an evaluation calls it, best of two."""
    ready = deployed(classifier)
    ready(images[:1])  # the first call prepares what later ones use
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        ready(images)
        seconds.append(time.perf_counter() - start)
    return len(images) / max(min(seconds), 1e-9)


def speed_line(rate: float) -> str:
    """Return the sentence for `rate` digits a second: two figures of it, and the time for the core suites."""
    passes = passes_per_image(load_suites(["core"]))
    seconds = passes * TEST_DIGITS / rate
    name, unit = next((name, unit) for name, unit in UNITS if seconds < 90 * unit or unit == 3600)
    answers = f"--suite core asks {passes} answers of each of {TEST_DIGITS:,} digits"
    return f"Speed: about {_rounded(rate)} digits per second; {answers}, about {_rounded(seconds / unit)} {name}."


def _rounded(value: float) -> str:
    """Return `value` with two figures.

    >>> _rounded(4321.0), _rounded(39.4), _rounded(1.25), _rounded(0.043)
    ('4,300', '39', '1.2', '0.043')
    """
    return f"{float(f'{value:.2g}'):,.0f}" if value >= 10 else f"{value:.2g}"
