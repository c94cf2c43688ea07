"""The parts of a training, each against a closed form or an independent oracle."""

import math
import warnings
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from robustmnist.errors import RecipeError
from robustmnist.models.architectures.build import build_model
from robustmnist.training.augment import Augment
from robustmnist.training.augmentation.moves import augment
from robustmnist.training.curves import draw_curves
from robustmnist.training.digits import stratified_split
from robustmnist.training.loop import derive_seed, start, train_epoch
from robustmnist.training.optimise import gradient_norms, learning_rate, make_optimizer
from robustmnist.training.read import check_recipe
from robustmnist.training.recipe import Optimizer, Schedule

CPU = torch.device("cpu")


def test_split_is_stratified_seeded_and_whole() -> None:
    labels = torch.randint(0, 10, (6000,), generator=torch.Generator().manual_seed(0))
    learn, keep = stratified_split(labels, 500, seed=1)
    assert len(keep) == 500
    assert torch.equal(torch.cat([learn, keep]).sort().values, torch.arange(6000))
    share = torch.bincount(labels[keep], minlength=10).double() - torch.bincount(labels, minlength=10) * 500 / 6000
    assert share.abs().max() < 1
    assert torch.equal(keep, stratified_split(labels, 500, seed=1)[1])
    assert not torch.equal(keep, stratified_split(labels, 500, seed=2)[1])
    with pytest.raises(RecipeError, match=r"data.validation: 3,001 of 6,000"):
        stratified_split(labels, 3001, seed=0)


def test_split_of_one_class() -> None:
    learn, keep = stratified_split(torch.full((40,), 3), 10, seed=0)
    assert (len(learn), len(keep)) == (30, 10)


def test_one_cycle_is_torchs_own() -> None:
    steps, peak = 200, 0.004
    schedule = Schedule(name="one-cycle", warmup=0.3, first=0.04, last=0.0004)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=peak)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, peak, total_steps=steps, pct_start=0.3, div_factor=25, final_div_factor=100
    )
    rates = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch wants an optimiser step in between
        for _ in range(steps):
            rates.append(optimizer.param_groups[0]["lr"])
            theirs.step() if len(rates) < steps else None
    ours = [learning_rate(schedule, peak, step, steps, 4) for step in range(steps)]
    # Theirs counts the climb as 0.3 × steps − 1, ours as 0.3 × (steps − 1): a shift of less than one step.
    assert np.abs(np.array(ours) - np.array(rates)).max() < 0.02 * peak
    assert ours[-1] == pytest.approx(peak * 0.0004)
    assert ours[0] == pytest.approx(peak * 0.04)


def test_other_schedules() -> None:
    cosine = [learning_rate(Schedule(name="cosine", last=0.0), 2.0, step, 11, 1) for step in range(11)]
    assert cosine == pytest.approx([1 + math.cos(math.pi * step / 10) for step in range(11)])
    stairs = Schedule(name="step", every=2, factor=0.5)
    assert [learning_rate(stairs, 1.0, step, 12, 6) for step in range(12)] == [1.0] * 4 + [0.5] * 4 + [0.25] * 4
    assert {learning_rate(Schedule(name="none"), 0.3, step, 9, 3) for step in range(9)} == {0.3}
    for name in ("one-cycle", "cosine", "step", "none"):
        assert learning_rate(Schedule(name=name), 1.0, 0, 1, 1) > 0  # a training of one step


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_optimizers_are_torchs_own(name: Any) -> None:
    """One step on a linear layer equals the plain, unfused optimiser; biases are not decayed."""
    settings = Optimizer(name=name, lr=0.1, weight_decay=0.5, momentum=0.0)
    layer = nn.Linear(3, 2)
    other = nn.Linear(3, 2)
    other.load_state_dict(layer.state_dict())
    plain = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[name]
    for one, optimizer in (
        (layer, make_optimizer(settings, layer)),
        (
            other,
            plain(
                [{"params": [other.weight], "weight_decay": 0.5}, {"params": [other.bias], "weight_decay": 0}], lr=0.1
            ),
        ),
    ):
        one(torch.ones(4, 3)).square().sum().backward()
        optimizer.step()
    torch.testing.assert_close(layer.weight, other.weight)
    torch.testing.assert_close(layer.bias, other.bias)


def test_gradient_norm() -> None:
    layer = nn.Linear(3, 2)
    layer(torch.ones(4, 3)).sum().backward()
    norms = gradient_norms([*layer.parameters(), nn.Parameter(torch.ones(3))])  # the last has no gradient
    assert norms.tolist() == pytest.approx([math.sqrt(6 * 16), math.sqrt(2 * 16), 0.0])


def test_seeds_differ_by_all_that_they_are_made_of() -> None:
    seeds = {derive_seed(seed, epoch, use) for seed in range(9) for epoch in range(9) for use in ("order", "dropout")}
    assert len(seeds) == 9 * 9 * 2
    assert all(0 <= seed < 2**63 for seed in seeds)


def draw(settings: Augment, images: Tensor, seed: int = 0) -> Tensor:
    return augment(images, settings, torch.Generator().manual_seed(seed))


def test_augmentation_off_changes_nothing(digits28: Tensor) -> None:
    assert torch.equal(draw(Augment(), digits28), digits28)
    assert torch.equal(draw(Augment(probability=0, shift=3), digits28), digits28)


