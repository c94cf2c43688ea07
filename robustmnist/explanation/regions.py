"""Attribution to regions: where the last convolution is active, and what a blanked window takes away."""

import torch
from torch import Tensor, nn

__all__ = ["OCCLUSION_STRIDE", "OCCLUSION_WINDOW", "grad_cam", "last_convolution", "occlusion"]

OCCLUSION_WINDOW = 4  # px: about the width of a stroke, so that one window hides one piece of it
OCCLUSION_STRIDE = 2  # px: every pixel away from the border lies in four windows
OCCLUSION_TOGETHER = 32  # windows of each image that go through the model at once


def grad_cam(model: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    """Return where the last convolution's channels that speak for the class are active.

    Each channel of the rectified layer is weighted by the mean gradient of the logit over it; the sum is cut at 0 and
    enlarged bilinearly to 28 × 28. Never negative, as coarse as the layer is, and all zero where no mix of channels
    speaks for the class. The layer is the last convolution with the batch norm behind it, so that folding one into
    the other changes nothing.

    Source: Selvaraju et al. 2017, arXiv:1610.02391, equations 1 and 2; the layers there are rectified ones.
    """
    from captum.attr import LayerActivation, LayerAttribution, LayerGradCam

    layer = last_convolution(model)
    rule = LayerGradCam(model, layer)
    channels = _tensor(rule.attribute(images, target=targets, relu_attributions=False, attr_dim_summation=False))
    # Unrectified, a channel that is negative over the background and has a negative weight would light up all of it.
    active = _tensor(LayerActivation(model, layer).attribute(images)) > 0
    coarse = (channels * active).sum(dim=1, keepdim=True).relu()
    return _tensor(LayerAttribution.interpolate(coarse, images.shape[-2:], interpolate_mode="bilinear"))


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


def last_convolution(model: nn.Module) -> nn.Module | None:
    """Return the convolution that the model lists last, or the batch norm right behind it; None where it has none."""
    modules = list(model.modules())
    places = [place for place, module in enumerate(modules) if isinstance(module, nn.Conv2d)]
    if not places:
        return None
    layers = modules[places[-1] : places[-1] + 2]
    return layers[-1] if isinstance(layers[-1], nn.BatchNorm2d) else layers[0]


def _tensor(values: object) -> Tensor:
    """Return captum's answer as what it is: captum's annotations also allow tuples, which one input never gives."""
    assert isinstance(values, Tensor)
    return values
