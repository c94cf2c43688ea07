"""Training digits perturbed by suites: how many and how strongly, and the same bits in any batch and after a break."""

from pathlib import Path
from typing import Any

import pytest
import torch
from support.small_training import recipe, weights
from torch import Tensor

from robustmnist.perturb import PERTURBATIONS, prepare
from robustmnist.suites import load_suites
from robustmnist.training import train
from robustmnist.training.augment import Augment
from robustmnist.training.augmentation import shown
from robustmnist.training.augmentation.perturb import SETTINGS, perturb_digits, settings_of, takes_of
from robustmnist.training.augmentation.pool import Pool, pool_of

SUITES: dict[str, Any] = {"suites": ["blur", "noise", "rotation"], "settings": [1, 2], "suites_probability": 0.8}


def pool(**augment: Any) -> Pool:
    return pool_of(recipe(augment=augment))


def many(images: Tensor, times: int) -> tuple[Tensor, Tensor]:
    """Return the digits repeated, each with an id of its own."""
    return images.repeat(times, 1, 1, 1), torch.arange(len(images) * times)


def changed(before: Tensor, after: Tensor) -> Tensor:
    return (before != after).flatten(1).any(1)


def test_every_suite_is_an_augmentation(digits28: Tensor) -> None:
    """All shipped sweeps at strengths between their values: in range, of the shape, and something happens."""
    images, ids = digits28, torch.arange(64)
    whole = pool(suites=["all"])
    assert {source.name for source in whole.sources} == {suite.name for suite in load_suites(["all"])}
    for source in whole.sources:
        one = Pool((source,))
        perturbed = perturb_digits(images, ids, one, seed=3)
        assert perturbed.shape == images.shape
        assert perturbed.dtype == torch.float32
        assert 0 <= float(perturbed.min()) <= float(perturbed.max()) <= 1
        # Some digits take no harm, such as those that fill the frame anyway.
        assert float(changed(images, perturbed).float().mean()) > 0.7, source.name


def test_every_perturbation_is_an_augmentation(digits28: Tensor) -> None:
    for name, entry in PERTURBATIONS.items():
        parameter = next(iter(entry.parameters))
        strength = entry.parameters[parameter]
        end = min(strength.high, strength.neutral + max(2 * strength.smallest, 1.0))
        one = pool(perturbation=[{"name": name, "range": [strength.neutral, end]}])
        perturbed = perturb_digits(digits28[:8], torch.arange(8), one, seed=1)
        assert 0 <= float(perturbed.min()) <= float(perturbed.max()) <= 1, name


def test_the_bits_depend_on_seed_epoch_and_digit_alone(digits28: Tensor) -> None:
    images, ids = digits28, torch.arange(64) + 7
    given = pool(**SUITES, perturbation=[{"name": "elastic", "range": [0.0, 4.0], "probability": 0.5}])
    whole = perturb_digits(images, ids, given, seed=5)
    order = torch.randperm(64, generator=torch.Generator().manual_seed(0))
    for rows in (order, order[:1], order[1:20], torch.arange(63, 64)):
        assert torch.equal(perturb_digits(images[rows], ids[rows], given, seed=5), whole[rows])
    assert not torch.equal(perturb_digits(images, ids, given, seed=6), whole)


def test_the_input_and_the_global_generator_are_left_alone(digits28: Tensor) -> None:
    before, drawn = digits28.clone(), torch.random.get_rng_state()
    perturb_digits(digits28, torch.arange(64), pool(suites=["noise"]), seed=0)
    assert torch.equal(before, digits28)
    assert torch.equal(drawn, torch.random.get_rng_state())


def test_probabilities(digits28: Tensor) -> None:
    images, ids = many(digits28, 32)
    single = pool(perturbation=[{"name": "inversion", "range": [0.5, 1.0], "probability": 0.3}])
    share = float(changed(images, perturb_digits(images, ids, single, seed=0)).float().mean())
    assert share == pytest.approx(0.3, abs=0.04)  # four standard errors of 2,048 digits
    suites = pool(suites=["intensity.inversion"], suites_probability=0.6)
    share = float(changed(images, perturb_digits(images, ids, suites, seed=0)).float().mean())
    assert share == pytest.approx(0.6, abs=0.045)


