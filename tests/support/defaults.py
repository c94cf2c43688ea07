"""Torch's default dtype set for a while."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["default_dtype"]


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Run the block with another default dtype, and without what the package has kept from before."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    _forget()
    try:
        yield
    finally:
        torch.set_default_dtype(before)
        _forget()


def _forget() -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("robustmnist."):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
