"""A digit's width: set it, measure it."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from support.pictures import pictures
from torch import Tensor

from robustmnist.errors import InputError
from robustmnist.measure import box_size, extent
from robustmnist.perturb import scale, shift, width


@pytest.mark.parametrize("factor", [0.5, 0.7, 0.9, 1.15, 1.3])
def test_the_box_is_as_much_broader_and_no_higher(factor: float, digits28: Tensor) -> None:
    before, after = box_size(digits28), box_size(width(digits28, factor=factor))
    kept = before[:, 0] * factor < 26
    ratio = (after / before)[kept]
    assert float(ratio[:, 0].mean()) == pytest.approx(factor, abs=0.03)
    assert float(ratio[:, 1].mean()) == pytest.approx(1, abs=0.05)


def test_the_digit_stays_where_it_is() -> None:
    image = torch.zeros(1, 1, 28, 28)
    image[..., 8:20, 3:11] = 1.0
    for factor in (0.5, 0.75, 1.5):
        left, _, right, _ = extent(width(image, factor=factor), threshold=0.4)[0].tolist()
        assert (left + right) / 2 == 7.0
        assert right - left == pytest.approx(8 * factor, abs=1)


def test_ink_grows_with_the_width(digits28: Tensor) -> None:
    clean = digits28.sum((1, 2, 3))
    for factor in (0.5, 0.8, 1.2):
        assert torch.allclose(width(digits28, factor=factor).sum((1, 2, 3)), clean * factor, rtol=0.03)


@pytest.mark.parametrize("factor", [1.2, 1.7, 3.0])
def test_broadening_equals_scipy(factor: float) -> None:
    images = shift(pictures(5), dx=2)
    for image, (left, _, right, _), found in zip(
        images, extent(images).tolist(), width(images, factor=factor), strict=True
    ):
        middle = (left + right - 1) / 2
        expected = ndimage.affine_transform(
            image[0].double().numpy(), [1, 1 / factor], [0, middle - middle / factor], order=1, mode="grid-constant"
        )
        np.testing.assert_allclose(found[0].numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("factor", [0.2, 0.45, 0.8, 1.4])
def test_a_digit_in_the_middle_is_scaled(factor: float) -> None:
    image = torch.zeros(1, 1, 28, 28)
    image[..., 4:24, 5:23] = pictures(1, box=20)[..., 4:24, 5:23]
    image[..., 10, 5] = image[..., 10, 22] = 1.0  # the box ends alike on both sides
    assert torch.allclose(width(image, factor=factor), scale(image, horizontal=factor), atol=1e-5)


def test_narrow_strokes_fade_and_do_not_break() -> None:
    stripes = torch.zeros(1, 1, 28, 28)
    stripes[..., 4:24:2] = 1.0
    small = width(stripes, factor=0.4)[0, 0, 10, 11:16]
    assert float((small - 0.5).abs().max()) < 0.12


def test_what_is_out_of_range_is_refused() -> None:
    with pytest.raises(InputError, match=r"factor: must be 0.2 to 4 ×, not 0.1"):
        width(pictures(1), factor=0.1)
