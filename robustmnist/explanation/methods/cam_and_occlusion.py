"""Attribution to regions: by how much the logit falls when a window is blanked."""

import torch
from torch import Tensor, nn

__all__ = ["OCCLUSION_STRIDE", "OCCLUSION_WINDOW", "occlusion"]

OCCLUSION_WINDOW = 4  # px: about the width of a stroke, so that one window hides one piece of it
OCCLUSION_STRIDE = 2  # px: every pixel away from the border lies in four windows
OCCLUSION_TOGETHER = 32  # windows of each image that go through the model at once


def occlusion(model: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    """Return by how much the logit falls when a window around the pixel is blanked, signed.

    Windows of `OCCLUSION_WINDOW` px move in steps of `OCCLUSION_STRIDE` px and are filled with background 0; a pixel's
    value is the mean over the windows that cover it.

    Source: Zeiler, Fergus 2014, arXiv:1311.2901, section 4.2, there with a grey square and the class probability.
    """
    from captum.attr import Occlusion

    shape, stride = (1, OCCLUSION_WINDOW, OCCLUSION_WINDOW), (1, OCCLUSION_STRIDE, OCCLUSION_STRIDE)
    with torch.no_grad():
        rule = Occlusion(model)
        values = rule.attribute(
            images,
            sliding_window_shapes=shape,
            strides=stride,
            baselines=0.0,
            target=targets,
            perturbations_per_eval=OCCLUSION_TOGETHER,
        )
    return _tensor(values)


def _tensor(values: object) -> Tensor:
    """Return captum's result as a tensor: its annotations also allow tuples, which a single input never gives."""
    assert isinstance(values, Tensor)
    return values
