"""Which curves of a suite are MNIST-C's corruptions, and at which strength the data set has each of them."""

from robustmnist.suites import Suite, Sweep

__all__ = ["DATA_SET", "counted", "data_set_value"]

# By perturbation; `perturb.mnist_c` has the same strengths by the names of the corruptions.
# Source: Mu & Gilmer, MNIST-C: a robustness benchmark for computer vision, 2019: the severities of its files.
DATA_SET = {
    "mnist-c-shot-noise": 3**-0.5,
    "mnist-c-impulse-noise": 0.17,
    "mnist-c-glass-blur": 0.7,
    "mnist-c-motion-blur": 3.0,
    "mnist-c-shear": 0.4,
    "mnist-c-scale": 0.7,
    "mnist-c-rotate": 0.4,
    "mnist-c-brightness": 0.5,
    "mnist-c-translate": 3.0,
    "mnist-c-stripe": 1.0,
    "mnist-c-fog": 3.0,
    "mnist-c-spatter": 0.5,
    "mnist-c-dotted-line": 1.0,
    "mnist-c-zigzag": 1.0,
    "mnist-c-canny-edges": 1.0,
}


def counted(suite: Suite) -> tuple[Sweep, ...]:
    """Return the curves of a suite that a mean over corruptions is taken over, each corruption once.

    All curves, but for MNIST-C's corruptions: of several curves of one corruption, as ``fog`` and ``fog-rough``, the
    one that holds the strength of the data set counts, else the first.
    """
    chosen: dict[str, Sweep] = {}
    for sweep in suite.curves:
        known = chosen.get(sweep.perturbation)
        if known is None or (data_set_value(known) is None and data_set_value(sweep) is not None):
            chosen[sweep.perturbation] = sweep
    return tuple(
        sweep for sweep in suite.curves if sweep.perturbation not in DATA_SET or chosen[sweep.perturbation] is sweep
    )


def data_set_value(sweep: Sweep) -> float | None:
    """Return the value of the sweep that MNIST-C's data set has; None where it is not among them, or no corruption."""
    wanted = DATA_SET.get(sweep.perturbation)
    return next((value for value in sweep.values if wanted is not None and abs(value - wanted) < 1e-9), None)
