"""Arrays of anyone's making as digits: shapes, ranges and labels checked, then brought to MNIST's form or left."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from robustmnist.data.mnist_form import to_mnist
from robustmnist.data.provenance import Provenance
from robustmnist.errors import DataError
from robustmnist.system.files import sha256_bytes

__all__ = ["AS_STORED", "FORMS", "TO_FORM", "digit_labels", "digits_of_arrays", "grey_images", "in_form"]

FORMS = ("auto", "stored", "mnist")
AS_STORED = "as stored, 28 × 28"
TO_FORM = "brought to MNIST's form"
LUMA = (0.299, 0.587, 0.114)  # Source: ITU-R BT.601, weights of red, green and blue
SHAPES = "give (n, H, W), (n, H × W), or with 1 or 3 channels before or after the sides"
RANGES = "give ink as 0 to 255 or as 0 to 1"
PART = 10_000  # images turned into grey together


def digits_of_arrays(
    images: object, labels: object, form: str, provenance: Provenance | None
) -> tuple[Tensor, Tensor, Provenance]:
    """Return digits ``(n, 1, 28, 28)``, labels ``(n,)`` and the filled in provenance; see `Dataset.from_arrays`."""
    where = provenance.source if provenance else "the arrays"
    grey = grey_images(images, where)
    known = digit_labels(labels, len(grey), where)
    digits, said = in_form(grey, form, where)
    if provenance is None:
        hashes = {"images": sha256_bytes(grey.numpy().tobytes()), "labels": sha256_bytes(known.numpy().tobytes())}
        provenance = Provenance("arrays", "test", 0, hashes, "arrays in memory")
    words = f"{provenance.prepared}; {said}" if provenance.prepared else said
    return digits, known, replace(provenance, n=len(known), prepared=words)


def grey_images(images: object, where: object) -> Tensor:
    """Return images as ``(n, H, W)``: uint8 levels 0 to 255, or floating point 0 to 1.

    Flat rows of a square number of pixels become squares, 3 channels become grey by ITU-R BT.601. Whole numbers, also
    those stored as floating point, are levels 0 to 255; true and false are 1 and 0; floating point is 0 to 1.

    Args:
        images: NumPy array, tensor or nested lists.
        where: What they are, for messages.

    Raises:
        DataError: If shape or values are others.
    """
    values = _array(images, where)
    values = _channels(values, where)
    if values.ndim == 2:
        side = round(values.shape[1] ** 0.5)
        if side * side != values.shape[1]:
            what = f"{values.shape[1]:,} pixels in an image make no square"
            raise DataError(what, where=where, remedy="leave out columns that are no pixels")
        values = values.reshape(len(values), side, side)
    if not values.size:
        raise DataError("holds no images", where=where)
    if values.dtype == np.bool_:
        return torch.from_numpy(values.astype(np.uint8) * np.uint8(255))
    if values.dtype == np.uint8:
        return torch.from_numpy(values.copy() if not values.flags.writeable else values)
    low, high = values.min(), values.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DataError("a value is not finite", where=where, remedy=RANGES)
    if low >= 0 and high <= 255 and (values.dtype.kind in "ui" or (high > 1 and (values == np.rint(values)).all())):
        return torch.from_numpy(values.astype(np.uint8))
    if low < 0 or high > 1:
        raise DataError(f"values run from {low:g} to {high:g}", where=where, remedy=RANGES)
    return torch.from_numpy(values.astype(np.float64 if values.dtype.itemsize > 4 else np.float32))


def in_form(grey: Tensor, form: str, where: object) -> tuple[Tensor, str]:
    """Return digits ``(n, 1, 28, 28)``, uint8 levels or ink in [0, 1], and what was done to them, in a phrase.

    Args:
        grey: From `grey_images`.
        form: ``stored``: 28 × 28 images as they are; ``mnist``: through `to_mnist`; ``auto``: the first where they are
            28 × 28, else the second.
        where: What they are, for messages.

    Raises:
        DataError: If the form is none of these, or the images cannot be left as they are.
    """
    if form not in FORMS:
        raise DataError("is not a form", where=f"form={form}", remedy=f"use {', '.join(FORMS)}")
    height, width = grey.shape[1:]
    fits = (height, width) == (28, 28)
    if form == "stored" and not fits:
        what = f"images of {height} × {width} px cannot be left as they are"
        raise DataError(what, where=where, remedy="use form=mnist")
    if fits and form != "mnist":
        return (grey if grey.dtype == torch.uint8 else grey.float())[:, None], AS_STORED
    if max(height, width) > 1024:
        raise DataError(
            f"images of {height:,} × {width:,} px are too large", where=where, remedy="reduce them to 1,024"
        )
    return to_mnist(grey), f"{height} × {width} px, {TO_FORM}"


def digit_labels(labels: object, n: int, where: object) -> Tensor:
    """Return labels as int64 ``(n,)``, 0 to 9, from whole numbers, digits as text, or one-hot rows of 10.

    Raises:
        DataError: If they are anything else or not `n`.
    """
    values = _array(labels, where)
    if values.dtype.kind in "US":
        try:
            values = values.astype(np.float64)
        except ValueError as cause:
            raise DataError("labels are no digits", where=where, remedy="give 0 to 9") from cause
    if values.ndim == 2 and values.shape[1] == 10 and ((values != 0).sum(1) == 1).all():
        values = (values != 0).argmax(1)
    values = values.reshape(-1) if values.ndim == 2 and 1 in values.shape else values
    if values.ndim != 1 or len(values) != n:
        shape = " × ".join(f"{size:,}" for size in values.shape)
        raise DataError(f"{shape} labels for {n:,} images", where=where, remedy="give one for each image")
    if not np.isfinite(values.astype(np.float64)).all() or (values != np.rint(values)).any():
        raise DataError("a label is not a whole number", where=where, remedy="give 0 to 9")
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 9:
        remedy = "subtract 1, or write 10 as 0, whichever it means" if (low, high) == (1, 10) else "keep digits only"
        raise DataError(f"labels run from {low} to {high}, not from 0 to 9", where=where, remedy=remedy)
    return torch.from_numpy(values.astype(np.int64))


def _array(given: object, where: object) -> np.ndarray:
    if isinstance(given, Tensor):
        given = given.detach().cpu().numpy()
    try:
        values = np.asarray(given)
    except (ValueError, TypeError, OverflowError) as cause:
        raise DataError("rows are of different lengths", where=where, remedy=SHAPES) from cause
    if values.dtype.kind == "O" and values.size and all(isinstance(value, str) for value in values.flat):
        values = values.astype(str)
    if values.dtype.kind not in "buifUS" or values.ndim == 0:
        raise DataError(f"holds {values.dtype}, not numbers", where=where)
    return values


def _channels(values: np.ndarray, where: object) -> np.ndarray:
    """Return images without an axis of channels."""
    if values.dtype.kind in "US" or values.ndim not in (2, 3, 4):
        raise DataError(f"has shape {values.shape} of {values.dtype}", where=where, remedy=SHAPES)
    if values.ndim < 4:
        return values
    axis = next((axis for axis in (3, 1) if values.shape[axis] in (1, 3)), None)
    if axis is None:
        raise DataError(f"has shape {values.shape}, no 1 or 3 channels", where=where, remedy=SHAPES)
    values = np.moveaxis(values, axis, 3)
    if values.shape[3] == 1:
        return values[..., 0]
    parts = [values[start : start + PART] @ np.array(LUMA) for start in range(0, len(values), PART)]
    if values.dtype != np.uint8:
        return np.concatenate(parts)
    return np.concatenate([np.rint(part).astype(np.uint8) for part in parts])
