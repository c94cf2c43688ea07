"""Rows of scores out of whatever a classifier answers with."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from robustmnist.errors import InputError

__all__ = ["rows_of", "unwrapped"]

# Under which a dictionary may hold its scores, the best name first.
NAMES = ("logits", "log_probs", "log_probabilities", "probs", "probabilities", "scores", "output", "outputs")


def unwrapped(answer: Any) -> tuple[Any, str]:
    """Return the tensor or array within `answer`, and what it was taken out of: empty if it is `answer` itself.

    A list of rows is put together. Of another list or a tuple it is the first entry, of a dictionary the one called
    ``logits`` or the like, of an object its attribute ``logits``.
    """
    if isinstance(answer, Tensor | np.ndarray):
        return answer, ""
    if isinstance(answer, Mapping):
        name = next((name for name in NAMES if name in answer), next(iter(answer), None))
        return (answer, "") if name is None else (unwrapped(answer[name])[0], f"entry {name!r} of a dictionary")
    if isinstance(getattr(answer, "logits", None), Tensor | np.ndarray):
        return answer.logits, f"logits of a {type(answer).__name__}"
    if isinstance(answer, list) and all(isinstance(row, Tensor | np.ndarray) and row.ndim == 1 for row in answer):
        return (answer, "") if not answer else (np.stack([np.asarray(row) for row in answer]), "list of rows")
    if isinstance(answer, list | tuple) and answer and not _is_number(answer[0]):
        inner = unwrapped(answer[0])[0]
        if isinstance(inner, Tensor | np.ndarray):
            return inner, f"first entry of a {type(answer).__name__}"
    return answer, ""


def rows_of(answer: Any, count: int) -> Tensor:
    """Return what a classifier answered of `count` digits as a tensor (count, columns), or (count,) of labels.

    A wrapped answer is taken out of what it is wrapped in (`unwrapped`), axes of length 1 behind the columns are
    dropped, and labels that are text ("7") become numbers.

    Raises:
        InputError: If that is not a row of numbers for each digit.
    """
    values, _ = unwrapped(answer)
    if not isinstance(values, Tensor):
        values = _tensor(values)
    if not len(values.shape) or len(values) != count:
        raise _refusal(f"answers {tuple(values.shape)} for {count} digits")
    while values.ndim > 2 and values.shape[-1] == 1:
        values = values.squeeze(-1)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values.squeeze(1)
    if values.ndim > 2 or (values.ndim == 2 and values.shape[1] < 10):
        raise _refusal(f"answers {tuple(values.shape)} for {count} digits")
    return values


def _tensor(values: Any) -> Tensor:
    try:
        array = np.asarray(values)
        if array.dtype.kind in "OUS":
            array = array.astype(np.int64)
        return torch.from_numpy(np.array(array))
    except (ValueError, TypeError, OverflowError) as cause:
        raise _refusal(f"answers a {type(values).__name__}, which is no array of numbers") from cause


def _refusal(what: str) -> InputError:
    return InputError(what, where="the classifier", remedy="return an array (B, 10) of scores, or (B,) of labels")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | str | np.generic)
