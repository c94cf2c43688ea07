"""Digits that are not what they are taken for: seen, said, refused or mended; digits that are right pass in silence."""

import re
from pathlib import Path

import pytest
import torch
from support.synthetic import make_suite, make_sweep
from torch import Tensor
from torch.nn import functional

import robustmnist as rm
from robustmnist.data import Dataset, load_dataset, to_mnist
from robustmnist.errors import DataError
from robustmnist.inspection.preflight import checked, mend, preflight
from robustmnist.inspection.preflight.changes import TURNS
from robustmnist.inspection.preflight.leak import check_leak, have_twin
from robustmnist.perturb import rotation

UNDO = {
    "turned by 90° to the left": "turned by 90° to the right",
    "turned by 90° to the right": "turned by 90° to the left",
}


@pytest.fixture(scope="module")
def digits() -> Dataset:
    """Return the embedded digits as anyone's own: their bytes are not known."""
    return load_dataset("digits").sample(600).with_provenance(known=False)


@pytest.fixture(autouse=True)
def no_mnist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ROBUSTMNIST_DATA", str(tmp_path))


def changed(digits: Dataset, images: Tensor | None = None, labels: Tensor | None = None) -> Dataset:
    return Dataset(
        digits.images if images is None else images,
        digits.labels if labels is None else labels,
        digits.ids,
        digits.provenance,
    )


def test_digits_that_are_right_pass_in_silence(digits: Dataset) -> None:
    assert preflight(digits) == ()
    assert checked(digits) is digits


def test_inverted_digits_are_refused_or_mended(digits: Dataset) -> None:
    light = changed(digits, (255 - digits.stored).float() / 255)
    (finding,) = preflight(light)
    assert finding.certain
    with pytest.raises(
        DataError, match=r"darker than the paper in 100.% .*; --fix, or fix=True, mends it \(ink and paper exchanged\)"
    ):
        checked(light)
    said: list[str] = []
    put_right = checked(light, fix=True, notify=said.append)
    assert torch.equal(put_right.images, digits.images)
    assert put_right.provenance.mended == "ink and paper exchanged"
    assert put_right.provenance.warnings == tuple(said)
    assert said[0].startswith("Put right before use: ink and paper exchanged.")
    levels = changed(digits).of_levels(255 - digits.stored, digits.labels, digits.ids, digits.provenance)
    assert torch.equal(checked(levels, fix=True).stored, digits.stored)


@pytest.mark.parametrize("turn", list(TURNS)[1:])
def test_turned_digits_are_refused_or_mended(turn: str, digits: Dataset) -> None:
    wrong = changed(digits, TURNS[UNDO.get(turn, turn)](digits.images).contiguous())
    (finding,) = preflight(wrong)
    assert finding.certain
    assert turn in finding.said
    put_right = mend(wrong, [finding])
    assert torch.equal(put_right.images, digits.images)
    assert preflight(put_right) == ()


@pytest.mark.parametrize("step", [1, 5, 9])
def test_shifted_labels_are_refused_or_mended(step: int, digits: Dataset) -> None:
    wrong = changed(digits, labels=(digits.labels + step) % 10)
    with pytest.raises(DataError, match=f"labels look shifted, what is labelled 1 shows {(1 - step) % 10}"):
        checked(wrong)
    assert checked(wrong, fix=True).labels.tolist() == digits.labels.tolist()


def test_all_at_once(digits: Dataset) -> None:
    wrong = changed(digits, (255 - digits.stored.mT).float() / 255, (digits.labels + 1) % 10)
    findings = preflight(wrong)
    assert len(findings) == 3
    put_right = checked(wrong, fix=True)
    assert torch.equal(put_right.images, digits.images)
    assert put_right.labels.tolist() == digits.labels.tolist()
    assert put_right.provenance.mended == (
        "ink and paper exchanged; rows and columns exchanged; labels changed to 1 lower"
    )


