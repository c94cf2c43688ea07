"""The logits of a generalisation on disk, so that an interrupted one continues where it was."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.data import Dataset
from robustmnist.data.formats.npy import parse_npy
from robustmnist.errors import DataError
from robustmnist.system.files import write_atomic

if TYPE_CHECKING:
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["Store"]

FOLDER = "logits"
PART = 10_000  # images at once


class Store:
    """Logits by what they depend on: the checkpoint, the images, and what was done to them.

    Args:
        folder: Where to keep them; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = None if folder is None else folder / FOLDER

    def logits(
        self, checkpoint: "Checkpoint", data: Dataset, matched: str, images: Callable[[], Tensor]
    ) -> NDArray[np.float32]:
        """Return the checkpoint's logits of `images`, float32 (n, 10), read from disk where they are there whole.

        Args:
            checkpoint: Whose answers.
            data: The images before they were matched.
            matched: What was done to them, in a phrase that says all; empty for nothing.
            images: Makes the images, where they are needed.
        """
        path = self._path(checkpoint, data, matched)
        if path is not None and path.is_file():
            try:
                kept = parse_npy(path.read_bytes(), path)
            except DataError:
                kept = np.zeros(0, np.float32)
            if kept.dtype == np.float32 and kept.shape == (len(data), 10):
                return kept
        given = images()
        parts = [checkpoint(given[start : start + PART]).cpu().numpy() for start in range(0, len(given), PART)]
        answers = np.concatenate(parts) if parts else np.zeros((0, 10), np.float32)
        if path is not None:
            file = io.BytesIO()
            np.save(file, answers)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, file.getvalue())
        return answers

    def _path(self, checkpoint: "Checkpoint", data: Dataset, matched: str) -> Path | None:
        if self._folder is None:
            return None
        digest = hashlib.sha256(f"{checkpoint.card.as_dict()} {data.device.type} {matched}\n".encode())
        digest.update(data.stored.cpu().numpy().tobytes())
        return self._folder / f"{digest.hexdigest()[:32]}.npy"
