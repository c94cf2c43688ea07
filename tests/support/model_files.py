"""Model files of every form, small, made by hand; and files damaged in every way."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

__all__ = ["damaged", "dense_h5", "h5_bytes", "keras_layer", "keras_zip", "onnx_bytes", "protobuf", "sequential"]

Arrays = dict[str, np.ndarray]


def damaged(data: bytes, count: int, seed: int = 0) -> Iterator[bytes]:
    """Yield `count` copies of `data`: bits flipped, bytes changed, cut off, cut out, doubled, blanked."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        copy = bytearray(data)
        start, length = int(rng.integers(len(copy))), int(rng.integers(1, 64))
        match int(rng.integers(6)):
            case 0:
                copy[start] ^= 1 << int(rng.integers(8))
            case 1:
                for at in rng.integers(len(copy), size=length):
                    copy[at] = int(rng.integers(256))
            case 2:
                del copy[start:]
            case 3:
                del copy[start : start + length]
            case 4:
                copy[start:start] = copy[start : start + length]
            case 5:
                copy[start : start + length] = bytes(min(length, len(copy) - start))
        yield bytes(copy)


def keras_layer(kind: str, name: str, **config: Any) -> dict[str, Any]:
    """Return a layer as Keras 2 writes it."""
    return {"class_name": kind, "config": {"name": name, **config}}


def sequential(*layers: dict[str, Any]) -> dict[str, Any]:
    """Return a Sequential model's configuration."""
    return {"class_name": "Sequential", "config": {"name": "sequential", "layers": list(layers)}}


def h5_bytes(config: dict[str, Any] | None, weights: dict[str, Arrays]) -> bytes:
    """Return a ``.h5`` as Keras 2 writes it, of layer name -> weight name -> array."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        if config is not None:
            file.attrs["model_config"] = json.dumps(config)
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for name, arrays in weights.items():
            layer = group.create_group(name)
            layer.attrs["weight_names"] = [f"{name}/{weight}:0".encode() for weight in arrays]
            for weight, array in arrays.items():
                layer[f"{name}/{weight}:0"] = array
    return buffer.getvalue()


def dense_h5(units: int = 10, activation: str = "softmax", seed: int = 0) -> bytes:
    """Return a ``.h5`` with one dense layer on 28×28 images."""
    rng = np.random.default_rng(seed)
    config = sequential(
        keras_layer("Flatten", "flatten", batch_input_shape=[None, 28, 28]),
        keras_layer("Dense", "dense", units=units, activation=activation, use_bias=True),
    )
    arrays = {"kernel": rng.normal(size=(784, units)).astype("f4"), "bias": rng.normal(size=units).astype("f4")}
    return h5_bytes(config, {"flatten": {}, "dense": arrays})


def keras_zip(config: dict[str, Any], variables: dict[str, list[np.ndarray]]) -> bytes:
    """Return a ``.keras`` file, of group -> arrays: ``{"layers/dense": [kernel, bias]}``."""
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        for group, arrays in variables.items():
            for index, array in enumerate(arrays):
                file[f"{group}/vars/{index}"] = array
    return zipped({"config.json": json.dumps(config).encode(), "model.weights.h5": weights.getvalue()})


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip of name -> content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def protobuf(*fields: tuple[int, int | str | bytes]) -> bytes:
    """Return a message in Google's wire format, of field numbers and values."""
    message = b""
    for number, value in fields:
        if isinstance(value, int):
            message += _varint(number << 3) + _varint(value)
        else:
            content = value.encode() if isinstance(value, str) else value
            message += _varint(number << 3 | 2) + _varint(len(content)) + content
    return message


def onnx_bytes(
    weight: np.ndarray, *, shape: tuple[int | str, ...] = ("N", 784), external: str = "", domain: str = ""
) -> bytes:
    """Return an ONNX file: images of `shape`, flattened, times `weight` (784, columns), then softmax."""
    dimensions = [(1, size) for size in weight.shape]
    if external:
        location = [(13, protobuf((1, "location"), (2, external))), (14, 1)]
        tensor = protobuf(*dimensions, (2, 1), (8, "w"), *location)
    else:
        tensor = protobuf(*dimensions, (2, 1), (8, "w"), (9, weight.astype("<f4").tobytes()))
    nodes = [
        protobuf((1, "x"), (2, "flat"), (4, "Flatten")),
        protobuf((1, "flat"), (1, "w"), (2, "scores"), (4, "MatMul"), (7, domain)),
        protobuf((1, "scores"), (2, "y"), (4, "Softmax")),
    ]
    sizes = [protobuf((1, size)) if isinstance(size, int) else protobuf((2, size)) for size in shape]
    graph = protobuf(
        *((1, node) for node in nodes),
        (2, "graph"),
        (5, tensor),
        (11, _value("x", sizes)),
        (12, _value("y", [protobuf((2, "N")), protobuf((1, weight.shape[1]))])),
    )
    versions = [(8, protobuf((1, ""), (2, 13)))] + ([(8, protobuf((1, domain), (2, 1)))] if domain else [])
    return protobuf((1, 8), (7, graph), *versions)


def _value(name: str, sizes: list[bytes]) -> bytes:
    shape = protobuf(*((1, size) for size in sizes))
    return protobuf((1, name), (2, protobuf((1, protobuf((1, 1), (2, shape))))))


def _varint(value: int) -> bytes:
    encoded = b""
    while value > 0x7F:
        encoded += bytes([value & 0x7F | 0x80])
        value >>= 7
    return encoded + bytes([value])
