"""From models to functions of images: logits in fixed tiles, and errors that name the model."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from robustmnist.errors import CheckpointError
from robustmnist.models.checkpoints.checkpoint import Checkpoint
from robustmnist.models.inference.deployed import Deployed, deployed

__all__ = ["Answer", "answer_of"]

Answer = Callable[[Tensor], Tensor]


def answer_of(name: str, model: Checkpoint | nn.Module, device: torch.device) -> Answer:
    """Return a function from images on `device` to logits, computed in fixed tiles; the caller's model is not changed.

    An exception in the model's own code is raised with a note: which model, on images of which shape.

    Raises:
        CheckpointError: If the model cannot be used, now or when it is asked.
    """
    try:
        ready = model.deployed if isinstance(model, Checkpoint) else deployed(model)
        if any(values.device != device for values in (*ready.parameters(), *ready.buffers())):
            ready = Deployed(ready, device)
    except CheckpointError as cause:
        raise CheckpointError(cause.what, where=name, remedy=cause.remedy) from cause

    def answer(images: Tensor) -> Tensor:
        try:
            logits: Tensor = ready(images)
        except CheckpointError as cause:
            raise CheckpointError(cause.what, where=name, remedy=cause.remedy) from cause
        except Exception as error:
            error.add_note(f"raised by the model {name!r}, asked about images of shape {tuple(images.shape)}")
            raise
        return logits

    return answer
