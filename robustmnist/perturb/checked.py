"""The perturbations as users call them: each checks its images, then does what its module's function does.

Inside the package the modules' own functions are called, which take images on trust: `prepare` has checked them once
for all strengths.
"""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec

from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb import (
    band,
    blur,
    geometry,
    glass,
    intensity,
    interpolation,
    noise,
    occlusion,
    pen,
    placement,
    shot,
    stroke,
)
from robustmnist.perturb.affine import affine as _affine
from robustmnist.perturb.elastic import elastic as _elastic
from robustmnist.perturb.fracture import fracture as _fracture
from robustmnist.perturb.images import check_images
from robustmnist.perturb.jpeg import jpeg as _jpeg
from robustmnist.perturb.pixelate import pixelate as _pixelate
from robustmnist.perturb.pose import pose as _pose
from robustmnist.perturb.pose import random_pose as _random_pose
from robustmnist.perturb.shear import perspective as _perspective
from robustmnist.perturb.shear import shear as _shear
from robustmnist.perturb.swelling import swelling as _swelling
from robustmnist.perturb.width import width as _width

__all__ = [
    "affine",
    "band_noise",
    "brightness",
    "contrast",
    "decentering",
    "defocus",
    "elastic",
    "fracture",
    "gamma",
    "gaussian_blur",
    "gaussian_noise",
    "glass_blur",
    "impulse_noise",
    "inversion",
    "jpeg",
    "lines",
    "missing_rows",
    "motion_blur",
    "patch",
    "perspective",
    "pixelate",
    "pose",
    "quantise",
    "random_pose",
    "relative_thickness",
    "rotation",
    "salt_and_pepper",
    "scale",
    "shear",
    "shift",
    "shift_and_back",
    "shift_towards",
    "shot_noise",
    "speckle",
    "stripe",
    "swelling",
    "target_thickness",
    "thickness",
    "turn_and_back",
    "uniform_noise",
    "width",
    "zoom_blur",
]

P = ParamSpec("P")


def _checked(function: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """Make a perturbation raise `ImagesError`, or `ValueError` where the draws are not these images'."""

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> Tensor:
        images: Any = args[0] if args else kwargs.get("images")
        draws = kwargs.get("draws")
        check_images(images)
        if isinstance(draws, Draws) and len(draws.ids) != len(images):
            raise ValueError(f"{len(images)} images need as many draws, not {len(draws.ids)}")
        return function(*args, **kwargs)

    return checked


affine = _checked(_affine)
band_noise = _checked(band.band_noise)
brightness = _checked(intensity.brightness)
contrast = _checked(intensity.contrast)
decentering = _checked(placement.decentering)
defocus = _checked(blur.defocus)
elastic = _checked(_elastic)
fracture = _checked(_fracture)
gamma = _checked(intensity.gamma)
gaussian_blur = _checked(blur.gaussian_blur)
gaussian_noise = _checked(noise.gaussian_noise)
glass_blur = _checked(glass.glass_blur)
impulse_noise = _checked(noise.impulse_noise)
inversion = _checked(intensity.inversion)
jpeg = _checked(_jpeg)
lines = _checked(occlusion.lines)
missing_rows = _checked(occlusion.missing_rows)
motion_blur = _checked(blur.motion_blur)
patch = _checked(occlusion.patch)
perspective = _checked(_perspective)
pixelate = _checked(_pixelate)
pose = _checked(_pose)
quantise = _checked(intensity.quantise)
random_pose = _checked(_random_pose)
relative_thickness = _checked(pen.relative_thickness)
rotation = _checked(geometry.rotation)
salt_and_pepper = _checked(noise.salt_and_pepper)
scale = _checked(geometry.scale)
shear = _checked(_shear)
shift = _checked(geometry.shift)
shift_and_back = _checked(interpolation.shift_and_back)
shift_towards = _checked(geometry.shift_towards)
shot_noise = _checked(shot.shot_noise)
speckle = _checked(noise.speckle)
stripe = _checked(occlusion.stripe)
swelling = _checked(_swelling)
target_thickness = _checked(pen.target_thickness)
thickness = _checked(stroke.thickness)
turn_and_back = _checked(interpolation.turn_and_back)
uniform_noise = _checked(noise.uniform_noise)
width = _checked(_width)
zoom_blur = _checked(blur.zoom_blur)
