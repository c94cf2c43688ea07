"""Decentering: where the box goes, measured on the output."""

import numpy as np
import pytest
import torch
from support.pictures import DEVICES, pictures
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb import decentering
from robustmnist.perturb.geometry.decentering import margins, prepare_decentering

N = 400


def box(picture: Tensor) -> tuple[int, int, int, int]:
    """Return the margins of one picture, left, right, above, below, with numpy."""
    rows, columns = np.nonzero(picture[0].numpy() > 0)
    return int(columns.min()), 27 - int(columns.max()), int(rows.min()), 27 - int(rows.max())


def test_margins_are_those_of_the_ink() -> None:
    images = torch.cat([pictures(30, box=12), torch.zeros(1, 1, 28, 28)])
    images[0] = 0
    images[0, 0, 3, 27] = 0.01  # one faint pixel on the frame
    expected = [(27, 0, 3, 24), *(box(picture) for picture in images[1:-1]), (0, 0, 0, 0)]
    assert margins(images).tolist() == [list(four) for four in expected]


@pytest.mark.parametrize("device", DEVICES)
def test_at_1_the_box_touches_the_frame(device: str) -> None:
    images, draws = pictures(N, box=14).to(device), Draws(0, "s", torch.arange(N, device=device))
    out = decentering(images, fraction=1.0, draws=draws).cpu()
    assert all(min(box(picture)) == 0 for picture in out)


def test_directions_go_all_around() -> None:
    images, draws = pictures(N, box=12), Draws(0, "s", torch.arange(N))
    step = prepare_decentering(images, draws)
    angle = torch.atan2(step[:, 1], step[:, 0])
    counts = torch.histc(angle.float(), 8, -torch.pi, torch.pi)
    assert int(counts.min()) > N / 8 * 0.5
    expected = torch.remainder(draws.uniform().double() * 2 * torch.pi + torch.pi, 2 * torch.pi) - torch.pi
    assert torch.allclose(angle, expected, atol=1e-6)


def test_a_fraction_goes_a_fraction_of_the_way() -> None:
    images, draws = pictures(N, box=12), Draws(0, "s", torch.arange(N))
    whole = prepare_decentering(images, draws)
    before = margins(images)
    for fraction in (0.25, 0.5, 0.8):
        moved = margins(decentering(images, fraction=fraction, draws=draws)) - before
        assert float((moved[:, [0, 2]] - fraction * whole).abs().max()) <= 0.5
        assert torch.equal(moved[:, 0], -moved[:, 1])
        assert torch.equal(moved[:, 2], -moved[:, 3])


def test_the_way_grows_with_the_fraction() -> None:
    images, draws = pictures(50, box=12), Draws(0, "s", torch.arange(50))
    before = margins(images)
    last = torch.zeros_like(before)
    for fraction in np.linspace(0, 1, 11):
        way = (margins(decentering(images, fraction=float(fraction), draws=draws)) - before).abs()
        assert bool((way >= last).all())
        last = way


@pytest.mark.parametrize("quarter", range(4))
def test_along_an_axis_the_other_one_stays(quarter: int) -> None:
    class Axis(Draws):
        def uniform(self, *shape: int) -> Tensor:
            return torch.full((len(self.ids),), quarter / 4)

    images = pictures(3, box=12)
    images[0] = 0
    images[0, 0, 0, :] = 1.0  # on the frame above, left and right: only down is open
    images[1] = 0
    images[1, 0, :, 27] = 1.0  # on the frame above, below and right: only left is open
    moved = (margins(decentering(images, fraction=1.0, draws=Axis(0, "s", torch.arange(3)))) - margins(images)).tolist()
    right, down = [(1, 0), (0, 1), (-1, 0), (0, -1)][quarter]
    left_room, right_room, above, below = margins(images)[2].tolist()
    assert moved[0] == ([0, 0, 27, -27] if down > 0 else [0, 0, 0, 0])
    assert moved[1] == ([-27, 27, 0, 0] if right < 0 else [0, 0, 0, 0])
    x, y = right * (right_room if right > 0 else left_room), down * (below if down > 0 else above)
    assert moved[2] == [x, -x, y, -y]


def test_pictures_with_nowhere_to_go_stay() -> None:
    images = torch.stack([torch.zeros(1, 28, 28), torch.ones(1, 28, 28)])
    assert torch.equal(decentering(images, fraction=1.0, draws=Draws(0, "s", torch.arange(2))), images)


def test_all_of_mnist_reaches_the_frame_whole(mnist_test: tuple[np.ndarray, np.ndarray]) -> None:
    images = torch.from_numpy(mnist_test[0]).float()[:, None] / 255
    out = decentering(images, fraction=1.0, draws=Draws(0, "s", torch.arange(len(images))))
    assert bool((margins(out).amin(1) == 0).all())
    assert torch.equal(out.flatten(1).sort(1).values, images.flatten(1).sort(1).values)
