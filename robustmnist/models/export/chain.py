"""A classifier as a list of layers, one after the other, with what goes in and what comes out."""

from dataclasses import dataclass, replace

import torch
from torch import nn

from robustmnist.errors import CheckpointError
from robustmnist.models.architectures.cnn import CNN
from robustmnist.models.architectures.fc import FC
from robustmnist.models.architectures.layers import MEAN, SD, Normalise
from robustmnist.models.architectures.lenet5 import LeNet5
from robustmnist.models.contract import Adapted, Input, Output
from robustmnist.models.inference.folding import fold_norms
from robustmnist.models.inference.foreign import check_weights, duplicate
from robustmnist.models.inference.structure import ACTIVATIONS, IDLE, is_understood
from robustmnist.models.sources.keras_modules import ChannelsFirst, Pooled, Rearranged

__all__ = ["Chain", "chain_of"]


@dataclass(frozen=True, eq=False)
class Chain:
    """A classifier whose layers are all known.

    Attributes:
        input: What the first layer is given.
        output: What the last layer answers.
        layers: Modules in float32 on the CPU, in eval mode, in the order of computation; nothing lies between them.
    """

    input: Input
    output: Output
    layers: tuple[nn.Module, ...]


def chain_of(model: nn.Module) -> Chain:
    """Return the layers of `model`, batch norms folded where that is exact, and layers that do nothing left out.

    The normalisation of this package's own networks becomes part of the input contract. Layers that only Keras has are
    said in torch's words where there are some: flattening maps row by row becomes torch's flattening, before a dense
    layer whose weights are reordered.

    Args:
        model: A classifier of images (B, 1, 28, 28); it is copied, not changed.

    Raises:
        CheckpointError: If it is no chain of known layers, or does not answer digits with ten scores.
    """
    if not is_understood(model):
        raise CheckpointError(_why_not(model), remedy="export it with torch.onnx.export, from the code that made it")
    check_weights(model)
    with torch.no_grad():
        copied = fold_norms(duplicate(model).cpu().float().eval())
        if isinstance(copied, Adapted):
            chain = Chain(copied.input, copied.output, tuple(_flat(copied.network)))
        else:
            layers = _flat(copied)
            ours = bool(layers) and isinstance(layers[0], Normalise)
            chain = Chain(Input(mean=MEAN, sd=SD) if ours else Input(), Output(), tuple(layers[ours:]))
        _check_answer(chain)
        return _simplified(chain)


def _check_answer(chain: Chain) -> None:
    """Refuse layers that do not take what the contract makes of a digit, or answer with too few scores."""
    values = torch.zeros((2, *chain.input.shape))
    try:
        for layer in chain.layers:
            values = layer(values)
    except (RuntimeError, IndexError, ValueError) as cause:
        what = f"does not take images as {chain.input} says ({str(cause).strip().splitlines()[0]})"
        raise CheckpointError(what, remedy="say what it takes: rm.Classifier(network, input=…)") from cause
    if values.ndim != 2 or values.shape[1] <= max(chain.output.classes):
        what = f"answers two digits with the shape {tuple(values.shape)}"
        raise CheckpointError(what, remedy="let it return ten scores per digit")


def _flat(module: nn.Module) -> list[nn.Module]:
    """Return the layers within `module` that compute something, in order."""
    match module:
        case FC():
            parts = [module.normalise, nn.Flatten(), module.classifier]
        case CNN() | LeNet5():
            parts = [module.normalise, module.features, nn.Flatten(), module.classifier]
        case nn.Sequential():
            parts = list(module)
        case Adapted():  # behind another contract
            raise CheckpointError("is a classifier within a classifier", remedy="export the inner one")
        case _:
            return [] if isinstance(module, IDLE) else [module]
    return [layer for part in parts for layer in _flat(part)]


def _simplified(chain: Chain) -> Chain:
    """Return the same chain without what only turns axes, where torch's own layers can do without."""
    layers = list(chain.layers)
    if layers and isinstance(layers[0], ChannelsFirst) and chain.input.layout == "nhwc":
        chain, layers = replace(chain, input=replace(chain.input, layout="nchw")), layers[1:]
    shape = chain.input.shape
    values = torch.zeros((1, *shape))
    plain: list[nn.Module] = []
    for at, layer in enumerate(layers):
        maps, values = values, layer(values)
        if isinstance(layer, Pooled) and not layer.largest:
            plain += [nn.AdaptiveAvgPool2d(1), *([] if layer.keep else [nn.Flatten()])]
        elif isinstance(layer, Rearranged) and len(layer.shape) == 1 and _reorder(layers[at + 1 :], maps):
            plain.append(nn.Flatten())
        else:
            plain.append(layer)
    return replace(chain, layers=tuple(plain))


def _reorder(behind: list[nn.Module], maps: torch.Tensor) -> bool:
    """Reorder the inputs of the dense layer that follows on the flattening of `maps`; return whether there is one."""
    dense = next((layer for layer in behind if not isinstance(layer, ACTIVATIONS)), None)
    if not isinstance(dense, nn.Linear):
        return False
    if maps.ndim == 4:
        _, channels, rows, columns = maps.shape
        by_pixel = dense.weight.detach().reshape(-1, rows, columns, channels)
        dense.weight = nn.Parameter(by_pixel.permute(0, 3, 1, 2).flatten(1).contiguous(), requires_grad=False)
    return True


def _why_not(model: nn.Module) -> str:
    inner = model.network if isinstance(model, Adapted) else model
    name = type(inner).__name__
    if name == "Opaque":
        return "is a function, of which no layers are known"
    return f"is a {name}, and what it computes stands in its code, not in its list of layers"
