"""The moving average of a network's weights, which is validated and saved where a recipe keeps one."""

import torch
from torch import Tensor, nn

__all__ = ["averaged_values", "move_averages"]


def averaged_values(model: nn.Module, average: dict[str, Tensor] | None) -> tuple[list[Tensor], list[Tensor]]:
    """Return the averages and, in the same order, the model's own values; nothing where no average is kept."""
    if average is None:
        return [], []
    values = {name: value for name, value in model.state_dict().items() if value.is_floating_point()}
    return [average[name] for name in values], list(values.values())


def move_averages(averaged: tuple[list[Tensor], list[Tensor]], decay: float, step: int) -> None:
    """Move the averages one step towards the model: by 1 − decay, and by more at first, to forget the start."""
    averages, values = averaged
    if averages:
        torch._foreach_lerp_(averages, values, 1 - min(decay, (1 + step) / (10 + step)))
