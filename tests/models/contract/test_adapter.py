"""A stranger's classifier behind its contract: what it is given, what is read of its answer, and what is refused."""

import copy
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from robustmnist.errors import InputError
from robustmnist.evaluation.records import record_of
from robustmnist.models.architectures.build import build_model
from robustmnist.models.contract.adapter import Adapted, feed, read
from robustmnist.models.contract.contract import Input, Output
from robustmnist.models.contract.opaque import TILE, Opaque
from robustmnist.models.contract.rows import rows_of
from robustmnist.models.inference.deployed import deployed

LINEAR = np.random.default_rng(0).normal(size=(784, 10)).astype(np.float32) / 28


def linear(ink: np.ndarray) -> np.ndarray:
    return ink.reshape(len(ink), -1) @ LINEAR


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0..1", lambda x: x[:, None]),
        ("0..255", lambda x: x[:, None] * 255),
        ("-1..1", lambda x: x[:, None] * 2 - 1),
        ("mean=0.1307,sd=0.3081", lambda x: (x[:, None] - 0.1307) / 0.3081),
        ("0..255,mean=33,sd=79", lambda x: (x[:, None] * 255 - 33) / 79),
        ("per-image", lambda x: ((x - x.mean((1, 2), keepdims=True)) / x.std((1, 2), keepdims=True))[:, None]),
        ("0..1,dark", lambda x: 1 - x[:, None]),
        ("0..255,dark,nhwc", lambda x: 255 - 255 * x[..., None]),
        ("0..1,transposed", lambda x: x.transpose(0, 2, 1)[:, None]),
        ("0..1,transposed,flat", lambda x: x.transpose(0, 2, 1).reshape(len(x), 784)),
        ("0..1,hw", lambda x: x),
        ("0..1,flat", lambda x: x.reshape(len(x), 784)),
        ("0..1,size=32,pad", lambda x: np.pad(x, ((0, 0), (2, 2), (2, 2)))[:, None]),
        ("0..1,size=33,pad,dark", lambda x: 1 - np.pad(x, ((0, 0), (2, 3), (2, 3)))[:, None]),
        ("0..1,channels=3,nhwc", lambda x: np.repeat(x[..., None], 3, 3)),
        (
            "mean=0.4/0.5/0.6,sd=0.2/0.3/0.4,channels=3",
            lambda x: (
                (np.stack([x, x, x], 1) - np.array([0.4, 0.5, 0.6])[:, None, None])
                / np.array([0.2, 0.3, 0.4])[:, None, None]
            ),
        ),
    ],
)
def test_what_the_classifier_is_given(text: str, expected: Callable[[Any], Any], digits28: Tensor) -> None:
    contract = Input.parse(text)
    given = feed(digits28, contract)
    assert given.shape[1:] == contract.shape
    assert given.dtype == torch.float32
    assert given.is_contiguous()
    assert given.data_ptr() != digits28.data_ptr()
    oracle = expected(digits28[:, 0].double().numpy())
    # Full ink is 255 in the largest range, and float32 has 24 bits.
    np.testing.assert_allclose(given.numpy(), oracle, rtol=0, atol=2e-5 * max(1.0, np.abs(oracle).max() / 255))


def test_resizing_is_that_of_pillow(digits28: Tensor) -> None:
    from PIL import Image

    for side in (32, 64, 14):
        given = feed(digits28, Input(size=side, fit="resize"))[:, 0].numpy()
        for ours, digit in zip(given, digits28[:, 0].numpy(), strict=True):
            theirs = Image.fromarray(digit).resize((side, side), Image.Resampling.BILINEAR)
            np.testing.assert_allclose(ours, np.asarray(theirs), atol=1e-5)


def test_a_blank_image_has_no_contrast_to_divide_by() -> None:
    given = feed(torch.zeros(2, 1, 28, 28), Input(per_image=True))
    assert torch.equal(given, torch.zeros(2, 1, 28, 28))


@pytest.mark.parametrize("name", ["fc", "cnn", "lenet5"])
def test_the_usual_contract_changes_nothing(name: str, digits28: Tensor) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = build_model({"model": name}).eval()
    before = digits28.clone()
    assert torch.equal(Adapted(model)(digits28), model(digits28))
    assert torch.equal(Adapted(model)(digits28[:0]), torch.zeros(0, 10))
    # Deployed, a network that is understood is rewritten, and one behind a contract is not: the last bits may differ.
    torch.testing.assert_close(deployed(Adapted(model))(digits28), deployed(model)(digits28), rtol=0, atol=1e-5)
    assert torch.equal(digits28, before)


