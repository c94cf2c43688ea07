"""Whether an answer depends on anything but the digit."""

import copy
import io
import random
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from robustmnist.adoption.checks.subject import BATCH, NotMade, Subject, Verdict, rounding
from robustmnist.adoption.network import at_rest
from robustmnist.models.contract.rows import rows_of
from robustmnist.models.inference.structure import is_understood

__all__ = [
    "answers_twice_the_same",
    "can_be_moved",
    "ignores_company",
    "ignores_threads",
    "is_at_rest",
    "leaves_generators",
    "survives_saving",
]

FUNCTION = "It is a function, which this cannot be asked of."


def answers_twice_the_same(subject: Subject) -> Verdict:
    """The same batch twice."""
    gap, _ = rounding(subject.rows(subject.batch), subject.rows(subject.batch))
    if gap:
        return False, f"The same digits twice give scores that differ by up to {gap:.2g}: dropout or noise is left on."
    return True, "The same digits twice give the same scores."


def is_at_rest(subject: Subject) -> Verdict:
    """Every part obeys eval(), and batch norm has running statistics to use."""
    if not isinstance(subject.network.module, nn.Module):
        raise NotMade(FUNCTION)
    with at_rest(subject.module):
        awake = [name for name, part in subject.module.named_modules() if part.training]
    if awake:
        return False, f"Its part {awake[0]!r} stays in training mode after eval()."
    for name, part in subject.module.named_modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm) and part.running_mean is None:
            return (
                False,
                f"Its part {name!r} keeps no running statistics: it normalises a digit by its company in the batch.",
            )
    return True, "It obeys eval()."


def ignores_company(subject: Subject) -> Verdict:
    """The same digits among others, and in reverse order."""
    batch = subject.batch
    alone = subject.rows(batch)
    half = BATCH // 2
    turned = subject.rows(batch.flip(0)).flip(0)
    pairs = [rounding(alone, turned)]
    for others in (subject.noise[:half], torch.zeros(half, 1, 28, 28)):
        among = subject.rows(torch.cat([batch[:half], subject.given(others)]))[:half]
        pairs.append(rounding(alone[:half], among))
    gap = max(gap for gap, _ in pairs)
    if not all(close for _, close in pairs):
        return False, f"A digit's scores change by up to {gap:.2g} with the other digits of its batch."
    return True, f"A digit's scores do not depend on its company{_but(gap)}."


def ignores_threads(subject: Subject) -> Verdict:
    """One thread and two."""
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        single = subject.rows(subject.batch)
        torch.set_num_threads(2)
        double = subject.rows(subject.batch)
    finally:
        torch.set_num_threads(before)
    gap, close = rounding(single, double)
    if not close:
        return False, f"One thread and two give scores that differ by up to {gap:.2g}."
    return True, f"One thread and two give the same scores{_but(gap)}."


def survives_saving(subject: Subject) -> Verdict:
    """What its weights are saved and loaded as is all that it needs."""
    if not isinstance(subject.network.module, nn.Module):
        raise NotMade(FUNCTION)
    loose = [
        f"{name}.{key}" if name else key
        for name, part in subject.module.named_modules()
        for key, value in vars(part).items()
        if isinstance(value, Tensor)
    ]
    if loose:
        return (
            False,
            f"Its {loose[0]!r} is a plain tensor: it is not saved with the weights, nor moved to another device.",
        )
    if (twin := _copy(subject.module)) is None:
        raise NotMade("It cannot be copied, so saving and loading was not tried.")
    file = io.BytesIO()
    torch.save(subject.module.state_dict(), file)
    with torch.no_grad():
        for value in twin.state_dict().values():
            value.zero_()
    file.seek(0)
    twin.load_state_dict(torch.load(file, weights_only=True))
    with at_rest(twin):
        loaded = rows_of(twin(subject.batch.clone()), BATCH)
    gap, _ = rounding(subject.rows(subject.batch), loaded)
    if gap:
        return False, f"Saved and loaded it gives scores that differ by up to {gap:.2g}."
    return True, "Saved and loaded it gives the same scores."


def leaves_generators(subject: Subject) -> Verdict:
    """The global generators of torch, NumPy and Python are where they were."""
    sources: dict[str, Callable[[], object]] = {
        "torch": lambda: torch.get_rng_state().numpy().tobytes(),
        "NumPy": lambda: repr(np.random.get_state(legacy=False)),  # noqa: NPY002 (the one that others may draw from)
        "Python": random.getstate,
    }
    before = {name: state() for name, state in sources.items()}
    subject.rows(subject.batch)
    drawn = [name for name, state in sources.items() if state() != before[name]]
    if drawn:
        return False, f"It draws from the global generator of {' and '.join(drawn)}."
    return True, "It draws from no global generator."


def can_be_moved(subject: Subject) -> Verdict:
    """In double precision it answers the same, and on a device without memory nothing stays behind."""
    if not isinstance(subject.network.module, nn.Module):
        raise NotMade(FUNCTION)
    if (twin := _copy(subject.module)) is None:
        raise NotMade("It cannot be copied, so moving it was not tried.")
    fed = subject.batch[:2]
    try:
        with at_rest(twin):
            double = rows_of(twin.double()(fed.double()), 2)
    except Exception as cause:
        return False, f"It does not compute in double precision: {_first_line(cause)}."
    gap, close = rounding(subject.rows(fed), double)
    if not close:
        return False, f"In double precision it gives scores that differ by up to {gap:.2g}."
    moved = True, "It can be moved to another device and type of numbers."
    if is_understood(subject.network.module):  # all its tensors move with it; asking takes two seconds of imports
        return moved
    try:
        with at_rest(twin):
            twin.to("meta")(fed.double().to("meta"))
    except NotImplementedError:
        return True, "It can be moved to another type of numbers; its path depends on values, so no device was tried."
    except Exception as cause:
        return False, f"It cannot be moved to another device: {_first_line(cause)}."
    return moved


def _copy(module: nn.Module) -> nn.Module | None:
    try:
        return copy.deepcopy(module)
    except Exception:
        return None


def _but(gap: float) -> str:
    return f", up to rounding ({gap:.1g})" if gap else ""


def _first_line(cause: Exception) -> str:
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0][:200].rstrip(".")
