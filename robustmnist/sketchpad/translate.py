"""A checkpoint as a chain: its network with what its contract does before and after, held against its own answers."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from robustmnist.errors import CheckpointError
from robustmnist.models.checkpoints.checkpoint import Checkpoint
from robustmnist.models.contract import Adapted, Input, Output
from robustmnist.models.contract.adapter import SIDE, TINY
from robustmnist.models.contract.contract import DIGITS
from robustmnist.models.contract.opaque import Opaque
from robustmnist.sketchpad.chain import Array, Chain, Operation
from robustmnist.sketchpad.interpret import interpret
from robustmnist.sketchpad.modules import SERVE, operations_of

__all__ = ["chain_of"]

CLOSE = 1e-4  # of the largest logit: more than float32 sums in another order differ by


def chain_of(checkpoint: Checkpoint, digits: Tensor) -> Chain:
    """Return the chain that computes what `checkpoint` answers.

    Args:
        checkpoint: One of ours, or a model that was adopted and is a sequence of known layers.
        digits: Images (B, 1, 28, 28) on which both are compared.

    Raises:
        CheckpointError: If the model runs code, has a layer that a page cannot compute, or answers otherwise than its
            chain.
    """
    try:
        chain = Chain(checkpoint.name, tuple(_operations(checkpoint.model)))
        answers = interpret(chain, digits.cpu())
    except CheckpointError as cause:
        raise CheckpointError(cause.what, where=checkpoint.name, remedy=cause.remedy) from cause
    except (RuntimeError, ValueError, IndexError) as cause:
        what = "is no plain sequence of layers, which is all that a page can compute"
        raise CheckpointError(what, where=checkpoint.name, remedy=SERVE) from cause
    wanted = checkpoint(digits).cpu()
    apart = (answers - wanted).abs().max() if answers.shape == wanted.shape else torch.tensor(torch.inf)
    if not bool(apart <= CLOSE * wanted.abs().max().clamp(min=1)):
        what = "answers otherwise than its layers one after the other, which is all that a page can compute"
        raise CheckpointError(what, where=checkpoint.name, remedy=SERVE)
    return chain


def _operations(model: nn.Module) -> list[Operation]:
    if not isinstance(model, Adapted):
        return operations_of(model)
    if isinstance(model.network, Opaque):
        raise CheckpointError("is a function, which a page cannot compute", remedy=SERVE)
    return [*_before(model.input), *operations_of(model.network), *_after(model.output)]


def _before(contract: Input) -> list[Operation]:
    """Return what `robustmnist.models.contract.adapter.feed` does."""
    steps = [Operation("transpose")] if contract.orientation == "transposed" else []
    if contract.size != SIDE and contract.fit == "pad":
        before = (contract.size - SIDE) // 2
        after = contract.size - SIDE - before
        steps.append(Operation("pad", {"frame": [before, after, before, after], "value": 0}))
    elif contract.size != SIDE:
        steps.append(Operation("resize", {}, {"matrix": _resizing(contract.size)}))
    low, high = contract.range
    sign, start = (-1.0, 1.0) if contract.ink == "dark" else (1.0, 0.0)
    factor, offset = sign * (high - low), start * (high - low) + low
    if (factor, offset) != (1.0, 0.0):
        steps.append(_affine([factor], [offset]))
    if contract.per_image:
        steps.append(Operation("standardise", {"least": contract.size**-1.0}))
    if contract.channels != 1:
        steps.append(Operation("repeat", {"channels": contract.channels}))
    if (contract.mean, contract.sd) != (0.0, 1.0):
        means, sds = (
            [float(value)] * contract.channels if isinstance(value, float | int) else list(value)
            for value in (contract.mean, contract.sd)
        )
        pairs = list(zip(means, sds, strict=True))
        steps.append(_affine([1 / sd for _, sd in pairs], [-mean / sd for mean, sd in pairs]))
    if contract.layout in ("hw", "flat"):
        steps.append(Operation("plane" if contract.layout == "hw" else "flatten"))
    return steps


def _after(contract: Output) -> list[Operation]:
    """Return what `robustmnist.models.contract.adapter.read` does."""
    if contract.kind == "labels":
        raise CheckpointError("answers with labels, of which a page can show nothing", remedy=SERVE)
    steps = [] if contract.classes == DIGITS else [Operation("columns", {"columns": list(contract.classes)})]
    if contract.kind == "probabilities":
        steps.append(Operation("activation", {"name": "log", "a": TINY}))
    return steps


def _affine(factor: list[float], offset: list[float]) -> Operation:
    arrays = {"factor": torch.tensor(factor).numpy(), "offset": torch.tensor(offset).numpy()}
    return Operation("affine", {}, arrays)


def _resizing(size: int) -> Array:
    """Return the matrix (size, 28) by which torch resizes a line, bilinear: its effect on each unit line."""
    lines = torch.eye(SIDE, dtype=torch.float32)[None, None]
    resized = F.interpolate(lines, (size, SIDE), mode="bilinear", antialias=size < SIDE)
    matrix: Array = resized[0, 0].numpy()
    return matrix
