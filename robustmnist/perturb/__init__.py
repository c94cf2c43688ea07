"""Perturbations: pure functions from images to images, strengths in physical units, and their registry.

The functions take images and strengths on trust: a call by name, `prepare`, checks both, and so does a suite when it is
read.
"""

from robustmnist.perturb.affine import affine as affine
from robustmnist.perturb.band import band_noise as band_noise
from robustmnist.perturb.blur import defocus as defocus
from robustmnist.perturb.blur import gaussian_blur as gaussian_blur
from robustmnist.perturb.blur import motion_blur as motion_blur
from robustmnist.perturb.blur import zoom_blur as zoom_blur
from robustmnist.perturb.elastic import elastic as elastic
from robustmnist.perturb.fracture import fracture as fracture
from robustmnist.perturb.geometry import rotation as rotation
from robustmnist.perturb.geometry import scale as scale
from robustmnist.perturb.geometry import shift as shift
from robustmnist.perturb.geometry import shift_towards as shift_towards
from robustmnist.perturb.glass import glass_blur as glass_blur
from robustmnist.perturb.images import check_images as check_images
from robustmnist.perturb.intensity import brightness as brightness
from robustmnist.perturb.intensity import contrast as contrast
from robustmnist.perturb.intensity import gamma as gamma
from robustmnist.perturb.intensity import inversion as inversion
from robustmnist.perturb.intensity import quantise as quantise
from robustmnist.perturb.interpolation import shift_and_back as shift_and_back
from robustmnist.perturb.interpolation import turn_and_back as turn_and_back
from robustmnist.perturb.jpeg import jpeg as jpeg
from robustmnist.perturb.noise import gaussian_noise as gaussian_noise
from robustmnist.perturb.noise import impulse_noise as impulse_noise
from robustmnist.perturb.noise import salt_and_pepper as salt_and_pepper
from robustmnist.perturb.noise import speckle as speckle
from robustmnist.perturb.noise import uniform_noise as uniform_noise
from robustmnist.perturb.occlusion import lines as lines
from robustmnist.perturb.occlusion import missing_rows as missing_rows
from robustmnist.perturb.occlusion import patch as patch
from robustmnist.perturb.occlusion import stripe as stripe
from robustmnist.perturb.pen import relative_thickness as relative_thickness
from robustmnist.perturb.pen import target_thickness as target_thickness
from robustmnist.perturb.perturbation import Parameter as Parameter
from robustmnist.perturb.perturbation import Perturbation as Perturbation
from robustmnist.perturb.pixelate import pixelate as pixelate
from robustmnist.perturb.placement import decentering as decentering
from robustmnist.perturb.pose import pose as pose
from robustmnist.perturb.pose import random_pose as random_pose
from robustmnist.perturb.prepared import prepare as prepare
from robustmnist.perturb.registry import PERTURBATIONS as PERTURBATIONS
from robustmnist.perturb.shear import perspective as perspective
from robustmnist.perturb.shear import shear as shear
from robustmnist.perturb.shot import shot_noise as shot_noise
from robustmnist.perturb.stroke import thickness as thickness
from robustmnist.perturb.swelling import swelling as swelling
from robustmnist.perturb.width import width as width
