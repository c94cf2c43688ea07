"""The configuration of a Keras model, read as data: one chain of layers, from the input to the output."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from robustmnist.models.sources.refusals import Unreadable, quoted

__all__ = ["MODELS", "Layer", "input_shape", "layers_of"]

MODELS = ("Sequential", "Functional", "Model")
ONNX = "export the model to ONNX, or name a function that loads it: --code mine.py:load"
MAX_LAYERS = 1000
MAX_SIZE = 2**24  # of any dimension
DEEPEST = 3  # models within models


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer of Keras: its class, its name and its configuration, whose values are checked where they are read."""

    kind: str
    name: str
    config: Mapping[str, Any]

    def wrong(self, key: str) -> Unreadable:
        """Return what to raise where the value of `key` is not one that Keras gives."""
        value = quoted(self.config.get(key))
        return Unreadable(f"has a layer {self} whose {key} is {value}, which is not understood", ONNX)

    def whole(self, key: str, default: int | None = None) -> int:
        """Return a whole number from 1 on."""
        value = self.config.get(key, default)
        if type(value) is not int or not 1 <= value <= MAX_SIZE:
            raise self.wrong(key)
        return value

    def number(self, key: str, default: float) -> float:
        """Return a finite number; the default also where the file says null."""
        value = self.config.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e30:
            raise self.wrong(key)
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """Return whether something is so."""
        value = self.config.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key)
        return value

    def word(self, key: str, default: str, allowed: Iterable[str]) -> str:
        """Return one of the `allowed` words; the default also where the file says null."""
        value = self.config.get(key) or default
        if not isinstance(value, str) or value not in allowed:
            raise self.wrong(key)
        return value

    def pair(self, key: str, default: tuple[int, int] | None = None, least: int = 1) -> tuple[int, int]:
        """Return two whole numbers, rows and columns; one number stands for both."""
        value = self.config.get(key)
        value = default if value is None else value
        both = [value, value] if type(value) is int else value
        if not isinstance(both, list | tuple) or len(both) != 2:
            raise self.wrong(key)
        if not all(type(size) is int and least <= size <= MAX_SIZE for size in both):
            raise self.wrong(key)
        return both[0], both[1]

    def __str__(self) -> str:
        return f"{self.kind} {quoted(self.name)}" if self.name else self.kind


def layers_of(model: Mapping[str, Any], depth: int = 0) -> list[Layer]:
    """Return the layers of a model's configuration in the order of computation, the input first.

    Raises:
        Unreadable: If it is not one chain, or no configuration of Keras.
    """
    kind, config = model.get("class_name"), model.get("config")
    if kind not in MODELS or depth > DEEPEST:
        raise Unreadable(f"is a Keras {quoted(kind)}, not a Sequential or Functional model", ONNX)
    entries = config.get("layers") if isinstance(config, dict) else config  # a bare list before Keras 2.2.3
    if not isinstance(entries, list) or not 0 < len(entries) <= MAX_LAYERS:
        raise Unreadable("is damaged: its configuration lists no layers")
    if kind != "Sequential" and isinstance(config, dict):
        entries = _chain(entries, config)
    layers: list[Layer] = []
    for entry in entries:
        layer = _layer(entry)
        layers.extend(layers_of(entry, depth + 1) if layer.kind in MODELS else [layer])
    return layers


def input_shape(model: Mapping[str, Any], layers: list[Layer]) -> tuple[int, ...]:
    """Return the shape of one input, without the batch, as the file declares it.

    Raises:
        Unreadable: If it does not, or leaves a size open.
    """
    config = model.get("config")
    candidates = [layer.config.get(key) for layer in layers[:1] for key in ("batch_shape", "batch_input_shape")]
    candidates.append(config.get("build_input_shape") if isinstance(config, dict) else None)
    shape = next((shape for shape in candidates if isinstance(shape, list)), None)
    if shape is None or not 2 <= len(shape) <= 4:
        raise Unreadable(
            "does not say which images it takes", "build the model before saving: model.build((None, 28, 28, 1))"
        )
    sizes = tuple(shape[1:])
    if not all(type(size) is int and 1 <= size <= MAX_SIZE for size in sizes) or math.prod(sizes) > MAX_SIZE:
        raise Unreadable(f"takes images of an open or impossible size, {quoted(sizes)}", ONNX)
    return sizes


def _layer(entry: Any) -> Layer:
    if not isinstance(entry, dict) or not isinstance(entry.get("class_name"), str):
        raise Unreadable("is damaged: its configuration lists something that is no layer")
    kind, config = entry["class_name"], entry.get("config")
    module, registered = entry.get("module"), entry.get("registered_name")
    if not (module is None or str(module).partition(".")[0] in ("keras", "builtins", "tf_keras")):
        raise Unreadable(f"has the layer {quoted(kind)} of {quoted(module)}, whose code is not in the file", ONNX)
    if registered not in (None, kind) or ">" in kind:
        raise Unreadable(
            f"has the layer {quoted(registered or kind)} of the author's own, whose code is not there", ONNX
        )
    if kind in MODELS:
        return Layer(kind, "", {})
    if not isinstance(config, dict):
        raise Unreadable(f"is damaged: its layer {quoted(kind)} has no configuration")
    return Layer(kind, str(config.get("name", "")), config)


def _chain(entries: list[Any], config: Mapping[str, Any]) -> list[Any]:
    """Return the layers of a Functional model in order, from its output back to its input."""
    named = {_name(entry): entry for entry in entries if isinstance(entry, dict)}
    outputs, inputs = _names(config.get("output_layers")), _names(config.get("input_layers"))
    if len(outputs) != 1 or len(inputs) != 1 or len(named) != len(entries):
        raise Unreadable(f"has {len(inputs)} inputs and {len(outputs)} outputs, not one each", ONNX)
    chain: list[Any] = []
    name = outputs[0]
    while len(chain) <= len(named):
        entry = named.get(name)
        if entry is None:
            raise Unreadable(f"is damaged: it has no layer {quoted(name)}")
        chain.append(entry)
        if name == inputs[0]:
            return chain[::-1]
        nodes = entry.get("inbound_nodes")
        before = _names(nodes[0]) if isinstance(nodes, list) and len(nodes) == 1 else []
        if len(before) != 1:
            raise Unreadable(f"is no chain: the layer {quoted(name)} joins several, or is used several times", ONNX)
        name = before[0]
    raise Unreadable("is damaged: its layers run in a circle")


def _name(entry: dict[str, Any]) -> str:
    config = entry.get("config")
    return str(entry.get("name") or (config.get("name") if isinstance(config, dict) else None))


def _names(node: Any) -> list[str]:
    """Return the names of the layers whose outputs `node` lists, as Keras 2 writes it or as Keras 3 does.

    >>> _names([["conv", 0, 0, {}]]), _names(["conv", 0, 0])
    (['conv'], ['conv'])
    """
    if isinstance(node, dict):
        config = node.get("config")
        if node.get("class_name") == "__keras_tensor__" and isinstance(config, dict):
            return _names(config.get("keras_history"))
        return [name for part in node.values() for name in _names(part)]
    if isinstance(node, list):
        if len(node) in (3, 4) and isinstance(node[0], str) and type(node[1]) is int and type(node[2]) is int:
            return [node[0]]
        return [name for part in node for name in _names(part)]
    return []
