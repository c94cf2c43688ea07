"""A perturbation as somebody would add it: its function and, beside it, its entry."""

from torch import Tensor

from robustmnist.perturb import Parameter, Perturbation

__all__ = ["FADING", "fading"]


def fading(images: Tensor, *, share: float) -> Tensor:
    """Take a share of the ink away from every pixel: x (1 − s).

    Args:
        images: `(B, 1, 28, 28)`.
        share: 0 to 1; 0 changes nothing, bit for bit.
    """
    return images * (1 - share)


FADING = Perturbation(
    fading,
    {"share": Parameter("fraction", 0.0, 0.0, 1.0, above="fade by {p}")},
    ink_factor=lambda arguments: 1 - float(arguments["share"]) / 2,  # half of what fades is to count as lost
)
