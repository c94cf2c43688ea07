"""Named arrays, out of whichever file: torn out of wrappers, prefixes cut off, as float32."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustmnist.models.sources.refusals import Unreadable, quoted

__all__ = ["Array", "Weights", "as_float32", "common_prefix", "unwrap", "without_prefixes"]

Array = NDArray[Any]

# Under which key a checkpoint of a training holds its network, most telling first.
WRAPPERS = ("state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params")
# What wrappers of modules put before every name: nn.DataParallel, torch.compile.
PREFIXES = ("module.", "_orig_mod.")


@dataclass(frozen=True, eq=False)
class Weights:
    """The named arrays of a network, in the order of the file.

    Attributes:
        arrays: Name -> values; floats as float32 or float64, whole numbers as they are.
        notes: What was done to get at them.
    """

    arrays: dict[str, Array]
    notes: tuple[str, ...]


def unwrap(value: Mapping[str | int, Any], is_tensor: Any) -> tuple[dict[str, Any], list[str]]:
    """Return the dict of tensors within `value`, and notes on the way there.

    Raises:
        Unreadable: If there is none.
    """
    notes: list[str] = []
    for _ in range(3):  # a wrapper within a wrapper is seen, a third never was
        tensors = {str(key): entry for key, entry in value.items() if is_tensor(entry)}
        if tensors:
            others = [str(key) for key, entry in value.items() if not is_tensor(entry)]
            if others:
                notes.append(f"Left out, as no tensors: {', '.join(quoted(name) for name in others[:5])}.")
            return tensors, notes
        key = next((key for key in WRAPPERS if isinstance(value.get(key), dict)), None)
        if key is None:
            break
        notes.append(f"Taken from under the key {quoted(key)}.")
        value = value[key]
    names = ", ".join(quoted(key) for key in list(value)[:5]) or "nothing"
    raise Unreadable(f"holds no dict of tensors, but {names}", "save model.state_dict() alone")


def without_prefixes(weights: Weights) -> Weights:
    """Return the arrays without the names' prefixes that torch's wrappers of modules add; it is noted."""
    arrays, notes = weights.arrays, list(weights.notes)
    while prefix := next(
        (start for start in PREFIXES if arrays and all(name.startswith(start) for name in arrays)), None
    ):
        arrays = {name.removeprefix(prefix): array for name, array in arrays.items()}
        notes.append(f"The prefix {quoted(prefix)} was cut off all names.")
    return Weights(arrays, tuple(notes))


def common_prefix(names: list[str]) -> str:
    """Return the first part, dot included, that all `names` begin with and none consists of; else "".

    >>> common_prefix(["net.conv1.weight", "net.fc.bias"])
    'net.'
    """
    heads = {match.group() if (match := re.match(r"[^.]+\.", name)) else "" for name in names}
    return heads.pop() if len(heads) == 1 else ""


def as_float32(weights: Weights) -> Weights:
    """Return the arrays with all floats as float32, which is what every network here computes in; it is noted."""
    kinds = {str(array.dtype) for array in weights.arrays.values() if array.dtype.kind == "f"} - {"float32"}
    arrays = {
        name: array.astype(np.float32) if array.dtype.kind == "f" else array for name, array in weights.arrays.items()
    }
    notes = [f"Stored as {kind}, computed in float32." for kind in sorted(kinds)]
    return Weights(arrays, (*weights.notes, *notes))