def test_gradients_reach_the_pixels_through_the_contract(digits28: Tensor) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(32 * 32 * 3, 10)).double()
    contract = "mean=0.4/0.5/0.6,sd=0.2/0.3/0.4,size=32,resize,channels=3,dark,transposed"
    classifier = Adapted(network, input=contract)
    images = digits28[:2].double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: network(feed(x, classifier.input)), images, fast_mode=True)
    plain = digits28.clone().requires_grad_()
    classifier(plain).sum().backward()
    assert plain.grad is not None
    assert plain.grad.abs().sum() > 0


def test_a_network_that_works_in_place_reaches_no_image(digits28: Tensor) -> None:
    class InPlace(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.sub_(0.5).flatten(1)[:, :10]

    before = digits28.clone()
    Adapted(InPlace())(digits28)
    Adapted(InPlace(), input="0..1,transposed")(digits28)
    assert torch.equal(digits28, before)


def test_numbers_of_the_networks_own_type(digits28: Tensor) -> None:
    for dtype in (torch.float64, torch.float16, torch.bfloat16):
        network = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).to(dtype)
        answer = Adapted(network)(digits28)
        assert answer.dtype == torch.float32
        assert torch.equal(answer, network(digits28.to(dtype)).float())


def test_probabilities_become_logarithms_that_are_finite() -> None:
    rows = torch.tensor([[1.0, 0.0, *[0.0] * 8], [0.5, 0.25, *[0.03125] * 8]])
    answer = read(rows, Output("probabilities"))
    assert torch.isfinite(answer).all()
    assert answer[0, 1] == torch.tensor(torch.finfo(torch.float32).tiny).log()
    torch.testing.assert_close(answer[1].softmax(0), rows[1])
    assert read(torch.full((1, 10), torch.nan), Output("probabilities")).isnan().all()


def test_log_probabilities_of_zero_become_finite_and_no_other_changes() -> None:
    rows = torch.tensor([[0.0, -torch.inf, -300.0, *[-90.0] * 7], [torch.nan, *[-2.0] * 9]])
    answer = read(rows, Output("log-probabilities"))
    assert answer[0, 1] == torch.tensor(torch.finfo(torch.float32).tiny).log()
    assert torch.equal(answer[0, 2:], rows[0, 2:])
    assert answer[1, 0].isnan()
    assert read(rows, Output("logits"))[0, 1] == -torch.inf


def test_columns_are_read_in_the_order_agreed() -> None:
    rows = torch.arange(24.0).reshape(2, 12)
    order = (1, 2, 3, 4, 5, 6, 7, 8, 9, 11)
    assert torch.equal(read(rows, Output(classes=order)), rows[:, list(order)])


def test_labels_become_scores_of_one_class() -> None:
    labels = torch.tensor([1.0, 10.0, 4.0, torch.nan, 77.0])
    answer = read(labels, Output("labels", tuple(range(1, 11))))
    assert answer[:3].argmax(1).tolist() == [0, 9, 3]
    assert answer[:3].sum(1).tolist() == [1, 1, 1]
    assert answer[3].isnan().all()
    assert answer[4].sum() == 0
    assert not Adapted(linear, input="flat", output="labels").has_confidence
    assert Adapted(linear, input="flat").has_confidence


@pytest.mark.parametrize(
    ("rows", "output", "said"),
    [
        (torch.zeros(2, 10), "labels", "10 columns where labels were agreed"),
        (torch.zeros(2), "logits", "labels where logits were agreed"),
        (torch.zeros(2, 10), "logits,classes=1/2/3/4/5/6/7/8/9/10", "class 10 is read"),
    ],
)
def test_answers_of_another_kind_than_agreed(rows: Tensor, output: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(rows, Output.parse(output))


ROWS = np.arange(30.0).reshape(3, 10)


@pytest.mark.parametrize(
    "answer",
    [
        ROWS,
        torch.from_numpy(ROWS),
        ROWS.tolist(),
        list(ROWS),
        (ROWS, "hidden"),
        [torch.from_numpy(ROWS), torch.zeros(3)],
        {"hidden": np.zeros((3, 5)), "logits": ROWS},
        {"dense": ROWS},
        SimpleNamespace(logits=torch.from_numpy(ROWS), loss=None),
        ROWS[..., None, None],
        ((ROWS,),),
    ],
    ids=["array", "tensor", "nested list", "rows", "tuple", "list", "named", "dictionary", "object", "maps", "nested"],
)
def test_rows_are_taken_out_of_what_they_come_in(answer: Any) -> None:
    assert torch.equal(rows_of(answer, 3).double(), torch.from_numpy(ROWS))


@pytest.mark.parametrize("answer", [["7", "1", "2"], np.array([7, 1, 2]), [7, 1, 2], [[7], [1], [2]], (7, 1, 2)])
def test_labels_are_taken_as_numbers(answer: Any) -> None:
    assert rows_of(answer, 3).tolist() == [7, 1, 2]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        3,
        "seven",
        np.zeros((3, 9)),
        np.zeros((2, 10)),
        np.zeros((3, 10, 2)),
        {},
        [],
        ["a", "b", "c"],
        object(),
        (),
        [[1, 2], [3], [4]],
    ],
)
def test_what_is_no_row_for_each_digit_is_refused(answer: Any) -> None:
    with pytest.raises(InputError, match=r"^the classifier: answers .*return an array") as caught:
        rows_of(answer, 3)
    assert str(caught.value).isprintable()


