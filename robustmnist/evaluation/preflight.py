"""Check a model before anything is computed, by asking it about some clean digits."""

import torch
from torch import Tensor

from robustmnist.data import Dataset
from robustmnist.errors import CheckpointError
from robustmnist.evaluation.answers import Answer

__all__ = ["check_model", "shown"]

SHOWN = 256  # clean digits that a model is asked about three times
COMPANY = 32  # random images put before the digits, so that these lie in other rows of other tiles
ROUNDING = 1e-4  # of the largest logit: two answers to a digit differ by less where only the order of sums does
LARGEST = 1e30  # float32 ends at 3.4e38; what is computed from logits needs some room
SUM_TO_ONE = 1e-3


def shown(dataset: Dataset) -> tuple[Tensor, Tensor]:
    """Return images and labels of at most 256 digits, spread evenly over the data set: it may be in order of class."""
    n = len(dataset)
    rows = torch.arange(min(SHOWN, n), dtype=torch.int64, device=dataset.labels.device) * n // min(SHOWN, n)
    return dataset.rows(rows), dataset.labels[rows]


def check_model(name: str, answer: Answer, images: Tensor, *, confident: bool = True) -> Tensor:
    """Return the logits (n, 10) of clean digits, having checked what can be known of a model by asking.

    The shape and kind of its answers is checked whenever it is asked (`robustmnist.models.Deployed`).

    Args:
        name: What messages call the model.
        answer: Images to logits, from `robustmnist.evaluation.answers.answer_of`.
        images: Some digits (n, 1, 28, 28), on the model's device.
        confident: Whether its answers say more than a class: a bare label is read as 1 for its class.

    Raises:
        CheckpointError: If it answers with probabilities or with numbers close to the largest float, differently when
            asked twice or in the company of other digits, or draws from torch's global generator.
    """

    def refuse(what: str, remedy: str) -> CheckpointError:
        return CheckpointError(what, where=name, remedy=remedy)

    with torch.random.fork_rng([images.device] if images.is_cuda else []):
        before = torch.get_rng_state()
        logits, second = answer(images), answer(images)
        if not _are_close(logits, second):
            raise refuse("answers the same digits differently when asked twice", "switch dropout off in eval mode")
        if not torch.equal(torch.get_rng_state(), before):
            what = "draws from torch's global generator, so that its answers depend on what was drawn before"
            raise refuse(what, "let it use a generator of its own")
        others = torch.rand(
            (COMPANY, *images.shape[1:]), generator=torch.Generator().manual_seed(0), dtype=torch.float32
        )
        accompanied = answer(torch.cat([others.to(images.device), images]))[COMPANY:]
    if not _are_close(logits, accompanied):
        what = "its answer to a digit depends on the other digits of a batch"
        remedy = "leave out statistics of the batch (batch norm without running statistics, dynamic quantisation)"
        raise refuse(what, remedy)
    finite = logits[logits.isfinite()].double()
    if len(finite) and float(finite.abs().max()) > LARGEST:
        raise refuse(f"answers with numbers up to {float(finite.abs().max()):.0e}", "scale its logits down")
    if confident and _are_probabilities(logits):
        remedy = "let it return logits: leave the softmax out, or return the logarithm of the probabilities"
        raise refuse("answers with probabilities, not with logits", remedy)
    return logits


def _are_close(first: Tensor, other: Tensor) -> bool:
    finite = first.isfinite()
    if not torch.equal(finite, other.isfinite()):
        return False
    scale = first[finite].abs().amax().double() if finite.any() else 0.0
    return bool(((first - other)[finite].double().abs() <= ROUNDING * scale).all())


def _are_probabilities(logits: Tensor) -> bool:
    inside = bool(((logits >= 0) & (logits <= 1)).all())
    return inside and bool(((logits.double().sum(1) - 1).abs() < SUM_TO_ONE).all())
