"""The classifiers: sizes, normalisation, rebuilding from plain values, and logits that do not know their batch."""

import pytest
import torch
from torch import Tensor, nn

from robustmnist.errors import CheckpointError, RecipeError
from robustmnist.models.architectures.build import MODELS, build_model, complete_architecture, count_parameters
from robustmnist.models.architectures.layers import MEAN, SD, ByteDropout
from robustmnist.models.inference.deployed import Deployed, deployed, logits, tile
from robustmnist.models.inference.folding import without_norms
from robustmnist.models.inference.layout import laid_out
from robustmnist.models.inference.pooling import fast_pooling

VARIANTS = {
    "fc": {"model": "fc"},
    "fc-small": {"model": "fc-small"},
    "fc-full": {
        "model": "fc",
        "widths": [64, 32],
        "dropout": 0.5,
        "input_dropout": 0.1,
        "batch_norm": True,
        "activation": "tanh",
    },
    "fc-linear": {"model": "fc", "widths": []},
    "cnn": {"model": "cnn"},
    "cnn-plain": {"model": "cnn", "channels": [8], "kernel": 5, "hidden": [], "batch_norm": False},
    "cnn-deep": {"model": "cnn", "channels": [4, 8, 8], "activation": "leaky-relu", "dropout": 0.2},
    "lenet5": {"model": "lenet5"},
    "lenet5-classic": {"model": "lenet5", "activation": "tanh", "pooling": "average"},
}


def made(name: str) -> nn.Module:
    """Return a model whose batch norms have run, so that folding them has something to do."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = build_model(VARIANTS[name])
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, 0, 0.2)
                nn.init.normal_(module.running_mean, 0, 0.3)
                nn.init.uniform_(module.running_var, 0.5, 2.0)
    return model.eval()


@pytest.fixture(params=VARIANTS)
def model(request: pytest.FixtureRequest) -> nn.Module:
    return made(request.param)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("fc", 784 * 256 + 256 + 256 * 128 + 128 + 128 * 10 + 10),
        ("fc-small", 784 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10),
        # Convolutions without bias, batch norm with two vectors each, dense layers with bias.
        ("cnn", 9 * 32 + 64 + 9 * 32 * 64 + 128 + 3136 * 128 + 128 + 256 + 128 * 10 + 10),
        ("lenet5", 61_706),
    ],
)
def test_sizes(name: str, parameters: int) -> None:
    assert count_parameters(build_model({"model": name})) == parameters
    assert name in MODELS


def test_fc_has_the_size_that_is_published() -> None:
    assert count_parameters(build_model({"model": "fc"})) == 235_146


def test_logits_of_every_variant(model: nn.Module, digits28: Tensor) -> None:
    before = digits28.clone()
    result = model(digits28)
    assert result.shape == (64, 10)
    assert result.dtype == torch.float32
    assert torch.equal(digits28, before)


def test_normalisation_is_inside(digits28: Tensor) -> None:
    """A linear model on [0, 1] ink equals its weights on the normalised ink."""
    model = made("fc-linear")
    layer = model.classifier[0]
    by_hand = ((digits28.double().flatten(1) - MEAN) / SD) @ layer.weight.double().T + layer.bias.double()
    torch.testing.assert_close(model(digits28).double(), by_hand, rtol=1e-5, atol=1e-5)


def test_pooling_before_or_after_the_activation_is_the_same(digits28: Tensor) -> None:
    """The norm's scales are positive here; the usual order is convolution, norm, activation, pooling."""
    features = made("cnn").features
    usual = digits28
    for convolution, pool, norm, activation in zip(*[iter(features)] * 4, strict=True):
        usual = pool(activation(norm(convolution(usual))))
    torch.testing.assert_close(features(digits28), usual)


