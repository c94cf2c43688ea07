"""What the docstrings say is reached of a stroke width that is asked for, against an independent measure."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from support.medial import medial_width
from torch import Tensor

from robustmnist.measure import stroke_width
from robustmnist.perturb import relative_thickness, target_thickness, thickness

Widths = NDArray[np.float64]


def table(function: Callable[..., Any]) -> dict[float, tuple[float, float]]:
    """Return the docstring's figures: asked to reached and its standard deviation."""
    lines = {}
    for line in (function.__doc__ or "").replace("−", "-").splitlines():
        name, *numbers = line.split() or [""]
        if name in ("asked", "reached", "sd") and all(re.fullmatch(r"[-+]?[0-9.]+", number) for number in numbers):
            lines[name] = [float(number) for number in numbers]
    return dict(zip(lines["asked"], zip(lines["reached"], lines["sd"], strict=True), strict=True))


def changed(images: Tensor, asked: float) -> Widths:
    return medial_width(thickness(images, change=asked)) - medial_width(images)


def changed_in_proportion(images: Tensor, asked: float) -> Widths:
    return np.asarray(medial_width(relative_thickness(images, change=asked)) / medial_width(images) - 1)


def brought(images: Tensor, asked: float) -> Widths:
    return medial_width(target_thickness(images, share=1.0, target=asked))


@pytest.fixture(scope="module")
def mnist200(mnist_test: tuple[np.ndarray, np.ndarray]) -> Tensor:
    return torch.from_numpy(mnist_test[0][::50]).float()[:, None] / 255


@pytest.mark.parametrize(
    ("function", "reached", "ends", "error"),
    [
        (thickness, changed, (-2.0, 4.0), 0.1),  # px
        (relative_thickness, changed_in_proportion, (-1.0, 1.5), 0.04),  # 0.1 px of 2.56
        (target_thickness, brought, (1.0, 7.0), 0.1),
    ],
)
def test_mnist_reaches_what_the_docstring_says(
    function: Callable[..., Tensor],
    reached: Callable[[Tensor, float], Widths],
    ends: tuple[float, float],
    error: float,
    mnist200: Tensor,
) -> None:
    figures = table(function)
    assert (min(figures), max(figures)) == ends
    for asked, (mean, spread) in figures.items():
        found = reached(mnist200, asked)
        assert np.nanmean(found) == pytest.approx(mean, abs=error), asked
        assert np.nanstd(found) == pytest.approx(spread, abs=error), asked


def test_embedded_digits_reach_it_between_the_ends(digits28: Tensor) -> None:
    figures = table(thickness)
    for asked in (-1.0, -0.5, 0.5, 1.0, 1.5):
        assert changed(digits28, asked).mean() == pytest.approx(figures[asked][0], abs=0.15)


@pytest.mark.parametrize(("change", "broader"), [(-2.0, 0.13), (-1.0, 0.09), (1.0, 0.0), (3.0, 0.17), (4.0, 0.08)])
def test_our_own_measure_departs_from_it_as_its_docstring_says(change: float, broader: float, mnist200: Tensor) -> None:
    images = thickness(mnist200, change=change)
    assert f"{broader:.2f}" in (stroke_width.__doc__ or "")
    assert np.nanmean(stroke_width(images).numpy() - medial_width(images)) == pytest.approx(broader, abs=0.05)
