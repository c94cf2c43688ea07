"""LeNet-5 as it is used today."""

from typing import Literal

from torch import Tensor, nn

from robustmnist.models.architectures.layers import Activation, Fraction, Normalise, activation_layer, dense_layers

__all__ = ["LeNet5"]


class LeNet5(nn.Module):
    """Two 5×5 convolutions of 6 and 16 channels, each with 2×2 pooling, then 400-120-84-10: 61,706 parameters.

    Classic: the sizes of all layers, the 32×32 field (28×28 padded by 2 px), pooling before the squashing function,
    and, on request, tanh and average pooling. Modern: ReLU and max pooling by default, pooling without weights,
    every second-layer channel sees all six maps, and 10 linear logits in place of radial basis functions.

    Source: LeCun, Bottou, Bengio, Haffner, Gradient-based learning applied to document recognition, 1998, §II.B.

    Args:
        activation: The activation everywhere; the classic choice is ``tanh``.
        pooling: ``max``, or ``average`` as in the classic network.
        dropout: Share of hidden dense units silenced in training.
    """

    def __init__(
        self,
        activation: Activation = "relu",
        pooling: Literal["max", "average"] = "max",
        dropout: Fraction = 0.0,
    ) -> None:
        super().__init__()
        pool = nn.MaxPool2d if pooling == "max" else nn.AvgPool2d
        self.normalise = Normalise()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2),
            pool(2),
            activation_layer(activation),
            nn.Conv2d(6, 16, 5),
            pool(2),
            activation_layer(activation),
        )
        self.classifier = dense_layers((400, 120, 84, 10), dropout=dropout, batch_norm=False, activation=activation)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, 10) of images (B, 1, 28, 28) in [0, 1]."""
        logits: Tensor = self.classifier(self.features(self.normalise(images)).flatten(1))
        return logits
