"""The perturbations as users call them: each checks its images, then does what its module's function does.

Inside the package the modules' own functions are called, which take images on trust: `prepare` has checked them once
for all strengths.
"""

from robustmnist.perturb.blur import glass
from robustmnist.perturb.blur import linear_blur as blur
from robustmnist.perturb.blur.pixelate import pixelate as _pixelate
from robustmnist.perturb.geometry import decentering as placement
from robustmnist.perturb.geometry import scale_and_rotation as geometry
from robustmnist.perturb.geometry import shift as shifts
from robustmnist.perturb.geometry import there_and_back as interpolation
from robustmnist.perturb.geometry.affine import affine as _affine
from robustmnist.perturb.geometry.elastic import elastic as _elastic
from robustmnist.perturb.geometry.pose import pose as _pose
from robustmnist.perturb.geometry.pose import random_pose as _random_pose
from robustmnist.perturb.geometry.shear import perspective as _perspective
from robustmnist.perturb.geometry.shear import shear as _shear
from robustmnist.perturb.images import checked
from robustmnist.perturb.intensity import tone as intensity
from robustmnist.perturb.intensity.jpeg import jpeg as _jpeg
from robustmnist.perturb.noise import band, shot
from robustmnist.perturb.noise import pixel_noise as noise
from robustmnist.perturb.occlusion import patches_and_lines as occlusion
from robustmnist.perturb.stroke import relative_thickness as pen
from robustmnist.perturb.stroke import thickness as stroke
from robustmnist.perturb.stroke.fracture import fracture as _fracture
from robustmnist.perturb.stroke.swelling import swelling as _swelling
from robustmnist.perturb.stroke.width import width as _width

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

affine = checked(_affine)
band_noise = checked(band.band_noise)
brightness = checked(intensity.brightness)
contrast = checked(intensity.contrast)
decentering = checked(placement.decentering)
defocus = checked(blur.defocus)
elastic = checked(_elastic)
fracture = checked(_fracture)
gamma = checked(intensity.gamma)
gaussian_blur = checked(blur.gaussian_blur)
gaussian_noise = checked(noise.gaussian_noise)
glass_blur = checked(glass.glass_blur)
impulse_noise = checked(noise.impulse_noise)
inversion = checked(intensity.inversion)
jpeg = checked(_jpeg)
lines = checked(occlusion.lines)
missing_rows = checked(occlusion.missing_rows)
motion_blur = checked(blur.motion_blur)
patch = checked(occlusion.patch)
perspective = checked(_perspective)
pixelate = checked(_pixelate)
pose = checked(_pose)
quantise = checked(intensity.quantise)
random_pose = checked(_random_pose)
relative_thickness = checked(pen.relative_thickness)
rotation = checked(geometry.rotation)
salt_and_pepper = checked(noise.salt_and_pepper)
scale = checked(geometry.scale)
shear = checked(_shear)
shift = checked(shifts.shift)
shift_and_back = checked(interpolation.shift_and_back)
shift_towards = checked(shifts.shift_towards)
shot_noise = checked(shot.shot_noise)
speckle = checked(noise.speckle)
stripe = checked(occlusion.stripe)
swelling = checked(_swelling)
target_thickness = checked(pen.target_thickness)
thickness = checked(stroke.thickness)
turn_and_back = checked(interpolation.turn_and_back)
uniform_noise = checked(noise.uniform_noise)
width = checked(_width)
zoom_blur = checked(blur.zoom_blur)
