"""The learning rate range test: which rates make the loss fall, and from which it explodes."""

import copy
import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from robustmnist.page.figure import own_style, picture
from robustmnist.training.digits import Digits
from robustmnist.training.evidence.trace import Trace
from robustmnist.training.loop import start, train_epoch
from robustmnist.training.read import check_recipe
from robustmnist.training.recipe import Recipe

__all__ = ["RateRange", "draw_rates", "find_rate", "rates_csv"]

LOWEST, HIGHEST, STEPS = 1e-6, 10.0, 140  # twenty rates to a power of ten
SMOOTH = 0.9  # of the moving average of the loss, corrected for its start
EXPLODED = 3.0  # times the lowest smoothed loss
SAFE = 0.1  # of the rate with the lowest loss; Source: Howard and Gugger, fastai, 2020


@dataclass(frozen=True)
class RateRange:
    """A range test.

    Attributes:
        rates: The learning rates, one per step.
        losses: The loss of every step before its change.
        smoothed: Their moving average.
        steepest: The rate at which the smoothed loss falls most from step to step; None where it falls nowhere.
        suggestion: A tenth of the rate with the lowest smoothed loss; None where the loss falls nowhere.
        explodes: The rate from which the loss is three times its lowest; None where it never is.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    steepest: float | None
    suggestion: float | None
    explodes: float | None


def find_rate(recipe: Recipe, digits: Digits, codes: Sequence[str] = ()) -> RateRange:
    """Train one step at each of 141 rates from 1e-6 to 10, and stop where the loss explodes.

    Every rate is a step of the same training, with the recipe's network, optimiser, batches and augmentation. The
    suggestion is for ``optimizer.lr``, of whose schedule it is the highest rate; the rate of the steepest fall suits a
    training without a schedule.

    `codes` is the code that the recipe's model may be, ``net.py:Net``.

    Source: Smith, Cyclical learning rates for training neural networks, 2017.
    """
    plain = recipe.as_dict() | {"schedule": {"name": "none"}, "average": {"decay": 0.0}, "epochs": 1}
    batch = min(recipe.batch_size, len(digits.training))
    state = start(check_recipe(plain, where="range test"), digits.training_images.device, codes)
    order = torch.randperm(len(digits.training), generator=torch.Generator().manual_seed(recipe.seed))
    rates: list[float] = []
    losses: list[float] = []
    smoothed: list[float] = []
    mean, explodes = 0.0, None
    for step in range(STEPS + 1):
        rate = LOWEST * (HIGHEST / LOWEST) ** (step / STEPS)
        rows = order[torch.arange(step * batch, (step + 1) * batch) % len(order)].to(digits.training_images.device)
        table = copy.deepcopy(plain)
        table["optimizer"]["lr"] = rate
        trace = Trace()
        shown, labels = digits.training_images[rows], digits.training.labels[rows]
        train_epoch(state, check_recipe(table, where="range test"), shown, labels, None, trace)
        loss = float(trace.losses[0])
        mean = SMOOTH * mean + (1 - SMOOTH) * loss
        rates.append(rate)
        losses.append(loss)
        smoothed.append(mean / (1 - SMOOTH ** (step + 1)))
        if not math.isfinite(loss) or smoothed[-1] > EXPLODED * min(smoothed):
            explodes = rate
            break
    steepest, lowest = _falls(rates, smoothed)
    suggestion = None if lowest is None else SAFE * lowest
    return RateRange(tuple(rates), tuple(losses), tuple(smoothed), steepest, suggestion, explodes)


def rates_csv(tried: RateRange) -> str:
    """Return the steps as CSV: ``learning_rate``, ``loss``, ``smoothed``."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("learning_rate", "loss", "smoothed"))
    rows = zip(tried.rates, tried.losses, tried.smoothed, strict=True)
    writer.writerows([f"{value:.6g}" for value in row] for row in rows)
    return text.getvalue()


def draw_rates(tried: RateRange, title: str) -> dict[str, bytes]:
    """Return the chart of a range test, ``{"png": ..., "svg": ...}``: loss against rate, the suggestion marked."""
    style: dict[Any, Any] = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    with own_style(style):
        from matplotlib.figure import Figure
        from matplotlib.ticker import NullFormatter

        figure = Figure(figsize=(6, 3.6), layout="constrained")
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
        axes = figure.subplots()
        axes.plot(tried.rates, tried.losses, color="#0072b2", alpha=0.35, linewidth=0.8)
        axes.plot(tried.rates, tried.smoothed, color="#0072b2")
        highest = max(EXPLODED * min(filter(math.isfinite, tried.smoothed), default=1.0), 1.05 * tried.smoothed[0])
        if tried.suggestion is not None:
            axes.axvline(tried.suggestion, color="#d55e00", linewidth=1)
            axes.text(tried.suggestion, highest, f" {tried.suggestion:.2g}", color="#d55e00", va="top")
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")  # the usual powers of ten are set as formulas
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_ylim(0, highest)
        axes.set_xlabel("learning rate")
        axes.set_ylabel("loss")
        return {kind: picture(figure, kind, dpi=120) for kind in ("png", "svg")}


def _falls(rates: Sequence[float], smoothed: Sequence[float]) -> tuple[float | None, float | None]:
    """Return the rate at which the smoothed loss falls most from step to step, and where it is lowest.

    Both are None where it falls nowhere.
    """
    lowest = min(range(len(smoothed)), key=lambda at: smoothed[at] if math.isfinite(smoothed[at]) else math.inf)
    falls = [smoothed[at] - smoothed[at + 1] for at in range(lowest)]
    if not falls or max(falls) <= 0:
        return None, None
    return rates[max(range(len(falls)), key=falls.__getitem__) + 1], rates[lowest]
