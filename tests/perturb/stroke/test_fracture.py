"""Places on strokes, breaks there and swellings about them."""

import math

import numpy as np
import pytest
import torch
from scipy import ndimage
from support.pictures import pictures
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.errors import InputError
from robustmnist.measure import stroke_width
from robustmnist.perturb import fracture, swelling
from robustmnist.perturb.occlusion.cover import slanting
from robustmnist.perturb.stroke.stroke_points import prepare_stroke_points

PX = torch.arange(28) - 13.5


def drawn(n: int) -> Draws:
    return Draws(0, "fracture", torch.arange(n))


def bar(degrees: float, broad: float, length: float = 20.0, shift: float = 0.0) -> Tensor:
    """Return an anti-aliased bar, by the angle from the horizontal counter-clockwise, `shift` px off the centre."""
    x, y = torch.meshgrid(PX, PX, indexing="xy")
    turn = math.radians(degrees)
    along, across = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
    one, other = torch.tensor(math.sin(turn)), torch.tensor(math.cos(turn))
    return (slanting(across - shift, broad, one, other) * slanting(along, length, other, one))[None, None]


@pytest.mark.parametrize("degrees", [0.0, 20.0, 45.0, 90.0, 117.0, 160.0])
@pytest.mark.parametrize(("broad", "shift"), [(2.0, 0.3), (3.0, 0.0), (4.0, -0.4)])
def test_places_lie_on_the_middle_of_a_bar_and_know_it(degrees: float, broad: float, shift: float) -> None:
    places = prepare_stroke_points(bar(degrees, broad, shift=shift).expand(30, -1, -1, -1), drawn(30)).flatten(0, 1)
    x, y, normal_x, normal_y, found = places.unbind(1)
    turn = math.radians(degrees)
    along, across = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
    inner = along.abs() < 7
    assert float(inner.float().mean()) > 0.6
    assert torch.allclose(normal_x.square() + normal_y.square(), torch.tensor(1.0), atol=1e-5)
    assert float((across - shift)[inner].abs().max()) < 0.3
    parallel = (normal_x * math.cos(turn) - normal_y * math.sin(turn))[inner].abs()
    assert float(parallel.max()) < math.sin(math.radians(8))
    assert float(found[inner].mean()) == pytest.approx(broad, abs=0.2)
    assert np.histogram(along[inner].numpy(), bins=4, range=(-7, 7))[0].min() > 0.1 * int(inner.sum())


def test_places_lie_near_the_skeleton(digits28: Tensor) -> None:
    from skimage.morphology import skeletonize

    places = prepare_stroke_points(digits28, drawn(64))
    far = []
    for image, found in zip(digits28[:, 0].numpy(), places.numpy(), strict=True):
        away = ndimage.distance_transform_edt(~skeletonize(image >= image.max() / 2))
        far.append(ndimage.map_coordinates(away, found[:, [1, 0]].T + 13.5, order=1))
    assert np.median(far) < 0.7
    assert np.quantile(far, 0.95) < 2.0  # their strokes are 4 px broad


@pytest.mark.parametrize("degrees", [0.0, 30.0, 90.0, 135.0])
@pytest.mark.parametrize("width", [0.5, 1.5, 3.0])
def test_a_gap_is_as_wide_as_asked(degrees: float, width: float) -> None:
    """What is lost is the gap's width times the bar's."""
    image = bar(degrees, 3.0).expand(60, -1, -1, -1)
    places = prepare_stroke_points(image, drawn(60))[:, 0, :2]
    inner = places.square().sum(1).sqrt() < 7
    lost = (image - fracture(image, width=width, draws=drawn(60), number=1)).sum((1, 2, 3))[inner]
    assert float(lost.mean()) == pytest.approx(3.0 * width, rel=0.05, abs=0.12)
    assert torch.allclose(lost, torch.tensor(3.0 * width), atol=0.5)


def test_a_break_makes_two_of_one() -> None:
    image = bar(30, 2.5).expand(60, -1, -1, -1)
    inner = prepare_stroke_points(image, drawn(60))[:, 0, :2].square().sum(1).sqrt() < 6
    out = fracture(image, width=2.5, draws=drawn(60), number=1)[inner, 0].numpy()
    assert len(out) > 20
    assert all(ndimage.label(picture > 0.5)[1] == 2 for picture in out)


