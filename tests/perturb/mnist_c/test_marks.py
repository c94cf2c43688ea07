"""MNIST-C's marks over the digit, against lines drawn pixel by pixel."""

import itertools

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb import mnist_c


@pytest.fixture
def draws() -> Draws:
    return Draws(0, "s", torch.arange(64))


def test_stripes_are_inverted(digits28: Tensor) -> None:
    out = mnist_c.stripe(digits28, opacity=1.0)
    assert torch.equal(out[..., 7:21], digits28[..., 7:21])
    assert torch.equal(out[..., :7], 1 - digits28[..., :7])
    assert torch.equal(out[..., 21:], 1 - digits28[..., 21:])
    assert torch.equal(mnist_c.stripe(digits28, opacity=0.5)[..., :7], torch.full((64, 1, 28, 7), 0.5))


def profile(distance: float) -> float:
    """Return the line's ink at a vertical distance from its middle."""
    return max(0.0, 1 + np.log(1 - distance / 2.3)) if distance < 2.3 else 0.0


def segment(start: complex, stop: complex) -> NDArray[np.float64]:
    out = np.zeros((28, 28))
    slope = (stop - start).imag / (stop - start).real
    for x in range(max(0, int(np.floor(start.real))), int(np.ceil(stop.real))):
        for y in range(28):
            out[y, x] = profile(abs(y - start.imag - slope * (x - start.real)))
    return out


def test_dotted_lines(digits28: Tensor, draws: Draws) -> None:
    out = mnist_c.dotted_line(digits28, opacity=0.75, draws=draws)
    rows = np.floor(draws.uniform(2).numpy() * 27)
    for image, found, (first, last) in zip(digits28, out, rows, strict=True):
        line = segment(complex(0, first), complex(27, last))
        line[:, [x for x in range(28) if x % 4 in (0, 1)]] = 0
        assert not line[:, 27].any()
        np.testing.assert_allclose(found[0], np.clip(image[0].numpy() + 0.75 * line, 0, 1), atol=1e-6)


def test_zigzags(digits28: Tensor, draws: Draws) -> None:
    images = digits28[:12]
    out = mnist_c.zigzag(images, opacity=1.0, draws=draws.part(0, 12))
    for image, found, (row, rise) in zip(images, out, draws.uniform(2).numpy(), strict=False):
        start, way = complex(2, np.floor(row * 27)), complex(23, np.floor(rise * 10) - 5)
        # 23 px and a bit make six teeth of 4 px, the sixth cut short, turning at 2, 6, … 22 px.
        corners = [0, *(complex(2 + 4 * i, 2 * (-1) ** i) for i in range(6))]
        corners.append(complex(abs(way), -2 / (2 * (abs(way) - 20))))
        corners = [start + corner * way / abs(way) for corner in corners]
        expected = image[0].double().numpy()
        for first, last in itertools.pairwise(corners):
            expected = np.clip(expected + segment(first, last), 0, 1)
        np.testing.assert_allclose(found[0], expected, atol=1e-5)
