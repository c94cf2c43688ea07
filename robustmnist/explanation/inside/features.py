"""The features that a network's last layer sees."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from robustmnist.explanation.subject import Subject, undisturbed

__all__ = ["features_of"]

ROWS = 256  # of a pass, all of one shape


def features_of(subject: Subject, images: Tensor, on_progress: Callable[[int], None] | None = None) -> Tensor | None:
    """Return the inputs of the last dense layer, float32 (B, D), the same bits in any batch.

    None where the network has no dense layer with ten outputs among its modules.

    Args:
        subject: What is looked into.
        images: float32 (B, 1, 28, 28).
        on_progress: Called with the number of images done since the last call.
    """
    if subject.trained is None:
        return None
    dense = [part for part in subject.trained.modules() if isinstance(part, nn.Linear) and part.out_features == 10]
    if not dense:
        return None
    seen: list[Tensor] = []
    blocks = []
    hook = dense[-1].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    try:
        with undisturbed(subject.trained), torch.no_grad():
            for start in range(0, len(images), ROWS):
                part = images[start : start + ROWS]
                given = torch.zeros((ROWS, *images.shape[1:]), dtype=torch.float32, device=images.device)
                given[: len(part)] = part
                seen.clear()
                subject.trained(given)
                blocks.append(seen[-1][: len(part)].float().clone())
                if on_progress is not None:
                    on_progress(len(part))
    finally:
        hook.remove()
    return (
        torch.cat(blocks)
        if blocks
        else torch.zeros((0, dense[-1].in_features), dtype=torch.float32, device=images.device)
    )
