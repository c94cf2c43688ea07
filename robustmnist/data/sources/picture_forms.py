"""Many pictures as digits: left as they are where all are of MNIST's form, else brought to it one by one."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from robustmnist.data.arrays import AS_STORED, FORMS, TO_FORM
from robustmnist.data.formats.paper import STEADY, Page, ink_on_paper
from robustmnist.data.mnist_form import to_mnist
from robustmnist.errors import DataError
from robustmnist.system.threads import torch_threads
from robustmnist.wording.numbers import count

__all__ = ["digits_of"]

LOOKED_AT = 1_000  # pictures that decide whether ink is bright on dark paper
Grey = tuple[Tensor, bool]


def digits_of(pictures: Iterable[Grey], form: str) -> tuple[Tensor, str]:
    """Return the digits ``(n, 1, 28, 28)`` and what was done to them, in a phrase.

    Pictures are taken one by one, and of those that are not 28 × 28 only the digit is kept: memory stays bounded.

    Args:
        pictures: From `decode_picture`: grey values, and whether they were stored with loss.
        form: ``stored``: 28 × 28 pictures as they are; ``mnist``: in MNIST's form; ``auto``: the first where all are
            28 × 28 on black, else the second.

    Raises:
        DataError: If the form is none of these, or they cannot be left as they are.
    """
    if form not in FORMS:
        raise DataError("is not a form", where=f"form={form}", remedy=f"use {', '.join(FORMS)}")
    images: list[Tensor] = []
    small: dict[int, Grey] = {}
    seen: list[tuple[bool, bool, int]] = []  # of each page: dark ink, noise, specks
    for index, (grey, lossy) in enumerate(pictures):
        if grey.shape == (28, 28) and form != "mnist":
            small[index] = (grey, lossy)
            images.append(grey[None])
        else:
            if form == "stored":
                raise DataError("takes pictures of 28 × 28 px", where="form=stored", remedy="use form=mnist")
            images.append(_formed(grey, lossy, seen))
    if len(small) == len(images) and (form == "stored" or _on_black(list(small.values()))):
        return torch.stack(images), AS_STORED
    for index, (grey, lossy) in small.items():
        images[index] = _formed(grey, lossy, seen)
    return torch.stack(images), f"{TO_FORM}{_said(seen)}"


def _formed(grey: Tensor, lossy: bool, seen: list[tuple[bool, bool, int]]) -> Tensor:
    """Return a digit ``(1, 28, 28)`` in MNIST's form, and note what its page was like."""
    with torch_threads(1):  # a picture is too small to be shared: 2 ms on one thread, up to 47 ms on two busy ones
        page: Page = ink_on_paper(grey.double(), lossy=lossy)
        seen.append((page.dark, page.noise > STEADY, page.specks))
        return to_mnist(page.ink[None])[0]


def _on_black(pictures: Sequence[Grey]) -> bool:
    """Return whether most pictures are light ink on dark paper."""
    some = pictures[:: -(-len(pictures) // LOOKED_AT)]
    return 2 * sum(ink_on_paper(grey.double(), lossy=lossy).dark for grey, lossy in some) < len(some)


def _said(seen: Sequence[tuple[bool, bool, int]]) -> str:
    dark, noisy, specks = (sum(numbers) for numbers in zip(*seen, strict=True))
    words = [f"{count(dark)} of {count(len(seen))} inverted (dark ink on light paper)"] if dark else []
    words += [f"paper of {count(noisy)} cleaned"] if noisy else []
    words += [f"{count(specks)} {'speck' if specks == 1 else 'specks'} left out"] if specks else []
    return "".join(f", {word}" for word in words)
