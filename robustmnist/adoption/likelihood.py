"""How well answers fit the labels, in nats per digit, whatever kind of answer and order of classes it is."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from robustmnist.errors import InputError
from robustmnist.models.contract.contract import DIGITS, Kind

__all__ = ["best_classes", "columns_of", "losses", "recognise"]

TINY = torch.finfo(torch.float32).tiny
FAR = 100.0  # nats: as far as a log-score that is not finite, or is of a probability that was rounded to 0, lies behind
MOST_COLUMNS = 1000  # labels from which columns are made; any that stands for a digit is far below

# How candidates are judged was chosen on 13 published classifiers, 5 samples of 300 moved digits each. Wrong contracts
# of 65, judged by MNIST's training digits and by the embedded ones:
# plain likelihood 1 and 18; at each candidate's own best temperature 13 and 32; as it is done here 0 and 8.
# One digit in a hundred may have been moved out of recognition: without that, one digit decides for the wrong contract
# of a confident network. Some temperature is allowed, at a price: a network that was trained on 0..255 is certain of
# its mistakes too, and would lose to a contract under which it says nothing.
UNREADABLE = 0.01
PRICE = 0.1  # nats for each factor e that the temperature is above or below 1
TEMPERATURES = 2.0 ** torch.arange(-8, 8.5, 0.5, dtype=torch.float64)


def recognise(rows: Tensor) -> Kind:
    """Return what kind of answers `rows` are, from their shape, signs and sums; and the more rows, the better.

    Probabilities lie in [0, 1], of which the sums need not be 1 (ten sigmoids); the exponentials of log-probabilities
    sum to 1; one number for each digit is a label. Rows that are not finite are left out.
    """
    if rows.ndim == 1:
        return "labels"
    values = rows.double()
    values = values[values.isfinite().all(1)]
    if not len(values):
        return "logits"
    if values.min() >= -1e-6 and values.max() <= 1 + 1e-3:
        return "probabilities"
    if values.max() <= 1e-3 and float(values.logsumexp(1).abs().max()) < 1e-2:
        return "log-probabilities"
    return "logits"


def columns_of(rows: Tensor, kind: Kind, classes: tuple[int, ...] = DIGITS) -> Tensor:
    """Return float64 log-scores (n, columns) of all columns; of labels 1 for the label's and 0 for the others.

    Raises:
        InputError: If the rows are not of that kind, or lack the column of one of the `classes`.
    """
    if (kind == "labels") != (rows.ndim == 1):
        what = f"answers {'labels' if rows.ndim == 1 else 'scores'}, not {kind}"
        raise InputError(what, where="the classifier", remedy="correct its output")
    if kind == "labels":
        labels = rows.double()
        most = int(labels[labels.isfinite()].clamp(0, MOST_COLUMNS - 1).max()) if labels.isfinite().any() else 0
        scores = (labels.round()[:, None] == torch.arange(max(*classes, 9, most) + 1)).double()
        return scores.masked_fill(~labels.isfinite()[:, None], torch.nan)
    if max(classes) >= rows.shape[1]:
        what = f"answers {rows.shape[1]} columns, and class {max(classes)} is read"
        raise InputError(what, where="the classifier", remedy="correct classes=")
    scores = rows.to(torch.float32)
    return (scores.clamp(min=TINY).log() if kind == "probabilities" else scores).double()


def losses(columns: Tensor, classes: tuple[int, ...], labels: Tensor) -> NDArray[np.float64]:
    """Return minus the log-probability of each digit's true class among the ten columns `classes`, nats (n,).

    It allows for one digit in a hundred that nobody could read, ``-log(0.99 p + 0.01 / 10)``, 0.01 to 6.9; an answer
    that is not finite counts as p = 0. The probabilities are those at the temperature T that makes the digits
    likeliest, 1/256 to 256, and 0.1 · abs(log T) is added as its price. Chance is about log 10 = 2.3.
    """
    read = columns[:, list(classes)] / TEMPERATURES[:, None, None]
    right = read.softmax(2)[:, torch.arange(len(labels)), labels].nan_to_num(nan=0.0)
    every = -torch.log((1 - UNREADABLE) * right + UNREADABLE / 10) + PRICE * TEMPERATURES.log().abs()[:, None]
    likeliest: NDArray[Any] = every[every.mean(1).argmin()].numpy()
    return likeliest


def best_classes(columns: Tensor, labels: Tensor) -> tuple[int, ...]:
    """Return for each digit the column that stands for it, so that together they are the likeliest; no column twice.

    A digit that is not among `labels` gets a column that is left.
    """
    # Relative to the row's best: the log-probability among all columns, of which -inf cannot be added up.
    scores = columns.nan_to_num(nan=0.0, posinf=FAR, neginf=-FAR).log_softmax(1).clamp(min=-FAR)
    means = torch.zeros(10, scores.shape[1], dtype=torch.float64)
    means.index_add_(0, labels, scores)
    # A hair for the usual order decides where nothing else does.
    usual = torch.eye(10, scores.shape[1], dtype=torch.float64) * 1e-6
    _, chosen = linear_sum_assignment((means + usual).numpy(), maximize=True)
    return tuple(int(column) for column in chosen)
