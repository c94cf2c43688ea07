"""Networks of other authors: copied unchanged, in the fastest memory layout that does not change their answers."""

import copy
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from robustmnist.errors import CheckpointError
from robustmnist.models.inference.layout import laid_out
from robustmnist.models.inference.precision import full_precision
from robustmnist.models.inference.structure import is_convolutional
from robustmnist.system.threads import torch_threads

__all__ = ["adopted", "check_weights", "device_of", "duplicate"]

PROBES = 64
CLOSE = 1e-5  # of the largest logit: what another order of the same float32 sums may differ by


def check_weights(model: nn.Module) -> None:
    """Raise `CheckpointError` if a parameter or buffer of `model` has no values yet."""
    for name, values in (*model.named_parameters(), *model.named_buffers()):
        if nn.parameter.is_lazy(values):
            what, remedy = "is not initialised (a lazy layer)", "ask the model about a few digits first"
        elif values.is_meta:
            what, remedy = "has a shape but no values (it is on the meta device)", "load its weights first"
        else:
            continue
        raise CheckpointError(f"its {name} {what}", remedy=remedy)


def duplicate(model: nn.Module, shared: Iterable[Tensor] = ()) -> nn.Module:
    """Return a deep copy of `model` that holds the tensors in `shared` themselves.

    Raises:
        CheckpointError: If something in it cannot be copied.
    """
    memo: dict[int, Any] = {id(values): values for values in shared}
    for module in model.modules():
        for value in vars(module).values():
            # A weight computed from others, as `torch.nn.utils.weight_norm` keeps it: torch copies leaves only.
            if isinstance(value, Tensor) and not value.is_leaf and id(value) not in memo:
                memo[id(value)] = value.detach().clone()
    try:
        with torch.no_grad():  # or a scripted network's weights would be results of cloning
            return copy.deepcopy(model, memo)
    except Exception as cause:
        what = f"cannot be copied ({type(cause).__name__}: {cause})"
        raise CheckpointError(what, remedy="keep what cannot be copied outside of the module") from cause


def adopted(model: nn.Module, device: torch.device) -> tuple[nn.Module, torch.memory_format]:
    """Return a copy of `model` in eval mode on `device`, and the layout it is in.

    Nothing in it is rewritten. One in another float type that does not take float32 images is brought to float32. On a
    CPU a convolutional network is laid out channels last, a third of the time, if it then answers 64 drawn images as
    before: one that looks at strides, as ``view`` does, stays in torch's usual layout. Whatever it raises here it
    raises when it is asked.

    Raises:
        CheckpointError: If it has no values or cannot be copied, or if its copy answers otherwise than itself.
    """
    check_weights(model)
    plain = duplicate(model).eval()
    images = _probes(device_of(model, device))
    answer = _ask(plain, images)
    if answer is None:
        plain = plain.float()
    else:
        _check_copy(model, plain, images, answer)
    plain = plain.to(device)
    if device.type == "cpu" and is_convolutional(plain):
        images = _probes(device)
        fast = laid_out(duplicate(plain), torch.channels_last)
        fast_answer, answer = _ask(fast, images.contiguous(memory_format=torch.channels_last)), _ask(plain, images)
        if answer is not None and _are_close(fast_answer, answer):
            return fast, torch.channels_last
    return plain, torch.contiguous_format


def device_of(model: nn.Module, default: torch.device) -> torch.device:
    """Return the device of the first parameter or buffer of `model`, or `default` where it has none."""
    return next((values.device for values in _tensors(model)), default)


def _check_copy(model: nn.Module, copied: nn.Module, images: Tensor, answer: Tensor) -> None:
    """Refuse a model whose copy, which gave this `answer`, does not give the model's own answer."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    itself = _ask(model, images)
    model.train(modes[0][1])  # which may do more than set modes, as `eval` may
    for module, mode in modes:
        module.training = mode
    # One that answers otherwise each time is no matter of copies; `robustmnist.evaluate` refuses it.
    if itself is not None and not _are_close(itself, answer) and _are_close(_ask(copied, images), answer):
        what = "its copy answers otherwise: a hook or function in it holds on to the original"
        raise CheckpointError(what, remedy="let it reach the module through its arguments")


def _probes(device: torch.device) -> Tensor:
    """Return images (64, 1, 28, 28) that excite most of a network: bars and boxes, noise on some, noise alone."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand((PROBES, 1, 28, 28), generator=generator, dtype=torch.float32)
    corners = torch.randint(3, 20, (PROBES, 2), generator=generator).tolist()
    sides = torch.randint(2, 18, (PROBES, 2), generator=generator).tolist()
    strokes = torch.zeros((PROBES, 1, 28, 28), dtype=torch.float32)
    for stroke, (top, left), (height, width) in zip(strokes, corners, sides, strict=True):
        stroke[:, top : top + height, left : left + width] = 1
    third = PROBES // 3
    noise[:third] = 0
    noise[third : 2 * third] *= 0.3
    return (strokes + noise).clamp_(max=1).to(device)


def _ask(model: nn.Module, images: Tensor) -> Tensor | None:
    """Return the answer of `model`, with random numbers from a fixed state; None if it is not a plain tensor.

    Computed by one thread, so that which layout is taken does not depend on how many there are.
    """
    devices = [images.device] if images.is_cuda else []
    with torch.random.fork_rng(devices), torch.no_grad(), full_precision(images.device), torch_threads(1):
        try:
            answer = model(images.clone(memory_format=torch.preserve_format))
        except Exception:
            return None
    plain = isinstance(answer, Tensor) and answer.layout == torch.strided and answer.is_floating_point()
    return answer.detach() if plain else None


def _are_close(first: Tensor | None, other: Tensor) -> bool:
    if first is None or first.shape != other.shape or first.dtype != other.dtype:
        return False
    first, other = first.double().cpu(), other.double().cpu()
    if not torch.equal(first.isfinite(), other.isfinite()):
        return False
    finite = first.isfinite()
    scale = first[finite].abs().amax() if finite.any() else 0.0
    return bool(((first - other)[finite].abs() <= CLOSE * scale).all())


def _tensors(model: nn.Module) -> list[Tensor]:
    return [*model.parameters(), *model.buffers()]
