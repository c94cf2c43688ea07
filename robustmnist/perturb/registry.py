"""The perturbations by name, with what their strengths mean."""

from robustmnist.perturb.blur.glass import glass_blur
from robustmnist.perturb.blur.linear_blur import defocus, gaussian_blur, motion_blur, zoom_blur
from robustmnist.perturb.blur.pixelate import pixelate
from robustmnist.perturb.geometry.decentering import decentering, prepare_decentering
from robustmnist.perturb.geometry.elastic import SMOOTHING_HIGH, SMOOTHING_LOW, elastic
from robustmnist.perturb.geometry.pose import CONVENTIONS, DRAWN_CONVENTIONS, pose, random_pose
from robustmnist.perturb.geometry.scale_and_rotation import rotation, scale
from robustmnist.perturb.geometry.shear import SIDES, perspective, shear
from robustmnist.perturb.geometry.shift import DIRECTIONS, METRICS, shift, shift_towards
from robustmnist.perturb.geometry.there_and_back import shift_and_back, turn_and_back
from robustmnist.perturb.intensity.jpeg import jpeg
from robustmnist.perturb.intensity.tone import PIVOTS, brightness, contrast, gamma, inversion, quantise
from robustmnist.perturb.mnist_c.entries import MNIST_C
from robustmnist.perturb.noise.band import BANDS, CUT, band_noise
from robustmnist.perturb.noise.pixel_noise import (
    gaussian_noise,
    impulse_noise,
    prepare_impulse_noise,
    prepare_salt_and_pepper,
    salt_and_pepper,
    speckle,
    uniform_noise,
)
from robustmnist.perturb.noise.shot import SMALLEST_SIGMA, prepare_shot, shot_noise
from robustmnist.perturb.occlusion.cover import FILLS
from robustmnist.perturb.occlusion.patches_and_lines import AXES, MOST_LINES, lines, missing_rows, patch, stripe
from robustmnist.perturb.perturbation import Parameter, Perturbation
from robustmnist.perturb.resample import prepare_tiles
from robustmnist.perturb.stroke.fracture import fracture
from robustmnist.perturb.stroke.relative_thickness import prepare_pen, relative_thickness, target_thickness
from robustmnist.perturb.stroke.stroke_points import MOST_PLACES, prepare_places
from robustmnist.perturb.stroke.swelling import prepare_swelling, swelling
from robustmnist.perturb.stroke.thickness import CHANGE_HIGH, CHANGE_LOW, prepare_stroke, thickness
from robustmnist.perturb.stroke.width import FACTOR_HIGH, FACTOR_LOW, width

__all__ = ["PERTURBATIONS"]

