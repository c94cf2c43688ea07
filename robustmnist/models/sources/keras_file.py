"""Keras files, ``.h5`` and ``.keras``: what they say of their layers, and the layers' arrays. Keras is not needed."""

import importlib.util
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from robustmnist.models.sources import child
from robustmnist.models.sources.refusals import KERAS_EXTRA, Unreadable, quoted
from robustmnist.models.sources.weights import Array
from robustmnist.models.sources.zip_file import read_zip

__all__ = ["KerasFile", "read_keras_h5", "read_keras_zip"]

# Where the groups of layers lie, since Keras 3 and in 2.12 to 2.15.
CONTAINERS = ("layers", "_layer_checkpoint_dependencies")
WHOLE = 'save all of it: model.save("model.keras")'
DAMAGED = "fetch or save it again"


@dataclass(frozen=True, eq=False)
class KerasFile:
    """A Keras model as plain data.

    Attributes:
        config: The model's configuration, parsed JSON.
        by_name: Layer name -> its arrays in Keras' order, where the file keeps them by name (``.h5``).
        by_kind: Layer class in snake case -> the arrays of its layers one after another (``.keras``).
    """

    config: dict[str, Any]
    by_name: Mapping[str, list[Array]] | None
    by_kind: Mapping[str, list[list[Array]]] | None


def read_keras_h5(data: bytes) -> KerasFile:
    """Return what a ``.h5`` of Keras 2.2 to 3 holds.

    Raises:
        Unreadable: If it is damaged, hostile, or holds weights without a configuration.
    """
    texts, arrays = _read_hdf5(data)
    config = texts.get("", {}).get("model_config")
    if not isinstance(config, str):
        raise Unreadable("is an HDF5 file without a Keras configuration: weights alone, or no model", WHOLE)
    layers = {}
    for name in _names(texts.get("model_weights", {}), "layer_names"):
        group = f"model_weights/{name}"
        paths = [f"{group}/{weight}" for weight in _names(texts.get(group, {}), "weight_names")]
        if missing := [path for path in paths if path not in arrays]:
            raise Unreadable(f"is damaged: the weights {quoted(missing[0])} are missing", DAMAGED)
        layers[name] = [arrays[path] for path in paths]
    return KerasFile(_parse(config), layers, None)


def read_keras_zip(data: bytes) -> KerasFile:
    """Return what a ``.keras`` file holds.

    Raises:
        Unreadable: If it is damaged or hostile.
    """
    members = read_zip(data, wanted=lambda name: name in ("config.json", "model.weights.h5"))
    _, arrays = _read_hdf5(members["model.weights.h5"])
    groups: dict[tuple[str, int], dict[int, Array]] = {}
    for path, array in arrays.items():
        parts = path.replace("\\", "/").split("/")  # Keras 2.13 on Windows
        if (
            len(parts) != 4
            or parts[0] not in CONTAINERS
            or parts[2] != "vars"
            or not re.fullmatch(r"\d{1,4}", parts[3])
        ):
            continue
        kind, _, number = parts[1].rpartition("_")
        key = (kind, int(number)) if kind and re.fullmatch(r"\d{1,6}", number) else (parts[1], 0)
        groups.setdefault(key, {})[int(parts[3])] = array
    kinds: dict[str, list[list[Array]]] = {}
    for (kind, _), variables in sorted(groups.items()):
        kinds.setdefault(kind, []).append([array for _, array in sorted(variables.items())])
    return KerasFile(_parse(members["config.json"]), None, kinds)


def _read_hdf5(data: bytes) -> tuple[dict[str, dict[str, Any]], dict[str, Array]]:
    """Return the texts and the arrays of an HDF5 file, read in a process of its own."""
    if importlib.util.find_spec("h5py") is None:
        raise Unreadable("is a Keras file, which h5py reads, and h5py is not installed", KERAS_EXTRA)
    table, content = child.run_script(Path(__file__).with_name("hdf5.py"), data)
    arrays, start = {}, 0
    for name, dtype, shape in table["arrays"]:
        count = int(np.prod(shape, dtype=np.int64))
        arrays[name] = np.frombuffer(content, dtype, count, start).reshape(shape)
        start += arrays[name].nbytes
    return table["texts"], arrays


def _names(texts: Mapping[str, Any], key: str) -> list[str]:
    """Return a list of names, which Keras cuts into ``key0``, ``key1`` ... where it is long."""
    parts = [texts.get(key), *(texts.get(f"{key}{index}") for index in range(len(texts)))]
    return [name for part in parts if isinstance(part, list) for name in part]


def _parse(config: str | bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(config)
    except (ValueError, RecursionError) as cause:
        raise Unreadable("is damaged: its configuration is no JSON", DAMAGED) from cause
    if not isinstance(parsed, dict):
        raise Unreadable("is damaged: its configuration is no table", DAMAGED)
    return parsed
