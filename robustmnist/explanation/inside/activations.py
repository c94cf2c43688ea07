"""Activation maps: where the channels of each convolution are active."""

import torch
from torch import Tensor

from robustmnist.explanation.methods.grad_cam import convolution_maps
from robustmnist.explanation.subject import Subject, undisturbed

__all__ = ["activation_maps"]


def activation_maps(subject: Subject, images: Tensor, channels: int) -> list[Tensor]:
    """Return for each convolution the maps of its most active channels, float32 (B, channels, H, W), first call first.

    Behind the activation that follows the convolution, as Grad-CAM reads it. The channels are those with the largest
    mean over the first image, so that all later ones are seen through the same channels. Empty for a network without
    convolutions, or of which nothing but answers is known.

    Args:
        subject: What is looked into.
        images: float32 (B, 1, 28, 28), as a rule one digit at rising strength.
        channels: How many of each layer, at most.
    """
    if subject.trained is None:
        return []
    with undisturbed(subject.trained), torch.no_grad():
        layers = convolution_maps(subject.trained, images.detach().clone())
    chosen = []
    for maps in layers:
        order = maps[0].mean((1, 2)).argsort(descending=True, stable=True)
        chosen.append(maps[:, order[:channels]].float())
    return chosen
