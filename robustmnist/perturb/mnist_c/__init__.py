"""The 15 corruptions of MNIST-C, whole batches at once, in the data set's own conventions.

Where those differ from this project's, the functions' docstrings say so. Three differences to the published files are
common to all: their random choices cannot be had again (the data set has no seed), so random corruptions agree in
distribution only; the files hold ink rounded to 255 grey levels, which these functions do not round to; and the
strengths here go from neutral up, of which the files hold one, given by `DATA_SET`.

Shot noise is `shot_noise`, impulse noise is `salt_and_pepper` of `robustmnist.perturb`.

Source: Mu & Gilmer, "MNIST-C: a robustness benchmark for computer vision", 2019, and its code,
https://github.com/google-research/mnist-c.
"""

from robustmnist.perturb.mnist_c.blur import glass_blur as glass_blur
from robustmnist.perturb.mnist_c.blur import motion_blur as motion_blur
from robustmnist.perturb.mnist_c.data_set import DATA_SET as DATA_SET
from robustmnist.perturb.mnist_c.edges import canny_edges as canny_edges
from robustmnist.perturb.mnist_c.geometry import rotate as rotate
from robustmnist.perturb.mnist_c.geometry import scale as scale
from robustmnist.perturb.mnist_c.geometry import shear as shear
from robustmnist.perturb.mnist_c.geometry import translate as translate
from robustmnist.perturb.mnist_c.marks import dotted_line as dotted_line
from robustmnist.perturb.mnist_c.marks import stripe as stripe
from robustmnist.perturb.mnist_c.marks import zigzag as zigzag
from robustmnist.perturb.mnist_c.weather import brightness as brightness
from robustmnist.perturb.mnist_c.weather import fog as fog
from robustmnist.perturb.mnist_c.weather import spatter as spatter
