"""The picture of the input contract: one digit, fed rightly and wrongly, and what a classifier makes of it.

``python -m reports.contract [DATA]`` writes ``contract.svg`` and ``contract-dark.svg``; it needs MNIST's test digits,
in the folder DATA or where they usually are.
"""

import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.data import Dataset, load_dataset
from robustmnist.models.checkpoints.checkpoint import Checkpoint, load_checkpoint
from robustmnist.page.colours import DARK, LIGHT, Scheme
from robustmnist.page.png import container, uri
from robustmnist.page.template import fill
from robustmnist.perturb import prepare
from robustmnist.system.files import write_atomic
from robustmnist.wording.numbers import percent

__all__ = ["contract", "main"]

HERE = Path(__file__).parent
CHECKPOINT = "lenet5"  # fed 0..255 it reads clean digits as well as ever
EXAMPLE = 868  # a two that is read rightly under noise, as long as the network is fed what it wants
SIGMA = 0.3  # of the Gaussian noise, sd of ink
ZOOM = 4  # pixels of the picture for one of the digit's


@dataclass(frozen=True)
class Way:
    """A way of feeding a digit: its title, what a person did, and what the network is given."""

    title: str
    sentence: str
    feed: Callable[[Tensor], Tensor]


def _padded(images: Tensor) -> Tensor:
    """Pad to 32 × 32 px, and shrink that to the 28 × 28 that the network takes."""
    return F.interpolate(F.pad(images, (2, 2, 2, 2)), (28, 28), mode="bilinear", antialias=True)


WAYS = (
    Way("0 to 1", "what it was trained on", lambda images: images),
    Way("0 to 255", "not divided by 255", lambda images: images * 255),
    Way("inverted", "ink and paper swapped", lambda images: 1 - images),
    Way("transposed", "rows for columns", lambda images: images.mT.contiguous()),
    Way("padded", "to 32 px, then shrunk", _padded),
)


@dataclass(frozen=True)
class Look:
    """A digit as it is fed: its picture, the answer, whether that is right, and how all digits are read so."""

    picture: str
    answer: str
    confidence: str
    right: bool
    all_digits: str
    share: float


@dataclass(frozen=True)
class Column:
    """One way of feeding: the clean digit, and the same in noise."""

    title: str
    sentence: str
    wanted: bool
    looks: tuple[Look, Look]


@dataclass(frozen=True)
class Picture:
    """The whole picture."""

    checkpoint: str
    label: int
    n: str
    sigma: str
    scheme: Scheme
    columns: tuple[Column, ...]

    @property
    def hidden(self) -> str:
        """What clean accuracy hides of the second way."""
        right, wrong = self.columns[:2]
        clean, noisy = (
            f"{b.all_digits} instead of {a.all_digits}" for a, b in zip(right.looks, wrong.looks, strict=True)
        )
        return f"Clean accuracy hides it: fed {wrong.title}, {clean}; in noise {noisy}."


def contract(digits: Dataset, checkpoint: Checkpoint, scheme: Scheme) -> str:
    """Return the SVG: a column for each way of feeding; above the clean digit, below the same in noise.

    Args:
        digits: MNIST's test digits.
        checkpoint: The classifier.
        scheme: The colours.
    """
    noisy = prepare("gaussian-noise", digits.images, ids=digits.ids, seed=0)(sigma=SIGMA)
    columns = []
    for way in WAYS:
        looks = tuple(_look(way, images, digits, checkpoint, scheme) for images in (digits.images, noisy))
        columns.append(Column(way.title, way.sentence, way is WAYS[0], (looks[0], looks[1])))
    row = int((digits.ids == EXAMPLE).nonzero()[0, 0])
    label = int(digits.labels[row])
    picture = Picture(checkpoint.name, label, f"{len(digits):,}", f"{SIGMA:g}", scheme, tuple(columns))
    return fill("contract.svg.jinja", picture, package="reports")


def _look(way: Way, images: Tensor, digits: Dataset, checkpoint: Checkpoint, scheme: Scheme) -> Look:
    fed = way.feed(images)
    shares = checkpoint(fed).softmax(1)
    confidence, answers = shares.max(1)
    right = float((answers == digits.labels).double().mean())
    row = int((digits.ids == EXAMPLE).nonzero()[0, 0])
    return Look(
        picture=uri(_png(fed[row, 0].clamp(0, 1).cpu().numpy(), scheme)),
        answer=str(int(answers[row])),
        confidence=percent(float(confidence[row])),
        right=bool(answers[row] == digits.labels[row]),
        all_digits=percent(right),
        share=right,
    )


def _png(ink: NDArray[np.float32], scheme: Scheme) -> bytes:
    """Return ink (28, 28) as the network sees it, each pixel ZOOM × ZOOM, between the scheme's paper and ink."""
    ends = [np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.float32) for colour in _ends(scheme)]
    large = np.kron(ink, np.ones((ZOOM, ZOOM), np.float32))[..., None]
    pixels = np.rint(ends[0] + (ends[1] - ends[0]) * large).astype(np.uint8)
    lines = np.pad(pixels.reshape(len(pixels), -1), ((0, 0), (1, 0))).tobytes()  # each line starts with filter 0
    return container(len(pixels), len(pixels), [(b"IDAT", zlib.compress(lines, 9))], depth=8, kind=2)


def _ends(scheme: Scheme) -> tuple[str, str]:
    return scheme.tint, scheme.ink


def main(data_dir: Path | None = None) -> None:
    """Write the picture for light and for dark pages."""
    torch.set_grad_enabled(False)
    digits, checkpoint = load_dataset("mnist", data_dir=data_dir), load_checkpoint(CHECKPOINT)
    for name, scheme in (("contract.svg", LIGHT), ("contract-dark.svg", DARK)):
        write_atomic(HERE / name, contract(digits, checkpoint, scheme))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
