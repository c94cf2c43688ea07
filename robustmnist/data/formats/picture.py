"""A picture file as ink: PNG and JPEG, read strictly, with a limit on size."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from robustmnist.data.formats.idx import read_bounded
from robustmnist.data.formats.paper import Page, ink_on_paper
from robustmnist.data.mnist_form import to_mnist
from robustmnist.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["ENDINGS", "Picture", "decode_picture", "parse_picture", "read_picture"]

ENDINGS = (".png", ".jpg", ".jpeg")
FORMATS = ("PNG", "JPEG")
MAX_BYTES = 64_000_000  # of a file
MAX_PIXELS = 50_000_000  # of a picture before it is reduced: more than a telephone's camera has
LONGEST = 1024  # px; a longer side is reduced by a whole factor, for a digit is drawn 20 px high in the end
REMEDY = "give a PNG or JPEG file of a digit"


@dataclass(frozen=True, eq=False)
class Picture:
    """A digit from a picture file.

    Attributes:
        ink: float32 ``(1, 28, 28)`` in MNIST's form, ink in [0, 1] on background 0; all 0 where nothing is drawn.
        grey: float32 ``(H, W)``, the picture as it was read, upright, 0 black to 1 white.
        page: What was taken for paper and what for ink.
        lossy: Whether it was stored with loss, as JPEG is.
    """

    ink: Tensor
    grey: Tensor
    page: Page
    lossy: bool

    @property
    def blank(self) -> bool:
        """Whether nothing is drawn."""
        return not bool(self.ink.any())

    @property
    def said(self) -> str:
        """What was done to bring the picture to MNIST's form, in a phrase."""
        height, width = self.grey.shape
        return f"{width} × {height} px, {self.page.said}, brought to MNIST's form"


def read_picture(path: str | Path) -> Picture:
    """Return the digit in a PNG or JPEG file, brought to MNIST's form.

    Colour is read as grey by ITU-R BT.601; 1, 2, 4, 8 and 16 bits, palettes and EXIF's orientation are heeded.
    Transparent pixels show white paper, or black where what is opaque is light. What is paper and what is ink is
    decided by `ink_on_paper`, size and place by `to_mnist`.

    Args:
        path: The file.

    Raises:
        DataError: If it cannot be read, is no PNG or JPEG, is damaged, or is larger than 64 MB or 50 million pixels.
    """
    path = Path(path).expanduser()
    try:
        data = read_bounded(path, MAX_BYTES)
    except ValueError as cause:  # a NUL in the name
        raise DataError(f"cannot be read ({cause})", where=path, remedy=REMEDY) from cause
    return parse_picture(data, path)


def parse_picture(data: bytes, where: object) -> Picture:
    """Return the digit in the bytes of a PNG or JPEG file; `where` is for messages. See `read_picture`."""
    grey, lossy = decode_picture(data, where)
    page = ink_on_paper(grey.double(), lossy=lossy)
    return Picture(to_mnist(page.ink[None])[0], grey, page, lossy)


def decode_picture(data: bytes, where: object, *, longest: int = LONGEST) -> tuple[Tensor, bool]:
    """Return a picture's grey values and whether it was stored with loss.

    Args:
        data: The whole file.
        where: The file, for messages.
        longest: px; a longer side is reduced by a whole factor.

    Returns:
        float32 ``(H, W)``, 0 black to 1 white; and whether it is a JPEG.

    Raises:
        DataError: See `read_picture`.
    """
    if not data:
        raise DataError("is empty", where=where, remedy=REMEDY)
    if len(data) > MAX_BYTES:
        raise DataError(f"is larger than {MAX_BYTES // 10**6} MB", where=where, remedy="make it smaller")
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures and odd metadata: both are checked here
            image = Image.open(io.BytesIO(data), formats=FORMATS)
            lossy = image.format == "JPEG"
            width, height = image.size
            if width * height > MAX_PIXELS:
                what = f"has {width:,} × {height:,} pixels, more than {MAX_PIXELS // 10**6} million"
                raise DataError(what, where=where, remedy="make it smaller")
            values = _grey(_upright(image, longest))
    except DataError:
        raise
    except Exception as cause:  # Pillow's decoders fail in a dozen ways, some of them undocumented
        kind = "a damaged picture" if data.startswith((b"\x89PNG", b"\xff\xd8")) else "neither PNG nor JPEG"
        raise DataError(f"is {kind}", where=where, remedy=REMEDY) from cause
    return torch.from_numpy(np.ascontiguousarray(values, np.float32)), lossy


def _upright(image: "Image", longest: int) -> "Image":
    """Return the decoded picture, turned as its EXIF says, no longer than `longest` px."""
    from PIL import ImageOps

    image.draft("L" if image.mode == "L" else "RGB", (longest, longest))  # JPEG decodes at a fraction of its size
    image.load()
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif "transparency" in image.info and image.mode in ("1", "L", "RGB"):
        image = image.convert("RGBA")
    factor = -(-max(image.size) // longest)
    if factor > 1:
        image = (image.convert("L") if image.mode == "1" else image).reduce(factor)
    return ImageOps.exif_transpose(image)


def _grey(image: "Image") -> np.ndarray:
    """Return the picture as grey values 0 to 1, on paper where it is transparent."""
    if image.mode.startswith(("I", "F")):
        return np.asarray(image, np.float64) / 65_535
    if image.mode in ("LA", "PA", "La", "RGBA", "RGBa"):
        rgba = np.asarray(image.convert("RGBA"), np.float64) / 255
        grey, opaque = rgba[..., :3] @ (0.299, 0.587, 0.114), rgba[..., 3]
        light = (grey * opaque).sum() > 0.5 * opaque.sum() and opaque.min() < 1
        return grey * opaque + (0.0 if light else 1.0) * (1 - opaque)
    return np.asarray(image.convert("L"), np.float64) / 255
