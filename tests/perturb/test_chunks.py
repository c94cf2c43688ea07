"""Batches in chunks: nothing but the memory and the time may tell."""

from typing import Any

import pytest
import torch
from support.pictures import pictures
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from robustmnist.draws import Draws
from robustmnist.perturb import prepare
from robustmnist.perturb.chunks import CPU_CHUNK, CPU_WHOLE, GPU_CHUNK, by_chunks, chunks

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


def test_few_images_are_one_chunk_and_many_are_cut() -> None:
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    assert [len(chunks(n, cpu)) for n in (0, 1, CPU_WHOLE)] == [0, 1, 1]
    assert chunks(CPU_WHOLE + 1, cpu) == range(0, CPU_WHOLE + 1, CPU_CHUNK)
    assert chunks(CPU_WHOLE + 1, cpu, cpu_chunk=512) == range(0, CPU_WHOLE + 1, 512)
    assert [len(chunks(n, gpu)) for n in (0, 1, GPU_CHUNK, GPU_CHUNK + 1)] == [0, 1, 1, 2]


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


class Allocations(TorchDispatchMode):
    """Notes the bytes of every tensor of `least` bytes and more that an operation on this thread makes."""

    def __init__(self, least: int) -> None:
        super().__init__()
        self.least, self.found = least, list[int]()

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named = kwargs or {}
        result = operation(*args, **named)
        known = {one.untyped_storage().data_ptr() for one in (*args, *named.values()) if isinstance(one, Tensor)}
        if isinstance(result, Tensor) and result.untyped_storage().data_ptr() not in known:
            size = result.untyped_storage().nbytes()
            self.found += [size] if size >= self.least else []
        return result


@pytest.mark.parametrize(
    ("name", "strengths", "n", "kept"),
    [
        ("thickness", {"change": 1.5}, 1280, [13 * 784]),  # the picture at 13 radii, a byte a pixel
        ("elastic", {"displacement": 2.0}, 4096, []),
        ("lines", {"width": 2.0}, 4096, []),
        ("mnist-c-glass-blur", {"sigma": 0.7}, 4096, [4 * 784]),  # its draws
        ("mnist-c-motion-blur", {"sigma": 3.0}, 4096, []),
    ],
)
def test_kornia_2948_memory_does_not_unfold_with_the_batch(
    name: str, strengths: dict[str, float], n: int, kept: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """kornia's morphology unfolds whole batches. Here only results, draws and what is prepared are as long as one."""
    monkeypatch.setattr("robustmnist.perturb.stroke.thickness.CHUNK", {"cpu": 31})
    images, threads = pictures(32).repeat(n // 32, 1, 1, 1), torch.get_num_threads()
    torch.set_num_threads(1)  # the mode sees one thread
    try:
        with Allocations(least=n * 784 * 3) as allocations:
            prepare(name, images, ids=torch.arange(n))(**strengths)
    finally:
        torch.set_num_threads(threads)
    assert sorted(allocations.found) == sorted(n * size for size in [*kept, 4 * 784])


def test_what_chunks_return_can_be_followed_back_to_the_images() -> None:
    @by_chunks
    def both(images: Tensor, *, factor: float) -> tuple[Tensor, Tensor]:
        return images * factor, images.square()

    images = pictures(N).requires_grad_()
    for part, slope in zip(both(images, factor=3.0), (torch.full_like(images, 3.0), 2 * images), strict=True):
        assert torch.equal(torch.autograd.grad(part.sum(), images)[0], slope)