def test_a_function_is_called_with_whole_tiles_of_its_own(digits28: Tensor) -> None:
    seen: list[np.ndarray] = []

    def predict(ink: np.ndarray) -> np.ndarray:
        seen.append(ink)
        answer = linear(ink)
        ink[:] = np.nan  # its own array: nothing of ours is lost
        return answer

    images = digits28.repeat(5, 1, 1, 1)
    before = images.clone()
    answer = Adapted(predict, input="flat")(images)
    assert [array.shape for array in seen] == [(TILE, 784)] * 2
    assert all(array.dtype == np.float32 for array in seen)
    assert torch.equal(images, before)
    np.testing.assert_allclose(answer.numpy(), linear(images.numpy()), atol=1e-5)


def test_a_function_that_takes_its_rows_one_by_one_answers_the_same_in_any_batch(digits28: Tensor) -> None:
    classifier = Adapted(lambda ink: (ink[:, :, None] * LINEAR).sum(1), input="flat")
    images = digits28.repeat(5, 1, 1, 1)
    answer = classifier(images)
    for batch in (1, 7, 64, 300):
        assert torch.equal(torch.cat([classifier(part) for part in images.split(batch)]), answer)


def test_a_function_is_called_from_one_thread_at_a_time(digits28: Tensor) -> None:
    inside, most = 0, 0
    count = threading.Lock()

    def predict(ink: np.ndarray) -> np.ndarray:
        nonlocal inside, most
        with count:
            inside += 1
            most = max(most, inside)
        time.sleep(0.002)
        with count:
            inside -= 1
        return linear(ink)

    classifier = Adapted(predict, input="flat")
    threads = [threading.Thread(target=classifier, args=(digits28,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_function_stands_in_an_evaluation_like_a_network(digits28: Tensor) -> None:
    network = Adapted(linear, input="flat")
    copied = copy.deepcopy(network)
    assert isinstance(copied.network, Opaque)
    assert copied.network is network.network
    assert torch.equal(deployed(network)(digits28), network(digits28))


def test_classifiers_that_differ_in_their_contract_alone_are_not_the_same() -> None:
    classifiers = [
        Adapted(linear, input="flat"),
        Adapted(linear, input="0..255,flat"),
        Adapted(linear, input="flat", output="log-probabilities"),
        Adapted(linear, input="flat", sha256="0" * 64),
        Adapted(linear, input="flat", sha256="1" * 64),
    ]
    assert len({record_of("mine", classifier)["sha256"] for classifier in classifiers}) == 5
    twin = Adapted(linear, input=Input(layout="flat"))
    assert record_of("mine", twin)["sha256"] == record_of("mine", classifiers[0])["sha256"]


def test_a_function_that_answers_fewer_rows_is_named() -> None:
    with pytest.raises(InputError, match=r"answers \(255, 10\) for 256 digits"):
        Adapted(lambda ink: linear(ink)[1:])(torch.zeros(3, 1, 28, 28))


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(InputError, match="a dict cannot be called"):
        Adapted({})  # type: ignore[arg-type]


def test_answers_that_are_not_finite_stay_so(digits28: Tensor) -> None:
    answer = Adapted(lambda ink: np.where(ink.sum((1, 2, 3))[:, None] > 100, np.nan, linear(ink)))(digits28)
    brighter = digits28.sum((1, 2, 3)) > 100
    assert 0 < brighter.sum() < 64
    assert torch.equal(answer.isnan().any(1), brighter)
