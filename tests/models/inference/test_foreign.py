"""Networks of others: whatever they are made of, their deployed form answers as they do, or says why it cannot."""

import threading
import time
import warnings
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

from robustmnist.errors import CheckpointError
from robustmnist.models.architectures.build import MODELS, build_model
from robustmnist.models.inference.deployed import deployed, logits
from robustmnist.models.inference.structure import is_understood

ROWS = 600  # more than two tiles of any kind


def net(*layers: nn.Module, features: int = 8 * 14 * 14) -> nn.Sequential:
    """Return convolution, the layers, pooling, and ten logits."""
    convolution = nn.Conv2d(1, 8, 3, padding=1)
    return nn.Sequential(convolution, *layers, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(features, 10))


def with_running(norm: nn.BatchNorm2d) -> nn.BatchNorm2d:
    """Return the norm with statistics that change something."""
    nn.init.normal_(norm.running_mean, 0, 0.5)
    nn.init.uniform_(norm.running_var, 0.2, 3)
    return norm


def shared_activation() -> nn.Module:
    act = nn.SiLU()
    return net(act, nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), act, features=16 * 7 * 7)


def shared_norm() -> nn.Module:
    norm = with_running(nn.BatchNorm2d(8))
    return net(norm, nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), norm)


def shared_convolution() -> nn.Module:
    layer = nn.Conv2d(8, 8, 3, padding=1)
    return net(layer, with_running(nn.BatchNorm2d(8)), layer)


def hooked() -> nn.Module:
    model = net(with_running(nn.BatchNorm2d(8)))
    model[0].register_forward_hook(lambda module, images, output: output.clamp(min=0))
    return model


def overridden() -> nn.Module:
    """Return a network one layer of which has a method of its own."""
    model = net(with_running(nn.BatchNorm2d(8)))
    layer = model[0]
    layer.forward = lambda images: nn.functional.conv2d(images, layer.weight, layer.bias, padding=1).square()  # type: ignore[method-assign]
    return model


def pruned() -> nn.Module:
    model = net(with_running(nn.BatchNorm2d(8)))
    prune.random_unstructured(model[0], "weight", 0.5)
    return model


def normed(norm: Callable[[nn.Module], nn.Module]) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            model = net(with_running(nn.BatchNorm2d(8)))
            norm(model[0])
        return model

    return make


class Skips(nn.Module):
    """Calls its layers in another order than it lists them, one of them twice."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(8 * 14 * 14, 10)
        self.body = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), with_running(nn.BatchNorm2d(8)))
        self.first = nn.Conv2d(1, 8, 3, padding=1)
        self.pool = nn.MaxPool2d(2, return_indices=True)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.first(images)
        maps = self.body[1](maps) + self.body(maps) + self.body[0](maps)
        result: Tensor = self.last(self.pool(maps)[0].flatten(1))
        return result


class Views(nn.Module):
    """Goes from maps to rows by ``view``, which takes torch's usual layout alone."""

    def __init__(self) -> None:
        super().__init__()
        self.features, self.last = nn.Conv2d(1, 8, 3, stride=2), nn.Linear(8 * 13 * 13, 10)

    def forward(self, images: Tensor) -> Tensor:
        result: Tensor = self.last(self.features(images).view(-1, 8 * 13 * 13))
        return result


class Strides(Views):
    """Answers by the layout of its maps."""

    def forward(self, images: Tensor) -> Tensor:
        maps = self.features(images)
        result: Tensor = self.last(maps.reshape(-1, 8 * 13 * 13)) * (1 + (maps.stride(1) == 1))
        return result


class Pixels(nn.Module):
    """Answers with a view of its input."""

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)[:, 400:410]


class Keeps(nn.Module):
    """Keeps values between its layers."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(784, 10)

    def forward(self, images: Tensor) -> Tensor:
        self.rows = images.flatten(1)
        time.sleep(0.005)  # time for another thread to put its own there
        result: Tensor = self.layer(self.rows)
        return result


class InPlace(nn.Module):
    """Changes its input, its shape too."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(784, 10)

    def forward(self, images: Tensor) -> Tensor:
        images.sub_(0.1307).div_(0.3081).squeeze_(1)
        result: Tensor = self.layer(images.flatten(1))
        return result


