"""Whether the classifier can be called as an evaluation does."""

from torch import nn

from robustmnist.adoption.checks.subject import BATCH, NotMade, Subject, Verdict
from robustmnist.adoption.network import at_rest
from robustmnist.adoption.shapes import taken_shapes
from robustmnist.models.contract.opaque import TILE
from robustmnist.models.contract.rows import rows_of

__all__ = ["accepts_its_shape", "keeps_no_gradient", "leaves_its_input", "takes_any_batch", "takes_none"]

BATCHES = (1, 2, 7, TILE)
LARGE = 64 * 64  # px: of larger inputs a whole tile would take minutes
SHOWN = 200


def accepts_its_shape(subject: Subject) -> Verdict:
    """Two digits as agreed; where they are refused, the shapes that other classifiers want are tried."""
    given = subject.batch[:2]
    try:
        subject.call(given.clone())
    except Exception as cause:
        others = [_shown(shape) for _, shape in taken_shapes(subject.call, subject.batch.dtype)]
        taken = f"It takes {' and '.join(others)}." if others else "It takes no other shape that was tried either."
        return False, f"It does not take {_shown(given.shape[1:])}: {_brief(cause)}. {taken}"
    return True, f"It takes {_shown(given.shape[1:])}."


def takes_any_batch(subject: Subject) -> Verdict:
    """Batches of 1, 2, 7 and 256; of a function only the last is needed."""
    sizes = BATCHES if subject.input.size**2 <= LARGE else BATCHES[:-1]
    refused = {}
    for size in sizes:
        given = subject.batch.repeat(-(-size // BATCH), *[1] * (subject.batch.ndim - 1))[:size]
        try:
            rows_of(subject.call(given), size)
        except Exception as cause:
            refused[size] = _brief(cause)
    if not refused:
        return True, f"It takes batches of {', '.join(map(str, sizes))}."
    sentence = f"It does not take batches of {', '.join(map(str, refused))}: {next(iter(refused.values()))}."
    needed = sizes if isinstance(subject.network.module, nn.Module) else {TILE}
    return (False if set(refused) & set(needed) else None), sentence


def takes_none(subject: Subject) -> Verdict:
    """An empty batch; one that is refused never reaches the network."""
    try:
        rows = subject.call(subject.batch[:0].clone())
    except Exception as cause:
        raise NotMade(f"It does not take an empty batch, which is answered without it ({_brief(cause)}).") from cause
    shape = tuple(getattr(rows, "shape", (0,)))
    return (True, "It takes an empty batch.") if shape[:1] == (0,) else (None, f"It answers {shape} to no digit.")


def leaves_its_input(subject: Subject) -> Verdict:
    """The tensor or array that it was given is the same afterwards."""
    given = subject.batch.clone()
    subject.call(given)
    changed = int((given != subject.batch).flatten(1).any(1).sum())
    if changed:
        return (
            False,
            f"It changes the images it is given ({changed} of {BATCH}); it gets copies, other programs may not.",
        )
    return True, "It leaves the images it is given alone."


def keeps_no_gradient(subject: Subject) -> Verdict:
    """Called without gradients it makes none, and its file brought none along."""
    if not isinstance(subject.network.module, nn.Module):
        raise NotMade("It is a function, which has no gradients to keep.")
    kept = [name for name, weight in subject.module.named_parameters() if weight.grad is not None]
    if kept:
        return False, f"{len(kept)} weights keep gradients, {kept[0]!r} first: they double its memory."
    with at_rest(subject.module):
        answer = subject.call(subject.batch.clone())
        rows = rows_of(answer, BATCH)
    if rows.requires_grad:
        return False, "It keeps gradients though it should not: its memory will grow."
    return True, "It keeps no gradients."


def _shown(shape: tuple[int, ...]) -> str:
    return f"(B, {', '.join(map(str, shape))})"


def _brief(cause: Exception) -> str:
    line = (str(cause).strip().splitlines() or [""])[0][:SHOWN]
    return f"{type(cause).__name__}: {line}".rstrip(" .:") if line else type(cause).__name__
