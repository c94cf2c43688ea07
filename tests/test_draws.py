"""Draws: known answers, independence of the batch, and the distributions they claim."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from support.pictures import DEVICES

from robustmnist import draws as module
from robustmnist.draws import Draws, philox4x32

# Source: tests/kat_vectors of Random123 (Salmon et al.), the three lines of philox4x32 with 10 rounds.
KNOWN = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text: str) -> list[int]:
    return [int(word, 16) for word in text.split()]


def reference(counter: list[int], key: list[int]) -> list[int]:
    """Philox4x32-10 in Python's whole numbers, written from the paper."""
    c, k = list(counter), list(key)
    for _ in range(10):
        low, high = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(high >> 32) ^ c[1] ^ k[0], high % 2**32, (low >> 32) ^ c[3] ^ k[1], low % 2**32]
        k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
    return c


@pytest.mark.parametrize("device", DEVICES)
def test_philox_gives_the_known_answers(device: str) -> None:
    for counter, key, answer in KNOWN:
        tensors = tuple(torch.tensor([word], device=device) for word in words(counter))
        found = philox4x32(tensors, (words(key)[0], words(key)[1]))  # type: ignore[arg-type]
        assert [int(word) for word in found] == words(answer)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=6, max_size=6))
def test_philox_agrees_with_whole_numbers(given: list[int]) -> None:
    tensors = tuple(torch.tensor([word]) for word in given[:4])
    found = philox4x32(tensors, (given[4], given[5]))  # type: ignore[arg-type]
    assert [int(word) for word in found] == reference(given[:4], given[4:])


def test_the_counter_is_block_index_and_id() -> None:
    identity = 5 * 2**32 + 7
    draws = Draws(3, "here", torch.tensor([identity]), index=2)
    key = module._key(3, "here")
    expected = [reference([block, 2 << 1, 7, 5], list(key)) for block in range(3)]
    found = (draws.uniform(10)[0] * 2**24).long().tolist()
    assert found == [word >> 8 for block in expected for word in block][:10]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", ["uniform", "normal"])
@given(cuts=st.lists(st.integers(0, 40), max_size=4), seed=st.integers(0, 2**63 - 1))
def test_any_split_gives_the_same_bits(device: str, kind: str, cuts: list[int], seed: int) -> None:
    ids = torch.arange(40, device=device) * 7919
    whole = getattr(Draws(seed, "s", ids), kind)(3, 5)
    edges = [0, *sorted(cuts), 40]
    parts = [getattr(Draws(seed, "s", ids[a:b]), kind)(3, 5) for a, b in itertools.pairwise(edges)]
    assert torch.equal(torch.cat(parts), whole)


@given(order=st.permutations(range(12)))
def test_draws_follow_their_sample_in_any_order(order: list[int]) -> None:
    ids = torch.tensor([0, 5, 2**31, 2**32, 2**32 + 5, 2**40, 7, 1, 2, 3, 4, 2**62])
    assert torch.equal(Draws(0, "s", ids[order]).normal(9), Draws(0, "s", ids).normal(9)[order])


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_chunks_and_threads_change_nothing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = torch.arange(100)
    whole = getattr(Draws(0, "s", ids), kind)(1, 28, 28)
    monkeypatch.setattr(module, "CPU_BLOCKS", 1000)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        assert torch.equal(getattr(Draws(0, "s", ids), kind)(1, 28, 28), whole)
    finally:
        torch.set_num_threads(threads)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_cuda_gives_the_bits_of_the_cpu(kind: str) -> None:
    ids = torch.arange(1000)
    on_gpu = getattr(Draws(0, "s", ids.cuda()), kind)(1, 28, 28)
    assert torch.equal(on_gpu.cpu(), getattr(Draws(0, "s", ids), kind)(1, 28, 28))