def test_digits_fall_into_pieces(digits28: Tensor) -> None:
    def pieces(images: Tensor) -> float:
        return float(np.mean([ndimage.label(picture > 0.5, np.ones((3, 3)))[1] for picture in images[:, 0].numpy()]))

    found = [pieces(fracture(digits28, width=2.5, draws=drawn(64), number=number)) for number in (0, 1, 3)]
    assert found[0] < found[1] - 0.2 < found[2] - 0.8


def test_wider_and_more_breaks_cover_the_others(digits28: Tensor) -> None:
    draws = drawn(64)
    narrow, wide = (fracture(digits28, width=width, draws=draws) for width in (1.0, 2.0))
    few, many = (fracture(digits28, width=1.5, draws=draws, number=number) for number in (1, 4))
    assert bool((wide <= narrow).all())
    assert bool((many <= few).all())


def literal_swelling(image: np.ndarray, at: np.ndarray, exponent: float, radius: float, width: float) -> np.ndarray:
    """Morpho-MNIST's formula on the picture itself: where each pixel is read, and there by scipy."""
    rim = radius * np.sqrt(width) / 2
    y, x = np.mgrid[:28, :28] - 13.5
    offset = np.stack([y - at[1], x - at[0]])
    distance = np.hypot(*offset)
    weight = np.where(distance > rim, 1.0, (distance / rim) ** (exponent - 1))
    source = at[::-1, None, None] + weight * offset + 13.5
    return ndimage.map_coordinates(image, source, order=1)


@pytest.mark.parametrize(("exponent", "radius"), [(1.5, 7.0), (3.0, 7.0), (3.0, 12.0), (6.0, 4.0)])
def test_swelling_is_morpho_mnists_formula(exponent: float, radius: float, digits28: Tensor) -> None:
    draws = drawn(64)
    points, width = prepare_stroke_points(digits28, draws)[:, 0, :2].double().numpy(), stroke_width(digits28).numpy()
    found = swelling(digits28, exponent=exponent, radius=radius, draws=draws)
    for row in range(0, 64, 4):
        image = digits28[row, 0].double().numpy()
        expected = literal_swelling(image, points[row], exponent, radius, float(width[row]))
        assert np.abs(found[row, 0].numpy() - expected).max() < 1e-4


def test_ink_swells_and_nothing_else_changes(digits28: Tensor) -> None:
    draws = drawn(64)
    ink = [float(swelling(digits28, exponent=exponent, draws=draws).sum()) for exponent in (1, 1.5, 2, 3, 5)]
    assert ink == sorted(ink)
    x, y = prepare_stroke_points(digits28, draws)[:, 0, :2, None, None].unbind(1)
    beyond = (PX[None, None, :] - x) ** 2 + (PX[None, :, None] - y) ** 2 > (stroke_width(digits28) * 3.5**2 + 0.01)[
        :, None, None
    ]
    assert torch.equal(swelling(digits28, exponent=4, draws=draws)[:, 0][beyond], digits28[:, 0][beyond])


def test_blank_pictures_stay_blank() -> None:
    blank = torch.zeros(4, 1, 28, 28)
    assert torch.equal(fracture(blank, width=3, draws=drawn(4)), blank)
    assert torch.equal(swelling(blank, exponent=3, draws=drawn(4)), blank)


def test_draws_are_not_shared_by_the_batch() -> None:
    image = bar(20, 3.0).expand(20, -1, -1, -1)
    for out in (fracture(image, width=1.5, draws=drawn(20)), swelling(image, exponent=3, draws=drawn(20))):
        assert len({picture.numpy().tobytes() for picture in out}) > 10


def test_what_is_out_of_range_is_refused() -> None:
    with pytest.raises(InputError, match="number: must be 0 to 10, not 11"):
        fracture(pictures(1), width=1, draws=drawn(1), number=11)
    with pytest.raises(InputError, match=r"exponent: must be 1 or more, not 0\.5"):
        swelling(pictures(1), exponent=0.5, draws=drawn(1))
    with pytest.raises(InputError, match="radius: must be 0 px or more, not -1"):
        swelling(pictures(1), exponent=2, radius=-1, draws=drawn(1))