def test_folding_leaves_a_norm_that_turns_the_order_round(digits28: Tensor) -> None:
    model = made("cnn")
    with torch.no_grad():
        model.features[2].weight[5] = -0.5
    fast = deployed(model)
    torch.testing.assert_close(fast(digits28), model(digits28), rtol=1e-4, atol=2e-5)
    assert sum(isinstance(module, nn.BatchNorm2d) for module in fast.modules()) == 1


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_pixel_dropout_is_dropout(share: float) -> None:
    layer = ByteDropout(share)
    values = torch.linspace(1, 2, 99_999).view(3, -1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        shown = layer(values)
        again = layer(values)
    silent = shown == 0
    assert silent.float().mean() == pytest.approx(share, abs=0.01)
    torch.testing.assert_close(shown[~silent], values[~silent] / (1 - round(256 * share) / 256))
    if share:
        assert not torch.equal(shown, again)
        # One value's fate says nothing about its neighbour's, nor about that of the eighth value from it.
        for distance in (1, 8):
            both = (silent.flatten()[distance:] & silent.flatten()[:-distance]).float().mean()
            assert both == pytest.approx(share**2, abs=0.01)
    assert layer.eval()(values) is values


@pytest.mark.parametrize("name", VARIANTS)
def test_architecture_round_trip(name: str) -> None:
    complete = complete_architecture(VARIANTS[name])
    assert complete_architecture(complete) == complete
    again = build_model(complete)
    again.load_state_dict(made(name).state_dict())  # strict: the same names and shapes
    assert VARIANTS[name].items() <= complete.items()


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        ({}, "no model is called None"),
        ({"model": "lenet"}, "did you mean 'lenet5'?"),
        ({"model": 3}, "no model is called 3"),
        ({"model": "fc", "width": [3]}, "width: unknown key, did you mean 'widths'?"),
        ({"model": "fc", "widths": [0]}, "widths.0: should be greater than or equal to 1"),
        ({"model": "fc", "widths": [10**6]}, "widths.0: should be less than"),
        ({"model": "fc", "widths": [8.5]}, "widths.0: should be a valid integer"),
        ({"model": "fc", "widths": "wide"}, "widths: should be a valid tuple"),
        ({"model": "fc", "widths": [8] * 50}, "widths"),
        ({"model": "cnn", "kernel": 4}, "kernel: should be 1, 3, 5 or 7"),
        ({"model": "cnn", "channels": []}, "channels"),
        ({"model": "cnn", "dropout": 1.0}, "dropout: should be less than 1"),
        ({"model": "cnn", "dropout": float("nan")}, "dropout"),
        ({"model": "cnn", "batch_norm": 1}, "batch_norm: should be a valid boolean"),
        ({"model": "lenet5", "activation": "relu6"}, "activation: should be 'relu', 'leaky-relu', 'elu' or 'tanh'"),
    ],
)
def test_bad_architectures(architecture: dict, message: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        build_model(architecture)
    assert message in str(caught.value)
    with pytest.raises(RecipeError, match=r"^here: "):
        build_model(architecture, error=RecipeError, where="here")


def test_deployed_form_keeps_the_function_and_the_model(model: nn.Module, digits28: Tensor) -> None:
    state = {name: value.clone() for name, value in model.state_dict().items()}
    model.train()
    fast = deployed(model)
    assert model.training
    assert deployed(fast) is fast
    torch.testing.assert_close(fast(digits28), model.eval()(digits28), rtol=1e-4, atol=2e-5)
    assert not any(isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) for module in fast.modules())
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("name", VARIANTS)
def test_a_model_without_its_norms_is_the_same_function(name: str, digits28: Tensor) -> None:
    model = made(name)
    state = torch.get_rng_state()
    architecture, plain = without_norms(VARIANTS[name], model)
    assert torch.equal(torch.get_rng_state(), state)
    assert not architecture.get("batch_norm")
    assert not any(isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) for module in plain.modules())
    build_model(architecture).load_state_dict(plain.state_dict())
    torch.testing.assert_close(plain(digits28), model(digits28), rtol=1e-4, atol=2e-5)


def test_norms_that_cannot_go_stay(digits28: Tensor) -> None:
    model = made("cnn")
    with torch.no_grad():
        model.features[2].weight[5] = -0.5
    architecture, same = without_norms(VARIANTS["cnn"], model)
    assert architecture["batch_norm"]
    assert torch.equal(same(digits28), model(digits28))


@pytest.mark.parametrize("side", [28, 14, 7])
def test_the_fast_pooling_is_torchs_own(side: int) -> None:
    maps = torch.randn((5, 6, side, side), generator=torch.Generator().manual_seed(0))
    maps[0, 0, 0, 0], maps[1, 0, 0, 1] = float("nan"), float("inf")
    usual = nn.Sequential(nn.MaxPool2d(2))
    fast = deployed(usual).model
    assert not any(isinstance(module, nn.MaxPool2d) for module in fast)
    for form in (torch.contiguous_format, torch.channels_last):
        given = maps.contiguous(memory_format=form)
        halved = fast(given)
        torch.testing.assert_close(halved, usual(given), rtol=0, atol=0, equal_nan=True)
        assert halved.is_contiguous(memory_format=form)


