"""Tell ink from paper in a grey picture: polarity, shading, noise and specks."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

__all__ = ["Page", "ink_on_paper"]

MAD = 1.4826  # standard deviations of a normal distribution in one median absolute deviation
NOISE = 5  # standard deviations of the paper: what is fainter is paper
RINGING = 0.08  # of full ink: what JPEG leaves around strokes
SPECK = 0.02  # of all ink: a spot with less, and apart from the rest, is a speck
SMALL = 64  # px; a shorter side below this is no scan, and every spot in it counts
BAND = 20  # the border that shows the paper is one in this many pixels of the shorter side wide, 1 at least
STEADY = 1 / 255  # a border that varies by less has neither shading nor noise


@dataclass(frozen=True, eq=False)
class Page:
    """What a grey picture shows.

    Attributes:
        ink: float64 ``(H, W)``, ink in [0, 1], paper 0.
        dark: Whether the ink is darker than the paper.
        noise: Standard deviation of the paper, of grey values 0 to 1.
        specks: How many spots were left out: dust, and what reaches in from the edge.
    """

    ink: Tensor
    dark: bool
    noise: float
    specks: int

    @property
    def said(self) -> str:
        """What was found and done, in a phrase."""
        words = ["dark ink on light paper, inverted" if self.dark else "light ink on dark paper"]
        if self.noise > STEADY:
            words.append(f"paper of noise {self.noise:.3f} cleaned")
        if self.specks:
            words.append(f"{self.specks:,} {'speck' if self.specks == 1 else 'specks'} left out")
        return ", ".join(words)


def ink_on_paper(grey: Tensor, *, lossy: bool = False) -> Page:
    """Return the ink of a grey picture on paper 0.

    1. Polarity: the median of the border is the paper; where it is nearer to the brightest value than to the darkest,
       the ink is dark.
    2. Shading: where the border varies, the paper is the plane that fits it best.
    3. Noise: what differs from the paper by less than 5 standard deviations of the border (by its median absolute
       deviation), or in a lossy picture by less than 8 % of full ink, is paper.
    4. Specks: in pictures of 64 px and more, spots with less than 2 % of all ink are left out, and spots at the edge
       where others hold more ink.

    A small picture whose border is even is only inverted or shifted in level: its ink keeps every value.

    Args:
        grey: float64 ``(H, W)``, 0 black to 1 white.
        lossy: Whether it was stored with loss, as JPEG is.
    """
    band = max(1, min(grey.shape) // BAND)
    inner = torch.zeros(grey.shape, dtype=torch.bool)
    inner[band:-band, band:-band] = True
    border = grey[~inner]
    paper = border.median()
    dark = bool(paper - grey.amin() > grey.amax() - paper)
    noise = MAD * float((border - paper).abs().median())
    level = paper
    if noise > STEADY:
        level = _plane(grey, ~inner)
        noise = MAD * float((grey - level)[~inner].abs().median())
    ink = (level - grey if dark else grey - level).clamp(min=0)
    peak = float(ink.amax())
    floor = min(max(NOISE * noise if noise > STEADY else 0.0, RINGING * peak if lossy else 0.0), peak / 2)
    if floor > 0:
        ink = (ink - floor).clamp(min=0)
        strong = ink[ink > ink.amax() / 2]
        ink = (ink / strong.median()).clamp(max=1) if len(strong) else ink
    ink, specks = _without_specks(ink) if min(grey.shape) >= SMALL else (ink, 0)
    return Page(ink, dark, noise, specks)


def _plane(grey: Tensor, border: Tensor) -> Tensor:
    """Return the plane through the border's values, found again without what is far from it: ink or a dark edge."""
    height, width = grey.shape
    down = torch.linspace(-1, 1, height, dtype=grey.dtype)[:, None].expand(height, width)
    across = torch.linspace(-1, 1, width, dtype=grey.dtype)[None].expand(height, width)
    columns = torch.stack((torch.ones_like(grey), down, across), -1)
    values, terms = grey[border], columns[border]
    near = (values - values.median()).abs() <= 3 * MAD * (values - values.median()).abs().median()
    fitted = torch.zeros(3, dtype=grey.dtype)
    for _ in range(3):
        fitted = torch.linalg.lstsq(terms[near], values[near]).solution
        residual = (values - terms @ fitted).abs()
        near = residual <= 3 * MAD * residual.median()
    return columns @ fitted


def _without_specks(ink: Tensor) -> tuple[Tensor, int]:
    """Return the ink without specks and without what reaches in from the edge, and how many spots that were."""
    from scipy import ndimage

    values = ink.numpy()
    spots, n = ndimage.label(values > 0, structure=np.ones((3, 3)))
    if n < 2:
        return ink, 0
    index = np.arange(n + 1)
    amount = np.asarray(ndimage.sum_labels(values, spots, index))
    edge = np.isin(index, np.concatenate((spots[0], spots[-1], spots[:, 0], spots[:, -1])))
    total = float(amount.sum())
    keep = amount >= SPECK * total
    inside = keep & ~edge
    if amount[inside].sum() > amount[edge & keep].sum():
        keep &= ~edge
    keep[0] = False
    if keep[1:].all() or not keep.any():
        return ink, 0
    return torch.from_numpy(np.where(keep[spots], values, 0.0)), int(n - keep.sum())
