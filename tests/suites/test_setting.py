"""One strength of one sweep, and the function that brings images to it."""

import torch

from robustmnist import perturb
from robustmnist.suites import Setting, load_suite, prepared


def test_a_setting_is_known_by_what_it_names() -> None:
    first, second = Setting("shift", "right", 3.0), Setting("shift", "right", 3)
    assert first == second == ("shift", "right", 3.0)
    assert len({first, second, Setting("shift", "left", 3.0)}) == 2


def test_prepared_images_are_those_of_the_perturbation() -> None:
    images, ids = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(1)), torch.arange(4)
    sweep = load_suite("shift").sweeps[0]
    perturbed = prepared(sweep, sweep.variants[0], images, ids=ids, seed=0)
    for value in (sweep.neutral, 3.0):
        asked = perturb.shift_towards(images, distance=value, direction="right")
        assert torch.equal(perturbed(value), asked)
    assert torch.equal(perturbed(sweep.neutral), images)


def test_a_random_perturbation_takes_the_draw_of_its_variant() -> None:
    images, ids = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(1)), torch.arange(4)
    sweep = next(one for suite in (load_suite("worst-of-k"),) for one in suite.sweeps if one.draws > 1)
    first, again, other = (
        prepared(sweep, sweep.variants[k], images, ids=ids, seed=7)(sweep.values[-1]) for k in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
