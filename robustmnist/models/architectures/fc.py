"""The fully connected classifier."""

from torch import Tensor, nn

from robustmnist.models.architectures.layers import Activation, ByteDropout, Fraction, Normalise, Widths, dense_layers

__all__ = ["FC"]


class FC(nn.Module):
    """784 pixels, hidden layers, 10 logits; the default 784-256-128-10 has 235,146 parameters.

    Args:
        widths: The hidden layers' widths, first to last.
        dropout: Share of hidden units silenced in training, in whole 256ths.
        input_dropout: Share of pixels silenced in training, in whole 256ths.
        batch_norm: Whether each hidden layer is followed by batch norm (which adds parameters until it is folded).
        activation: The hidden layers' activation.
    """

    def __init__(
        self,
        widths: Widths = (256, 128),
        dropout: Fraction = 0.0,
        input_dropout: Fraction = 0.0,
        batch_norm: bool = False,
        activation: Activation = "relu",
    ) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.input_dropout = ByteDropout(input_dropout)
        self.classifier = dense_layers(
            (784, *widths, 10), dropout=dropout, batch_norm=batch_norm, activation=activation, silence=ByteDropout
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, 10) of images (B, 1, 28, 28) in [0, 1]."""
        logits: Tensor = self.classifier(self.input_dropout(self.normalise(images).flatten(1)))
        return logits
