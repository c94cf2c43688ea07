"""The registry's section of MNIST-C."""

from robustmnist.perturb.mnist_c.blur import MOST_DELTA, MOST_ITERATIONS, glass_blur, motion_blur
from robustmnist.perturb.mnist_c.edges import canny_edges
from robustmnist.perturb.mnist_c.geometry import rotate, scale, shear, translate
from robustmnist.perturb.mnist_c.marks import dotted_line, stripe, zigzag
from robustmnist.perturb.mnist_c.weather import brightness, fog, spatter
from robustmnist.perturb.noise.pixel_noise import prepare_salt_and_pepper, salt_and_pepper
from robustmnist.perturb.noise.shot import SMALLEST_SIGMA, prepare_shot, shot_noise
from robustmnist.perturb.perturbation import Parameter, Perturbation

__all__ = ["MNIST_C"]

OPACITY = Parameter("fraction", 0.0, 0.0, 1.0)

MNIST_C: dict[str, Perturbation] = {
    "mnist-c-shot-noise": Perturbation(
        shot_noise, {"sigma": Parameter("sd of ink", 0.0, 0.0, 10.0, SMALLEST_SIGMA)}, random=True, prepare=prepare_shot
    ),
    "mnist-c-impulse-noise": Perturbation(
        salt_and_pepper,
        {"probability": Parameter("probability", 0.0, 0.0, 1.0)},
        random=True,
        prepare=prepare_salt_and_pepper,
    ),
    "mnist-c-glass-blur": Perturbation(
        glass_blur,
        {"sigma": Parameter("px", 0.0, 0.0, 10.0)},
        modifiers={
            "max_delta": Parameter("px", 1.0, 1.0, MOST_DELTA),
            "iterations": Parameter("times", 2.0, 1.0, MOST_ITERATIONS),
        },
        random=True,
    ),
    "mnist-c-motion-blur": Perturbation(
        motion_blur,
        {"sigma": Parameter("px", 0.0, 0.0, 100.0)},
        modifiers={"radius": Parameter("px", 10.0, 1.0, 28.0)},
        random=True,
    ),
    "mnist-c-shear": Perturbation(shear, {"angle": Parameter("rad", 0.0, 0.0, 1.5)}, random=True),
    "mnist-c-scale": Perturbation(scale, {"factor": Parameter("×", 1.0, 0.1, 10.0, measure="size")}),
    "mnist-c-rotate": Perturbation(rotate, {"angle": Parameter("rad", 0.0, 0.0, 3.0)}, random=True),
    "mnist-c-brightness": Perturbation(brightness, {"offset": Parameter("ink", 0.0, 0.0, 1.0)}),
    "mnist-c-translate": Perturbation(translate, {"distance": Parameter("px", 0.0, 0.0, 28.0)}, random=True),
    "mnist-c-stripe": Perturbation(stripe, {"opacity": OPACITY}),
    "mnist-c-fog": Perturbation(
        fog,
        {"amount": Parameter("ink", 0.0, 0.0, 10.0)},
        modifiers={"decay": Parameter("×", 2.0, 1.3, 4.0)},
        random=True,
    ),
    "mnist-c-spatter": Perturbation(
        spatter,
        {"coverage": Parameter("fraction", 0.0, 0.0, 1.0)},
        modifiers={"blur": Parameter("px", 1.0, 0.2, 10.0), "edge": Parameter("px", 1.5, 0.2, 10.0)},
        random=True,
    ),
    "mnist-c-dotted-line": Perturbation(dotted_line, {"opacity": OPACITY}, random=True),
    "mnist-c-zigzag": Perturbation(zigzag, {"opacity": OPACITY}, random=True),
    "mnist-c-canny-edges": Perturbation(canny_edges, {"opacity": OPACITY}),
}
