"""A classifier's weights by themselves: as torch's state dict or as NumPy's arrays, and the layers that they are of."""

import io
import re
import zipfile

import numpy as np
import torch
from torch import Tensor, nn

from robustmnist.errors import CheckpointError
from robustmnist.models.export.chain import Chain

__all__ = ["named_arrays", "numpy_bytes", "source_lines", "torch_bytes"]


def named_arrays(chain: Chain) -> dict[str, Tensor]:
    """Return the weights by name, ``0.weight``, ``0.bias``, …: the state dict of ``nn.Sequential(*layers)``.

    Raises:
        CheckpointError: If a layer is none of torch's own, so that nobody could load them.
    """
    strange = next((layer for layer in chain.layers if not type(layer).__module__.startswith("torch.")), None)
    if strange is not None:
        what = f"has a layer that torch has no module for ({type(strange).__name__})"
        raise CheckpointError(what, remedy="export it with --format onnx, which says what it computes")
    return {name: values.detach().contiguous() for name, values in nn.Sequential(*chain.layers).state_dict().items()}


def torch_bytes(arrays: dict[str, Tensor]) -> bytes:
    """Return a file of `torch.save` with a plain dict of tensors, for ``torch.load(weights_only=True)``."""
    buffer = io.BytesIO()
    torch.save({name: values.clone() for name, values in arrays.items()}, buffer)
    return buffer.getvalue()


def numpy_bytes(arrays: dict[str, Tensor], chain: Chain) -> bytes:
    """Return an ``.npz`` of the arrays, and as text what is computed from them.

    ``input`` and ``output`` are the contracts in the words of ``--input`` and ``--output``; ``layers`` has a line for
    each layer, whose number is the first part of its arrays' names. The same weights give the same bytes.
    """
    content = {name: values.numpy() for name, values in arrays.items()}
    content |= {"input": np.array(str(chain.input)), "output": np.array(str(chain.output))}
    content |= {"layers": np.array([_source(layer) for layer in chain.layers])}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, values in content.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, values, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member.getvalue())  # dated 1980, as no clock is read
    return buffer.getvalue()


def source_lines(chain: Chain) -> list[str]:
    """Return Python that makes the network of which `named_arrays` are the weights."""
    return ["network = nn.Sequential(", *(f"    nn.{_source(layer)}," for layer in chain.layers), ")"]


def _source(layer: nn.Module) -> str:
    """Return a layer as Python: its own text, with what that leaves out put right.

    >>> _source(nn.Conv2d(1, 2, 3, padding="same"))
    "Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1), padding='same')"
    """
    text = re.sub(r"=(-?)inf\b", r'=float("\1inf")', repr(layer))
    text = re.sub(r"padding=(same|valid)\b", r"padding='\1'", text)
    # Of a norm newer torch says whether it has a bias, which older torch does not take.
    return text.replace(", bias=True", "") if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) else text
