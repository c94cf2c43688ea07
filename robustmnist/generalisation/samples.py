"""Some images of a data set, a line for each class: for pages, and as a PNG file."""

import numpy as np
import torch
from numpy.typing import NDArray

from robustmnist.data import Dataset
from robustmnist.page.png import sheet

__all__ = ["sample_png", "samples"]

SHOWN = 12  # images of each class


def samples(data: Dataset) -> NDArray[np.uint8]:
    """Return some images of each class, spread evenly over the set, uint8 ``(10, 12, 28, 28)``.

    Where a class has fewer, the rest is blank. Of images that are no digits there is a single line, of any of them.
    """
    labels = data.labels.cpu().numpy()
    classes = range(10) if data.holds_digits else (-1,)
    lines = np.zeros((len(classes), SHOWN, 28, 28), np.uint8)
    for line, label in zip(lines, classes, strict=True):
        rows = np.flatnonzero(labels == label) if label >= 0 else np.arange(len(labels))
        chosen = rows[np.linspace(0, len(rows) - 1, min(SHOWN, len(rows))).astype(int)] if len(rows) else rows
        ink = data.rows(torch.from_numpy(chosen).to(data.device))
        line[: len(chosen)] = (ink * 255).round().to(torch.uint8).cpu().numpy()[:, 0]
    return lines


def sample_png(data: Dataset) -> bytes:
    """Return `samples` as the bytes of a PNG: black ink of 15 levels on transparent paper."""
    return sheet(samples(data))
