"""What others offer for the same perturbations: a call on a batch, or image by image where that is all there is."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["PEERS"]

Array = NDArray[np.float32]
Work = Callable[[Any], object]


def _each(work: Callable[[Any], object]) -> Work:
    def all_of_them(images: Any) -> None:
        for image in images:
            work(image)

    return all_of_them


def _torchvision() -> Any:
    from torchvision.transforms.v2 import functional

    return functional


def _bilinear() -> Any:
    from torchvision.transforms import InterpolationMode

    return InterpolationMode.BILINEAR


def _affine(**chosen: Any) -> Work:
    settings = {"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0], **chosen}
    return lambda images: _torchvision().affine(images, interpolation=_bilinear(), **settings)


def _kornia(name: str, *values: Any) -> Work:
    import kornia.geometry.transform as transform

    def work(images: Tensor) -> object:
        each = [torch.tensor([value], device=images.device).expand(len(images), *np.shape(value)) for value in values]
        return getattr(transform, name)(images, *each)

    return work


def _filter(name: str, *values: Any) -> Work:
    import kornia.filters as filters

    return lambda images: getattr(filters, name)(images, *values)


def _scipy(name: str, *values: Any, **chosen: Any) -> Work:
    from scipy import ndimage

    return _each(lambda image: getattr(ndimage, name)(image, *values, **chosen))


def _noise(mode: str, **chosen: Any) -> Work:
    from skimage.util import random_noise

    return _each(lambda image: random_noise(image, mode=mode, **chosen))


def _dilation(image: Array) -> object:
    from skimage.morphology import dilation, disk

    return dilation(image, disk(1))


def _canny(image: Array) -> object:
    from skimage.feature import canny

    return canny(image)


def _jpeg(image: Tensor) -> object:
    return _torchvision().jpeg((image * 255).to(torch.uint8).cpu(), quality=10)


def _elastic(images: Tensor) -> object:
    from torchvision.transforms.v2 import ElasticTransform

    return ElasticTransform(alpha=30.0, sigma=4.0)(images)


def _perspective(images: Tensor) -> object:
    corners, moved = [[0, 0], [27, 0], [27, 27], [0, 27]], [[4, 0], [23, 0], [27, 27], [0, 27]]
    return _torchvision().perspective(images, corners, moved, interpolation=_bilinear())


# Perturbation -> its arguments here, and the peers by name. A name that ends in "by image" is called on few images.
PEERS: Mapping[str, tuple[dict[str, Any], Mapping[str, Work]]] = {
    "shift": (
        {"dx": 3, "dy": -2},
        {
            "kornia, per sample": _kornia("translate", [3.0, -2.0]),
            "torchvision v2, whole batch": _affine(translate=[3, -2]),
            "scipy.ndimage, image by image": _scipy("shift", (-2, 3), order=1),
        },
    ),
    "scale": (
        {"factor": 0.8},
        {
            "kornia, per sample": _kornia("scale", [0.8, 0.8]),
            "torchvision v2, whole batch": _affine(scale=0.8),
            "scipy.ndimage, image by image": _scipy("zoom", 0.8, order=1),
        },
    ),
    "rotation": (
        {"angle": 30.0},
        {
            "kornia, per sample": _kornia("rotate", 30.0),
            "torchvision v2, whole batch": _affine(angle=-30.0),
            "torchvision v2, image by image": _each(_affine(angle=-30.0)),
            "scipy.ndimage, image by image": _scipy("rotate", 30.0, reshape=False, order=1),
        },
    ),
    "shear": (
        {"horizontal": 0.4},
        {"kornia, per sample": _kornia("shear", [0.4, 0.0]), "torchvision v2, whole batch": _affine(shear=[21.8, 0.0])},
    ),
    "perspective": ({"displacement": 4.0}, {"torchvision v2, whole batch": _perspective}),
    "elastic": ({"displacement": 1.5}, {"torchvision v2, one field for the batch": _elastic}),
    "thickness": ({"change": 1.0}, {"scikit-image dilation, image by image": _each(_dilation)}),
    "gaussian-noise": ({"sigma": 0.3}, {"scikit-image, image by image": _noise("gaussian", var=0.09)}),
    "salt-and-pepper": ({"probability": 0.2}, {"scikit-image, image by image": _noise("s&p", amount=0.2)}),
    "speckle": ({"sigma": 0.6}, {"scikit-image, image by image": _noise("speckle", var=0.36)}),
    "gaussian-blur": (
        {"sigma": 2.0},
        {
            "kornia, whole batch": _filter("gaussian_blur2d", (13, 13), (2.0, 2.0)),
            "torchvision v2, whole batch": lambda images: _torchvision().gaussian_blur(images, [13, 13], [2.0, 2.0]),
            "scipy.ndimage, image by image": _scipy("gaussian_filter", 2.0, mode="constant"),
        },
    ),
    "motion-blur": ({"length": 7.0}, {"kornia, whole batch": _filter("motion_blur", 7, 45.0, 0.0)}),
    "jpeg": ({"loss": 90.0}, {"torchvision v2, image by image": _each(_jpeg)}),
    "gamma": ({"exponent": 2.0}, {"torchvision v2, whole batch": lambda i: _torchvision().adjust_gamma(i, 2.0)}),
    "mnist-c-canny-edges": (
        {"opacity": 1.0},
        {"kornia, whole batch": _filter("canny"), "scikit-image, image by image": _each(_canny)},
    ),
}
