"""The way back: it undoes what was done, in its unit, and nothing larger."""

import numpy as np
import torch
from torch import Tensor

from robustmnist.explanation.subject import subject_of
from robustmnist.explanation.way_back import CHANGES, ways_back
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.perturb import rotation
from robustmnist.perturb.prepared import prepare


def test_steps_rise_and_no_step_is_no_change() -> None:
    for change in CHANGES:
        sizes = [size for size, _ in change.steps]
        assert sizes == sorted(sizes)
        assert sizes[0] > 0


def test_a_reader_of_one_row_wants_the_ink_back_in_it() -> None:
    """The reader says how many rows the ink's top is down, so 3 px too low is cured by 3 px up."""

    def reader(images: Tensor) -> Tensor:
        top = (images[:, 0].amax(2) > 0.5).float().argmax(1)
        return torch.nn.functional.one_hot((top - 8).clamp(0, 9), 10).float()

    images = torch.zeros(1, 1, 28, 28)
    images[:, :, 11:20, 12:16] = 1.0
    found = {
        way.change.name: way
        for way in ways_back(
            subject_of(reader), images, torch.tensor([0]), torch.tensor([3]), ids=torch.tensor([5]), changes=CHANGES[:2]
        )
    }
    assert found["shift"].smallest.tolist() == [3.0]
    assert found["shift"].arguments(0) == {"dx": 0.0, "dy": -3.0}
    assert np.isnan(found["turn"].smallest).all() == (found["turn"].arguments(0) is None)
    other = int(found["shift"].control_classes[0])
    assert other not in (0, 3)
    assert found["shift"].control[0] == abs(other - 3) if other <= 7 else np.isnan(found["shift"].control[0])


def test_the_smallest_change_is_read_right_and_no_smaller_one(digits28: Tensor, digit_labels: Tensor) -> None:
    subject = subject_of(load_checkpoint("cnn"))
    turned = rotation(digits28, angle=40)
    predicted = subject.answer(turned).argmax(1).clone()
    rows = (predicted != digit_labels).nonzero().flatten()[:6]
    assert len(rows) >= 2
    images, labels = turned[rows], digit_labels[rows]
    (way,) = ways_back(subject, images, labels, predicted[rows], ids=rows, changes=CHANGES[:1])
    cured = np.flatnonzero(way.step >= 0)
    assert len(cured)
    for row in cured.tolist():
        single = prepare("rotation", images[row : row + 1], ids=rows[row : row + 1])
        answers = [int(subject.answer(single(**step[1])).argmax()) for step in way.change.steps[: way.step[row] + 1]]
        assert answers[-1] == labels[row]
        assert all(answer != labels[row] for answer in answers[:-1])
