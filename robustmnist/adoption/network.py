"""What adoption asks of a network, wherever it was read from."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from robustmnist.errors import InputError
from robustmnist.models.contract.adapter import feed_to
from robustmnist.models.contract.contract import Input
from robustmnist.models.contract.opaque import Opaque

__all__ = ["Network", "at_rest", "callable_of", "rows_under"]

SMALL_TILE = 32  # rows: the contest asks 30, then 60 digits of each candidate
SHOWN = 200  # characters of another program's error that a message of ours repeats


class Network(Protocol):
    """A network as it was read, without a contract.

    Attributes:
        module: A torch module, or a function from a float32 array to scores.
        torch: Whether it is a torch module.
        shape: Of one input, such as (1, 28, 28) or (784,).
        layout: ``nchw``, ``nhwc``, ``hw`` or ``flat``.
        output: What it answers, where its file says so: a kind of `Output`.
        description: For a person to read.
    """

    @property
    def module(self) -> nn.Module | Callable[..., Any]: ...  # noqa: D102
    @property
    def torch(self) -> bool: ...  # noqa: D102
    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def layout(self) -> str: ...  # noqa: D102
    @property
    def output(self) -> str | None: ...  # noqa: D102
    @property
    def description(self) -> str: ...  # noqa: D102


def callable_of(network: Network) -> nn.Module:
    """Return the network as a module from tensors to what it answers; a function in small tiles, for few digits."""
    return network.module if isinstance(network.module, nn.Module) else Opaque(network.module, tile=SMALL_TILE)


@contextmanager
def at_rest(module: nn.Module) -> Iterator[None]:
    """Run the block with `module` in evaluation mode and without gradients, then put every part's mode back."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, mode in modes:
            part.training = mode


def rows_under(module: nn.Module, contract: Input, images: Tensor) -> Any:
    """Return what `module` answers to `images` (B, 1, 28, 28) fed as `contract` says, in its own type of numbers.

    Raises:
        InputError: If the network cannot take them; the message repeats the first line of its error.
    """
    given = feed_to(module, images, contract)
    try:
        return module(given)
    except InputError:
        raise
    except Exception as cause:  # a stranger's code may raise anything
        message = f"{type(cause).__name__}: {(str(cause).strip().splitlines() or [''])[0][:SHOWN]}"
        message = "".join(character if character.isprintable() else "\ufffd" for character in message)
        what = f"does not take {tuple(given.shape)} of {str(contract)!r} ({message})"
        remedy = "give the input it wants: --input size=…, channels=…, layout"
        raise InputError(what, where="the classifier", remedy=remedy) from cause
