"""Targets: which number is explained, and that it is the same one for all views."""

import pytest
import torch

from robustmnist.errors import InputError
from robustmnist.explanation.target import Target, choose_target

LOGITS = torch.tensor([[0.0, 3.0, 5.0, *[0.0] * 7], [9.0, 1.0, 2.0, *[0.0] * 7]])
LABELS = torch.tensor([1, 0])


def test_the_rival_is_what_was_read_or_else_the_runner_up() -> None:
    target = choose_target("margin", LABELS, LOGITS)
    assert target.classes.tolist() == [1, 0]
    assert target.rivals is not None
    assert target.rivals.tolist() == [2, 2]
    assert target.scores(LOGITS).tolist() == [-2.0, 7.0]
    assert target.words(0) == "1 rather than 2"


def test_classes_are_the_predicted_the_true_or_any() -> None:
    for asked, classes in (("predicted", [2, 0]), ("true", [1, 0]), ("7", [7, 7])):
        target = choose_target(asked, LABELS, LOGITS)
        assert target.kind == "class"
        assert target.classes.tolist() == classes
        assert target.scores(LOGITS).tolist() == LOGITS[[0, 1], classes].tolist()
    with pytest.raises(InputError, match="--target: 'best' is nothing to explain; use margin, predicted, true, 0"):
        choose_target("best", LABELS, LOGITS)


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), -float("inf")])
def test_logits_that_are_not_finite_still_have_two_classes(broken: float) -> None:
    logits = torch.full((2, 10), broken)
    margin = choose_target("margin", LABELS, logits)
    assert margin.rivals is not None
    assert margin.rivals.tolist() == [0, 1]
    assert choose_target("predicted", LABELS, logits).classes.tolist() == LABELS.tolist()


def test_rows_are_taken_and_repeated() -> None:
    target = Target.of_margin(torch.tensor([1, 2, 3]), torch.tensor([4, 5, 6]))
    assert len(target) == 3
    some = target.take(torch.tensor([2, 0, 2]))
    assert (some.classes.tolist(), some.rivals.tolist()) == ([3, 1, 3], [6, 4, 6])  # type: ignore[union-attr]
    assert target.take(slice(1, 3)).classes.tolist() == [2, 3]
    assert target.repeat(2).classes.tolist() == [1, 2, 3, 1, 2, 3]
