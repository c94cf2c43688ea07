"""What a network has learnt: hand-checked formulas, and things that must come out on digits that are known."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from robustmnist.data import load_dataset
from robustmnist.explanation.inside import kept_features as kept
from robustmnist.explanation.inside.activations import activation_maps
from robustmnist.explanation.inside.excited import excite
from robustmnist.explanation.inside.features import features_of
from robustmnist.explanation.inside.filters import first_filters
from robustmnist.explanation.inside.first_failures import Followed, first_failures, outwards
from robustmnist.explanation.inside.groups import clusters, groups
from robustmnist.explanation.inside.neighbours import influence, neighbours
from robustmnist.explanation.subject import Subject, subject_of
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.suites import load_suite


@pytest.fixture(scope="module")
def cnn() -> Subject:
    return subject_of(load_checkpoint("cnn"))


def test_filters_are_the_weights_strongest_first(cnn: Subject) -> None:
    assert cnn.trained is not None
    filters = first_filters(cnn.trained)
    assert filters is not None
    assert filters.shape == (32, 3, 3)
    norms = np.square(filters).sum((1, 2))
    assert (np.diff(norms) <= 0).all()
    weights = next(part for part in cnn.trained.modules() if isinstance(part, nn.Conv2d)).weight[:, 0]
    assert np.isclose(np.sort(filters.ravel()), np.sort(weights.detach().numpy().ravel())).all()
    dense = first_filters(load_checkpoint("fc").model)
    assert dense is not None
    assert dense.shape[1:] == (28, 28)
    assert first_filters(nn.Sequential(nn.Conv2d(3, 4, 3))) is None
    assert first_filters(nn.ReLU()) is None


def test_activations_are_those_of_the_most_active_channels(cnn: Subject, digits28: Tensor) -> None:
    layers = activation_maps(cnn, digits28[:3], channels=4)
    assert [tuple(layer.shape) for layer in layers] == [(3, 4, 14, 14), (3, 4, 7, 7)]
    assert all(float(layer.min()) >= 0 for layer in layers)
    means = layers[0][0].mean((1, 2))
    assert (means[:-1] >= means[1:]).all()
    assert activation_maps(subject_of(load_checkpoint("fc")), digits28[:1], channels=4) == []


def test_features_give_the_logits_and_do_not_depend_on_the_batch(cnn: Subject, digits28: Tensor) -> None:
    features = features_of(cnn, digits28[:5])
    assert features is not None
    assert cnn.trained is not None
    last = [part for part in cnn.trained.modules() if isinstance(part, nn.Linear)][-1]
    torch.testing.assert_close(last(features), cnn.answer(digits28[:5]), rtol=1e-3, atol=1e-3)
    alone = features_of(cnn, digits28[3:4])
    assert alone is not None
    assert torch.equal(alone, features[3:4])
    assert not last._forward_pre_hooks
    assert features_of(subject_of(lambda images: images), digits28[:1]) is None


def test_influence_is_the_product_of_two_slopes() -> None:
    layer = nn.Linear(6, 10)
    generator = torch.Generator().manual_seed(1)
    features, labels = torch.randn((4, 6), generator=generator), torch.tensor([1, 2, 2, 9])

    def slopes(row: int) -> Tensor:
        layer.zero_grad()
        nn.functional.cross_entropy(layer(features[row : row + 1]), labels[row : row + 1]).backward()
        return torch.cat([layer.weight.grad.flatten(), layer.bias.grad])  # type: ignore[union-attr]

    logits = layer(features).detach()
    found = influence(features, logits, labels, features, logits, labels)
    wanted = [[float(slopes(i) @ slopes(j)) for j in range(4)] for i in range(4)]
    torch.testing.assert_close(found, torch.tensor(wanted, dtype=torch.float64), rtol=1e-4, atol=1e-6)


def test_a_digit_among_the_training_digits_is_its_own_nearest(
    cnn: Subject, digits28: Tensor, digit_labels: Tensor
) -> None:
    features, logits = features_of(cnn, digits28), cnn.answer(digits28)
    assert features is not None
    labels = digit_labels.clone()  # of digits that are read right, mislabelled ones teach most about themselves
    labels[:3] = torch.tensor([5, 7, 9])
    found = neighbours(features[:3], logits[:3], labels[:3], features, logits, labels, count=2)
    assert found.nearest[:, 0].tolist() == [0, 1, 2]
    assert found.helpful[:, 0].tolist() == [0, 1, 2]
    assert np.allclose(found.cosine[:, 0], 1)
    assert (found.harm[:, 0] <= 0).all()
    assert (found.help[:, 0] > found.help[:, 1]).all()


def test_excited_images_are_read_as_their_class(cnn: Subject) -> None:
    found = excite(cnn, starts=2, steps=25)
    assert found.images.shape == (10, 2, 28, 28)
    assert (found.images.min(), found.images.max()) == (0.0, 1.0)
    assert (found.read_by(cnn.answer) == np.arange(10)[:, None]).mean() >= 0.9
    again = excite(cnn, starts=2, steps=25)
    assert np.array_equal(found.images, again.images)
    assert not np.array_equal(found.images[:, 0], found.images[:, 1])
    assert not np.array_equal(excite(cnn, starts=2, steps=25, seed=1).images, found.images)


def test_groups_are_counted_and_compared_with_chance() -> None:
    labels = np.array([4, 4, 4, 4, 7, 7, 1, 1])
    read = np.array([9, 9, 9, 2, 9, 2, 1, -1])
    found = groups(labels, {"turn": read, "clean": labels})
    assert (found[0].true, found[0].read, found[0].rows.tolist()) == (4, 9, [0, 1, 2])
    assert sum(len(group.rows) for group in found) == 6
    # Of all six mistakes four are read as 9: of the four of class 4 that is 4 · 4 / 6.
    assert found[0].expected == pytest.approx(4 * 4 / 6)
    assert sum(group.expected for group in found) == pytest.approx(6)


def test_a_digit_counts_once_in_a_sweep_where_it_is_first_misread(cnn: Subject) -> None:
    digits = load_dataset("digits").head(80)
    sweep = load_suite("rotation").curves[0]
    followed = Followed("rotation: angle", sweep, 0)
    found = first_failures(cnn.answer, digits, followed)
    with torch.no_grad():
        clean = cnn.answer(digits.images).argmax(1)
        read = {value: cnn.answer(followed.apply(digits, value)).argmax(1) for value in sweep.values}
    for row, label in enumerate(digits.labels.tolist()):
        wrong = [value for value in outwards(sweep) if int(read[value][row]) != label]
        if int(clean[row]) != label or not wrong:
            assert (found.read[row], np.isnan(found.values[row])) == (-1, True)
        else:
            assert (found.read[row], found.values[row]) == (int(read[wrong[0]][row]), wrong[0])
    assert (found.read >= 0).any()
    assert [abs(value) for value in outwards(sweep)] == sorted(abs(value) for value in sweep.values if value)
    labels = digits.labels.numpy()
    each = groups(labels, {"rotation": found.read}, {"rotation": found.values})
    assert sum(len(group.rows) for group in each) == (found.read >= 0).sum()
    assert all(np.array_equal(group.values, found.values[group.rows]) for group in each)


def test_features_are_kept_block_by_block_and_damage_is_made_good(
    cnn: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "BLOCK", 256)
    digits = load_dataset("digits").head(600)
    whole = features_of(cnn, digits.images)
    assert whole is not None
    for damage in (None, "256.npy", None):
        if damage:
            (tmp_path / damage).write_bytes(b"cut")
        done: list[int] = []
        found = kept.kept_features(cnn, digits, tmp_path, done.append)
        assert torch.equal(found, whole)
        assert sum(done) == 600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.npy", "256.npy", "512.npy"]
    before = features_of(cnn, digits.images[:256])
    monkeypatch.setattr(kept, "features_of", None)  # what is there is read, not computed
    assert torch.equal(kept.kept_features(cnn, digits, tmp_path)[:256], before)


def test_clusters_are_found_and_shown_by_their_middle() -> None:
    # Around two directions eleven points each, in pairs on either side, and the direction itself.
    around = np.concatenate([np.zeros((1, 8)), 0.3 * np.eye(8)[3:], -0.3 * np.eye(8)[3:], 0.3 * np.eye(8)[2:3]])
    points = np.concatenate([np.roll(5 * np.eye(8)[axis] + around, 3 - axis, 0) for axis in (0, 1)])
    found, alone = clusters(torch.from_numpy(points).float(), np.arange(24))
    assert [len(cluster.rows) for cluster in found] == [12, 12]
    assert alone == 0
    assert {cluster.medoid for cluster in found} == {3, 14}
    assert clusters(torch.from_numpy(points).float(), np.arange(6)) == ([], 6)