def test_how_many_settings_a_digit_gets() -> None:
    """None, one or two of four suites, all equally often."""
    given = pool(suites=["blur", "noise", "rotation", "scale"], settings=[0, 2])
    takes = takes_of(given, torch.rand((6000, 10), generator=torch.Generator().manual_seed(0)))
    counts = torch.bincount(takes.sum(1), minlength=3).double() / len(takes)
    torch.testing.assert_close(counts, torch.full((3,), 1 / 3, dtype=torch.float64), atol=0.025, rtol=0)
    torch.testing.assert_close(takes.double().mean(0), torch.full((4,), 0.25).double(), atol=0.025, rtol=0)


def test_strengths_cover_both_sides_evenly() -> None:
    (source,) = pool(suites=["thickness"]).sources
    (sweep,) = source.sweeps
    values = [float(setting.arguments[sweep.parameter]) for seed in range(60) for setting in settings_of(source, seed)]
    assert len(values) == 60 * SETTINGS
    below, above = [value for value in values if value < 0], [value for value in values if value > 0]
    assert len(below) == len(above)
    low, high = min(sweep.values), max(sweep.values)
    for side, end in ((below, low), (above, high)):
        strengths = torch.tensor(side).abs().double()
        assert float(strengths.max()) <= abs(end)
        assert float(strengths.mean()) == pytest.approx(abs(end) / 2, rel=0.05)
    one_epoch = [float(setting.arguments[sweep.parameter]) for setting in settings_of(source, 0)]
    assert sum(value > high / 2 for value in one_epoch) == SETTINGS // 4  # spread within an epoch too


def test_words_and_modifiers_of_sweeps_are_kept() -> None:
    (source,) = pool(suites=["shift.radius"]).sources
    words = {str(setting.arguments["direction"]) for seed in range(20) for setting in settings_of(source, seed)}
    assert len(words) == 8
    (source,) = pool(
        perturbation=[{"name": "shift-towards", "range": [1.0, 2.0], "over": {"direction": ["up", "left"]}}]
    ).sources
    seen = [setting.arguments for seed in range(10) for setting in settings_of(source, seed)]
    assert {one["direction"] for one in seen} == {"up", "left"}
    assert all(1 <= float(one["distance"]) <= 2 for one in seen)


def test_the_packages_own_code_perturbs(digits28: Tensor) -> None:
    """A digit under one setting is what `prepare` makes of it."""
    ids = torch.arange(64)
    given = pool(suites=["noise.gaussian"])
    perturbed = perturb_digits(digits28, ids, given, seed=9)
    settings = settings_of(given.sources[0], 9)
    noise = prepare("gaussian-noise", digits28, ids=ids, seed=9, draw=0)
    possible = [noise(**setting.arguments) for setting in settings]
    assert all(any(torch.equal(one[row], perturbed[row]) for one in possible) for row in range(64))
    assert (
        len(
            {
                int((perturbed[row] == torch.stack([p[row] for p in possible])).flatten(1).all(1).long().argmax())
                for row in range(64)
            }
        )
        == SETTINGS
    )


def test_blocks_change_no_bit(digits28: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = torch.randperm(64, generator=torch.Generator().manual_seed(1)).view(8, 8)
    given = pool(**SUITES)

    def batches_shown() -> Tensor:
        generator = torch.Generator().manual_seed(2)
        settings = Augment(shift=1.0)
        return torch.cat([*shown.shown_batches(digits28, torch.arange(64), batches, settings, given, generator, 4)])

    whole = batches_shown()
    monkeypatch.setattr(shown, "BLOCK", 1)
    assert torch.equal(batches_shown(), whole)


def test_a_training_is_continued_to_the_same_bits(tmp_path: Path) -> None:
    wanted = recipe(augment=SUITES, epochs=2)

    def interrupt(done: int, total: int, images: int) -> None:
        if done == 1 and images > 300:
            raise KeyboardInterrupt

    whole = train(wanted, device="cpu", out=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(wanted, device="cpu", out=tmp_path / "cut", on_progress=interrupt)
    train(wanted, device="cpu", out=tmp_path / "cut", resume=True)
    assert weights(tmp_path / "cut") == weights(tmp_path / "whole")
    assert whole.recipe == wanted
    record = whole.card.augmentation
    assert record is not None
    assert set(record.suites) == {"blur", "noise", "rotation"}
    assert {"gaussian-blur", "rotation", "speckle"} <= set(record.perturbations)
