"""The 15 corruptions of MNIST-C, whole batches at once, in the data set's own conventions.

Where those differ from this project's, the functions' docstrings say so. Three differences to the published files are
common to all: their random choices cannot be had again (the data set has no seed), so random corruptions agree in
distribution only; the files hold ink rounded to 255 grey levels, which these functions do not round to; and the
strengths here go from neutral up, of which the files hold one, given by `DATA_SET`.

Direct calls check their images, as those of `robustmnist.perturb` do.

Shot noise is `shot_noise`, impulse noise is `salt_and_pepper` of `robustmnist.perturb`.

Source: Mu & Gilmer, "MNIST-C: a robustness benchmark for computer vision", 2019, and its code,
https://github.com/google-research/mnist-c.
"""

from robustmnist.perturb.images import checked
from robustmnist.perturb.mnist_c import blur, edges, geometry, marks, weather
from robustmnist.perturb.mnist_c.data_set import DATA_SET as DATA_SET

brightness = checked(weather.brightness)
canny_edges = checked(edges.canny_edges)
dotted_line = checked(marks.dotted_line)
fog = checked(weather.fog)
glass_blur = checked(blur.glass_blur)
motion_blur = checked(blur.motion_blur)
rotate = checked(geometry.rotate)
scale = checked(geometry.scale)
shear = checked(geometry.shear)
spatter = checked(weather.spatter)
stripe = checked(marks.stripe)
translate = checked(geometry.translate)
zigzag = checked(marks.zigzag)

__all__ = [
    "DATA_SET",
    "brightness",
    "canny_edges",
    "dotted_line",
    "fog",
    "glass_blur",
    "motion_blur",
    "rotate",
    "scale",
    "shear",
    "spatter",
    "stripe",
    "translate",
    "zigzag",
]


def __dir__() -> list[str]:
    return sorted(__all__)