PERTURBATIONS: dict[str, Perturbation] = {
    # Geometry
    "shift": Perturbation(
        shift,
        {
            "dx": Parameter("px", 0.0, -28.0, 28.0, measure="centroid-x"),
            "dy": Parameter("px", 0.0, -28.0, 28.0, measure="centroid-y"),
        },
    ),
    "shift-towards": Perturbation(
        shift_towards,
        {"distance": Parameter("px", 0.0, 0.0, 28.0, measure="centroid-radius")},
        choices={"direction": tuple(DIRECTIONS), "metric": METRICS},
    ),
    "scale": Perturbation(
        scale,
        {
            "factor": Parameter("×", 1.0, 0.1, 10.0, measure="size"),
            "horizontal": Parameter("×", 1.0, 0.1, 10.0, measure="width"),
            "vertical": Parameter("×", 1.0, 0.1, 10.0, measure="height"),
        },
        prepare=prepare_tiles,
    ),
    "rotation": Perturbation(
        rotation, {"angle": Parameter("°", 0.0, -360.0, 360.0, measure="angle")}, prepare=prepare_tiles
    ),
    "decentering": Perturbation(
        decentering,
        {"fraction": Parameter("fraction", 0.0, 0.0, 1.0, measure="centroid-radius")},
        random=True,
        prepare=prepare_decentering,
    ),
    "pose": Perturbation(
        pose,
        {
            "angle": Parameter("°", 0.0, -360.0, 360.0, measure="angle"),
            "dx": Parameter("px", 0.0, -28.0, 28.0, measure="centroid-x"),
            "dy": Parameter("px", 0.0, -28.0, 28.0, measure="centroid-y"),
        },
        choices={"convention": CONVENTIONS},
    ),
    "random-pose": Perturbation(
        random_pose,
        {"extent": Parameter("fraction", 0.0, 0.0, 1.0)},
        modifiers={"max_angle": Parameter("°", 30.0, 0.0, 180.0), "max_shift": Parameter("px", 3.0, 0.0, 28.0)},
        choices={"convention": DRAWN_CONVENTIONS},
        random=True,
    ),
    "shear": Perturbation(
        shear,
        {
            "horizontal": Parameter("px/px", 0.0, -3.0, 3.0, measure="slant"),
            "vertical": Parameter("px/px", 0.0, -3.0, 3.0),
        },
    ),
    "perspective": Perturbation(
        perspective, {"displacement": Parameter("px", 0.0, 0.0, 13.0)}, choices={"direction": SIDES}
    ),
    "elastic": Perturbation(
        elastic,
        {"displacement": Parameter("px", 0.0, 0.0, 14.0)},
        modifiers={"smoothing": Parameter("px", 4.0, SMOOTHING_LOW, SMOOTHING_HIGH)},
        random=True,
    ),
    "turn-and-back": Perturbation(turn_and_back, {"angle": Parameter("°", 0.0, -360.0, 360.0)}),
    "shift-and-back": Perturbation(
        shift_and_back,
        {"distance": Parameter("px", 0.0, 0.0, 28.0)},
        choices={"direction": tuple(DIRECTIONS), "metric": METRICS},
    ),
    # Stroke
    "thickness": Perturbation(
        thickness,
        {"change": Parameter("px", 0.0, CHANGE_LOW, CHANGE_HIGH, measure="stroke-width")},
        prepare=prepare_stroke,
    ),
    "relative-thickness": Perturbation(
        relative_thickness,
        {"change": Parameter("fraction", 0.0, -1.0, 4.0, measure="stroke-width")},
        prepare=prepare_pen,
    ),
    "target-thickness": Perturbation(
        target_thickness,
        {"share": Parameter("fraction", 0.0, 0.0, 1.0)},
        modifiers={"target": Parameter("px", 4.0, 0.1, 10.0)},
        prepare=prepare_pen,
    ),
    "swelling": Perturbation(
        swelling,
        {"exponent": Parameter("exponent", 1.0, 1.0, 20.0)},
        modifiers={"radius": Parameter("px", 7.0, 0.0, 28.0)},
        random=True,
        prepare=prepare_swelling,
    ),
    "fracture": Perturbation(
        fracture,
        {"width": Parameter("px", 0.0, 0.0, 28.0)},
        modifiers={"number": Parameter("breaks", 3.0, 0.0, MOST_PLACES)},
        random=True,
        prepare=prepare_places,
    ),
    "width": Perturbation(width, {"factor": Parameter("×", 1.0, FACTOR_LOW, FACTOR_HIGH, measure="width")}),
    # Noise
    "gaussian-noise": Perturbation(gaussian_noise, {"sigma": Parameter("sd of ink", 0.0, 0.0, 10.0)}, random=True),
    "salt-and-pepper": Perturbation(
        salt_and_pepper,
        {"probability": Parameter("probability", 0.0, 0.0, 1.0)},
        random=True,
        prepare=prepare_salt_and_pepper,
    ),
    "impulse-noise": Perturbation(
        impulse_noise,
        {"probability": Parameter("probability", 0.0, 0.0, 1.0)},
        random=True,
        prepare=prepare_impulse_noise,
    ),
    "speckle": Perturbation(speckle, {"sigma": Parameter("sd of ink", 0.0, 0.0, 10.0)}, random=True),
    "uniform-noise": Perturbation(uniform_noise, {"amplitude": Parameter("ink", 0.0, 0.0, 10.0)}, random=True),
    "shot-noise": Perturbation(
        shot_noise,
        {"sigma": Parameter("sd of ink", 0.0, 0.0, 10.0, SMALLEST_SIGMA)},
        random=True,
        prepare=prepare_shot,
    ),
    "band-noise": Perturbation(
        band_noise,
        {"sigma": Parameter("sd of ink", 0.0, 0.0, 10.0)},
        modifiers={"cut": Parameter("cycles/image", CUT, 0.0, 19.0)},
        choices={"band": BANDS},
        random=True,
    ),
    # Blur
    "gaussian-blur": Perturbation(gaussian_blur, {"sigma": Parameter("px", 0.0, 0.0, 28.0)}),
    "defocus": Perturbation(defocus, {"radius": Parameter("px", 0.0, 0.0, 14.0)}),
    "motion-blur": Perturbation(
        motion_blur,
        {"length": Parameter("px", 0.0, 0.0, 28.0)},
        modifiers={"angle": Parameter("°", 0.0, -180.0, 180.0)},
    ),
    "glass-blur": Perturbation(
        glass_blur,
        {"reach": Parameter("px", 0.0, 0.0, 28.0)},
        modifiers={"smoothing": Parameter("px", 0.5, 0.0, 28.0)},
        random=True,
    ),
    "zoom-blur": Perturbation(zoom_blur, {"factor": Parameter("×", 1.0, 1.0, 10.0)}),
    "pixelate": Perturbation(pixelate, {"block": Parameter("px", 1.0, 1.0, 28.0)}),
    # Intensity
    "brightness": Perturbation(brightness, {"change": Parameter("ink", 0.0, -1.0, 1.0)}),
    "contrast": Perturbation(contrast, {"factor": Parameter("×", 1.0, 0.0, 10.0)}, choices={"about": PIVOTS}),
    "gamma": Perturbation(gamma, {"exponent": Parameter("exponent", 1.0, 0.01, 100.0)}),
    "inversion": Perturbation(inversion, {"fraction": Parameter("fraction", 0.0, 0.0, 1.0)}),
    "quantise": Perturbation(quantise, {"step": Parameter("ink", 0.0, 0.0, 1.0)}),
    "jpeg": Perturbation(jpeg, {"loss": Parameter("quality", 0.0, 0.0, 99.0)}),
    # Occlusion
    "patch": Perturbation(patch, {"side": Parameter("px", 0.0, 0.0, 56.0)}, choices={"fill": FILLS}, random=True),
    "stripe": Perturbation(
        stripe, {"width": Parameter("px", 0.0, 0.0, 28.0)}, choices={"direction": AXES, "fill": FILLS}
    ),
    "lines": Perturbation(
        lines,
        {"width": Parameter("px", 0.0, 0.0, 28.0)},
        modifiers={"number": Parameter("lines", 3.0, 0.0, MOST_LINES)},
        choices={"fill": FILLS},
        random=True,
    ),
    "missing-rows": Perturbation(missing_rows, {"fraction": Parameter("fraction", 0.0, 0.0, 1.0)}, random=True),
}

if twice := PERTURBATIONS.keys() & MNIST_C.keys():
    raise ValueError(f"two perturbations are named {', '.join(sorted(twice))}")
PERTURBATIONS |= MNIST_C
