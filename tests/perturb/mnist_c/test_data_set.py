"""The suite mnist-c: the data set's 15 corruptions at its code's severities, and the published strengths by name."""

import math

import pytest
import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb import PERTURBATIONS, prepare, salt_and_pepper, shot_noise
from robustmnist.perturb.mnist_c import DATA_SET
from robustmnist.suites import load_suite

SUITE = load_suite("mnist-c")
MNIST_C = {name for name in PERTURBATIONS if name.startswith("mnist-c-")}
SWEEPS = {sweep.name: sweep for sweep in SUITE.sweeps}

# Severities 1 to 5 in the data set's code, by the parameter and its modifiers; the second number is the default, which
# the data set was made with.
FIVE = {
    "shot-noise": ([(1 / math.sqrt(photons),) for photons in (60, 25, 12, 5, 3)], 5),
    "impulse-noise": ([(0.03,), (0.06,), (0.09,), (0.17,), (0.27,)], 4),
    "glass-blur": ([(0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)], 1),
    "motion-blur": ([(3, 10), (5, 15), (8, 15), (12, 15), (15, 20)], 1),
    "shear": ([(0.2,), (0.4,), (0.6,), (0.8,), (1.0,)], 2),
    "scale": ([(0.9,), (0.8,), (0.7,), (0.6,), (0.5,)], 3),
    "rotate": ([(0.2,), (0.4,), (0.6,), (0.8,), (1.0,)], 2),
    "brightness": ([(0.1,), (0.2,), (0.3,), (0.4,), (0.5,)], 5),
    "translate": ([(1,), (2,), (3,), (4,), (5,)], 3),
    "fog": ([(1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)], 5),
}
ONE = ("stripe", "dotted-line", "zigzag", "canny-edges")


def settings(name: str) -> set[tuple[float, ...]]:
    """Return what a sweep runs: the strength and its modifiers, in the file's order, rounded to 12 digits."""
    sweep = SWEEPS[name]
    found = set()
    for variant in sweep.variants:
        for value in sweep.values:
            arguments = sweep.arguments(value, variant)
            modifiers = [arguments[key] for key in PERTURBATIONS[sweep.perturbation].modifiers if key in arguments]
            found.add(tuple(round(float(number), 12) for number in (value, *modifiers)))
    return found


def test_all_fifteen_are_there() -> None:
    assert set(SWEEPS) == {*FIVE, *ONE, "spatter", "fog-rough"}
    assert set(DATA_SET) == set(SWEEPS) - {"fog-rough"}
    assert {f"mnist-c-{name}" for name in DATA_SET} == MNIST_C == {sweep.perturbation for sweep in SUITE.sweeps}


@pytest.mark.parametrize("name", FIVE)
def test_every_severity_of_the_code_is_run(name: str) -> None:
    severities, published = FIVE[name]
    asked = {tuple(round(float(number), 12) for number in severity) for severity in severities}
    run = settings(name) | (settings("fog-rough") if name == "fog" else set())
    assert asked <= run
    assert DATA_SET[name] == pytest.approx(severities[published - 1][0], rel=1e-15)
    assert tuple(round(float(number), 12) for number in severities[published - 1]) in settings(name)


@pytest.mark.parametrize("name", DATA_SET)
def test_the_published_strength_can_be_picked_from_the_suite(name: str, digits28: Tensor) -> None:
    sweep = SWEEPS[name]
    assert DATA_SET[name] in sweep.values
    assert DATA_SET[name] != sweep.neutral
    perturb = prepare(sweep.perturbation, digits28, ids=torch.arange(64))
    changed = perturb(**sweep.arguments(DATA_SET[name], sweep.variants[0])) - digits28
    assert 0.01 < float(changed.abs().mean()) < 0.7


def test_spatter_has_the_fourth_set() -> None:
    sweep = SWEEPS["spatter"]
    assert sweep.arguments(0.5, sweep.variants[0]) == {"coverage": 0.5, "blur": 1, "edge": 1.5}


def test_noise_is_this_projects(digits28: Tensor) -> None:
    ids = torch.arange(64)
    shot = prepare("mnist-c-shot-noise", digits28, ids=ids)(sigma=DATA_SET["shot-noise"])
    assert torch.equal(
        shot, shot_noise(digits28, sigma=DATA_SET["shot-noise"], draws=Draws(0, "mnist-c-shot-noise", ids))
    )
    impulse = prepare("mnist-c-impulse-noise", digits28, ids=ids)(probability=0.17)
    expected = salt_and_pepper(digits28, probability=0.17, draws=Draws(0, "mnist-c-impulse-noise", ids))
    assert torch.equal(impulse, expected)
    # Three photons at full ink, no more than which is shown: multiples of a third.
    assert set((shot * 3).round(decimals=5).unique().tolist()) == {0.0, 1.0, 2.0, 3.0}
