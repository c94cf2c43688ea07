"""Dense layers whose sums do not depend on the row: a row of inputs always begins at the same alignment in memory."""

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["AlignedLinear", "align_rows"]

FLOATS = 4  # of 4 bytes: rows of a multiple of these all begin at a multiple of 16 bytes
LEAST = 12  # inputs: with fewer, the gradient with respect to them is summed by the same code as a narrow output


class AlignedLinear(nn.Linear):
    """A dense layer that pads its inputs and its weights with zeros: to a multiple of four inputs, at least twelve.

    The product of a matrix with few columns (2 to 11 with the MKL of torch 2.14, with one thread and with two, AVX2 and
    AVX-512) is computed row by row, and the sum over a row is split where the row's address is a multiple of 16 bytes.
    Rows of 10 float32 begin at other alignments, so the same digit got other last bits in the second row of a tile than
    in the first: up to 1e-6. Rows of 12 all begin alike. `nn.Linear` itself is even for every other size, and the
    shipped checkpoints have no other.

    Weights, shapes and names stay those of the `nn.Linear` that it was.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return the outputs (…, out) of inputs (…, in)."""
        spare = max(LEAST, -(-self.in_features // FLOATS) * FLOATS) - self.in_features
        return F.linear(F.pad(input, (0, spare)), F.pad(self.weight, (0, spare)), self.bias)


def align_rows(model: nn.Module) -> nn.Module:
    """Turn each dense layer of `model` with rows that are not aligned into an `AlignedLinear`, in place; return it.

    Only layers of exactly the type `nn.Linear` are changed: a subclass may compute anything.
    """
    for module in model.modules():
        if type(module) is nn.Linear and (module.in_features % FLOATS or module.in_features < LEAST):
            module.__class__ = AlignedLinear
    return model