@pytest.mark.parametrize("side", [28, 15, 6])
@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(1, 5, 3, padding=1),
        nn.Conv2d(1, 4, 5, padding=2, bias=False),
        nn.Conv2d(1, 4, (2, 3), padding=(0, 1)),
        nn.Conv2d(1, 4, 3, stride=2),
        nn.Conv2d(4, 8, 3, padding=1, groups=2),
        nn.Conv2d(3, 4, 3, dilation=2),
    ],
    ids=lambda layer: str(layer)[:40],
)
def test_a_convolution_pooled_as_on_a_gpu_is_the_same_function(layer: nn.Conv2d, side: int) -> None:
    usual = nn.Sequential(layer, nn.MaxPool2d(2)).eval()
    fast = deployed(usual).model
    maps = torch.randn((3, layer.in_channels, side, side), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        # Kernels of another shape or layout may add in another order.
        torch.testing.assert_close(fast(maps), usual(maps), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(fast[0].for_gpu(maps), usual(maps), rtol=1e-5, atol=1e-6)


def test_the_bias_behind_the_pooling_changes_no_bit() -> None:
    layer = nn.Conv2d(2, 8, 3, padding=1)
    fast = deployed(nn.Sequential(layer, nn.MaxPool2d(2))).model
    maps = torch.randn((9, 2, 14, 14), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        bare = nn.functional.conv2d(maps, layer.weight, padding=1)
        expected = nn.functional.max_pool2d(bare + layer.bias[:, None, None], 2)
        assert torch.equal(fast[0].for_gpu(maps), expected)


def test_gradients_go_through_the_layers_themselves(digits28: Tensor) -> None:
    model = made("cnn")
    fast = deployed(model).model
    gradients = []
    for one in (model, fast):
        images = digits28.clone().requires_grad_()
        one(images).amax(1).sum().backward()
        gradients.append(images.grad)
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", [torch.contiguous_format, torch.channels_last])
def test_a_layout_is_the_same_whatever_it_was_before(form: torch.memory_format) -> None:
    """Strides choose the kernel, and with a single channel either layout's are allowed."""
    strides = [
        [values.stride() for values in (*ready.parameters(), *ready.buffers())]
        for ready in (
            laid_out(fast_pooling(before), form)
            for before in (made("cnn"), made("cnn").to(memory_format=torch.channels_last), deployed(made("cnn")).model)
        )
    ]
    kernels = [one for one in strides[0] if len(one) == 4]
    assert len(kernels) == 3  # both layers' and the first one's for a GPU
    assert strides[0] == strides[1]
    assert kernels == [one for one in strides[2] if len(one) == 4]


def test_odd_convolutions_before_a_pooling_stay_as_they_are(digits28: Tensor) -> None:
    for layer in (nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect"), nn.Conv2d(1, 2, 3, padding="same")):
        usual = nn.Sequential(layer, nn.MaxPool2d(2), nn.Flatten())
        fast = deployed(usual)
        assert type(fast.model[0]) is nn.Conv2d
        torch.testing.assert_close(fast.model(digits28), usual(digits28))


def test_other_poolings_are_left_alone(digits28: Tensor) -> None:
    odd = nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(3, stride=2), nn.MaxPool2d(2, padding=1), nn.Flatten())
    torch.testing.assert_close(deployed(odd).model(digits28), odd(digits28))


@pytest.mark.parametrize("name", ["fc", "cnn", "lenet5-classic"])
def test_logits_do_not_depend_on_the_company(name: str, digits28: Tensor) -> None:
    """Bit for bit: any batch size, order and split, one thread or two; noise makes every digit different."""
    noise = torch.rand((700 - 64, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    images = torch.cat([digits28, noise])
    model = deployed(made(name))
    whole = logits(model, images)
    for size in (1, 2, 7, 64, 100, 333, 699):
        few = images[: 10 * size]
        assert torch.equal(whole[: len(few)], torch.cat([logits(model, part) for part in few.split(size)])), size
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    assert torch.equal(whole[order], logits(model, images[order]))
    threads = torch.get_num_threads()
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            assert torch.equal(whole, logits(model, images)), count
    finally:
        torch.set_num_threads(threads)


def test_plain_batching_does_depend_on_the_company(digits28: Tensor) -> None:
    """The reason for tiles; if torch ever stops doing this, they can go."""
    model = made("fc")
    with torch.inference_mode():
        alone = torch.cat([model(digit) for digit in digits28.split(1)])
        assert not torch.equal(model(digits28), alone)


def test_logits_at_the_edges(digits28: Tensor) -> None:
    model = made("fc")
    assert logits(model, digits28[:0]).shape == (0, 10)
    rows = tile(model, torch.device("cpu"))
    images = digits28[:1].expand(rows + 1, -1, -1, -1)
    assert torch.equal(logits(model, images)[0], logits(model, images)[rows])
    assert not logits(model, digits28).requires_grad


def test_an_invalid_row_stays_alone(digits28: Tensor) -> None:
    model = made("cnn")
    clean = logits(model, digits28)
    digits28[3] = float("nan")
    spoilt = logits(model, digits28)
    assert spoilt[3].isnan().all()
    others = torch.arange(64) != 3
    assert torch.equal(spoilt[others], clean[others])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", ["fc", "cnn", "lenet5"])
def test_logits_on_a_gpu(name: str, digits28: Tensor) -> None:
    model, images = made(name), digits28.cuda()
    fast = deployed(model.cuda())
    whole = logits(fast, images)
    torch.testing.assert_close(whole.cpu(), logits(model.cpu(), digits28), rtol=1e-5, atol=2e-5)
    assert torch.equal(whole, torch.cat([logits(fast, part) for part in images.split(7)]))
    assert torch.equal(whole, Deployed(deployed(model.cpu()), images.device)(images))  # brought there later
