"""MNIST-C's Canny edges, against scikit-image's."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage import feature
from torch import Tensor

from robustmnist.perturb import mnist_c


def test_canny_edges_are_those_of_scikit_image(digits28: Tensor) -> None:
    out = mnist_c.canny_edges(digits28, opacity=1.0)
    levels = (digits28.double() * 255).round() / 255
    expected = np.stack([feature.canny(image[0].numpy()) for image in levels])
    assert expected.mean() > 0.05
    assert (out[:, 0].numpy() == expected).mean() >= 0.9999


@pytest.mark.parametrize("seed", range(3))
def test_canny_edges_of_any_picture(seed: int) -> None:
    """Long chains of weak pixels that wind through the picture, and the frame's rim."""
    field = torch.rand(60, 1, 28, 28, generator=torch.Generator().manual_seed(seed))
    images = torch.nn.functional.avg_pool2d(field, 3, 1, 1, count_include_pad=False) ** 2
    out = mnist_c.canny_edges(images, opacity=1.0)
    expected = np.stack([feature.canny(image[0].double().numpy()) for image in images])
    assert (out[:, 0].numpy() == expected).mean() >= 0.9999
    assert not out[..., 0].any()
    assert not out[..., 27, :].any()


def test_canny_edges_of_real_digits(mnist_test: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> None:
    digits = mnist_test[0][:200]
    out = mnist_c.canny_edges(torch.from_numpy(digits)[:, None].float() / 255, opacity=1.0)
    expected = np.stack([feature.canny(digit / 255) for digit in digits])
    assert np.array_equal(out[:, 0].numpy() > 0, expected)


def test_part_of_the_edges(digits28: Tensor) -> None:
    edges = mnist_c.canny_edges(digits28, opacity=1.0)
    assert set(edges.unique().tolist()) == {0.0, 1.0}
    half = mnist_c.canny_edges(digits28, opacity=0.25)
    assert torch.allclose(half, 0.75 * digits28 + 0.25 * edges)
