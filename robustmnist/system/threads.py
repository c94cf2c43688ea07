"""Split work into a share per thread, for chunks so small that torch itself would use only one thread."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

__all__ = ["share_out", "torch_threads"]

T = TypeVar("T")


@contextmanager
def torch_threads(number: int) -> Iterator[None]:
    """Let torch compute with `number` threads while the block runs, then with as many as before."""
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(number)
        yield
    finally:
        torch.set_num_threads(before)


def share_out(work: Callable[[range], T], starts: range, device: torch.device) -> list[T]:
    """Return ``work(share)`` for contiguous shares of `starts`, in order.

    On a CPU there is one share per thread; elsewhere a single share.

    As many threads as `torch.get_num_threads` allows, each of which computes alone. Each chunk is computed as one
    thread would, so no bit depends on their number. Measured on 2 cores, 10,000 digits through cnn in tiles of 64:
    0.82 to 1.08 s this way, 1.44 to 1.52 s with both threads in every operation.

    The calling thread takes the first share. Its gradient and inference modes, which torch keeps for each thread by
    itself, hold in all of them.
    """
    threads = torch.get_num_threads()
    if device.type != "cpu" or threads == 1:
        return [work(starts)]
    workers = min(threads, len(starts))
    if workers <= 1:
        # A single chunk too: all threads in a matrix product would round it differently from one.
        with torch_threads(1):
            return [work(starts)]
    size = -(-len(starts) // workers)
    shares = [starts[first : first + size] for first in range(0, len(starts), size)]
    gradients, inference = torch.is_grad_enabled(), torch.is_inference_mode_enabled()

    def in_the_callers_modes(share: range) -> T:
        with torch.inference_mode(inference), torch.set_grad_enabled(gradients):
            return work(share)

    try:
        with ThreadPoolExecutor(workers - 1, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            others = pool.map(in_the_callers_modes, shares[1:])
            torch.set_num_threads(1)
            return [work(shares[0]), *others]
    finally:
        torch.set_num_threads(threads)  # a part of what the workers set is shared by all threads
