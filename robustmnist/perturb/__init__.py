"""Perturbations: pure functions from images to images, strengths in physical units, and their registry.

A direct call checks the images and takes any strength that makes sense. For many strengths of the same images there is
`prepare`, which checks the images once, does once what the strengths share, and holds these to the registry's ranges.

Where torch records a gradient (`images.requires_grad`, not within `torch.no_grad()`), the result has the same bits and
the gradient of the map that was chosen: draws and bounding boxes count as given. What rounds or cuts at a threshold has
none and raises `ImagesError` instead: quantise, jpeg, shot noise, the three thicknesses, swelling and fracture (they
look for the strokes), and MNIST-C's glass blur and Canny edges; `Perturbation.differentiable` says which.
"""

from robustmnist.perturb.checked import affine as affine
from robustmnist.perturb.checked import band_noise as band_noise
from robustmnist.perturb.checked import brightness as brightness
from robustmnist.perturb.checked import contrast as contrast
from robustmnist.perturb.checked import decentering as decentering
from robustmnist.perturb.checked import defocus as defocus
from robustmnist.perturb.checked import elastic as elastic
from robustmnist.perturb.checked import fracture as fracture
from robustmnist.perturb.checked import gamma as gamma
from robustmnist.perturb.checked import gaussian_blur as gaussian_blur
from robustmnist.perturb.checked import gaussian_noise as gaussian_noise
from robustmnist.perturb.checked import glass_blur as glass_blur
from robustmnist.perturb.checked import impulse_noise as impulse_noise
from robustmnist.perturb.checked import inversion as inversion
from robustmnist.perturb.checked import jpeg as jpeg
from robustmnist.perturb.checked import lines as lines
from robustmnist.perturb.checked import missing_rows as missing_rows
from robustmnist.perturb.checked import motion_blur as motion_blur
from robustmnist.perturb.checked import patch as patch
from robustmnist.perturb.checked import perspective as perspective
from robustmnist.perturb.checked import pixelate as pixelate
from robustmnist.perturb.checked import pose as pose
from robustmnist.perturb.checked import quantise as quantise
from robustmnist.perturb.checked import random_pose as random_pose
from robustmnist.perturb.checked import relative_thickness as relative_thickness
from robustmnist.perturb.checked import rotation as rotation
from robustmnist.perturb.checked import salt_and_pepper as salt_and_pepper
from robustmnist.perturb.checked import scale as scale
from robustmnist.perturb.checked import shear as shear
from robustmnist.perturb.checked import shift as shift
from robustmnist.perturb.checked import shift_and_back as shift_and_back
from robustmnist.perturb.checked import shift_towards as shift_towards
from robustmnist.perturb.checked import shot_noise as shot_noise
from robustmnist.perturb.checked import speckle as speckle
from robustmnist.perturb.checked import stripe as stripe
from robustmnist.perturb.checked import swelling as swelling
from robustmnist.perturb.checked import target_thickness as target_thickness
from robustmnist.perturb.checked import thickness as thickness
from robustmnist.perturb.checked import turn_and_back as turn_and_back
from robustmnist.perturb.checked import uniform_noise as uniform_noise
from robustmnist.perturb.checked import width as width
from robustmnist.perturb.checked import zoom_blur as zoom_blur
from robustmnist.perturb.images import check_images as check_images
from robustmnist.perturb.perturbation import Parameter as Parameter
from robustmnist.perturb.perturbation import Perturbation as Perturbation
from robustmnist.perturb.prepared import prepare as prepare
from robustmnist.perturb.registry import PERTURBATIONS as PERTURBATIONS
