"""The attribution methods by name, and how a name is looked up."""

from collections.abc import Mapping

from robustmnist.errors import InputError
from robustmnist.explanation.methods.cells import FEATURE_ABLATION, KERNEL_SHAP, ON_STROKES, SHAPLEY
from robustmnist.explanation.methods.deep_lift import DEEP_LIFT
from robustmnist.explanation.methods.grad_cam import GRAD_CAM
from robustmnist.explanation.methods.gradients import INPUT_X_GRADIENT, SALIENCY, SMOOTHGRAD
from robustmnist.explanation.methods.guided import GUIDED_BACKPROP, GUIDED_GRAD_CAM
from robustmnist.explanation.methods.integrated_gradients import EXPECTED_GRADIENTS, INTEGRATED_GRADIENTS
from robustmnist.explanation.methods.method import Method
from robustmnist.explanation.methods.occlusion import INKING, OCCLUSION
from robustmnist.explanation.methods.own import OwnFunction, own_method
from robustmnist.explanation.methods.rise import RISE
from robustmnist.system.validation import did_you_mean

__all__ = ["METHODS", "OWN", "Method", "find_method", "on_pieces"]

METHODS: Mapping[str, Method] = {
    "integrated-gradients": INTEGRATED_GRADIENTS,
    "expected-gradients": EXPECTED_GRADIENTS,
    "deep-lift": DEEP_LIFT,
    "input-x-gradient": INPUT_X_GRADIENT,
    "saliency": SALIENCY,
    "smoothgrad": SMOOTHGRAD,
    "grad-cam": GRAD_CAM,
    "guided-grad-cam": GUIDED_GRAD_CAM,
    "guided-backprop": GUIDED_BACKPROP,
    "occlusion": OCCLUSION,
    "inking": INKING,
    "feature-ablation": FEATURE_ABLATION,
    "shapley": SHAPLEY,
    "kernel-shap": KERNEL_SHAP,
    "rise": RISE,
}


# Functions of the user's own by their names; the command line adds those that it is given.
OWN: dict[str, Method] = {}


def find_method(name: str | OwnFunction) -> Method:
    """Return the method called `name`, or the one that a function of the user's own is.

    Raises:
        InputError: If there is none; the message names those that there are.
    """
    if not isinstance(name, str):
        return own_method(name)
    if name in OWN:
        return OWN[name]
    if name in ON_STROKES:
        return ON_STROKES[name]
    if name not in METHODS:
        what = f"'{name}' is not an attribution method{did_you_mean(name, METHODS)}"
        raise InputError(what, remedy=f"use {', '.join(METHODS)}, or a function of your own")
    return METHODS[name]


def on_pieces(name: str, pieces: str) -> str:
    """Return the method's name where it leaves out `pieces`, ``cells`` or ``stroke``; others keep theirs."""
    other = f"{name}-of-strokes"
    return other if pieces == "stroke" and other in ON_STROKES else name
