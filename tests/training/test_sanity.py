"""Every sanity check passes on a sane training and fails on a fault that was put there for it."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from support.small_training import recipe
from torch import Tensor, nn

from robustmnist.cli import cli
from robustmnist.training import loop
from robustmnist.training.digits import Digits, load_digits
from robustmnist.training.sanity import CHECKS, check_sanity
from robustmnist.training.sanity.subject import Subject, subject_of

SANE = recipe(
    model={"name": "fc", "widths": [256], "dropout": 0.1}, data={"dataset": "digits", "validation": 300}, batch_size=64
)
BUILD = loop.build_model
LOSS = loop.cross_entropy


@pytest.fixture(scope="module")
def digits() -> Digits:
    return load_digits(SANE, torch.device("cpu"))


@pytest.fixture(scope="module")
def subject(digits: Digits) -> Subject:
    return subject_of(SANE, digits)


def test_a_sane_training_passes_every_check(digits: Digits) -> None:
    verdicts = list(check_sanity(SANE, digits))
    assert [verdict for verdict in verdicts if not verdict.passed] == []
    assert len(verdicts) == len(CHECKS) == 12


def test_a_small_network_of_convolutions_looks_at_neighbours(digits: Digits) -> None:
    wanted = recipe(
        model={"name": "cnn", "channels": [16, 32], "hidden": [64]}, data=SANE.data.model_dump(), batch_size=64
    )
    verdict = CHECKS["shuffled-pixels"](subject_of(wanted, digits))
    assert verdict.passed, verdict
    assert verdict.name == "shuffled pixels hurt"


class Detached(nn.Module):
    """A network whose first layers get no gradient."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        *first, last = self.model.classifier
        values = self.model.normalise(images).flatten(1)
        for layer in first:
            values = layer(values)
        logits: Tensor = last(values.detach())
        return logits


def dead(architecture: Any) -> nn.Module:
    model = BUILD(architecture)
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, nn.Linear) and layer.out_features == 256:
                layer.bias.fill_(-1000.0)
    return model


def large(architecture: Any) -> nn.Module:
    model = BUILD(architecture)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(30)
    return model


def softmax_first(logits: Tensor, *given: Any, **named: Any) -> Tensor:
    return LOSS(logits.softmax(1), *given, **named)


def fault(name: str, value: Any) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(loop, name, value)


@pytest.mark.parametrize(
    ("check", "seed_fault"),
    [
        ("first-loss", fault("build_model", large)),
        ("gradients-arrive", fault("build_model", lambda architecture: Detached(BUILD(architecture)))),
        ("gradients-arrive", fault("build_model", dead)),
        ("units-alive", fault("build_model", dead)),
        ("gradients-are-cleared", fault("clear_gradients", lambda parameters: None)),
        ("one-batch", fault("cross_entropy", softmax_first)),
        ("few-digits-by-heart", fault("measure", lambda model, images, labels: (len(labels) - 1, 0.0))),
        ("same-seed-same-bits", fault("derive_seed", lambda *_: int(torch.randint(2**31, ())))),
        ("same-seed-same-bits", fault("derive_seed", lambda *_: 3)),  # a seed that is not used
    ],
)
def test_a_fault_of_the_training_is_seen(
    check: str, seed_fault: Callable[[pytest.MonkeyPatch], None], subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert CHECKS[check](subject).passed
    seed_fault(monkeypatch)
    verdict = CHECKS[check](subject)
    assert not verdict.passed, verdict


def test_shuffled_labels_are_seen(subject: Subject) -> None:
    order = torch.randperm(len(subject.labels), generator=torch.Generator().manual_seed(0))
    shuffled = dataclasses.replace(subject, labels=subject.labels[order])
    assert not CHECKS["unseen-digits-are-read"](shuffled).passed


def test_digits_in_two_parts_are_seen(digits: Digits, subject: Subject) -> None:
    leaking = dataclasses.replace(digits, validation=digits.test)
    assert not CHECKS["parts-are-apart"](dataclasses.replace(subject, digits=leaking)).passed


def test_validation_digits_that_are_learnt_are_seen(subject: Subject) -> None:
    """Random labels are foretold where the digits to validate on are those to learn from, labels and all."""
    generator = torch.Generator().manual_seed(subject.recipe.seed)
    drawn = torch.randint(10, (300,), generator=generator)
    leaking = dataclasses.replace(subject, validation_images=subject.images[:300], validation_labels=drawn)
    assert not CHECKS["random-labels"](leaking).passed


def test_labels_that_are_wrong_in_the_later_digits_hurt(subject: Subject) -> None:
    labels = subject.labels.clone()
    labels[len(labels) // 4 :] = (labels[len(labels) // 4 :] + 1) % 10
    assert not CHECKS["more-digits-help"](dataclasses.replace(subject, labels=labels)).passed


def test_a_network_that_treats_pixels_differently_is_seen(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    class Cropped(nn.Module):
        def __init__(self, model: nn.Module) -> None:
            super().__init__()
            self.model = model

        def forward(self, images: Tensor) -> Tensor:
            inner = torch.zeros_like(images)
            inner[..., :4, :] = images[..., :4, :]  # where no digit has ink
            logits: Tensor = self.model(inner)
            return logits

    monkeypatch.setattr(loop, "build_model", lambda architecture: Cropped(BUILD(architecture)))
    assert not CHECKS["shuffled-pixels"](subject).passed


def test_the_command_exits_with_one_on_a_miss(tmp_path: Any) -> None:
    path = tmp_path / "stuck.toml"
    data = '[data]\ndataset = "digits"\nvalidation = 0.2\nlimit = 400\n'
    path.write_text(f'initialisation = "zero"\n[model]\nname = "fc"\nwidths = [16]\n{data}')
    shown = CliRunner().invoke(cli, ["train", str(path), "--sanity"])
    assert shown.exit_code == 1
    lines = shown.stdout.splitlines()
    assert any(line.startswith("MISS  gradients reach every parameter") for line in lines)
    assert any(line.startswith("      often: ") for line in lines)
    assert lines[-1].endswith("of 12 checks passed")
