"""Work shared out over threads: all of it, in order, and the same bits for any number of them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
import torch

from robustmnist import perturb
from robustmnist.system.threads import share_out

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("chunks", [0, 1, 2, 7])
def test_every_chunk_is_worked_on_once_and_in_order(threads: int, chunks: int) -> None:
    torch.set_num_threads(threads)
    shares = share_out(list, range(0, 10 * chunks, 10), CPU)
    assert [start for share in shares for start in share] == list(range(0, 10 * chunks, 10))
    assert len(shares) <= max(threads, 1)
    assert torch.get_num_threads() == threads


def test_an_error_in_a_thread_comes_out_and_the_threads_are_as_before() -> None:
    torch.set_num_threads(2)
    with pytest.raises(ZeroDivisionError):
        share_out(lambda share: [1 // start for start in share], range(0, 4), CPU)
    assert torch.get_num_threads() == 2


def test_perturbations_do_not_depend_on_the_number_of_threads(digits28: torch.Tensor) -> None:
    images = digits28.repeat(12, 1, 1, 1)  # 768 images: three chunks
    torch.set_num_threads(1)
    alone = perturb.rotation(images, angle=33.0), perturb.scale(images, factor=0.7)
    torch.set_num_threads(2)
    assert torch.equal(perturb.rotation(images, angle=33.0), alone[0])
    assert torch.equal(perturb.scale(images, factor=0.7), alone[1])


@pytest.mark.parametrize("chunks", [1, 2, 7])
def test_each_chunk_is_computed_by_one_thread(chunks: int) -> None:
    """All threads in one matrix product round it differently: a small batch would have other bits than a large one."""
    torch.set_num_threads(3)
    shares = share_out(lambda share: [torch.get_num_threads() for _ in share], range(chunks), CPU)
    assert {number for share in shares for number in share} == {1}
    assert torch.get_num_threads() == 3


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad, torch.enable_grad])
def test_the_callers_modes_hold_in_every_thread(mode: Callable[[], AbstractContextManager[None]]) -> None:
    torch.set_num_threads(2)
    with mode():
        here = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        there = share_out(lambda share: (torch.is_grad_enabled(), torch.is_inference_mode_enabled()), range(0, 4), CPU)
    assert there == [here, here]


def test_perturbations_work_in_inference_mode(digits28: torch.Tensor) -> None:
    """Whole and rows of it written in different modes: torch refuses that."""
    images = digits28.repeat(12, 1, 1, 1)
    expected = perturb.rotation(images, angle=33.0), perturb.thickness(images, change=1.0)
    torch.set_num_threads(2)
    with torch.inference_mode():
        found = perturb.rotation(images, angle=33.0), perturb.thickness(images, change=1.0)
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
