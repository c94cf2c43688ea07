"""What the weights themselves show: damage, layers that were never trained, half precision."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from robustmnist.adoption.checks.subject import NotMade, Subject, Verdict

__all__ = ["are_finite", "are_trained", "are_whole"]

FUNCTION = "It is a function, whose weights are not known."


def are_finite(subject: Subject) -> Verdict:
    """No weight is NaN or infinite."""
    for name, value in _values(subject):
        if not value.isfinite().all():
            count = int((~value.isfinite()).sum())
            return False, f"Its {name} holds {count:,} values that are no finite numbers: the file is damaged."
    return True, "All weights are finite."


def are_trained(subject: Subject) -> Verdict:
    """No layer has equal weights all over, as one that nobody trained or loaded; no batch norm is as it was made."""
    for name, value in _values(subject):
        if value.ndim > 1 and value.numel() > 1 and bool((value == value.flatten()[0]).all()):
            return False, f"All values of its {name} are {float(value.flatten()[0]):g}: that layer was never trained."
    for name, part in _module(subject).named_modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm) and _is_fresh(part):
            return False, f"Its part {name!r} has the running statistics that it was made with: they were not loaded."
    return True, "No layer is as it was made."


def are_whole(subject: Subject) -> Verdict:
    """The weights have more digits than a half-precision number holds."""
    matrices = [value for _, value in _values(subject) if value.ndim > 1]
    if matrices and all(torch.equal(value, value.half().to(value.dtype)) for value in matrices):
        return None, "Its weights are numbers of half precision: it was stored so, or trained so."
    return True, "Its weights are numbers of single precision."


def _is_fresh(norm: nn.modules.batchnorm._BatchNorm) -> bool:
    mean, spread = norm.running_mean, norm.running_var
    return mean is not None and spread is not None and not mean.any() and bool((spread == 1).all())


def _module(subject: Subject) -> nn.Module:
    if not isinstance(subject.network.module, nn.Module):
        raise NotMade(FUNCTION)
    return subject.network.module


def _values(subject: Subject) -> Iterator[tuple[str, Tensor]]:
    module = _module(subject)
    for name, value in (*module.named_parameters(), *module.named_buffers()):
        if value.is_floating_point():
            yield name, value.detach()
