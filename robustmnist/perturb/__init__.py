"""Perturbations: pure functions from images to images, strengths in physical units, and their registry."""

from robustmnist.perturb.affine import affine as affine
from robustmnist.perturb.geometry import rotation as rotation
from robustmnist.perturb.geometry import scale as scale
from robustmnist.perturb.geometry import shift as shift
from robustmnist.perturb.geometry import shift_towards as shift_towards
from robustmnist.perturb.images import check_images as check_images
from robustmnist.perturb.noise import gaussian_noise as gaussian_noise
from robustmnist.perturb.noise import salt_and_pepper as salt_and_pepper
from robustmnist.perturb.noise import speckle as speckle
from robustmnist.perturb.noise import uniform_noise as uniform_noise
from robustmnist.perturb.placement import decentering as decentering
from robustmnist.perturb.registry import PERTURBATIONS as PERTURBATIONS
from robustmnist.perturb.registry import Parameter as Parameter
from robustmnist.perturb.registry import Perturbation as Perturbation
from robustmnist.perturb.registry import prepare as prepare
from robustmnist.perturb.shot import shot_noise as shot_noise
from robustmnist.perturb.stroke import thickness as thickness
