"""A stranger's classifier behind its contract, so that it is called like one of ours."""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from robustmnist.errors import InputError
from robustmnist.models.contract.contract import DIGITS, Input, Output
from robustmnist.models.contract.opaque import Opaque
from robustmnist.models.contract.rows import rows_of

__all__ = ["Adapted", "feed", "feed_to", "read"]

SIDE = 28
TINY = torch.finfo(torch.float32).tiny
LOG_TINY = math.log(TINY)


class Adapted(nn.Module):
    """A classifier with its contract: images (B, 1, 28, 28) of ink in [0, 1] go in, logits (B, 10) come out.

    Differentiable where the classifier is a torch module. With the usual contract (``0..1``, logits) it answers what
    the classifier does, bit for bit.

    Args:
        predict: A torch module, or any function from a float32 array to scores or labels (`Opaque`).
        input: What it wants to be given, as `Input` or its text.
        output: What it answers, as `Output` or its text.
        sha256: Of what a function computes with, its source and weights, where the caller knows it.

    The contracts and `sha256` are in the state (`identity`), so that two classifiers that differ in nothing else are
    not taken for the same.

    Raises:
        InputError: If a contract cannot be read, or, when called, if the answers do not fit it.

    >>> Adapted(lambda ink: ink.reshape(-1, 784)[:, :10], input="flat")(torch.ones(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        predict: nn.Module | Callable[[Any], Any],
        *,
        input: Input | str = Input(),  # noqa: B008 (frozen)
        output: Output | str = Output(),  # noqa: B008 (frozen)
        sha256: str = "",
    ) -> None:
        super().__init__()
        if not callable(predict):
            what = f"a {type(predict).__name__} cannot be called"
            raise InputError(what, where="the classifier", remedy="give a torch module or a function of arrays")
        self.network = predict if isinstance(predict, nn.Module) else Opaque(predict)
        self.input = Input.parse(input) if isinstance(input, str) else input
        self.output = Output.parse(output) if isinstance(output, str) else output
        identity = f"{self.input}\n{self.output}\n{sha256}".encode()
        self.register_buffer("identity", torch.frombuffer(bytearray(identity), dtype=torch.uint8))

    @property
    def has_confidence(self) -> bool:
        """Whether the logits say how confident the classifier is; they do not where it answers with bare labels."""
        return self.output.has_confidence

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, 10), float32, of images (B, 1, 28, 28) in [0, 1]; B may be 0."""
        if not len(images):
            return images.new_zeros((0, 10), dtype=torch.float32)
        return read(rows_of(self.network(feed_to(self.network, images, self.input)), len(images)), self.output)

    def extra_repr(self) -> str:
        """Return the contracts, for `repr`."""
        return f"input={str(self.input)!r}, output={str(self.output)!r}"


def feed_to(network: nn.Module, images: Tensor, contract: Input) -> Tensor:
    """Return `feed(images, contract)` in the type of numbers that the network's weights have."""
    given = feed(images, contract)
    weight = next((weight for weight in network.parameters() if weight.is_floating_point()), None)
    return given if weight is None else given.to(weight.dtype)


def feed(images: Tensor, contract: Input) -> Tensor:
    """Return images (B, 1, 28, 28) of ink in [0, 1] as `contract` wants them: always a new tensor, in memory as usual.

    A blank image has no standard deviation; ``per-image`` divides by no less than one over the root of its number of
    pixels.

    Source: that bound, tf.image.per_image_standardization.
    """
    values = images.transpose(-2, -1) if contract.orientation == "transposed" else images
    if contract.size != SIDE and contract.fit == "pad":
        before = (contract.size - SIDE) // 2
        after = contract.size - SIDE - before
        values = F.pad(values, (before, after, before, after))
    elif contract.size != SIDE:
        size = (contract.size, contract.size)
        values = F.interpolate(values, size, mode="bilinear", antialias=contract.size < SIDE)
    if contract.ink == "dark":
        values = 1 - values
    low, high = contract.range
    if contract.range != (0.0, 1.0):
        values = values * (high - low) + low
    if contract.per_image:
        mean = values.mean((1, 2, 3), keepdim=True)
        sd = values.std((1, 2, 3), correction=0, keepdim=True)
        values = (values - mean) / sd.clamp(min=contract.size**-1.0)
    if contract.channels != 1:
        values = values.expand(-1, contract.channels, -1, -1)
    if contract.mean != 0.0:
        values = values - _by_channel(contract.mean, values)
    if contract.sd != 1.0:
        values = values / _by_channel(contract.sd, values)
    values = _laid_out(values, contract)
    # A network that works in place must not reach the caller's images.
    return values.clone() if values.data_ptr() == images.data_ptr() else values


def read(rows: Tensor, contract: Output) -> Tensor:
    """Return logits (B, 10), float32, from rows (B, columns) of scores, or from (B,) labels.

    Probabilities become their logarithms, no less than that of the smallest normal float, 1.2·10⁻³⁸, which also stands
    for a log-probability of minus infinity: what was rounded to 0 was not impossible. A label becomes 1 for its class
    and 0 for the others.

    Raises:
        InputError: If the rows have not the columns that the contract reads.
    """
    if contract.kind == "labels":
        if rows.ndim != 1:
            raise _misfit(f"answers {rows.shape[1]} columns where labels were agreed", "give output=logits or the like")
        labels = rows.to(torch.float32)[:, None]
        scores = (labels.round() == labels.new_tensor(contract.classes)).to(torch.float32)
        return scores.masked_fill(~labels.isfinite(), torch.nan)
    if rows.ndim != 2:
        raise _misfit(f"answers labels where {contract.kind} were agreed", "give output=labels")
    if max(contract.classes) >= rows.shape[1]:
        raise _misfit(f"answers {rows.shape[1]} columns, and class {max(contract.classes)} is read", "correct classes=")
    if rows.shape[1] != 10 or contract.classes != DIGITS:
        rows = rows[:, list(contract.classes)]
    rows = rows.to(torch.float32)
    if contract.kind == "probabilities":
        return rows.clamp(min=TINY).log()
    return rows.masked_fill(rows == -torch.inf, LOG_TINY) if contract.kind == "log-probabilities" else rows


def _by_channel(value: float | tuple[float, ...], like: Tensor) -> float | Tensor:
    return like.new_tensor(value)[:, None, None] if isinstance(value, tuple) else value


def _laid_out(values: Tensor, contract: Input) -> Tensor:
    match contract.layout:
        case "nchw":
            return values if contract.channels == 1 and contract.orientation == "upright" else values.contiguous()
        case "nhwc":
            return values.permute(0, 2, 3, 1).contiguous()
        case "hw":
            return values[:, 0].contiguous()
        case "flat":
            return values.flatten(1)


def _misfit(what: str, remedy: str) -> InputError:
    return InputError(what, where="the classifier", remedy=remedy)
