"""Pictures of digits as models read them: what was seen, what each answers, how confident it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from robustmnist.data.formats.picture import ENDINGS, Picture, read_picture
from robustmnist.errors import DataError
from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["Answer", "Reading", "picture_files", "png_of", "read_files", "seen_levels"]


@dataclass(frozen=True)
class Answer:
    """What a model answers to a picture.

    Attributes:
        model: Its name.
        temperature: What the logits are divided by: that of its card, 1 where it has none.
        logits: Ten.
        probabilities: Their softmax at that temperature.
    """

    model: str
    temperature: float
    logits: tuple[float, ...]
    probabilities: tuple[float, ...]

    @property
    def digit(self) -> int:
        """The class with the largest logit."""
        return int(np.argmax(self.logits))

    @property
    def confidence(self) -> float:
        """The probability of that class."""
        return self.probabilities[self.digit]


@dataclass(frozen=True, eq=False)
class Reading:
    """A picture file and what was made of it; nothing is answered where nothing is drawn."""

    file: Path
    picture: Picture
    answers: tuple[Answer, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "file": str(self.file),
            "polarity": "dark ink on light paper" if self.picture.page.dark else "light ink on dark paper",
            "said": self.picture.said,
            "blank": self.picture.blank,
            "seen": seen_levels(self).tolist(),
            "answers": [
                {
                    "checkpoint": answer.model,
                    "digit": answer.digit,
                    "confidence": answer.confidence,
                    "temperature": answer.temperature,
                    "probabilities": list(answer.probabilities),
                    "logits": list(answer.logits),
                }
                for answer in self.answers
            ],
        }


def picture_files(given: Sequence[Path]) -> list[Path]:
    """Return the picture files that are meant: files as they were given, of folders all PNG and JPEG, by name.

    Raises:
        DataError: If something is not there, or a folder holds no picture.
    """
    files: list[Path] = []
    for path in given:
        if not path.is_dir():
            files.append(path)
            continue
        pictures = sorted(file for file in path.rglob("*") if file.suffix.lower() in ENDINGS and file.is_file())
        if not pictures:
            raise DataError("holds no PNG or JPEG file", where=path, remedy="give a picture, or a folder of them")
        files += pictures
    return files


def read_files(
    files: Sequence[Path], checkpoints: Mapping[str, Checkpoint], device: torch.device | str = "cpu"
) -> list[Reading]:
    """Return what each of `checkpoints`, which are on `device`, reads in each of `files`.

    Raises:
        DataError: If a file is no picture.
    """
    pictures = [read_picture(file) for file in files]
    if not pictures:
        return []
    images = torch.stack([picture.ink for picture in pictures]).to(device)
    columns = [_answers(name, checkpoint, images) for name, checkpoint in checkpoints.items()]
    return [
        Reading(file, picture, () if picture.blank else tuple(column[row] for column in columns))
        for row, (file, picture) in enumerate(zip(files, pictures, strict=True))
    ]


def seen_levels(reading: Reading) -> np.ndarray:
    """Return what the models saw, uint8 (28, 28), 0 paper and 255 full ink."""
    levels: np.ndarray = (reading.picture.ink[0] * 255).round().to(torch.uint8).numpy()
    return levels


def png_of(reading: Reading) -> bytes:
    """Return what the models saw as a grey PNG of 28 × 28 px, light ink on black, which is read again as it is."""
    import zlib

    from robustmnist.page.png import container

    lines = np.pad(seen_levels(reading), ((0, 0), (1, 0))).tobytes()
    return container(28, 28, [(b"IDAT", zlib.compress(lines, 9))], depth=8, kind=0)


def _answers(name: str, checkpoint: Checkpoint, images: torch.Tensor) -> list[Answer]:
    temperature = getattr(checkpoint.card, "temperature", None) or 1.0
    logits = checkpoint(images).double().cpu()
    shares = (logits / temperature).softmax(1)
    return [
        Answer(name, temperature, tuple(row), tuple(share))
        for row, share in zip(logits.tolist(), shares.tolist(), strict=True)
    ]
