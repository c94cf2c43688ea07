"""Every method against a closed form, an exact enumeration or captum, and its promises on the shipped checkpoints."""

import itertools
import math

import numpy as np
import pytest
import torch
from captum.attr import DeepLift, IntegratedGradients
from torch import Tensor, nn

from robustmnist.errors import InputError
from robustmnist.explanation import METHODS, Target, completeness_gap, explain
from robustmnist.explanation.methods.deep_lift import Scored, quiet_captum, spaced
from robustmnist.explanation.methods.path_integral import straight
from robustmnist.explanation.methods.rise import _masks
from robustmnist.explanation.subject import subject_of
from robustmnist.models.checkpoints.checkpoint import Checkpoint, load_checkpoint

NAMES = ("fc", "fc-small", "cnn", "lenet5", "cnn-augmented")
COMPLETE = sorted(name for name, method in METHODS.items() if method.complete)


@pytest.fixture(scope="module", params=NAMES)
def checkpoint(request: pytest.FixtureRequest) -> Checkpoint:
    return load_checkpoint(request.param)


@pytest.fixture(scope="module")
def cnn() -> Checkpoint:
    return load_checkpoint("cnn")


@pytest.fixture(scope="module")
def weight() -> Tensor:
    return torch.randn((10, 784), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def linear(weight: Tensor) -> nn.Module:
    layer = nn.Linear(784, 10)
    with torch.no_grad():
        layer.weight.copy_(weight)
    return nn.Sequential(nn.Flatten(), layer)


def margin(count: int) -> Target:
    return Target.of_margin(torch.arange(count), torch.arange(count) + 1)


# --- on the shipped checkpoints ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("baseline", ["blank", "noise"])
def test_spaced_deep_lift_adds_up_on_every_shipped_checkpoint(
    checkpoint: Checkpoint, digits28: Tensor, baseline: str
) -> None:
    images = digits28[:4]
    start = torch.zeros_like(images)
    if baseline == "noise":
        start = torch.rand(images.shape, generator=torch.Generator().manual_seed(0))
    target = Target.of_class(checkpoint(images).argmax(1).clone())
    model = Scored(spaced(checkpoint.model), target)
    with quiet_captum():
        shares = DeepLift(model).attribute(images, baselines=start)
    assert isinstance(shares, Tensor)
    with torch.no_grad():
        change = model(images) - model(start)
    torch.testing.assert_close(shares.sum((1, 2, 3)), change, rtol=1e-4, atol=1e-4)
    if baseline == "blank":
        maps = explain(checkpoint, images, target, method="deep-lift")
        torch.testing.assert_close(maps, shares.detach(), rtol=1e-4, atol=1e-5)


def test_a_row_of_a_batch_is_the_row_alone(checkpoint: Checkpoint, digits28: Tensor) -> None:
    images, target = digits28[:3], margin(3)
    row = torch.tensor([2])
    for name in ("saliency", "deep-lift", "guided-backprop", "integrated-gradients"):
        whole = explain(checkpoint, images, target, method=name)
        assert torch.equal(explain(checkpoint, images[row], target.take(row), method=name), whole[row]), name


@pytest.mark.parametrize("method", ["saliency", "input-x-gradient", "deep-lift", "grad-cam", "feature-ablation"])
def test_any_split_and_order_gives_the_same_bits(cnn: Checkpoint, digits28: Tensor, method: str) -> None:
    images = torch.cat([digits28, digits28.flip(0)])[:80]
    target = Target.of_margin(torch.arange(80) % 10, (torch.arange(80) + 3) % 10)
    whole = explain(cnn, images, target, method=method)
    for size in (30, 64):
        rows = torch.arange(80).split(size)
        parts = [explain(cnn, images[part], target.take(part), method=method) for part in rows]
        assert torch.equal(torch.cat(parts), whole)
    order = torch.arange(80).roll(31).flip(0)
    assert torch.equal(explain(cnn, images[order], target.take(order), method=method), whole[order])


@pytest.mark.parametrize("method", COMPLETE)
def test_complete_methods_add_up(cnn: Checkpoint, digits28: Tensor, method: str) -> None:
    images, target = digits28[:2], margin(2)
    maps = explain(cnn, images, target, method=method)
    assert completeness_gap(cnn, images, target, maps).max() <= 0.02


def test_the_number_of_steps_changes_no_share_by_more_than_the_gap(cnn: Checkpoint, digits28: Tensor) -> None:
    subject, blank = subject_of(cnn), torch.zeros_like(digits28[:2])
    for steps in (8, 32, 256):
        found = straight(subject, blank, digits28[:2], margin(2), steps=steps)
        assert (found.maps.double().sum((1, 2)) - found.change).abs().max() <= 0.02 * found.change.abs().clamp(
            min=1
        ).max()


def test_integrated_gradients_are_captums(cnn: Checkpoint, digits28: Tensor) -> None:
    images, target = digits28[:2], Target.of_class(torch.tensor([3, 8]))
    found = straight(subject_of(cnn), torch.zeros_like(images), images, target)
    steps = int(found.steps[0])
    expected = IntegratedGradients(cnn.model).attribute(
        images[:1], target=target.classes[:1], n_steps=steps, method="riemann_middle"
    )
    assert isinstance(expected, Tensor)
    torch.testing.assert_close(found.maps[:1], expected[:, 0].float(), rtol=1e-3, atol=1e-4)


def test_deep_lift_refuses_what_it_cannot_follow(digits28: Tensor) -> None:
    class Squared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(784, 10)

        def forward(self, images: Tensor) -> Tensor:
            logits: Tensor = self.layer(images.flatten(1) ** 2) ** 2
            return logits

    with pytest.raises(InputError, match="Squared: computes something outside of its modules"):
        explain(Squared(), digits28[:1], torch.tensor([1]), method="deep-lift")


def test_guided_backprop_needs_rectifiers(linear: nn.Module, digits28: Tensor) -> None:
    with pytest.raises(InputError, match=r"has no rectifier .* and guided-backprop needs that"):
        explain(linear, digits28[:1], torch.tensor([1]), method="guided-backprop")


# --- on a linear model ------------------------------------------------------------------------------------------------


def test_slopes_of_a_linear_model_are_its_weights(linear: nn.Module, weight: Tensor, digits28: Tensor) -> None:
    wanted = (weight[0:3] - weight[1:4]).view(3, 1, 28, 28)
    for method in ("saliency", "smoothgrad"):
        torch.testing.assert_close(explain(linear, digits28[:3], margin(3), method=method), wanted)


def test_expected_gradients_of_a_linear_model_compare_with_the_mean_of_the_rival(
    linear: nn.Module, weight: Tensor, digits28: Tensor
) -> None:
    references = torch.rand((10, 64, 1, 28, 28), generator=torch.Generator().manual_seed(2))
    found = explain(linear, digits28[:3], margin(3), method="expected-gradients", references=references)
    wanted = (digits28[:3] - references[1:4].mean(1)) * (weight[0:3] - weight[1:4]).view(3, 1, 28, 28)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
    assert found[digits28[:3] == 0].any()  # blank paper speaks
    with pytest.raises(InputError, match="'expected-gradients' compares with other digits"):
        explain(linear, digits28[:3], margin(3), method="expected-gradients")


@pytest.mark.parametrize("method", ["feature-ablation", "shapley", "kernel-shap"])
def test_cells_of_a_linear_model_have_their_own_sum(
    linear: nn.Module, weight: Tensor, digits28: Tensor, method: str
) -> None:
    images = digits28[:3]
    share = (images * (weight[0:3] - weight[1:4]).view(3, 1, 28, 28))[:, 0]
    found = explain(linear, images, margin(3), method=method)[:, 0]
    for values in (share, found):
        assert values.shape == (3, 28, 28)
    sums = [nn.functional.avg_pool2d(values[:, None], 4) * 16 for values in (found, share)]
    torch.testing.assert_close(*sums, rtol=1e-3, atol=1e-3)
    assert not found[images[:, 0] == 0].any()


def test_rise_of_a_linear_model_is_a_sum_over_the_masks(linear: nn.Module, weight: Tensor, digits28: Tensor) -> None:
    masks = _masks(0, torch.device("cpu"))
    assert (masks.shape, float(masks.min()) >= 0, float(masks.max()) <= 1) == ((500, 28, 28), True, True)
    assert 0.45 < float(masks.mean()) < 0.55
    share = (digits28[:1] * (weight[0] - weight[1]).view(1, 1, 28, 28))[0, 0].double()
    scores = (masks.double() * share).sum((1, 2))
    wanted = ((scores - scores.mean())[:, None, None] * masks.double()).sum(0) / masks.double().sum(0)
    found = explain(linear, digits28[:1], margin(1), method="rise")[0, 0].double()
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-3)


