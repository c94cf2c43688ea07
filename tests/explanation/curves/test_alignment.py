"""Maps turned back: against the perturbations themselves, and exactly where pixels are copied."""

import pytest
import torch

from robustmnist.data import load_dataset
from robustmnist.explanation.curves.alignment import MOVING, Motion, carried, motion_of
from robustmnist.perturb import PERTURBATIONS, prepare

CASES = [
    ("rotation", {"angle": 30.0}),
    ("rotation", {"angle": -77.0}),
    ("shift", {"dx": 2.5, "dy": -3.0}),
    ("shift-towards", {"distance": 3.0, "direction": "down-left", "metric": "euclidean"}),
    ("shift-towards", {"distance": 3.0, "direction": "up", "metric": "chessboard"}),
    ("scale", {"factor": 1.3, "horizontal": 1.1}),
    ("shear", {"horizontal": 0.3}),
    ("shear", {"vertical": -0.2}),
    ("shear", {"horizontal": 0.3, "vertical": 0.2}),
]


@pytest.mark.parametrize(("perturbation", "arguments"), CASES)
def test_a_map_is_carried_where_the_perturbation_carries_ink(perturbation: str, arguments: dict[str, float]) -> None:
    data = load_dataset("digits").head(6)
    perturbed = prepare(perturbation, data.images, ids=data.ids, seed=0, draw=0)(**arguments)
    motion = motion_of(perturbation, arguments)
    assert motion is not None
    moved, inside = carried(data.images[:, 0], motion)
    assert float((moved - perturbed[:, 0])[:, inside].abs().max()) < 1e-5


def test_whole_pixels_and_quarter_turns_go_there_and_back_bit_for_bit() -> None:
    maps = torch.randn(3, 28, 28, generator=torch.Generator().manual_seed(0))
    for motion in (Motion(dx=3.0, dy=-2.0), motion_of("rotation", {"angle": 90.0})):
        assert motion is not None
        back, inside = carried(carried(maps, motion)[0], motion.inverse)
        assert torch.equal(back[:, inside], maps[:, inside])
    assert int(inside.sum()) == 784
    _, inside = carried(maps, Motion(dx=3.0))
    assert int(inside.sum()) == 28 * 25  # nothing wraps around


def test_negative_values_travel_as_positive_ones_do() -> None:
    maps = torch.randn(2, 28, 28, generator=torch.Generator().manual_seed(0))
    motion = Motion(dx=0.4, dy=1.3)
    assert torch.equal(carried(-maps, motion)[0], -carried(maps, motion)[0])


def test_every_perturbation_that_moves_ink_is_known() -> None:
    assert set(PERTURBATIONS) >= MOVING
    handled = {name for name, _ in CASES}
    for name in PERTURBATIONS:
        motion = motion_of(name, {})
        assert (motion is None) == (name in MOVING)
        if name not in handled and motion is not None:
            assert motion.still
