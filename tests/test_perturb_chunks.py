"""Batches in chunks: nothing but the memory and the time may tell."""

import pytest
import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.perturb.chunks import CPU_CHUNK, CPU_WHOLE, by_chunks

N = CPU_WHOLE + CPU_CHUNK + 17


@by_chunks
def mixed(images: Tensor, *, factor: float, each: Tensor, draws: Draws, prepared: tuple[Tensor, Tensor]) -> Tensor:
    seen.append(len(images))
    first, second = prepared
    return images * factor + (each + draws.uniform() + first + second.sum(1))[:, None, None, None]


seen: list[int] = []


@pytest.mark.parametrize("threads", [1, 2])
def test_chunks_are_put_together_again(threads: int) -> None:
    seen.clear()
    images, ids = torch.rand(N, 1, 28, 28), torch.arange(N)
    each, prepared = torch.rand(N), (torch.rand(N), torch.rand(N, 3))
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        found = mixed(images, factor=0.5, each=each, draws=Draws(0, "s", ids), prepared=prepared)
    finally:
        torch.set_num_threads(before)
    wanted = (
        images * 0.5 + (each + Draws(0, "s", ids).uniform() + prepared[0] + prepared[1].sum(1))[:, None, None, None]
    )
    assert torch.equal(found, wanted)
    assert sorted(seen) == [17, *[CPU_CHUNK] * (N // CPU_CHUNK)]


def test_a_tuple_comes_back_as_one_whole() -> None:
    halves = by_chunks(lambda images: (images.sum((1, 2, 3)), images[:, 0] > 0.5))
    images = torch.rand(N, 1, 28, 28)
    sums, dark = halves(images)
    assert torch.equal(sums, images.sum((1, 2, 3)))
    assert torch.equal(dark, images[:, 0] > 0.5)
    assert dark.dtype == torch.bool


def test_a_fault_in_a_chunk_is_raised() -> None:
    @by_chunks
    def broken(images: Tensor) -> Tensor:
        raise ValueError(f"{len(images)}")

    with pytest.raises(ValueError, match="256"):
        broken(torch.zeros(N, 1, 28, 28))