# --- Shapley values of a game with every interaction ------------------------------------------------------------------


def exact(worth: "dict[frozenset[int], float]", players: int) -> list[float]:
    values = []
    for player in range(players):
        others = [other for other in range(players) if other != player]
        total = 0.0
        for size in range(players):
            weight = math.factorial(size) * math.factorial(players - size - 1) / math.factorial(players)
            for some in itertools.combinations(others, size):
                total += weight * (worth[frozenset({*some, player})] - worth[frozenset(some)])
        values.append(total)
    return values


def test_shapley_values_are_those_of_the_exact_enumeration() -> None:
    cells = [(0, 0), (0, 4), (8, 4), (20, 24)]
    generator = np.random.default_rng(3)
    worth = {
        frozenset(some): float(generator.normal())
        for size in range(5)
        for some in itertools.combinations(range(4), size)
    }

    def game(images: Tensor) -> Tensor:
        seen = [frozenset(i for i, (y, x) in enumerate(cells) if image[0, y, x] > 0) for image in images]
        return torch.tensor([[worth[some], *[0.0] * 9] for some in seen])

    images = torch.zeros(1, 1, 28, 28)
    for y, x in cells:
        images[0, 0, y, x] = 1.0
    wanted = exact(worth, 4)
    exactly = explain(game, images, torch.tensor([0]), method="kernel-shap")[0, 0]
    assert [float(exactly[cell]) for cell in cells] == pytest.approx(wanted, abs=0.15)
    assert float(exactly.sum()) == pytest.approx(worth[frozenset(range(4))] - worth[frozenset()], abs=1e-5)
    sampled = torch.stack(
        [explain(game, images, torch.tensor([0]), method="shapley", seed=seed)[0, 0] for seed in range(12)]
    ).mean(0)
    assert [float(sampled[cell]) for cell in cells] == pytest.approx(wanted, abs=0.15)
    assert float(sampled.sum()) == pytest.approx(worth[frozenset(range(4))] - worth[frozenset()], abs=1e-5)


def test_random_methods_follow_the_seed_and_the_id_alone(digits28: Tensor) -> None:
    net = load_checkpoint("fc")
    references = torch.rand((10, 8, 1, 28, 28), generator=torch.Generator().manual_seed(2))
    state = torch.random.get_rng_state()
    known = np.random.get_state()[1].copy()  # noqa: NPY002 - the global one, which must not move
    for name in (name for name, method in METHODS.items() if method.random):
        given = {"method": name, "references": references}
        one = explain(net, digits28[:2], margin(2), ids=torch.tensor([7, 9]), **given)  # type: ignore[arg-type]
        other = explain(net, digits28[1:2], Target.of_margin(torch.tensor([1]), torch.tensor([2])),
                        ids=torch.tensor([9]), **given)  # type: ignore[arg-type]  # fmt: skip
        assert torch.equal(one[1:], other), name
        moved = explain(net, digits28[:2], margin(2), ids=torch.tensor([7, 9]), seed=1, **given)  # type: ignore[arg-type]
        assert not torch.equal(one, moved), name
    assert torch.equal(torch.random.get_rng_state(), state)
    assert np.array_equal(np.random.get_state()[1], known)  # noqa: NPY002
