"""Relative and target stroke width: set it, measure it."""

import pytest
import torch
from support.pictures import pictures
from torch import Tensor

from robustmnist.errors import InputError
from robustmnist.measure import stroke_width
from robustmnist.perturb import relative_thickness, scale, target_thickness, thickness


def bars() -> Tensor:
    """Return upright bars 2, 3, 4 and 5 px broad, and a blank picture."""
    images = torch.zeros(5, 1, 28, 28)
    for row, broad in enumerate((2, 3, 4, 5)):
        images[row, 0, 4:24, 12 : 12 + broad] = 1.0
    return images


@pytest.mark.parametrize(("change", "error"), [(-0.5, 0.15), (-0.25, 0.06), (0.25, 0.06), (0.5, 0.1), (1.0, 0.1)])
def test_digits_change_by_a_fraction_of_their_own_width(change: float, error: float, digits28: Tensor) -> None:
    ratio = stroke_width(relative_thickness(digits28, change=change)) / stroke_width(digits28)
    assert float(ratio.nanmean()) == pytest.approx(1 + change, abs=error)
    assert float(ratio.std()) < 0.3


@pytest.mark.parametrize(("share", "target"), [(0.5, 3.0), (1.0, 3.0), (0.5, 5.0), (1.0, 5.0)])
def test_digits_go_their_share_of_the_way_to_the_target(share: float, target: float, digits28: Tensor) -> None:
    before = stroke_width(digits28)
    after = stroke_width(target_thickness(digits28, share=share, target=target))
    assert float((after - (before + share * (target - before))).nanmean()) == pytest.approx(0, abs=0.3)


def test_one_pen_makes_widths_alike(mnist_test: tuple[Tensor, Tensor]) -> None:
    images = torch.from_numpy(mnist_test[0][:200]).float()[:, None] / 255
    before, after = stroke_width(images), stroke_width(target_thickness(images, share=1, target=3.0))
    assert float(after.mean()) == pytest.approx(3.0, abs=0.1)
    assert float(after.std()) < 0.5 * float(before.std())


@pytest.mark.parametrize("change", [-0.4, 0.7])
def test_it_is_thickness_by_each_digits_own_px(change: float) -> None:
    images = bars()[:4]
    expected = thickness(images, change=(stroke_width(images) * change).clamp(-2, 4))
    assert torch.equal(relative_thickness(images, change=change), expected)


def test_morpho_mnist_cuts_the_radius_off_to_a_quarter_px() -> None:
    """Its radius is truncated to ¼ px: small changes do nothing, and others come in steps. Here each one counts."""
    bar = bars()[1:2]
    ink = [float(relative_thickness(bar, change=change).sum()) for change in (0, 0.02, 0.04, 0.06, 0.08, 0.1)]
    steps = torch.tensor(ink).diff()
    assert bool((steps > 0).all())
    assert float(steps.max() / steps.min()) < 1.05


def test_what_is_asked_beyond_thickness_ends_there() -> None:
    images = bars()[3:4]
    assert torch.equal(relative_thickness(images, change=3.0), thickness(images, change=4.0))
    assert torch.equal(target_thickness(images, share=1, target=0.5), thickness(images, change=-2.0))


def test_what_has_no_stroke_width_stays_as_it_is() -> None:
    for images in (bars()[4:], 0.4 * pictures(3)):
        assert torch.equal(relative_thickness(images, change=1.0), images)
        assert torch.equal(target_thickness(images, share=1.0), images)


def test_small_digits_get_fine_strokes_in_proportion(digits28: Tensor) -> None:
    """The change of a digit half as large is half as many px, unlike that of `thickness`."""
    small = scale(digits28, factor=0.6)
    grown = [float((relative_thickness(it, change=0.5) - it).sum()) for it in (digits28, small)]
    assert grown[1] < 0.7 * grown[0]


def test_what_is_out_of_range_is_refused() -> None:
    with pytest.raises(InputError, match=r"change: must be -1 or more, not -1\.5"):
        relative_thickness(pictures(1), change=-1.5)
    with pytest.raises(InputError, match="share: must be 0 to 1, not 2"):
        target_thickness(pictures(1), share=2)
    with pytest.raises(InputError, match="target: must be above 0 px, not 0"):
        target_thickness(pictures(1), share=1, target=0)
