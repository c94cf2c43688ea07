"""An attribution method of the user's own: a function, and what is checked of it before it is believed."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from robustmnist.errors import InputError
from robustmnist.explanation.methods.method import Context, Method, in_tiles
from robustmnist.explanation.subject import Subject, undisturbed
from robustmnist.explanation.target import Target
from robustmnist.models.inference.foreign import device_of
from robustmnist.system.python_code import Named
from robustmnist.system.running_code import guarded

__all__ = ["OwnFunction", "named_method", "own_method"]

OwnFunction = Callable[[nn.Module, Tensor, Tensor], Any]

ROWS = 16  # images of every call
ALIKE = 1e-3  # of the largest value: maps of one image in two batches differ by less where only rounding does
SAID = "give a map (28, 28) for each image, as a tensor or an array of floats (B, 1, 28, 28)"


class _Answers(nn.Module):
    """A function from images to logits, for the user's code, which expects a network."""

    def __init__(self, answer: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, images: Tensor) -> Tensor:
        return self.answer(images)


@functools.lru_cache(maxsize=8)
def own_method(function: OwnFunction, *, name: str = "", code: str = "", sha256: str = "") -> Method:
    """Return the method that a function of the user's is.

    Of a margin it explains the class, then its rival, and the second map is taken from the first: for anything that is
    linear in the logits, such as a slope, that is the map of the margin.

    Args:
        function: ``f(network, images, targets) -> maps``. The network is a module from images to logits (B, 10), in
            evaluation mode, its weights fixed; images are float32 (B, 1, 28, 28) whose gradient is recorded; targets
            int64 (B,), the class to explain for each. Maps are (B, 1, 28, 28) or (B, 28, 28), positive where a pixel
            speaks for the class.
        name: What it is called; by default as the function is.
        code: Where it is from, ``mine.py:f``, if it is known.
        sha256: The hash of that source.
    """
    title = name or str(getattr(function, "__name__", type(function).__name__))

    def ask(network: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
        return _maps(function(network, images.clone().requires_grad_(), classes.clone()), images, title)

    def attribute(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
        network = subject.trained if subject.trained is not None else _Answers(subject.answer)

        def rule(part: Tensor, wanted: Target) -> Tensor:
            maps = ask(network, part, wanted.classes.to(part.device))
            return maps if wanted.rivals is None else maps - ask(network, part, wanted.rivals.to(part.device))

        with undisturbed(network):
            return in_tiles(rule, images, target, ROWS)

    return Method(
        attribute,
        title=title,
        kind="own",
        unit="units of its own",
        reading=f"the value that {code or title} gives this pixel; positive speaks for the class",
        source=f"{code}, sha256 {sha256[:8]}…" if sha256 else "a function of your own",
        settings={"code": code, "sha256": sha256} if sha256 else {},
        gradients=False,  # which it needs is its own affair: it may be happy with answers
        verify=functools.partial(_verify, attribute, title),
    )


def named_method(named: Named) -> Method:
    """Return the method that the user's code ``mine.py:f`` is; its failures name the file and the line.

    Raises:
        InputError: If it is no function.
    """
    if not callable(named.value):
        what = f"{named.name} is a {type(named.value).__name__}, not a function"
        raise InputError(what, where=named.file, remedy="define it as f(network, images, targets)")
    code = named.code
    function: OwnFunction = guarded(named.value, named.file)
    return own_method(function, name=named.name, code=f"{named.file.name}:{named.name}", sha256=code.sha256)


@functools.lru_cache(maxsize=8)
def _verify(attribute: Callable[[Subject, Tensor, Target, Context], Tensor], title: str, subject: Subject) -> None:
    """Ask a function of the user's about a few made-up images; raise `InputError` if its maps cannot be relied on.

    It has to give each image a map, the same when it is asked twice, and the same whatever else is in the batch.
    """
    device = device_of(subject.trained, torch.device("cpu")) if subject.trained is not None else torch.device("cpu")
    generator = torch.Generator().manual_seed(0)
    ink = (torch.rand(ROWS, 1, 28, 28, generator=generator, dtype=torch.float32) * 1.5 - 0.5).clamp_(min=0).to(device)
    classes = torch.arange(ROWS, dtype=torch.int64, device=device) % 10

    def ask(images: Tensor, wanted: Tensor) -> Tensor:
        numbers = torch.arange(len(images), dtype=torch.int64, device=device)
        return attribute(subject, images, Target.of_class(wanted), Context(numbers)).nan_to_num()

    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        first, second = ask(ink, classes), ask(ink, classes)
        turned = ask(ink.flip(0), classes.flip(0)).flip(0)
    if not torch.equal(first, second):
        remedy = "draw its random numbers from a torch.Generator with a seed of its own"
        raise InputError("gives other maps when it is asked twice", where=title, remedy=remedy)
    if (first - turned).abs().max() > ALIKE * first.abs().max():
        what = "gives a digit another map when the batch is in another order"
        raise InputError(what, where=title, remedy="let it treat each image by itself")


def _maps(given: Any, images: Tensor, title: str) -> Tensor:
    """Return what the user's function gave as float32 (B, 28, 28); raise `InputError` if it is anything else."""
    try:
        maps = given if isinstance(given, Tensor) else torch.from_numpy(np.asarray(given))
    except (TypeError, ValueError, RuntimeError):
        raise InputError(f"gives a {type(given).__name__}", where=title, remedy=SAID) from None
    if maps.shape == images.shape:
        maps = maps[:, 0]
    if maps.shape != images[:, 0].shape or not maps.is_floating_point():
        what = f"gives {str(maps.dtype).removeprefix('torch.')} {tuple(maps.shape)} for {len(images)} images"
        raise InputError(what, where=title, remedy=SAID)
    return maps.detach().to(images.device, torch.float32)
