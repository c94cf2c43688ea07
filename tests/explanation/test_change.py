"""Change and path maps: they add up to the margin that was lost, and are silent where nothing changed."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from robustmnist.explanation.change import change_map, path_map
from robustmnist.explanation.subject import Subject, subject_of
from robustmnist.explanation.target import Target, choose_target
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.perturb import rotation


@pytest.fixture(scope="module", params=["fc", "cnn"])
def subject(request: Any) -> Subject:
    return subject_of(load_checkpoint(request.param))


def margin(subject: Subject, images: Tensor, labels: Tensor) -> Target:
    return choose_target("margin", labels, subject.answer(images))


def test_shares_add_up_to_the_margin_lost(subject: Subject, digits28: Tensor, digit_labels: Tensor) -> None:
    clean, turned = digits28[:6], rotation(digits28[:6], angle=40)
    target = margin(subject, turned, digit_labels[:6])
    found = change_map(subject, clean, turned, target)
    lost = subject.scores(clean, target) - subject.scores(turned, target)
    torch.testing.assert_close(found.change, lost.double(), rtol=0, atol=1e-5)
    assert lost.abs().max() > 1
    miss = (found.maps.double().sum((1, 2)) - lost).abs() / lost.abs().clamp(min=1)
    assert miss.max() <= 0.02 + 1e-6
    torch.testing.assert_close(miss, found.gap, rtol=1e-3, atol=1e-5)


def test_nothing_is_said_where_nothing_changed(subject: Subject, digits28: Tensor, digit_labels: Tensor) -> None:
    clean = digits28[:4]
    covered = clean.clone()
    covered[:, :, :14] = 0
    found = change_map(subject, clean, covered, margin(subject, covered, digit_labels[:4])).maps
    assert not found[(clean == covered)[:, 0]].any()
    assert found[(clean != covered)[:, 0]].any()
    assert not change_map(subject, clean, clean, margin(subject, clean, digit_labels[:4])).maps.any()


def test_a_digit_is_explained_as_in_company(subject: Subject, digits28: Tensor, digit_labels: Tensor) -> None:
    clean, turned = digits28[:5], rotation(digits28[:5], angle=40)
    target = margin(subject, turned, digit_labels[:5])
    rows = torch.tensor([3])
    whole, alone = (
        change_map(subject, clean, turned, target),
        change_map(subject, clean[rows], turned[rows], target.take(rows)),
    )
    assert torch.equal(alone.maps, whole.maps[rows])
    assert torch.equal(alone.steps, whole.steps[rows])


def test_a_path_splits_the_same_loss_over_strengths(subject: Subject, digits28: Tensor, digit_labels: Tensor) -> None:
    clean = digits28[:2]
    stops = (0.0, 15.0, 30.0)
    target = margin(subject, rotation(clean, angle=30), digit_labels[:2])
    found = path_map(subject, lambda angle: rotation(clean, angle=angle), stops, target)
    assert found.maps.shape == (2, 2, 28, 28)
    assert found.gap.max() <= 0.02
    whole = change_map(subject, clean, rotation(clean, angle=30), target).change
    torch.testing.assert_close(found.lost.sum(1), whole, rtol=0, atol=1e-5)
    # Each stretch of the path adds up by itself, within the tolerance of the whole.
    miss = (found.maps.double().sum((2, 3)) - found.lost).abs().amax(1)
    assert (miss <= 0.1 * found.lost.abs().sum(1).clamp(min=1)).all()


def test_a_linear_model_loses_what_its_weights_say(digits28: Tensor) -> None:
    layer = nn.Linear(784, 10)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(10, 784, generator=torch.Generator().manual_seed(3)))
    linear = subject_of(nn.Sequential(nn.Flatten(), layer))
    clean = digits28[:3]
    true, rivals = torch.tensor([1, 2, 3]), torch.tensor([4, 5, 6])
    slope = (layer.weight[true] - layer.weight[rivals]).detach().view(3, 28, 28)
    target = Target.of_margin(true, rivals)
    wanted = (clean[:, 0] - rotation(clean, angle=30)[:, 0]) * slope
    found = change_map(linear, clean, rotation(clean, angle=30), target)
    torch.testing.assert_close(found.maps, wanted, rtol=1e-4, atol=1e-5)
    along = path_map(linear, lambda angle: rotation(clean, angle=angle), (0.0, 10.0, 30.0), target)
    torch.testing.assert_close(along.maps.sum(1), wanted, rtol=1e-4, atol=1e-5)
