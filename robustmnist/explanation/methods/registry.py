"""The attribution methods by name, with how to read them; every choice that a paper leaves open is fixed and named."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from robustmnist.explanation.methods.cam_and_occlusion import OCCLUSION_STRIDE, OCCLUSION_WINDOW, occlusion
from robustmnist.explanation.methods.grad_cam import grad_cam
from robustmnist.explanation.methods.gradients import (
    IG_REFINED,
    IG_STEPS,
    IG_TOLERANCE,
    input_x_gradient,
    integrated_gradients,
    saliency,
)

__all__ = ["METHODS", "Method"]


@dataclass(frozen=True)
class Method:
    """An attribution method and how to read what it returns.

    Attributes:
        attribute: ``f(model, images, targets) -> (B, 1, 28, 28)`` for one chunk; that of Grad-CAM also takes `layer`.
        title: Its name in a figure.
        unit: What a value is measured in.
        signed: Whether negative values occur; they speak against the class.
        complete: Whether the values promise to add up to the logit's difference from a blank image.
        reading: What a value means, in one clause.
        source: The paper that defined it.
        settings: The choices that the paper leaves open.
        chunk: Images computed together, so that memory is bounded: at most 512 are in the model at once.
    """

    attribute: Callable[..., Tensor]
    title: str
    unit: str
    signed: bool
    complete: bool
    reading: str
    source: str
    settings: Mapping[str, str | int]
    chunk: int


METHODS: Mapping[str, Method] = {
    "saliency": Method(
        saliency,
        title="Saliency",
        unit="logits per unit of ink",
        signed=False,
        complete=False,
        reading="how strongly a change of this pixel would change the class’s logit, in either direction",
        source="Simonyan et al. 2013",
        settings={},
        chunk=64,
    ),
    "integrated-gradients": Method(
        integrated_gradients,
        title="Integrated gradients",
        unit="logits",
        signed=True,
        complete=True,
        reading="this pixel’s share in the class’s logit, against a blank image; the shares add up to the difference",
        source="Sundararajan et al. 2017",
        settings={
            "baseline": "background 0",
            "path": "straight",
            "midpoints": f"{IG_STEPS}, or {IG_REFINED} where those miss by over {IG_TOLERANCE:.1%}",
        },
        chunk=2,
    ),
    "input-x-gradient": Method(
        input_x_gradient,
        title="Input × gradient",
        unit="logits",
        signed=True,
        complete=False,
        reading="this pixel’s ink times the slope of the class’s logit; background has none",
        source="Shrikumar et al. 2016",
        settings={},
        chunk=64,
    ),
    "grad-cam": Method(
        grad_cam,
        title="Grad-CAM",
        unit="activation × slope",
        signed=False,
        complete=False,
        reading="how active the last convolution’s channels that speak for the class are here",
        source="Selvaraju et al. 2017",
        settings={"layer": "last convolution called, rectified", "enlarged": "bilinear"},
        chunk=64,
    ),
    "occlusion": Method(
        occlusion,
        title="Occlusion",
        unit="logits",
        signed=True,
        complete=False,
        reading="how far the class’s logit falls when a window of 4 × 4 px around this pixel is blanked",
        source="Zeiler & Fergus 2014",
        settings={"window": f"{OCCLUSION_WINDOW} px", "stride": f"{OCCLUSION_STRIDE} px", "fill": "background 0"},
        chunk=4,
    ),
}
