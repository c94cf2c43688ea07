"""The order of pixels: that of a stable sort, ties by the seeded key, whatever the values."""

import torch

from robustmnist.explanation.metrics.ordering import highest_first, most_important_first


def test_the_order_is_that_of_a_stable_sort() -> None:
    generator = torch.Generator().manual_seed(0)
    values = torch.randn((50, 784), generator=generator).mul(4).round() / 4
    values[0] = 0.0
    values[1, ::2], values[1, 1::2] = -0.0, 0.0  # equal
    values[2, 5], values[2, 6] = torch.inf, -torch.inf
    values[3] = torch.linspace(-1e-40, 1e-40, 784)  # too small for normal numbers
    for width in (784, 255, 256, 1):
        some = values[:, :width]
        assert torch.equal(highest_first(some), some.argsort(dim=1, descending=True, stable=True))


def test_equal_pixels_rank_by_the_key_and_the_domain_comes_first() -> None:
    maps = torch.tensor([[1.0, 3.0, 1.0, 9.0]])
    ties = torch.tensor([[2, 3, 0, 1]])
    assert most_important_first(maps, ties).tolist() == [[3, 1, 2, 0]]
    inside = torch.tensor([[True, True, True, False]])
    assert most_important_first(maps, ties, inside).tolist() == [[2, 0, 1, 3]]
