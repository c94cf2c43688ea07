"""Attribution by covering ink and by adding it: what the answers alone say, without a look inside."""

import torch
import torch.nn.functional as F
from torch import Tensor

from robustmnist.explanation.methods.method import Context, Method
from robustmnist.explanation.subject import ROWS, Subject
from robustmnist.explanation.target import Target

__all__ = ["INKING", "OCCLUSION", "WINDOW", "inking", "occlusion"]

WINDOW = 3  # px, odd: about the width of a stroke, and it has a middle


def occlusion(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    """Return by how much the target falls when the `WINDOW` × `WINDOW` px around the pixel are blanked, signed.

    A pixel has its own window's value and not a mean over all windows that cover it, which would spread what a window
    hides over its neighbours. A window without ink is not asked about: its value is 0.

    Our own loop and not captum's Occlusion: it takes means over windows, and asks about blank ones too.

    Source: Zeiler, Fergus 2014, arXiv:1311.2901, section 4.2, there with a grey square and the class probability.
    """
    covered = F.max_pool2d(images, WINDOW, 1, WINDOW // 2)[:, 0] > 0
    return -_changes(subject, images, target, covered, ink=0.0)


def inking(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    """Return by how much the target rises when the `WINDOW` × `WINDOW` px around the pixel are filled with ink, signed.

    The counterpart of occlusion: on blank paper it says where ink is missing. Where all is inked already it is 0.
    """
    bare = F.max_pool2d(1 - images, WINDOW, 1, WINDOW // 2)[:, 0] > 0
    return _changes(subject, images, target, bare, ink=1.0)


def _changes(subject: Subject, images: Tensor, target: Target, where: Tensor, *, ink: float) -> Tensor:
    """Return the change of the target when the window around each pixel in `where` (B, 28, 28) is set to `ink`."""
    before = subject.scores(images, target)
    maps = torch.zeros_like(images[:, 0])
    digits, rows, columns = where.nonzero(as_tuple=True)
    reach = WINDOW // 2
    across = torch.arange(images.shape[-1], device=images.device, dtype=torch.int64)
    for start in range(0, len(digits), ROWS):
        part = slice(start, start + ROWS)
        digit, row, column = digits[part], rows[part], columns[part]
        high = (across - row[:, None]).abs() <= reach
        wide = (across - column[:, None]).abs() <= reach
        changed = images[digit].masked_fill((high[:, :, None] & wide[:, None, :])[:, None], ink)
        maps[digit, row, column] = subject.scores(changed, target.take(digit)) - before[digit]
    return maps


OCCLUSION = Method(
    occlusion,
    title="Occlusion",
    kind="share",
    unit="logits",
    reading=f"how far the target falls when the {WINDOW} × {WINDOW} px around this pixel are blanked",
    source="Zeiler & Fergus 2014",
    settings={"window": f"{WINDOW} px", "stride": "1 px", "fill": "background 0"},
    gradients=False,
    chunk=64,
)

INKING = Method(
    inking,
    title="Inking",
    kind="addition",
    unit="logits",
    reading=f"how far the target rises when the {WINDOW} × {WINDOW} px around this pixel are filled with ink",
    source="the counterpart of occlusion",
    settings={"window": f"{WINDOW} px", "stride": "1 px", "fill": "full ink"},
    gradients=False,
    chunk=64,
)
