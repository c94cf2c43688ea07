"""Counter-based randomness: (seed, stream, sample id, index) -> uniform and normal fields.

The generator is Philox4x32-10, computed in integer tensor operations, so a sample's draws are the same bits at any
batch size, in any order, with any number of threads and on any device; no global generator is read or changed.

Source: Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

import functools
import hashlib
import math
import threading

import torch
from torch import Tensor

__all__ = ["STEP", "Draws", "philox4x32"]

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)  # Source: Salmon et al. 2011, as the next line
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
WORD = 0xFFFFFFFF
MAX_INDEX = 2**31 - 1  # the index shares a 32-bit word with the kind of field

UNIFORM, NORMAL = 0, 1
STEP = 2.0**-24  # of uniform numbers: float32 holds every multiple of it up to 1

# Blocks computed at once. On a CPU six int64 buffers of this length stay in the cache, several times faster than whole
# arrays, and torch leaves operations of this length to one thread: no hundred hand-overs a chunk on a busy machine.
# A GPU wants few, long launches.
CPU_BLOCKS, GPU_BLOCKS = 32_768, 2**21


def philox4x32(counter: tuple[Tensor, Tensor, Tensor, Tensor], key: tuple[int, int]) -> tuple[Tensor, ...]:
    """Return the four 32-bit words of Philox4x32-10 for each counter.

    Args:
        counter: Four int64 tensors of one shape, each holding 32-bit words; overwritten.
        key: Two 32-bit words.

    Returns:
        Four int64 tensors with values in [0, 2³²).
    """
    c0, c1, c2, c3 = counter
    product0, product1 = torch.empty_like(c0), torch.empty_like(c0)
    k0, k1 = key
    for _ in range(ROUNDS):
        # int64 products wrap modulo 2⁶⁴: their low 64 bits, all that is read here, are those of unsigned words.
        # c1 and c3 keep the products' high halves until the mask below: they only enter by xor.
        torch.mul(c0, MULTIPLIERS[0], out=product0)
        torch.mul(c2, MULTIPLIERS[1], out=product1)
        torch.bitwise_right_shift(product1, 32, out=c0).bitwise_xor_(c1).bitwise_xor_(k0).bitwise_and_(WORD)
        torch.bitwise_right_shift(product0, 32, out=c2).bitwise_xor_(c3).bitwise_xor_(k1).bitwise_and_(WORD)
        c1, product1 = product1, c1
        c3, product0 = product0, c3
        k0, k1 = (k0 + WEYL[0]) & WORD, (k1 + WEYL[1]) & WORD
    return c0, c1.bitwise_and_(WORD), c2, c3.bitwise_and_(WORD)


class Draws:
    """The random numbers of a batch of samples, each sample's its own.

    A number depends on (seed, stream, sample id, index) and on its position in the field, and on nothing else. The same
    object gives the same field each time it is asked (fields are kept), so all strengths share their draws.

    Args:
        seed: Any whole number.
        stream: What the draws are for, as a rule the perturbation's name; streams are independent.
        ids: int64 `(B,)`, the samples' ids, 0 or more; fields live on its device.
        index: Which of a sample's independent draws this is, 0 to 2³¹ − 1.

    Raises:
        ValueError: If an id is negative or the index out of range.
    """

    def __init__(self, seed: int, stream: str, ids: Tensor, index: int = 0) -> None:
        if ids.dtype != torch.int64 or ids.ndim != 1:
            raise ValueError(f"ids must be int64 of shape (B,), not {ids.dtype} of shape {tuple(ids.shape)}")
        if len(ids) and int(ids.min()) < 0:
            raise ValueError(f"a sample id must be 0 or more, not {int(ids.min())}")
        if not 0 <= index <= MAX_INDEX:
            raise ValueError(f"a draw's index must be from 0 to {MAX_INDEX}, not {index}")
        self.ids = ids
        self._index = index
        self._key = _key(seed, stream)
        self._fields: dict[tuple[int, tuple[int, ...]], _Field] = {}
        self._lock = threading.Lock()
        self._whole, self._rows = self, (0, len(ids))

    def part(self, start: int, stop: int) -> "Draws":
        """Return the draws of the samples from `start` to before `stop`.

        Its fields are rows of this object's, drawn where they are first asked for and kept here; parts that do not
        overlap may be asked by threads of their own.
        """
        part = object.__new__(Draws)
        part.__dict__.update(self.__dict__)
        first = self._rows[0]
        part.ids = self.ids[start:stop]
        part._rows = (first + start, first + start + len(part.ids))
        return part

    def uniform(self, *shape: int) -> Tensor:
        """Return float32 `(B, *shape)`, uniform on the multiples of 2⁻²⁴ in [0, 1)."""
        return self._field(UNIFORM, shape)

    def normal(self, *shape: int) -> Tensor:
        """Return float32 `(B, *shape)`, normal with mean 0 and variance 1, within ±4.33.

        Each number is one of 65,536 equally likely quantiles (the midpoints of as many intervals), rescaled so that
        their variance is 1: a table look-up is bit-exact on any device, where logarithm and cosine are not.
        """
        return self._field(NORMAL, shape)

    def _field(self, kind: int, shape: tuple[int, ...]) -> Tensor:
        whole, (start, stop) = self._whole, self._rows
        with whole._lock:
            if (kind, shape) not in whole._fields:
                whole._fields[kind, shape] = _Field(whole.ids, math.prod(shape))
            field = whole._fields[kind, shape]
        if not all(field.drawn[start:stop]):
            self._draw(kind, field.values[start:stop])
            field.drawn[start:stop] = bytes([True]) * (stop - start)
        return field.values[start:stop].view(len(self.ids), *shape)

    def _draw(self, kind: int, out: Tensor) -> None:
        count = out.shape[1]
        per_block = 8 if kind == NORMAL else 4
        blocks = -(-count // per_block)
        device = self.ids.device
        table = _quantiles().to(device)
        step = max(1, (GPU_BLOCKS if device.type == "cuda" else CPU_BLOCKS) // max(blocks, 1))
        for start in range(0, len(self.ids), step):
            words = self._words(kind, blocks, self.ids[start : start + step])
            if kind == NORMAL:
                lanes = [lane for word in words for lane in (table[word & 0xFFFF], table[word >> 16])]
            else:
                lanes = [(word >> 8).to(torch.float32) * STEP for word in words]
            out[start : start + step] = torch.stack(lanes, dim=-1).flatten(1)[:, :count]

    def _words(self, kind: int, blocks: int, ids: Tensor) -> tuple[Tensor, ...]:
        shape = (len(ids), blocks)
        block = torch.arange(blocks, dtype=torch.int64, device=ids.device).expand(shape).contiguous()
        which = torch.full(shape, self._index << 1 | kind, dtype=torch.int64, device=ids.device)
        low = (ids & WORD)[:, None].expand(shape).contiguous()
        high = (ids >> 32)[:, None].expand(shape).contiguous()
        return philox4x32((block, which, low, high), self._key)


class _Field:
    """A row of numbers for each sample, and which rows are drawn already."""

    def __init__(self, ids: Tensor, count: int) -> None:
        self.values = torch.empty(len(ids), count, dtype=torch.float32, device=ids.device)
        self.drawn = bytearray(len(ids))


def _key(seed: int, stream: str) -> tuple[int, int]:
    digest = hashlib.blake2b(f"{seed}\n{stream}".encode(), digest_size=8, person=b"robustmnist").digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")


@functools.cache
def _quantiles() -> Tensor:
    """Return the 65,536 midpoint quantiles of the normal distribution, float32, antisymmetric, variance 1."""
    import numpy as np
    from scipy.special import ndtri

    upper = ndtri((np.arange(32_768, 65_536) + 0.5) / 65_536)
    upper /= np.sqrt(np.mean(upper**2))
    return torch.from_numpy(np.concatenate([-upper[::-1], upper]).astype(np.float32))
