"""Guided backpropagation, alone and times Grad-CAM: sharp pictures that hardly depend on the weights."""

from torch import Tensor, nn

from robustmnist.explanation.methods.deep_lift import Scored, quiet_captum
from robustmnist.explanation.methods.grad_cam import GRAD_CAM, grad_cam
from robustmnist.explanation.methods.method import Context, Method, in_tiles
from robustmnist.explanation.subject import Subject, undisturbed
from robustmnist.explanation.target import Target

__all__ = ["GUIDED_BACKPROP", "GUIDED_GRAD_CAM", "guided_backprop", "guided_grad_cam"]

EDGES = "An edge detector: it draws nearly the same on a network with random weights, so it gives no reason."


def guided_backprop(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    """Return the gradient in which rectifiers pass only positive slopes back, signed.

    Kept to be looked at and to be measured, not to be believed. By captum: its rule is right here. It acts on the
    network's `ReLU` modules.

    Source: Springenberg, Dosovitskiy, Brox, Riedmiller 2014, arXiv:1412.6806; that it does not depend on the weights:
    Adebayo et al. 2018, arXiv:1810.03292.
    """
    assert subject.trained is not None, "check_method refuses methods that look at modules"
    from captum.attr import GuidedBackprop

    model = subject.trained

    def rule(images: Tensor, target: Target) -> Tensor:
        slopes = GuidedBackprop(Scored(model, target)).attribute(images.requires_grad_())
        assert isinstance(slopes, Tensor)
        return slopes

    with undisturbed(model), quiet_captum():
        return in_tiles(rule, images, target)[:, 0]


def guided_grad_cam(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    """Return guided backpropagation times Grad-CAM, signed.

    Source: Selvaraju et al. 2017, arXiv:1610.02391, section 3.
    """
    product: Tensor = guided_backprop(subject, images, target, context) * grad_cam(subject, images, target, context)
    return product


def _misfit(subject: Subject) -> str:
    assert subject.trained is not None
    rectified = any(isinstance(part, nn.ReLU) for part in subject.trained.modules())
    return "" if rectified else "has no rectifier (ReLU) among its modules"


def _misfit_with_cam(subject: Subject) -> str:
    assert GRAD_CAM.misfit is not None
    return GRAD_CAM.misfit(subject) or _misfit(subject)


GUIDED_BACKPROP = Method(
    guided_backprop,
    title="Guided backpropagation",
    kind="sensitivity",
    unit="rectified slope",
    reading="the slope of the target where every rectifier passes positive slopes only",
    source="Springenberg et al. 2014",
    modules=True,
    warning=EDGES,
    misfit=_misfit,
    pixelwise=True,
)

GUIDED_GRAD_CAM = Method(
    guided_grad_cam,
    title="Guided Grad-CAM",
    kind="activity",
    unit="rectified slope × activation",
    reading="guided backpropagation where Grad-CAM is active",
    source="Selvaraju et al. 2017",
    settings=GRAD_CAM.settings,
    modules=True,
    layered=True,
    warning=EDGES,
    misfit=_misfit_with_cam,
)