def test_exchanged_labels_are_said_and_not_mended(digits: Dataset) -> None:
    wrong = changed(digits, labels=torch.tensor([3, 1, 4, 0, 5, 9, 2, 6, 8, 7])[digits.labels])
    (finding,) = preflight(wrong)
    assert finding.certain
    assert "Labels look exchanged: what is labelled 0 shows 3, what is labelled 2 shows 6" in finding.said
    with pytest.raises(DataError, match="mend the labels"):
        checked(wrong, fix=True)


def test_two_exchanged_labels_are_said(digits: Dataset) -> None:
    wrong = changed(digits, labels=torch.tensor([0, 7, 2, 3, 4, 5, 6, 1, 8, 9])[digits.labels])
    (finding,) = preflight(wrong)
    assert (finding.said, finding.mend) == (
        "Labels look exchanged: what is labelled 1 shows 7, what is labelled 7 shows 1.",
        None,
    )
    assert not finding.certain  # eight classes of ten are as they should be


def test_digits_of_another_form_are_said_and_mended_where_asked(digits: Dataset) -> None:
    small = functional.pad(functional.avg_pool2d(digits.images, 2), (2, 12, 3, 11))
    (finding,) = preflight(changed(digits, small))
    assert (finding.certain, finding.said) == (False, "")  # the notices of the form say it
    left = checked(changed(digits, small))
    assert torch.equal(left.images, small)
    assert left.provenance.warnings == ()
    mended = checked(changed(digits, small), fix=True)
    assert torch.equal(mended.images, to_mnist(small))
    assert mended.provenance.warnings == ("Put right before use: brought to MNIST's form.",)


def test_mixed_polarity_is_said(digits: Dataset) -> None:
    images = digits.images
    images[::3] = 1 - images[::3]
    finding = preflight(changed(digits, images))[0]
    assert not finding.certain
    assert re.search(r"darker than the paper in [23]\d.% of the digits and brighter", finding.said)


def test_what_nothing_makes_legible_is_said(digits: Dataset) -> None:
    labels = digits.labels[torch.randperm(len(digits), generator=torch.Generator().manual_seed(1))]
    (finding,) = preflight(changed(digits, labels=labels))
    assert not finding.certain
    assert "are these digits, and the labels theirs?" in finding.said


def test_digits_that_are_hard_are_not_called_wrong(digits: Dataset) -> None:
    for angle in (-30.0, 25.0):
        assert not [one for one in preflight(changed(digits, rotation(digits.images, angle=angle))) if one.certain]


def test_a_check_is_the_same_every_time_and_cheap_to_skip(digits: Dataset) -> None:
    wrong = changed(digits, digits.images.mT)
    assert [one.said for one in preflight(wrong)] == [one.said for one in preflight(wrong)]
    for change in ({"known": True}, {"lineage": "a"}, {"name": "mnist-c:fog"}, {"content": "cats"}):
        assert preflight(wrong.with_provenance(**change)) == ()
    assert preflight(wrong.head(29)) == ()
    assert preflight(wrong.select(wrong.ids[wrong.labels < 3])) == ()  # three classes


def test_evaluate_by_name_checks(digits: Dataset, tmp_path: Path) -> None:
    flat = (255 - digits.stored.flatten(1)).tolist()
    rows = (",".join(map(str, [label, *row])) for label, row in zip(digits.labels.tolist(), flat, strict=True))
    (tmp_path / "light.csv").write_text("\n".join(rows))
    with pytest.raises(DataError, match=r"light.csv: The ink is darker than the paper"):
        rm.evaluate("fc", f"csv:{tmp_path}/light.csv", "shift")


@pytest.fixture(scope="module")
def originals(mnist_dir: Path) -> Dataset:
    return load_dataset("mnist", part="train", data_dir=mnist_dir).sample(150)


def resized(images: Tensor, side: int) -> Tensor:
    return functional.interpolate(images, size=(side, side), mode="bilinear", antialias=True).clamp(0, 1)


