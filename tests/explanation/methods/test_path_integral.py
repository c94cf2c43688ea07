"""Integrals along straight paths: exact where slopes are straight, and refined from the points already read."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from robustmnist.explanation.methods import path_integral
from robustmnist.explanation.methods.path_integral import straight
from robustmnist.explanation.subject import Subject, subject_of
from robustmnist.explanation.target import Target


class Curved(nn.Module):
    """Ten logits, the same function of all ink."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, images: Tensor) -> Tensor:
        return self.function(images).sum((1, 2, 3))[:, None].expand(-1, 10)


class Reads(Subject):
    """A classifier that writes down the ink of the first pixel wherever a slope is read."""

    def slopes(self, images: Tensor, target: Target) -> Tensor:
        READ.extend(images[:, 0, 0, 0].tolist())
        return super().slopes(images, target)


READ: list[float] = []


def asked(function: Callable[[Tensor], Tensor]) -> Subject:
    READ.clear()
    return Reads(**vars(subject_of(Curved(function))))


@pytest.fixture
def pair() -> tuple[Tensor, Tensor, Target]:
    ends = torch.linspace(0.1, 1.0, 784).view(1, 1, 28, 28)
    ends[0, 0, 0, 0] = 1.0
    return torch.zeros_like(ends), ends, Target.of_class(torch.tensor([3]))


@pytest.mark.parametrize("steps", [2, 5, 32])
def test_straight_slopes_are_integrated_exactly_however_often_refined(
    pair: tuple[Tensor, Tensor, Target], steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(path_integral, "TOLERANCE", -1.0)  # nothing is near enough: refine to the end
    monkeypatch.setattr(path_integral, "MOST", 8 * steps)
    starts, ends, target = pair
    found = straight(asked(torch.square), starts, ends, target, steps=steps)
    assert int(found.steps) == 8 * steps
    torch.testing.assert_close(found.maps, ends[:, 0].square(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("times", [1, 2, 4])
def test_twice_the_steps_read_the_points_between_and_keep_the_others(
    pair: tuple[Tensor, Tensor, Target], times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(path_integral, "TOLERANCE", -1.0)
    monkeypatch.setattr(path_integral, "MOST", 2**times * 8)
    starts, ends, target = pair
    straight(asked(torch.square), starts, ends, target, steps=8)
    cut = 2**times * 8
    assert sorted(READ) == pytest.approx([k / cut for k in range(1, cut)])  # neither 0 nor 1, none twice


def test_refining_comes_nearer_where_slopes_jump(pair: tuple[Tensor, Tensor, Target]) -> None:
    starts, ends, target = pair
    subject = asked(lambda images: 40 * (images - 0.31).relu())
    rough = straight(subject, starts, ends, target, steps=4096)
    found = straight(subject, starts, ends, target, steps=4)
    assert found.gap.max() <= path_integral.TOLERANCE < 1
    assert (found.maps - rough.maps).norm() / rough.maps.norm() < 0.1
