"""Infidelity and sensitivity-n: whether a map predicts by how much the answer falls when some ink goes."""

import numpy as np
import torch
from torch import Tensor

from robustmnist.explanation.metrics.candidate import Candidate
from robustmnist.explanation.metrics.question import Array, Question, framed
from robustmnist.statistics.similarity import pearson

__all__ = ["SIZES", "SUBSETS", "WINDOW", "WINDOWS", "fidelity", "sensitivity_n"]

WINDOW = 4  # px, the side of the windows that are blanked
WINDOWS = 128  # per digit, drawn with replacement among those that hold ink
SIZES = (1, 4, 16, 64)  # n: ink pixels blanked together
SUBSETS = 64  # per digit and n


def fidelity(
    question: Question, candidates: list[Candidate], *, window: int = WINDOW, many: int = WINDOWS
) -> dict[str, Array]:
    """Return ``infidelity`` (↓, logits²) and ``fidelity`` (↑, no unit) of each map, float64 (maps, B).

    A window S is blanked, Δ = f(x) − f(x without S), and the map predicts d̂ = Σ_S a for shares, Σ_S a·x for
    sensitivities, which are per unit of ink. infidelity = E[(d̂ − Δ)²], for maps in logits only. ``fidelity`` is
    1 − E[(β·d̂ − Δ)²] / E[Δ²] with the best factor β = Σ d̂Δ / Σ d̂²: the share of Δ² that the map predicts up to its
    unit, in [0, 1]; it does not see the sign of a map. NaN for a digit without ink, or that no window changes, and for
    a zero map.

    Source: Yeh et al., On the (in)fidelity and sensitivity of explanations, NeurIPS 2019, arXiv:1901.09392.
    """
    holds = torch.nn.functional.max_pool2d(question.images, window, 1).flatten(1) > 0
    counts = holds.sum(1)
    # The index of the drawn window among those with ink.
    drawn = (question.draws("windows").uniform(many).double() * counts[:, None]).long()
    windows = torch.argsort((~holds).byte(), dim=1, stable=True).gather(1, drawn)
    side = 28 - window + 1
    rows, columns = (windows // side)[..., None], (windows % side)[..., None]
    line = torch.arange(28, device=windows.device, dtype=torch.int64)
    inside = ((line >= rows) & (line < rows + window))[..., None] & ((line >= columns) & (line < columns + window))[
        ..., None, :
    ]
    change = _change(question, inside)
    infidelity, explained = [], []
    for candidate in candidates:
        values = _predicted_losses(question, candidate)
        sums = torch.nn.functional.avg_pool2d(values[:, None], window, 1).flatten(1) * window**2
        predicted = sums.gather(1, windows).cpu().numpy()
        in_logits = candidate.explainer.kind in ("share", "sensitivity")
        infidelity.append(((predicted - change) ** 2).mean(1) if in_logits else np.full(len(question), np.nan))
        with np.errstate(invalid="ignore", divide="ignore"):
            beta = (predicted * change).sum(1) / (predicted**2).sum(1)
            explained.append(1 - ((beta[:, None] * predicted - change) ** 2).sum(1) / (change**2).sum(1))
    known = (counts > 0).cpu().numpy()
    return {
        "infidelity": np.where(known, np.stack(infidelity), np.nan),
        "fidelity": np.where(known, np.stack(explained), np.nan),
    }


def sensitivity_n(
    question: Question, candidates: list[Candidate], *, sizes: tuple[int, ...] = SIZES, many: int = SUBSETS
) -> dict[str, Array]:
    """Return ``sensitivity-n`` of each map, the mean over n of the columns ``sensitivity-1`` and so on, (maps, B).

    r_n is Pearson's correlation over subsets S of n ink pixels, drawn uniformly, of Σ_S a (of sensitivities Σ_S a·x)
    with f(x) − f(x without S): per digit, and 1 for a linear model and its w·x. The subsets of the different n are
    nested. An n that is not below the digit's number of ink pixels is left out of the mean; NaN where all are.

    Source: Ancona, Ceolini, Öztireli & Gross, ICLR 2018, arXiv:1711.06104.
    """
    ink, counts = question.ink, question.ink.sum(1)
    keys = question.draws("subsets").uniform(many, ink.shape[1]).masked_fill(~ink[:, None], 2.0)
    order = keys.argsort(dim=2, stable=True)
    rank = torch.empty_like(order).scatter_(
        2, order, torch.arange(784, device=order.device, dtype=torch.int64).expand_as(order)
    )
    by_size: dict[str, list[Array]] = {f"sensitivity-{n}": [] for n in sizes}
    for n in sizes:
        inside = (rank < n) & ink[:, None]
        change = _change(question, framed(inside))
        possible = (counts > n).cpu().numpy()
        for candidate in candidates:
            values = _predicted_losses(question, candidate).flatten(1)
            predicted = torch.where(inside, values[:, None], 0.0).sum(2).cpu().numpy()
            by_size[f"sensitivity-{n}"].append(np.where(possible, pearson(predicted, change), np.nan))
    columns = {name: np.stack(rows) for name, rows in by_size.items()}
    stacked = np.stack(list(columns.values()))
    defined = np.isfinite(stacked)
    with np.errstate(invalid="ignore"):
        mean = np.where(defined, stacked, 0.0).sum(0) / np.where(defined.any(0), defined.sum(0), np.nan)
    return {"sensitivity-n": mean, **columns}


def _change(question: Question, inside: Tensor) -> Array:
    """Return f(x) − f(x without each of K subsets), float64 (B, K), for bool (B, K, 28, 28)."""
    versions = torch.cat([question.images, question.images * ~inside], 1)
    scores = question.scores(versions)
    return scores[:, :1] - scores[:, 1:]


def _predicted_losses(question: Question, candidate: Candidate) -> Tensor:
    """Return what each pixel's blanking would cost by the map, float64 (B, 28, 28)."""
    values = candidate.maps.double()
    return values * question.images[:, 0].double() if candidate.explainer.kind == "sensitivity" else values