COPIES = {
    "moved and enlarged": lambda images: functional.pad(resized(images, 70), (9, 0, 0, 5)),
    "14 px": lambda images: resized(images, 14),
    "14 px and back": lambda images: resized(resized(images, 14), 28)[:, 0],
}


@pytest.mark.parametrize("kind", COPIES)
def test_copies_of_mnist_are_recognised(kind: str, originals: Dataset, mnist_dir: Path) -> None:
    copies = Dataset.from_arrays(COPIES[kind](originals.images), originals.labels)
    finding = check_leak(copies, mnist_dir)
    assert finding is not None
    assert not finding.certain
    assert "of the digits have a twin among MNIST's training digits: what was trained" in finding.said


@pytest.mark.parametrize("turn", ["turned by 90° to the left", "each in another way"])
def test_copies_that_were_turned_are_recognised(turn: str, originals: Dataset, mnist_dir: Path) -> None:
    if turn in TURNS:
        images = TURNS[turn](originals.images)
    else:
        images = torch.stack([list(TURNS.values())[row % 8](originals.images[[row]])[0] for row in range(150)])
    finding = check_leak(Dataset.from_arrays(images[:, 0].contiguous(), originals.labels), mnist_dir)
    assert finding is not None
    assert "a twin among MNIST's training digits, turned or flipped: " in finding.said


@pytest.mark.parametrize("name", ["digits", "printed", "strokes"])
def test_other_digits_are_none_of_mnists(name: str, mnist_dir: Path) -> None:
    assert check_leak(load_dataset(name).sample(300), mnist_dir) is None


def test_a_leak_is_said_where_mnist_is_at_hand(originals: Dataset, mnist_dir: Path) -> None:
    copies = Dataset.from_arrays(originals.images, originals.labels)
    (finding,) = preflight(copies, data_dir=mnist_dir)
    assert "100\u00a0% of the digits have a twin among MNIST's training digits" in finding.said
    assert preflight(copies) == ()  # MNIST is not at hand
    test = load_dataset("mnist", data_dir=mnist_dir).sample(60)
    (finding,) = preflight(test.with_provenance(known=False), data_dir=mnist_dir)
    assert "100\u00a0% of the digits have a twin among MNIST's test digits: these are no other" in finding.said
    assert bool(have_twin(test.images, test).all())


def test_to_train_on_only_test_digits_are_worth_saying(originals: Dataset, mnist_dir: Path) -> None:
    assert preflight(originals.with_provenance(known=False), data_dir=mnist_dir, training=True) == ()
    test = load_dataset("mnist", data_dir=mnist_dir).sample(30)
    # As in Kaggle's table: a seventh of the digits are test digits.
    images = torch.cat([test.images[:20], originals.images[:130]])
    labels = torch.cat([test.labels[:20], originals.labels[:130]])
    (finding,) = preflight(Dataset.from_arrays(images, labels), data_dir=mnist_dir, training=True)
    assert "among MNIST's test digits: what is trained on them has seen these" in finding.said


def test_evaluate_checks_data_sets_too(digits: Dataset) -> None:
    light = Dataset.from_arrays(255 - digits.stored.numpy(), digits.labels)
    with pytest.raises(DataError, match=r"arrays in memory: The ink is darker than the paper"):
        rm.evaluate("fc", light, "shift")
    sweep = make_suite("shift", make_sweep(values=(0, 2)))
    put_right = rm.evaluate("fc", light, sweep, fix=True)
    assert put_right.manifest["dataset"]["mended"] == "ink and paper exchanged"
    assert put_right.manifest["notices"][0].startswith("Put right before use")
    plain = rm.evaluate("fc", digits, sweep)
    assert (plain.clean == put_right.clean).all()
    left = rm.evaluate("fc", light, sweep, check=False)
    assert (left.clean != plain.clean).any()
