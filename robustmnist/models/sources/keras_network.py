"""A Keras model as a torch network, layer by layer."""

import re

import torch
from torch import nn

from robustmnist.models.sources.description import describe
from robustmnist.models.sources.keras_config import Layer, input_shape, layers_of
from robustmnist.models.sources.keras_file import KerasFile
from robustmnist.models.sources.keras_layers import IDLE, LAYERS, translate
from robustmnist.models.sources.keras_modules import ChannelsFirst
from robustmnist.models.sources.refusals import Unreadable
from robustmnist.models.sources.source import Network
from robustmnist.models.sources.weights import Array

__all__ = ["keras_network"]

OUTPUTS = {nn.Sigmoid: "probabilities", nn.LogSoftmax: "log-probabilities", nn.Linear: "logits", nn.Conv2d: "logits"}
LAYOUTS = {1: "flat", 2: "hw", 3: "nhwc"}


def keras_network(file: KerasFile) -> tuple[Network, list[str]]:
    """Return a Keras model as a torch network, and notes on what was changed.

    A softmax at the end is cut off, so that true logits come out: of a saturated softmax only zeros are left.

    Raises:
        Unreadable: If a layer is not translated, or arrays are missing or of another shape than the layers imply.
    """
    layers = layers_of(file.config)
    declared = shape = input_shape(file.config, layers)
    modules: list[nn.Module] = [ChannelsFirst()] if len(shape) == 3 else []
    for layer, arrays in zip(layers, _arrays(file, layers), strict=True):
        added, shape = translate(layer, shape, arrays)
        modules.extend(added)
    if len(shape) != 1:
        raise Unreadable(f"answers an image with values of shape {shape}, not with a row of scores")
    notes = []
    if modules and isinstance(modules[-1], nn.Softmax):
        modules.pop()
        notes.append("The softmax at the end was cut off: the network gives logits.")
        output: str | None = "logits"
    else:
        output = OUTPUTS.get(type(modules[-1])) if modules else None
    with torch.no_grad():
        network = nn.Sequential(*modules).eval()
    layout = "nchw" if len(declared) == 3 and declared[0] in (1, 3) and declared[2] > 3 else LAYOUTS[len(declared)]
    return Network(network, True, declared, layout, output, describe(modules)), notes


def _arrays(file: KerasFile, layers: list[Layer]) -> list[list[Array]]:
    """Return the arrays of every layer, none for those that have none in Keras."""
    if file.by_name is not None:
        return [[] if layer.kind in IDLE else file.by_name.get(layer.name, []) for layer in layers]
    left = {kind: list(arrays) for kind, arrays in (file.by_kind or {}).items()}
    given: list[list[Array]] = []
    for layer in layers:
        waiting = left.get(snake_case(layer.kind), []) if layer.kind in LAYERS else []
        given.append(waiting.pop(0) if waiting else [])
    return given


def snake_case(kind: str) -> str:
    """Return a class's name as Keras names its groups of arrays.

    Source: keras/src/utils/naming.py, `to_snake_case`.

    >>> snake_case("MaxPooling2D"), snake_case("PReLU")
    ('max_pooling2d', 'p_re_lu')
    """
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
