"""A classifier is looked at once: contract, checks, and what is said of both."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.small_classifiers import Net, convolutional, dense, learnt, some_digits
from torch import Tensor, nn

from robustmnist.adoption import Examination, examine, summary_lines, warning
from robustmnist.adoption.new_card import position_notices
from robustmnist.adoption.speed import digits_per_second, speed_line
from robustmnist.data import Dataset
from robustmnist.errors import InputError
from robustmnist.evaluation.plan import passes_per_image
from robustmnist.explanation import explain
from robustmnist.models.contract.contract import Input
from robustmnist.models.inference.deployed import deployed
from robustmnist.suites import load_suites


@pytest.fixture(scope="module")
def network(mnist_or_none: Path | None) -> Net:
    """Return a network that was trained on 0..255."""
    module = learnt(convolutional(), Input.parse("0..255"), some_digits(mnist_or_none), epochs=8)
    return Net(module, description="conv 8-16, dense 10")


@pytest.fixture(scope="module")
def seen(network: Net, adoption_digits: Dataset) -> Examination:
    return examine([network], digits=adoption_digits)


def test_what_is_found_is_put_in_front(seen: Examination, network: Net, adoption_digits: Dataset) -> None:
    assert str(seen.input) == "0..255"
    assert not seen.declared
    assert seen.faults == []
    assert seen.contradiction is None
    images = adoption_digits.images
    answers = deployed(seen.classifier)(images)
    assert seen.right == int((answers.argmax(1) == adoption_digits.labels).sum())
    assert isinstance(network.module, nn.Module)
    torch.testing.assert_close(answers, network.module(images * 255), rtol=1e-4, atol=1e-3)


def test_what_is_said_of_it(seen: Examination, adoption_digits: Dataset) -> None:
    lines = summary_lines(seen)
    name = "embedded" if adoption_digits.name == "digits" else "MNIST training"
    assert lines[0] == "conv 8-16, dense 10"
    assert lines[1].startswith(f"Input: 0..255, found by 300 moved {name} digits; next best is ")
    assert lines[2] == "Output: logits."
    assert lines[3].startswith(f"Accuracy: {seen.right} of 300 ")
    assert lines[4] == "27 checks were made, none failed."
    assert all(line.isprintable() for line in lines)
    assert warning(seen) is None


def test_a_declaration_that_digits_contradict_counts_and_is_warned_of(network: Net, adoption_digits: Dataset) -> None:
    wrong = examine([network], input="0..1", digits=adoption_digits)
    assert (str(wrong.input), wrong.declared) == ("0..1", True)
    said = warning(wrong)
    assert said is not None
    assert said.startswith("The classifier is fed 0..1 as declared, but it reads digits better fed 0..255 (")
    assert "is fed what it wants" in [check.name for check in wrong.faults]
    assert summary_lines(wrong)[1] == "Input: 0..1, as declared."


def test_a_declaration_that_digits_bear_out_is_not(network: Net, adoption_digits: Dataset) -> None:
    right = examine([network], input="0..255", output="logits", digits=adoption_digits)
    assert right.contradiction is None
    assert summary_lines(right)[1].startswith("Input: 0..255, as declared; next best is ")


def test_what_a_declaration_leaves_out_follows_from_the_shape(network: Net, adoption_digits: Dataset) -> None:
    class LastChannel(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return network.module(x.permute(0, 3, 1, 2))  # type: ignore[no-any-return]

    other = Net(LastChannel(), shape=(28, 28, 1), layout="nhwc")
    assert str(examine([other], input="0..255", digits=adoption_digits).input) == "0..255,nhwc"


def test_several_readings_of_one_file(network: Net, adoption_digits: Dataset) -> None:
    assert isinstance(network.module, nn.Sequential)
    parts = list(network.module)
    other = Net(nn.Sequential(parts[0], nn.Sigmoid(), *parts[2:]), description="with sigmoid")
    both = examine([other, network], digits=adoption_digits)
    assert both.network is network
    assert summary_lines(both)[1].startswith("Read as the likeliest of 2 networks that its weights fit")
    assert summary_lines(both)[1].endswith("Give --code to settle it.")
    assert "; next best is " in summary_lines(both)[2]  # another input of the same network
    contract = next(check for check in both.checks if check.number == 29)
    assert contract.passed
    assert contract.made


def test_twins_are_said_to_be_twins(adoption_digits: Dataset, mnist_or_none: Path | None) -> None:
    class Normalised(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x - x.mean((1, 2, 3), keepdim=True)) / x.std((1, 2, 3), keepdim=True).clamp(min=1e-6)

    module = learnt(nn.Sequential(Normalised(), *dense()), Input(), some_digits(mnist_or_none), epochs=3)
    lines = summary_lines(examine([Net(module)], digits=adoption_digits))
    assert "digits do not tell it from " in lines[1]
    assert "give --input if you know it" in lines[1]


def test_a_network_of_another_shape_is_examined_as_far_as_it_goes(adoption_digits: Dataset) -> None:
    seen = examine([Net(dense(1024), description="dense")], digits=adoption_digits)
    assert seen.finding is None
    assert seen.right is None
    assert [check.number for check in seen.faults] == [11]
    lines = summary_lines(seen)
    assert lines[1] == "Input: 0..1, the most usual of its shape."
    assert lines[-2] == "4 checks were made, 1 failed."
    assert "It does not take (B, 1, 28, 28)" in lines[-1]


def test_too_few_columns_are_a_fault_and_no_crash(network: Net, adoption_digits: Dataset) -> None:
    class Nine(nn.Module):
        def forward(self, x: Tensor) -> Any:
            return network.module(x)[:, :9]

    seen = examine([Net(Nine())], digits=adoption_digits)
    assert 15 in [check.number for check in seen.faults]
    assert seen.right is None


def test_words_that_cannot_be_read_are_refused_before_anything_is_computed() -> None:
    def never(ink: np.ndarray) -> np.ndarray:
        raise AssertionError("was called")

    for words in ({"input": "nhcw"}, {"output": "softmax"}):
        with pytest.raises(InputError, match="did you mean"):
            examine([Net(never, torch=False)], **words)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no digit can be brought to"):
        examine([Net(never, torch=False, shape=(5, 5, 5))])


def test_an_adopted_network_can_be_explained(seen: Examination, adoption_digits: Dataset) -> None:
    images, labels = adoption_digits.images[:4], adoption_digits.labels[:4]
    slopes = explain(seen.classifier, images, labels, method="saliency")
    step = torch.zeros_like(images)
    step[:, 0, 14, 14] = 1e-3
    rise = (seen.classifier(images + step) - seen.classifier(images - step))[torch.arange(4), labels] / 2e-3
    torch.testing.assert_close(slopes[:, 0, 14, 14], rise, rtol=0.05, atol=0.05)


def test_a_function_can_be_explained_by_occlusion(seen: Examination, adoption_digits: Dataset) -> None:
    network = seen.network.module

    def predict(ink: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return network(torch.from_numpy(ink)).numpy()  # type: ignore[no-any-return]

    from robustmnist.models.contract.adapter import Adapted

    images, labels = adoption_digits.images[:2], adoption_digits.labels[:2]
    function = Adapted(predict, input="0..255")
    maps = [explain(one, images, labels, method="occlusion") for one in (function, seen.classifier)]
    torch.testing.assert_close(maps[0], maps[1], rtol=1e-3, atol=1e-2)


def test_speed_is_the_better_of_two_and_said_in_a_fitting_unit(
    adoption_digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 3.0, 10.0, 12.0])
    monkeypatch.setattr("robustmnist.adoption.speed.time.perf_counter", lambda: next(clock))
    assert digits_per_second(dense(), adoption_digits.images) == 150.0
    answers = passes_per_image(load_suites(["core"]))
    for rate, lasting in ((1e6, f"{answers / 100:.2g} seconds"), (1e4, f"{answers / 60:.2g} minutes")):
        assert f"{answers} answers of each of 10,000 digits, about {lasting}." in speed_line(rate)
    assert speed_line(20.0).startswith("Speed: about 20 digits per second; ")
    assert speed_line(20.0).endswith(f"about {answers * 500 / 3600:.0f} hours.")


class Product(nn.Module):
    """A network that multiplies matrices by itself, without a layer that could be aligned."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.first = nn.Parameter(torch.randn((784, 13), generator=generator))
        self.second = nn.Parameter(torch.randn((13, 10), generator=generator))

    def forward(self, images: Tensor) -> Tensor:
        return torch.relu(images.flatten(1) @ self.first) @ self.second


def test_a_notice_where_rounding_depends_on_the_row(seen: Examination, adoption_digits: Dataset) -> None:
    """Whether the bits differ is up to the processor; the notice stands exactly where they do."""
    product = examine([Net(Product())], input="0..1", output="logits", digits=adoption_digits)
    ready, images = deployed(product.classifier), adoption_digits.images
    differ = not torch.equal(ready(images.flip(0)).flip(0), ready(images))
    notices = position_notices(product)
    assert len(notices) == differ
    assert all("with its row in a batch" in notice for notice in notices)
    assert position_notices(seen) == []
