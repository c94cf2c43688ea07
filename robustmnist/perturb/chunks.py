"""Batches cut into chunks that stay in the cache, one thread for each processor."""

import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.system.gradient import tracked
from robustmnist.system.threads import share_out

__all__ = ["by_chunks", "chunks"]

# Images at once. On a processor 0.8 MB and a few copies of it stay in the second-level cache; a GPU wants few, long
# launches, and some 200 MB for each copy bound its memory.
CPU_CHUNK, GPU_CHUNK = 256, 65_536
# Up to so many a batch is not cut on a processor: starting threads would cost more than they save.
CPU_WHOLE = 1024

F = TypeVar("F", bound=Callable[..., Any])


def by_chunks(function: F) -> F:
    """Make ``f(images, …)`` work in chunks: only what it returns, and the draws, grow with the batch.

    A chunk gets its rows of the images, of every tensor among the arguments that has a row for each image, and of the
    draws; a tuple is cut element by element. What comes back is put together likewise: a tensor with a row for each
    image, or a tuple of such.

    Args:
        function: Works image by image, so that no number depends on where the batch is cut.
    """

    @functools.wraps(function)
    def chunked(images: Tensor, *arguments: Any, **keywords: Any) -> Any:
        n = len(images)
        starts = chunks(n, images.device)
        if len(starts) <= 1:
            return function(images, *arguments, **keywords)

        def chunk(start: int) -> Any:
            stop = min(start + starts.step, n)
            part = [_cut(value, start, stop, n) for value in (images, *arguments)]
            return function(*part, **{key: _cut(value, start, stop, n) for key, value in keywords.items()})

        if tracked(images):  # what is written in place, by several threads, torch cannot follow
            return _joined([chunk(start) for start in starts])
        whole = _Whole(n)

        def work(share: range) -> None:
            for start in share:
                whole.put(chunk(start), start, min(start + starts.step, n))

        share_out(work, starts, images.device)
        return whole.value

    return chunked  # type: ignore[return-value]


def chunks(n: int, device: torch.device, *, cpu_chunk: int = CPU_CHUNK) -> range:
    """Return where the chunks of `n` images start; the step of the range is a chunk's length.

    Args:
        n: Images, 0 or more.
        device: Where they are; a processor gets small chunks once there are enough images to start threads for.
        cpu_chunk: Images in a chunk on a processor.
    """
    if device.type != "cpu":
        return range(0, n, GPU_CHUNK)
    return range(0, n, cpu_chunk if n > CPU_WHOLE else CPU_WHOLE)


class _Whole:
    """The result for all images: allocated like the first chunk's result, and filled chunk by chunk."""

    def __init__(self, n: int) -> None:
        self.value: Any = None
        self._n = n
        self._lock = threading.Lock()

    def put(self, result: Any, start: int, stop: int) -> None:
        with self._lock:
            if self.value is None:
                self.value = tuple(map(self._like, result)) if isinstance(result, tuple) else self._like(result)
        for target, source in zip(_several(self.value), _several(result), strict=True):
            target[start:stop] = source

    def _like(self, part: Tensor) -> Tensor:
        return torch.empty((self._n, *part.shape[1:]), dtype=part.dtype, device=part.device)


def _joined(parts: list[Any]) -> Any:
    if isinstance(parts[0], tuple):
        return tuple(map(torch.cat, zip(*parts, strict=True)))
    return torch.cat(parts)


def _several(value: Any) -> tuple[Tensor, ...]:
    return value if isinstance(value, tuple) else (value,)


def _cut(value: Any, start: int, stop: int, n: int) -> Any:
    if isinstance(value, tuple):
        return tuple(_cut(element, start, stop, n) for element in value)
    if isinstance(value, Draws):
        return value.part(start, stop)
    if isinstance(value, Tensor) and value.ndim and len(value) == n:
        return value[start:stop]
    return value
