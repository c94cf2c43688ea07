"""How the weights of a network start."""

from torch import nn

from robustmnist.training.recipe import Initialisation

__all__ = ["initialise"]


def initialise(model: nn.Module, name: Initialisation) -> None:
    """Set the weights of convolutions and dense layers from torch's global generator, and their biases to zero.

    - ``default``: leaves everything as torch's layers start.
    - ``xavier``: normal, variance 2 / (inputs + outputs). Source: Glorot and Bengio, 2010.
    - ``kaiming``: normal, variance 2 / inputs, for ReLU. Source: He, Zhang, Ren and Sun, 2015.
    - ``orthogonal``: rows or columns orthonormal. Source: Saxe, McClelland and Ganguli, 2014.
    - ``zero``: all weights 0, which leaves all units of a layer alike for good: to be seen, not to be used.
    """
    if name == "default":
        return
    for module in model.modules():
        if not isinstance(module, nn.Conv2d | nn.Linear):
            continue
        match name:
            case "xavier":
                nn.init.xavier_normal_(module.weight)
            case "kaiming":
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            case "orthogonal":
                nn.init.orthogonal_(module.weight)
            case "zero":
                nn.init.zeros_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
