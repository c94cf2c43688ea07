"""What a digit is like, in numbers: ink, centroid, box, slant, angle and stroke width of each image.

The coordinates of a pixel are those of its centre: x 0 to 27 to the right, y 0 to 27 down; the frame's middle is
(13.5, 13.5).
What is measured of an image is the same number, bit for bit, in any batch. Images are taken on trust: floating point
`(B, 1, 28, 28)`, ink in [0, 1] (`robustmnist.perturb.check_images`).

All are differentiable in the images but for `extent`, which counts pixels, and `stroke_width`, which cuts at half ink
and raises `ImagesError` where a gradient is asked for.
"""

from robustmnist.measure.box import box_size as box_size
from robustmnist.measure.box import extent as extent
from robustmnist.measure.measures import MEASURES as MEASURES
from robustmnist.measure.measures import Measure as Measure
from robustmnist.measure.moments import centroid as centroid
from robustmnist.measure.moments import ink as ink
from robustmnist.measure.moments import principal_angle as principal_angle
from robustmnist.measure.moments import slant as slant
from robustmnist.measure.stroke import stroke_width as stroke_width

__all__ = ["MEASURES", "Measure", "box_size", "centroid", "extent", "ink", "principal_angle", "slant", "stroke_width"]


def __dir__() -> list[str]:
    return sorted(__all__)