def test_everything_named_makes_other_draws() -> None:
    ids = torch.arange(4)
    one = Draws(0, "shift", ids).uniform(50)
    others = [
        Draws(1, "shift", ids).uniform(50),
        Draws(0, "scale", ids).uniform(50),
        Draws(0, "shift", ids, index=1).uniform(50),
        Draws(0, "shift", ids + 4).uniform(50),
    ]
    for other in others:
        assert (one == other).double().mean() < 0.01
    for first in range(4):  # no draws shared by the batch
        assert not any(torch.equal(one[first], one[second]) for second in range(first))


def test_fields_are_kept_and_start_alike() -> None:
    draws = Draws(0, "s", torch.arange(3))
    assert draws.uniform(4).data_ptr() == draws.uniform(4).data_ptr()
    assert torch.equal(draws.normal(4), draws.normal(20)[:, :4])
    assert draws.uniform().shape == (3,)


def test_uniform_is_uniform() -> None:
    field = Draws(0, "s", torch.arange(400)).uniform(500)
    assert field.dtype == torch.float32
    assert 0 <= float(field.min()) < 1e-4
    assert 1 - 1e-4 < float(field.max()) < 1
    assert stats.kstest(field.flatten().numpy(), "uniform").pvalue > 0.01
    assert torch.equal(field * 2**24, (field * 2**24).round())


def test_normal_is_normal_and_says_where_it_ends() -> None:
    field = Draws(0, "s", torch.arange(400)).normal(500).double().flatten().numpy()
    assert abs(field.mean()) < 4 / np.sqrt(field.size)
    assert abs(field.var() - 1) < 4 * np.sqrt(2 / field.size)
    assert stats.kstest(field, "norm").pvalue > 0.01
    table = module._quantiles().double()
    assert torch.equal(table, -table.flip(0))
    assert bool((table.diff() > 0).all())
    assert float((table**2).mean()) == pytest.approx(1, abs=1e-6)
    assert 4.32 < float(table[-1]) < 4.33


def test_neighbours_are_uncorrelated() -> None:
    field = Draws(0, "s", torch.arange(300)).normal(300).double()
    noise = 4 / np.sqrt(field.numel())
    for moved in (field.roll(1, 0), field.roll(1, 1), field.roll((1, 1), (0, 1))):
        assert abs(float((field * moved).mean())) < noise
    assert abs(float((field * Draws(0, "s", torch.arange(300), 1).normal(300)).mean())) < noise


def test_what_cannot_be_drawn_is_refused() -> None:
    for ids in (torch.tensor([1.0]), torch.zeros(2, 2, dtype=torch.int64), torch.tensor([1], dtype=torch.int32)):
        with pytest.raises(ValueError, match=r"must be int64 of shape \(B,\)"):
            Draws(0, "s", ids)
    with pytest.raises(ValueError, match="must be 0 or more, not -3"):
        Draws(0, "s", torch.tensor([4, -3]))
    for index in (-1, 2**31):
        with pytest.raises(ValueError, match="index must be from 0"):
            Draws(0, "s", torch.arange(2), index)


def test_no_samples_and_no_numbers_are_fine() -> None:
    assert Draws(0, "s", torch.arange(0)).normal(1, 28, 28).shape == (0, 1, 28, 28)
    assert Draws(0, "s", torch.arange(3)).uniform(0).shape == (3, 0)


def test_the_global_generators_are_left_alone() -> None:
    before, before_numpy = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    Draws(0, "s", torch.arange(3)).normal(50)
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(before_numpy, np.random.get_state()[1])  # noqa: NPY002


def test_parts_share_the_rows_of_the_whole() -> None:
    ids = torch.tensor([5, 0, 2**40, 7, 3])
    alone = Draws(1, "s", ids).normal(6)
    draws = Draws(1, "s", ids)
    assert torch.equal(draws.part(1, 4).part(1, 3).normal(6), alone[2:4])  # a part of a part, asked first
    assert torch.equal(draws.part(0, 5).normal(6), alone)
    assert draws.part(2, 4).normal(6).data_ptr() == draws.normal(6)[2].data_ptr()
    assert torch.equal(draws.part(3, 9).ids, ids[3:])