class Gradient(nn.Module):
    """Needs a gradient to answer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(784, 10)

    def forward(self, images: Tensor) -> Tensor:
        with torch.enable_grad():
            rows = images.flatten(1).clone().requires_grad_()
            (slope,) = torch.autograd.grad(self.layer(rows).square().sum(), rows)
        result: Tensor = self.layer(rows.detach() - 0.01 * slope)
        return result


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "shared activation": shared_activation,
    "shared norm": shared_norm,
    "shared convolution": shared_convolution,
    "norm without scales": lambda: net(with_running(nn.BatchNorm2d(8, affine=False))),
    "weight norm": normed(parametrizations.weight_norm),
    "spectral norm": normed(parametrizations.spectral_norm),
    "old weight norm": normed(weight_norm),
    "old spectral norm": normed(spectral_norm),
    "pruned": pruned,
    "hooked": hooked,
    "overridden": overridden,
    "another order": Skips,
    "view": Views,
    "strides": Strides,
    "view of its input": Pixels,
    "keeps values": Keeps,
    "in place": InPlace,
    "needs a gradient": Gradient,
    "group norm": lambda: net(nn.GroupNorm(2, 8), nn.Softplus()),
    "scripted": lambda: torch.jit.script(net(nn.ReLU())),
}


@pytest.fixture
def many() -> Tensor:
    return torch.rand((ROWS, 1, 28, 28), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*torch.jit.script.*:DeprecationWarning")
def test_the_deployed_form_answers_as_the_network_does(name: str, many: Tensor, threads: int) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = NETWORKS[name]()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(2)
    model.eval()
    with torch.no_grad():
        expected = torch.cat([model(part.clone()) for part in many.split(50)])
    before = many.clone()
    try:
        torch.set_num_threads(threads)
        answers = logits(model, many)
    finally:
        torch.set_num_threads(1)
    torch.testing.assert_close(answers, expected, rtol=0, atol=1e-5 * float(expected.abs().max()))
    # Its weights may lie outside of the copy and want gradients: two threads must not write a graph into one tensor.
    assert not answers.requires_grad
    assert torch.equal(many, before)
    assert torch.equal(logits(model, many[5:9]), answers[5:9])


@pytest.mark.parametrize("name", MODELS)
def test_networks_of_our_own_are_understood(name: str) -> None:
    assert is_understood(build_model({"model": name}))
    assert is_understood(deployed(build_model({"model": name})).model)


def test_plain_chains_of_others_are_understood_and_strange_ones_are_not() -> None:
    assert is_understood(net(nn.ReLU()))
    strange = ("shared activation", "weight norm", "hooked", "overridden", "another order", "group norm", "pruned")
    assert not any(is_understood(NETWORKS[name]()) for name in strange)


def test_a_subclass_of_our_own_is_not_understood(digits28: Tensor) -> None:
    class Louder(MODELS["cnn"]):  # type: ignore[misc,name-defined]
        def forward(self, images: Tensor) -> Tensor:
            result: Tensor = super().forward(images) * 3 + self.features[0](images).amax((1, 2, 3))[:, None]
            return result

    model = Louder().eval()
    assert not is_understood(model)
    torch.testing.assert_close(logits(model, digits28), model(digits28), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("kind", ["ours", "others"])
def test_weights_of_other_float_types_are_read_as_float32(kind: str, dtype: torch.dtype, digits28: Tensor) -> None:
    model = build_model({"model": "cnn"}) if kind == "ours" else Views()
    narrow = model.to(dtype)
    answers = logits(narrow, digits28)
    assert answers.dtype == torch.float32
    assert next(narrow.parameters()).dtype == dtype
    assert torch.equal(answers, logits(narrow.float(), digits28))  # its weights are rounded already


def test_a_network_that_casts_its_input_itself_is_left_to_it(digits28: Tensor) -> None:
    class Casts(Views):
        def forward(self, images: Tensor) -> Tensor:
            return super().forward(images.double()).float()

    model = Casts().double()
    with torch.no_grad():
        torch.testing.assert_close(logits(model, digits28), model(digits28), rtol=1e-6, atol=1e-6)


def test_the_default_float_type_changes_no_bit(digits28: Tensor) -> None:
    def made(name: str) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            return build_model({"model": name})

    expected = [logits(made(name), digits28) for name in MODELS]
    strange = Views()
    others = logits(strange, digits28)
    torch.set_default_dtype(torch.float64)
    try:
        answers = [logits(made(name), digits28) for name in MODELS]
        assert torch.equal(logits(strange, digits28), others)
    finally:
        torch.set_default_dtype(torch.float32)
    assert all(torch.equal(one, other) for one, other in zip(answers, expected, strict=True))


class Locked(Views):
    """Holds what cannot be copied."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()


