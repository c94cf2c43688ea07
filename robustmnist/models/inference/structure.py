"""Which networks may be rewritten: those whose list of modules fully describes what they compute."""

from torch import nn

from robustmnist.models.architectures.cnn import CNN
from robustmnist.models.architectures.fc import FC
from robustmnist.models.architectures.layers import ByteDropout, Normalise
from robustmnist.models.architectures.lenet5 import LeNet5
from robustmnist.models.contract.adapter import Adapted
from robustmnist.models.inference.aligned import AlignedLinear
from robustmnist.models.inference.pooling import Halve, PooledConvolution
from robustmnist.models.sources.keras_modules import (
    AveragePool,
    ChannelsFirst,
    Exponential,
    Lines,
    Pooled,
    Rearranged,
    Slopes,
)

__all__ = ["ACTIVATIONS", "CHAINS", "IDLE", "LAYERS", "is_convolutional", "is_understood"]

CHAINS = (FC, CNN, LeNet5, nn.Sequential, Adapted)
# Of one value at a time, without weights.
ACTIVATIONS = (
    *(nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish, nn.ReLU6, nn.Hardtanh, nn.Tanh, nn.Sigmoid),
    *(nn.Softplus, nn.Softsign, Exponential),
)
# What changes nothing once training is over.
IDLE = (nn.Identity, nn.Dropout, nn.Dropout2d, ByteDropout)
LAYERS = (
    *(Normalise, Halve, PooledConvolution, *ACTIVATIONS, *IDLE),
    *(nn.Conv2d, nn.Linear, AlignedLinear, nn.BatchNorm1d, nn.BatchNorm2d, nn.PReLU),
    *(nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.ZeroPad2d, nn.ConstantPad2d, nn.Flatten),
    *(nn.Softmax, nn.LogSoftmax),
    *(ChannelsFirst, Rearranged, AveragePool, Pooled, Lines, Slopes),
)


def is_understood(model: nn.Module) -> bool:
    """Return whether `model` calls its modules one after the other, each once, and as torch defines them.

    That is so for the classifiers of this package and for plain `Sequential` ones, alone or behind a contract
    (`robustmnist.models.contract.Adapted`), as long as every module is exactly of a known type (a subclass or a
    parametrised layer may compute anything), stands in one position only, and has no hook and no method of its own.
    What any other network computes is written in its code, which nobody can see from its modules: it is never
    rewritten.
    """
    modules = [module for _, module in model.named_modules(remove_duplicate=False)]
    return (
        type(model) in CHAINS
        and len({id(module) for module in modules}) == len(modules)
        and all(type(module) in (*CHAINS, *LAYERS) and not _is_altered(module) for module in modules)
    )


def is_convolutional(model: nn.Module) -> bool:
    """Return whether `model` holds a two-dimensional convolution."""
    return any(isinstance(module, nn.Conv2d) for module in model.modules())


def _is_altered(module: nn.Module) -> bool:
    hooks = (module._forward_hooks, module._forward_pre_hooks)
    return any(hooks) or any(callable(value) for value in vars(module).values())
