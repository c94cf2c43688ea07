"""Features of training digits, kept in the user's cache: they depend on checkpoint and digits alone."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from robustmnist.explanation.inside.features import features_of
from robustmnist.explanation.subject import Subject
from robustmnist.system.files import sha256_bytes, write_atomic
from robustmnist.system.installation import __version__

if TYPE_CHECKING:
    from robustmnist.data import Dataset
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["features_key", "kept_features"]

BLOCK = 4096  # digits in a file: what an interrupt costs at most


def features_key(checkpoint: "Checkpoint", digits: "Dataset") -> str:
    """Return the hash of all that the features of `digits` depend on: weights, card, digits, device and versions."""
    provenance = digits.provenance.as_dict()
    parts = {
        "weights": checkpoint.card.sha256,
        "card": sha256_bytes(repr(checkpoint.card).encode()),
        "digits": {key: provenance.get(key) for key in ("name", "part", "sha256", "lineage", "mended")},
        "ids": sha256_bytes(digits.ids.cpu().numpy().tobytes()),
        "device": digits.device.type,
        "versions": [__version__, str(torch.__version__)],
    }
    return sha256_bytes(json.dumps(parts, sort_keys=True).encode())


def kept_features(
    subject: Subject, digits: "Dataset", folder: Path, on_progress: Callable[[int], None] | None = None
) -> Tensor | None:
    """Return the features of `digits`, as of `features_of`, from `folder` as far as they are there, else computed.

    Each block is written as it is done, so that an interrupted computation continues. A block that is not as it should
    be is computed anew; a folder that cannot be written to is done without.

    Args:
        subject: What is looked into.
        digits: N of them.
        folder: One for this classifier and these digits: see `features_key`.
        on_progress: Called with the number of digits done since the last call.
    """
    blocks = []
    for start in range(0, len(digits), BLOCK):
        rows = slice(start, min(start + BLOCK, len(digits)))
        path = folder / f"{start}.npy"
        block = _read(path, rows.stop - start)
        if block is None:
            features = features_of(subject, digits.rows(rows), on_progress)
            if features is None:
                return None
            block = features.cpu().numpy()
            _write(path, block)
        elif on_progress is not None:
            on_progress(rows.stop - start)
        blocks.append(torch.from_numpy(block))
    return torch.cat(blocks).to(digits.device) if blocks else features_of(subject, digits.images)


def _read(path: Path, count: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None":
    try:
        block = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    good = block.dtype == np.float32 and block.ndim == 2 and len(block) == count
    return block if good else None


def _write(path: Path, block: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> None:
    content = io.BytesIO()
    np.save(content, block, allow_pickle=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content.getvalue())
    except OSError:  # no room, or not allowed: the features are at hand all the same
        return