def hooked_by_closure() -> nn.Module:
    """Return a network whose hook writes to this very object, not to a copy of it."""
    model = Keeps()
    model.layer.register_forward_hook(lambda module, rows, output: output + getattr(model, "offset", 0))
    model.register_forward_pre_hook(lambda module, images: setattr(model, "offset", 1.0 if module is model else 0.0))
    return model


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (Locked, r"cannot be copied \(TypeError: cannot pickle '_thread.lock' object\); keep what cannot"),
        (hooked_by_closure, "its copy answers otherwise: a hook or function in it holds on to the original; let it"),
        (lambda: nn.Sequential(nn.Flatten(), nn.LazyLinear(10)), r"its 1\.weight is not initialised \(a lazy layer\)"),
        (lambda: net(nn.ReLU()).to("meta"), "has a shape but no values .*; load its weights first"),
        (lambda: MODELS["cnn"]().to("meta"), "has a shape but no values .*; load its weights first"),
    ],
)
def test_what_cannot_be_deployed_is_said(make: Callable[[], nn.Module], words: str) -> None:
    with pytest.raises(CheckpointError, match=words):
        deployed(make())


def test_deploying_leaves_the_network_and_the_generator_alone() -> None:
    model = nn.Sequential(net(nn.BatchNorm2d(8), nn.Dropout()), Pixels()).train()
    model[0].eval()
    state, generator = {name: value.clone() for name, value in model.state_dict().items()}, torch.get_rng_state()
    deployed(model)
    assert [module.training for module in model] == [False, True]
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert torch.equal(torch.get_rng_state(), generator)


def test_a_network_whose_eval_does_more_is_brought_back(digits28: Tensor) -> None:
    class Merges(Views):
        """Adds an update to its weights in eval mode alone, as low-rank adapters do."""

        def train(self, mode: bool = True) -> "Merges":
            if mode != self.training:
                with torch.no_grad():
                    self.last.bias += 1 if not mode else -1
            super().train(mode)
            return self

    model = Merges()
    before = model.last.bias.clone()
    answers = logits(model, digits28)
    torch.testing.assert_close(model.last.bias, before)
    with torch.no_grad():
        torch.testing.assert_close(answers, model.eval()(digits28), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda rows: rows[:, 0], r"answers 256 digits with the shape \(256,\)"),
        (lambda rows: rows[:, :5], r"with the shape \(256, 5\)"),
        (lambda rows: rows[:, :11], r"with the shape \(256, 11\)"),
        (lambda rows: rows[:, :20], r"with the shape \(256, 20\)"),
        (lambda rows: rows[:, :10, None], r"with the shape \(256, 10, 1\)"),
        (lambda rows: rows[:0, :10], r"with the shape \(0, 10\)"),
        (lambda rows: rows[:1, :10], r"with the shape \(1, 10\)"),
        (lambda rows: (rows[:, :10], rows), "with a tuple, not with a tensor"),
        (lambda rows: {"logits": rows[:, :10]}, "with a dict, not with a tensor"),
        (lambda rows: None, "with None, not with a tensor"),
        (lambda rows: rows[:, :10].numpy(), "with a ndarray, not with a tensor"),
        (lambda rows: rows[:, :10].to_sparse(), "with a tensor of sparse_coo"),
        (lambda rows: rows[:, :10].long(), "with a tensor of int64"),
        (lambda rows: rows[:, :10] > 0, "with a tensor of bool"),
        (lambda rows: rows[:, :10] + 0j, "with a tensor of complex64"),
    ],
)
def test_answers_that_are_no_logits_are_refused(
    answer: Callable[[Tensor], object], words: str, digits28: Tensor
) -> None:
    class Answers(nn.Module):
        def forward(self, images: Tensor) -> object:
            return answer(images.flatten(1))

    with pytest.raises(CheckpointError, match=f"{words}; let it return one tensor of ten logits per digit"):
        logits(Answers(), digits28)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_answers_in_other_float_types_become_float32(dtype: torch.dtype, digits28: Tensor) -> None:
    class Casts(Pixels):
        def forward(self, images: Tensor) -> Tensor:
            return super().forward(images).to(dtype)

    answers = logits(Casts(), digits28)
    assert answers.dtype == torch.float32
    assert torch.equal(answers, Casts()(digits28).float())
