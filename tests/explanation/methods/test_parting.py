"""Methods that leave out pieces of strokes: against every order there is, and the names of the pieces."""

from itertools import permutations

import numpy as np
import pytest
import torch

from robustmnist.data import load_dataset
from robustmnist.explanation.attribution import explain
from robustmnist.explanation.methods.cells import ON_STROKES
from robustmnist.explanation.methods.parting import strokes
from robustmnist.explanation.methods.registry import METHODS, find_method, on_pieces
from robustmnist.explanation.regions import NAMES, shares_by_piece
from robustmnist.models.architectures.build import build_model

FEW = 4  # pieces, so that all orders can be asked


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    torch.manual_seed(1)
    return build_model({"model": "fc", "widths": [8]}).eval()


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    digits = load_dataset("digits").images[:24]
    parts, _ = strokes(digits)
    few = [row for row in range(len(digits)) if 2 <= int(parts[row].max()) + 1 <= FEW]
    assert len(few) > 4
    return digits[few[:6]]


def worth(network: torch.nn.Module, image: torch.Tensor, parts: torch.Tensor, some: tuple[int, ...]) -> float:
    kept = torch.isin(parts, torch.tensor(some, dtype=torch.int64))
    with torch.no_grad():
        return float(network(image[None] * kept)[0, 3])


def test_shapley_values_are_near_those_of_all_orders(network: torch.nn.Module, images: torch.Tensor) -> None:
    parts, _ = strokes(images)
    targets = torch.full((len(images),), 3)
    sampled = explain(network, images, targets, method="shapley-of-strokes")[:, 0]
    regressed = explain(network, images, targets, method="kernel-shap-of-strokes")[:, 0]
    alone = explain(network, images, targets, method="feature-ablation-of-strokes")[:, 0]
    for row, image in enumerate(images):
        players = range(int(parts[row].max()) + 1)
        exact = dict.fromkeys(players, 0.0)
        orders = list(permutations(players))
        for order in orders:
            for place, piece in enumerate(order):
                before, after = (worth(network, image, parts[row], order[:end]) for end in (place, place + 1))
                exact[piece] += (after - before) / len(orders)
        spread = max(map(abs, exact.values())) + 1e-6
        whole = worth(network, image, parts[row], tuple(players))
        for piece in players:
            mask = (parts[row] == piece) & (image[0] > 0)
            assert float(sampled[row][mask].sum()) == pytest.approx(exact[piece], abs=0.35 * spread)
            assert float(regressed[row][mask].sum()) == pytest.approx(exact[piece], abs=0.25 * spread)
            left = worth(network, image, parts[row], tuple(other for other in players if other != piece))
            assert float(alone[row][mask].sum()) == pytest.approx(whole - left, abs=1e-5)


@pytest.mark.parametrize("method", list(ON_STROKES))
def test_a_row_does_not_depend_on_the_others(network: torch.nn.Module, images: torch.Tensor, method: str) -> None:
    ids, targets = torch.arange(len(images)), torch.full((len(images),), 3)
    together = explain(network, images, targets, method=method, ids=ids)
    turned = explain(network, images.flip(0), targets, method=method, ids=ids.flip(0)).flip(0)
    assert torch.equal(together, turned)
    assert torch.equal(together[2:3], explain(network, images[2:3], targets[:1], method=method, ids=ids[2:3]))
    if find_method(method).complete:
        with torch.no_grad():
            lost = network(images)[:, 3] - network(torch.zeros_like(images))[:, 3]
        assert torch.allclose(together.sum((1, 2, 3)), lost, atol=1e-4)


def test_names_say_where_a_piece_is() -> None:
    image = np.zeros((28, 28), np.float32)
    image[4:24, 6:9] = image[21:24, 6:22] = 1  # an L
    shares = shares_by_piece(np.ones((28, 28), np.float32), image)
    assert list(shares) == ["the left stroke", "the bottom stroke"]
    assert sum(shares.values()) == image.sum()
    for digit in load_dataset("digits").images[:40, 0].numpy():
        found = shares_by_piece(digit, digit)
        assert sum(found.values()) == pytest.approx(digit.sum(), rel=1e-6)
        assert all(name.startswith("the ") and name.endswith(" stroke") for name in found)
        assert all(any(place in name for place in NAMES) for name in found)
    assert shares_by_piece(image, image * 0) == {}


def test_the_option_changes_only_what_leaves_parts_out() -> None:
    assert [on_pieces(name, "cells") for name in METHODS] == list(METHODS)
    changed = {name: on_pieces(name, "stroke") for name in METHODS if on_pieces(name, "stroke") != name}
    assert set(changed) == {"feature-ablation", "shapley", "kernel-shap"}
    assert set(changed.values()) == set(ON_STROKES)
    for name in ON_STROKES:
        assert "cells" not in find_method(name).settings
        assert "piece" in find_method(name).reading
