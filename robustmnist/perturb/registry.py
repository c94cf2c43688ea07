"""The perturbations by name: a line for each entry, which stands beside the function in its file."""

from robustmnist.perturb.blur import glass, linear_blur, pixelate
from robustmnist.perturb.geometry import decentering, elastic, pose, scale_and_rotation, shear, shift, there_and_back
from robustmnist.perturb.intensity import gamma, jpeg, tone
from robustmnist.perturb.mnist_c import blur, edges, geometry, marks, weather
from robustmnist.perturb.noise import band, pixel_noise, shot
from robustmnist.perturb.occlusion import patches_and_lines
from robustmnist.perturb.perturbation import Perturbation
from robustmnist.perturb.stroke import fracture, relative_thickness, swelling, thickness, width

__all__ = ["PERTURBATIONS", "joined"]


def joined(*entries: tuple[str, Perturbation]) -> dict[str, Perturbation]:
    """Return the entries by name, in their order.

    Raises:
        ValueError: If two entries have one name.
    """
    table: dict[str, Perturbation] = {}
    for name, entry in entries:
        if name in table:
            raise ValueError(f"two perturbations are named {name}")
        table[name] = entry
    return table


PERTURBATIONS = joined(
    # Geometry
    ("shift", shift.SHIFT),
    ("shift-towards", shift.SHIFT_TOWARDS),
    ("scale", scale_and_rotation.SCALE),
    ("rotation", scale_and_rotation.ROTATION),
    ("decentering", decentering.DECENTERING),
    ("pose", pose.POSE),
    ("random-pose", pose.RANDOM_POSE),
    ("shear", shear.SHEAR),
    ("perspective", shear.PERSPECTIVE),
    ("elastic", elastic.ELASTIC),
    ("turn-and-back", there_and_back.TURN_AND_BACK),
    ("shift-and-back", there_and_back.SHIFT_AND_BACK),
    # Stroke
    ("thickness", thickness.THICKNESS),
    ("relative-thickness", relative_thickness.RELATIVE_THICKNESS),
    ("target-thickness", relative_thickness.TARGET_THICKNESS),
    ("swelling", swelling.SWELLING),
    ("fracture", fracture.FRACTURE),
    ("width", width.WIDTH),
    # Noise
    ("gaussian-noise", pixel_noise.GAUSSIAN_NOISE),
    ("salt-and-pepper", pixel_noise.SALT_AND_PEPPER),
    ("impulse-noise", pixel_noise.IMPULSE_NOISE),
    ("speckle", pixel_noise.SPECKLE),
    ("uniform-noise", pixel_noise.UNIFORM_NOISE),
    ("shot-noise", shot.SHOT_NOISE),
    ("band-noise", band.BAND_NOISE),
    # Blur
    ("gaussian-blur", linear_blur.GAUSSIAN_BLUR),
    ("defocus", linear_blur.DEFOCUS),
    ("motion-blur", linear_blur.MOTION_BLUR),
    ("glass-blur", glass.GLASS_BLUR),
    ("zoom-blur", linear_blur.ZOOM_BLUR),
    ("pixelate", pixelate.PIXELATE),
    # Intensity
    ("brightness", tone.BRIGHTNESS),
    ("contrast", tone.CONTRAST),
    ("gamma", gamma.GAMMA),
    ("inversion", tone.INVERSION),
    ("quantise", tone.QUANTISE),
    ("jpeg", jpeg.JPEG),
    # Occlusion
    ("patch", patches_and_lines.PATCH),
    ("stripe", patches_and_lines.STRIPE),
    ("lines", patches_and_lines.LINES),
    ("missing-rows", patches_and_lines.MISSING_ROWS),
    # MNIST-C, two of whose corruptions are perturbations of ours
    ("mnist-c-shot-noise", shot.SHOT_NOISE),
    ("mnist-c-impulse-noise", pixel_noise.SALT_AND_PEPPER),
    ("mnist-c-glass-blur", blur.GLASS_BLUR),
    ("mnist-c-motion-blur", blur.MOTION_BLUR),
    ("mnist-c-shear", geometry.SHEAR),
    ("mnist-c-scale", geometry.SCALE),
    ("mnist-c-rotate", geometry.ROTATE),
    ("mnist-c-brightness", weather.BRIGHTNESS),
    ("mnist-c-translate", geometry.TRANSLATE),
    ("mnist-c-stripe", marks.STRIPE),
    ("mnist-c-fog", weather.FOG),
    ("mnist-c-spatter", weather.SPATTER),
    ("mnist-c-dotted-line", marks.DOTTED_LINE),
    ("mnist-c-zigzag", marks.ZIGZAG),
    ("mnist-c-canny-edges", edges.CANNY_EDGES),
)