@pytest.mark.parametrize("name", ["shift", "rotation", "scale", "stretch", "thickness"])
def test_augmentation_passes_over_some_bit_for_bit(digits28: Tensor, name: str) -> None:
    settings = Augment.model_validate({"probability": 0.5, name: 0.5})
    before = digits28.clone()
    shown = draw(settings, digits28)
    assert torch.equal(digits28, before)
    same = (shown == digits28).flatten(1).all(1)
    assert 0.25 < same.float().mean() < 0.75
    assert shown.min() >= 0
    assert shown.max() <= 1
    assert torch.equal(shown, draw(settings, digits28))
    assert not torch.equal(shown, draw(settings, digits28, seed=1))


def centroids(images: Tensor) -> tuple[Tensor, Tensor]:
    ink = images[:, 0] / images.sum((1, 2, 3))[:, None, None]
    at = torch.arange(28.0)
    return (ink.sum(1) * at).sum(1), (ink.sum(2) * at).sum(1)


def test_augmentation_measured(digits28: Tensor) -> None:
    """The strengths asked for are those seen: a uniform draw of ±a has the standard deviation a / √3."""
    images = digits28.repeat(10, 1, 1, 1)
    (x0, y0), (x1, y1) = centroids(images), centroids(draw(Augment(shift=2), images))
    for moved in (x1 - x0, y1 - y0):
        assert moved.std() == pytest.approx(2 / math.sqrt(3), rel=0.1)
        assert moved.abs().max() < 2.05
    growth = draw(Augment(scale=0.2), images).sum((1, 2, 3)) / images.sum((1, 2, 3))
    assert growth.sqrt().sub(1).std() == pytest.approx(0.2 / math.sqrt(3), rel=0.15)
    thick = draw(Augment(thickness=1), images).sum((1, 2, 3)) / images.sum((1, 2, 3))
    assert thick.min() < 0.85
    assert thick.max() > 1.15


def small(digits28: Tensor, **changes: Any) -> tuple[Any, Tensor]:
    table = {"name": "t", "model": {"name": "fc", "widths": [16], "dropout": 0.5}, "batch_size": 16, "epochs": 2}
    return check_recipe(table | changes, where="test"), digits28


def test_an_epoch_depends_on_seed_and_epoch_alone(digits28: Tensor, digit_labels: Tensor) -> None:
    recipe, images = small(digits28, augment={"shift": 1.0})
    results = []
    for _ in range(2):
        torch.rand(7)  # wherever the caller's generator stands
        before = torch.get_rng_state()
        state = start(recipe, CPU)
        numbers = train_epoch(state, recipe, images, digit_labels)
        assert torch.equal(torch.get_rng_state(), before)
        results.append((numbers, state.model.state_dict()))
    assert results[0][0] == results[1][0]
    assert all(torch.equal(value, results[1][1][name]) for name, value in results[0][1].items())
    assert state.epoch == 1


def test_an_epoch_reports_what_happened(digits28: Tensor, digit_labels: Tensor) -> None:
    """At a learning rate too small to move, loss and accuracy are those of the first weights."""
    recipe, images = small(
        digits28,
        model={"name": "fc", "widths": [16]},
        optimizer={"lr": 1e-12},
        schedule={"name": "none"},
        label_smoothing=0.1,
    )
    state = start(recipe, CPU)
    logits = state.model(images).detach()
    loss = nn.functional.cross_entropy(logits, digit_labels, label_smoothing=0.1)
    numbers = train_epoch(state, recipe, images, digit_labels)
    assert numbers["train_loss"] == pytest.approx(float(loss), rel=1e-4)
    assert numbers["train_accuracy"] == pytest.approx(float((logits.argmax(1) == digit_labels).float().mean()))
    assert numbers["learning_rate"] == 1e-12
    assert numbers["gradient_norm"] > 0


def test_training_learns(digits28: Tensor, digit_labels: Tensor) -> None:
    for model in ({"name": "fc", "widths": [32]}, {"name": "cnn", "channels": [8, 8], "hidden": [16]}):
        recipe, images = small(digits28, model=model, epochs=15, optimizer={"lr": 0.02}, average={"decay": 0.9})
        state = start(recipe, CPU)
        for _ in range(recipe.epochs):
            numbers = train_epoch(state, recipe, images, digit_labels)
        assert numbers["train_accuracy"] > 0.95
        averaged = build_model(recipe.architecture)
        averaged.load_state_dict(state.weights)
        assert (averaged.eval()(images).argmax(1) == digit_labels).float().mean() > 0.95


def test_bfloat16_trains_float32_weights(digits28: Tensor, digit_labels: Tensor) -> None:
    recipe, images = small(digits28, precision="bfloat16")
    state = start(recipe, CPU)
    train_epoch(state, recipe, images, digit_labels)
    assert {value.dtype for value in state.model.state_dict().values()} == {torch.float32}


HISTORY = [
    {
        "epoch": epoch,
        "train_loss": 1 / epoch,
        "train_accuracy": 1 - 0.1 / epoch,
        "validation_loss": 1.1 / epoch,
        "validation_accuracy": 1.0,  # no mistake left: the logarithm must not mind
        "learning_rate": 0.01,
        "gradient_norm": 2.0,
        "seconds": 1.0,
    }
    for epoch in range(1, 6)
]


@pytest.mark.parametrize("title", ["cnn", "$\\frac{$ <b>&amp;"])
def test_curves_are_whole_and_reproducible(title: str) -> None:
    first, second = draw_curves(HISTORY, title), draw_curves(HISTORY, title)
    assert first == second
    assert first["png"].startswith(b"\x89PNG")
    root = ET.fromstring(first["svg"])
    texts = " ".join(element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text"))
    assert "mathdefault" not in texts
    for word in (title, "Loss", "Error, %", "Learning rate", "Gradient norm", "training", "validation", "epoch"):
        assert word in texts
