"""A stranger's model file, of any form, as networks to call. No file ever runs code; code runs where it was named."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np

from robustmnist.errors import CheckpointError, InputError
from robustmnist.models.sources.form import form_of, form_of_zip, read_bytes
from robustmnist.models.sources.keras_file import KerasFile, read_keras_h5, read_keras_zip
from robustmnist.models.sources.keras_network import keras_network
from robustmnist.models.sources.onnx_file import external_files, look_into, onnx_network
from robustmnist.models.sources.python_code import made
from robustmnist.models.sources.refusals import Unreadable, refuse
from robustmnist.models.sources.safetensors_file import read_safetensors
from robustmnist.models.sources.source import Source
from robustmnist.models.sources.state_networks import networks_from_shapes
from robustmnist.models.sources.torch_file import read_legacy_torch, read_torch_zip
from robustmnist.models.sources.user_network import user_network, with_state
from robustmnist.models.sources.weights import Weights, as_float32, without_prefixes
from robustmnist.models.sources.zip_file import read_zip
from robustmnist.system.files import sha256_bytes
from robustmnist.system.python_code import is_code, load_named

__all__ = ["read_source"]

STATES: dict[str, tuple[str, Callable[[bytes], Weights]]] = {
    "torch": ("torch state dict", read_torch_zip),
    "legacy torch": ("torch state dict", read_legacy_torch),
    "safetensors": ("safetensors", read_safetensors),
}
KERAS: dict[str, tuple[str, Callable[[bytes], KerasFile]]] = {
    "hdf5": ("keras h5", read_keras_h5),
    "keras": ("keras", read_keras_zip),
}


def read_source(path: Path, *, code: str | None = None) -> Source:
    """Read a model file, or run the code that `path` names.

    What a file is, its content says and not its ending. Data files are read as data: no code in them can run.

    Args:
        path: A model file, or ``net.py:Net``.
        code: ``net.py:Net`` for a file of weights: the class that they belong to, which is run. For an ``.npz``, a
            function that takes a dict of its arrays and returns the network.

    Raises:
        CheckpointError: If it cannot be read; the message says why in one line, and the way out.
    """
    try:
        return _code(path) if is_code(path) and code is None else _file(path, code)
    except Unreadable as cause:
        raise cause.at(path) from cause
    except InputError as cause:  # of the code that was named
        raise CheckpointError(cause.what, where=path, remedy=cause.remedy) from cause
    except RecursionError as cause:  # JSON within JSON within JSON: what parses may still be too deep to follow
        raise Unreadable("is damaged, or made to be: it is nested too deep").at(path) from cause


def _file(path: Path, code: str | None) -> Source:
    data = read_bytes(path)
    form = form_of(data)
    form = form_of_zip(dict.fromkeys(read_zip(data, wanted=lambda name: False), b"")) if form == "zip" else form
    if form in KERAS:
        name, read_keras = KERAS[form]
        _no_code(code, name)
        network, notes = keras_network(read_keras(data))
        return Source(name, path, sha256_bytes(data), (network,), None, tuple(notes))
    if form in STATES:
        name, read_state = STATES[form]
        return _state(path, data, name, without_prefixes(read_state(data)), code)
    if form == "onnx":
        _no_code(code, form)
        return _onnx(path, data)
    if form == "npz" and code is not None:
        return _arrays(path, data, code)
    raise refuse(form, path.name)


def _state(path: Path, data: bytes, form: str, weights: Weights, code: str | None) -> Source:
    sha256 = sha256_bytes(data)
    if code is None:
        weights = as_float32(weights)
        return Source(form, path, sha256, networks_from_shapes(weights.arrays), None, weights.notes)
    named = load_named(code)
    module, notes = with_state(named, weights)
    return Source(form, path, sha256, (user_network(module),), named.code, (*weights.notes, *notes))


def _onnx(path: Path, data: bytes) -> Source:
    content = look_into(data)
    files = external_files(path, content)
    network = onnx_network(path, data, content)
    digest = hashlib.sha256(data)
    for file in files:
        digest.update(file.read_bytes())
    notes = [f"Its weights lie in {', '.join(file.name for file in files)}, beside it."] if files else []
    return Source("onnx", path, digest.hexdigest(), (network,), None, tuple(notes))


def _arrays(path: Path, data: bytes, code: str) -> Source:
    """Return the network that the user's function makes of the arrays of an ``.npz``."""
    try:
        arrays = {
            name.removesuffix(".npy"): np.lib.format.read_array(io.BytesIO(member), allow_pickle=False)
            for name, member in read_zip(data).items()
        }
    except (ValueError, TypeError, SyntaxError, OverflowError, MemoryError, EOFError) as cause:
        raise Unreadable(
            "holds an array that is damaged, or no numbers", "save plain arrays with numpy.savez"
        ) from cause
    named = load_named(code)
    network = user_network(made(named, arrays))
    return Source("npz", path, sha256_bytes(data), (network,), named.code, ())


def _code(path: Path) -> Source:
    named = load_named(str(path))
    network = user_network(made(named))
    note = "No file of weights was given: the network is as its code makes it."
    return Source("python code", named.file, named.code.sha256, (network,), named.code, (note,))


def _no_code(code: str | None, form: str) -> None:
    if code is not None:
        raise Unreadable(f"is of the form {form}, which holds its own architecture", "leave --code out")
