"""Perturbations: pure functions from images to images, strengths in physical units, and their registry.

A direct call checks the images and takes any strength that makes sense. For many strengths of the same images there is
`prepare`, which checks the images once, does once what the strengths share, and holds these to the registry's ranges.

Where torch records a gradient (`images.requires_grad`, not within `torch.no_grad()`), the result has the same bits and
the gradient of the map that was chosen: draws and bounding boxes count as given. What rounds or cuts at a threshold has
none and raises `ImagesError` instead: quantise, jpeg, shot noise, the three thicknesses, swelling and fracture (they
look for the strokes), and MNIST-C's glass blur and Canny edges; `Perturbation.differentiable` says which.

The functions come from the registry; ``__init__.pyi`` tells editors and mypy their types. To write it anew after
adding a perturbation: ``PYTHONPATH=tests python -m support.perturb_face``.
"""

from robustmnist.perturb import mnist_c as mnist_c
from robustmnist.perturb.checked import CHECKED
from robustmnist.perturb.images import check_images as check_images
from robustmnist.perturb.perturbation import Parameter as Parameter
from robustmnist.perturb.perturbation import Perturbation as Perturbation
from robustmnist.perturb.prepared import prepare as prepare
from robustmnist.perturb.registry import PERTURBATIONS as PERTURBATIONS

globals().update(CHECKED)
__all__ = ["PERTURBATIONS", "Parameter", "Perturbation", "check_images", "mnist_c", "prepare", *sorted(CHECKED)]


def __dir__() -> list[str]:
    return sorted(__all__)
