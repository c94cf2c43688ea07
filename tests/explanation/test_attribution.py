"""Attribution against closed forms, its axioms on real digits, and that it leaves no trace."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from robustmnist import explanation
from robustmnist.errors import ImagesError, InputError
from robustmnist.explanation import METHODS, Target, check_method, completeness_gap
from robustmnist.models.inference.deployed import deployed

CONVOLUTIONAL = sorted(METHODS)
DENSE = sorted(name for name, method in METHODS.items() if not method.modules)
GAP = 0.02  # the completeness gap that integrated gradients are held to
REFERENCES = torch.rand((10, 5, 1, 28, 28), generator=torch.Generator().manual_seed(4))


def explain(*arguments: Any, **given: Any) -> Tensor:
    """Explain with digits to compare with, for the methods that do."""
    return explanation.explain(*arguments, references=REFERENCES, **given)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Compute on one thread: the nets are so small that threads mostly wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def linear() -> nn.Module:
    generator = torch.Generator().manual_seed(1)
    layer = nn.Linear(784, 10)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(10, 784, generator=generator))
    return nn.Sequential(nn.Flatten(), layer)


@pytest.fixture
def conv_net() -> nn.Module:
    """Return a small convolutional net with batch norm whose statistics are not the trivial ones, untrained."""
    generator = torch.Generator().manual_seed(2)
    norm = nn.BatchNorm2d(4)
    net = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(3, 4, 3, padding=1), norm, nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(4 * 49, 10),
    )  # fmt: skip
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / max(parameter[0].numel(), 4) ** 0.5)
        norm.running_mean.copy_(torch.randn(4, generator=generator) / 4)  # type: ignore[union-attr]
        norm.running_var.copy_(torch.rand(4, generator=generator) + 0.5)  # type: ignore[union-attr]
    return net.eval()


def weights(linear: nn.Module, targets: Tensor) -> Tensor:
    layer = linear[1]  # type: ignore[index]
    return layer.weight.detach()[targets].reshape(-1, 1, 28, 28)


# --- closed forms -----------------------------------------------------------------------------------------------------


def test_saliency_of_a_linear_model_is_its_weight(linear: nn.Module, digits28: Tensor, digit_labels: Tensor) -> None:
    found = explain(linear, digits28, digit_labels, method="saliency")
    torch.testing.assert_close(found, weights(linear, digit_labels))


@pytest.mark.parametrize("method", ["input-x-gradient", "integrated-gradients"])
def test_a_linear_model_splits_its_logit_into_input_times_weight(
    linear: nn.Module, digits28: Tensor, digit_labels: Tensor, method: str
) -> None:
    images, targets = digits28[:10], digit_labels[:10]
    found = explain(linear, images, targets, method=method)
    torch.testing.assert_close(found, images * weights(linear, targets), rtol=1e-5, atol=1e-6)


def test_occlusion_and_inking_of_a_linear_model_are_sums_over_a_window(
    linear: nn.Module, digits28: Tensor, digit_labels: Tensor
) -> None:
    images, targets = digits28[:3], digit_labels[:3]
    for method, change in (("occlusion", images), ("inking", 1 - images)):
        share = nn.functional.pad((change * weights(linear, targets)).double(), (1, 1, 1, 1))
        wanted = nn.functional.avg_pool2d(share, 3, 1) * 9
        found = explain(linear, images, targets, method=method)
        torch.testing.assert_close(found.double(), wanted, rtol=1e-4, atol=1e-4)


def test_a_margin_is_the_difference_of_its_classes(linear: nn.Module, digits28: Tensor) -> None:
    true, rivals = torch.arange(5), torch.arange(5, 10)
    margin = Target.of_margin(true, rivals)
    for method in ("saliency", "integrated-gradients", "occlusion", "inking"):
        one, other = (explain(linear, digits28[:5], classes, method=method) for classes in (true, rivals))
        found = explain(linear, digits28[:5], margin, method=method)
        torch.testing.assert_close(found, one - other, rtol=1e-4, atol=1e-4)


def test_grad_cam_of_a_known_convolution_is_the_formula(digits28: Tensor) -> None:
    # Channel 0 copies the ink, channel 1 is its negative plus 0.5, channel 2 is −1 everywhere; stride 2 keeps every
    # other pixel. Each logit is a weighted mean of the rectified channels, so the mean slope over a channel is known.
    convolution = nn.Conv2d(1, 3, 1, stride=2)
    head = nn.Linear(3, 10, bias=False)
    with torch.no_grad():
        convolution.weight.copy_(torch.tensor([1.0, -1.0, 0.0]).reshape(3, 1, 1, 1))
        convolution.bias.copy_(torch.tensor([0.0, 0.5, -1.0]))  # type: ignore[union-attr]
        head.weight.copy_(torch.linspace(-1, 1, 30).reshape(10, 3))
    net = nn.Sequential(convolution, nn.AvgPool2d(14), nn.Flatten(), head)
    targets = torch.tensor([9, 0, 5])
    images = digits28[:3]
    ink = images[:, :, ::2, ::2]
    channels = torch.cat([ink, 0.5 - ink, torch.full_like(ink, -1)], dim=1).relu()
    slopes = head.weight.detach()[targets].reshape(3, 3, 1, 1) / 196
    coarse = (channels * slopes).sum(dim=1, keepdim=True).relu()
    wanted = nn.functional.interpolate(coarse, (28, 28), mode="bilinear")
    torch.testing.assert_close(explain(net, images, targets, method="grad-cam"), wanted, rtol=1e-5, atol=1e-7)
    assert wanted[0].max() > 0  # class 9 has positive weights only
    assert wanted[1].max() == 0  # class 0 negative ones: nothing speaks for it


@pytest.mark.parametrize("method", CONVOLUTIONAL)
def test_folding_batch_norm_changes_no_explanation(conv_net: nn.Module, digits28: Tensor, method: str) -> None:
    targets = torch.arange(3)
    plain = explain(conv_net, digits28[:3], targets, method=method)
    folded = explain(deployed(conv_net), digits28[:3], targets, method=method)
    torch.testing.assert_close(folded, plain, rtol=1e-3, atol=1e-5)


# --- axioms -----------------------------------------------------------------------------------------------------------


def test_integrated_gradients_add_up_on_an_untrained_net(conv_net: nn.Module, digits28: Tensor) -> None:
    targets = conv_net(digits28[:8]).argmax(dim=1)
    found = explain(conv_net, digits28[:8], targets, method="integrated-gradients")
    assert completeness_gap(conv_net, digits28[:8], targets, found).max() <= GAP


@pytest.mark.parametrize("name", ["fc", "cnn"])
def test_integrated_gradients_add_up_on_mnist(mnist_test: tuple, name: str) -> None:
    from robustmnist.models.checkpoints.checkpoint import load_checkpoint

    checkpoint = load_checkpoint(name)
    images = torch.from_numpy(mnist_test[0][:12]).float().div(255)[:, None]
    targets = checkpoint(images).argmax(dim=1).clone()
    found = explain(checkpoint, images, targets, method="integrated-gradients")
    assert completeness_gap(checkpoint, images, targets, found).max() <= GAP


def test_the_gap_sees_what_is_missing(linear: nn.Module, digits28: Tensor, digit_labels: Tensor) -> None:
    images, targets = digits28[:4], digit_labels[:4]
    found = explain(linear, images, targets, method="integrated-gradients")
    share = (found.sum(dim=(1, 2, 3)).abs() * 0.5 / found.sum(dim=(1, 2, 3)).abs().clamp(min=1)).double()
    torch.testing.assert_close(completeness_gap(linear, images, targets, found / 2), share, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", [name for name, method in METHODS.items() if not method.signed])
def test_unsigned_methods_are_never_negative(conv_net: nn.Module, digits28: Tensor, method: str) -> None:
    assert explain(conv_net, digits28[:8], torch.arange(8), method=method).min() >= 0


@pytest.mark.parametrize("method", ["input-x-gradient", "integrated-gradients"])
def test_background_has_no_share(conv_net: nn.Module, digits28: Tensor, method: str) -> None:
    found = explain(conv_net, digits28[:8], torch.arange(8), method=method)
    assert not found[digits28[:8] == 0].any()
    assert found[digits28[:8] > 0].any()


# --- one answer, no trace ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", CONVOLUTIONAL)
def test_an_explanation_does_not_depend_on_its_company(conv_net: nn.Module, digits28: Tensor, method: str) -> None:
    images, targets = digits28[:6], torch.arange(6)
    whole = explain(conv_net, images, targets, method=method)
    order = torch.tensor([5, 0, 3, 1, 2, 4])
    torch.testing.assert_close(
        explain(conv_net, images[order], targets[order], method=method, ids=order), whole[order], rtol=0, atol=0
    )
    alone = explain(conv_net, images[4:5], targets[4:5], method=method, ids=torch.tensor([4]))
    assert torch.equal(alone, whole[4:5])
    assert torch.equal(explain(conv_net, images, targets, method=method), whole)


@pytest.mark.parametrize("method", CONVOLUTIONAL)
def test_the_model_and_the_images_are_handed_back_as_they_were(
    conv_net: nn.Module, digits28: Tensor, method: str
) -> None:
    wanted = explain(conv_net, digits28[:3], torch.arange(3), method=method)
    conv_net.train()
    conv_net[4].eval()  # type: ignore[index]
    next(conv_net.parameters()).requires_grad_(False)
    before, state, images = copy.deepcopy(conv_net.state_dict()), torch.random.get_rng_state(), digits28[:3].clone()
    flags = [parameter.requires_grad for parameter in conv_net.parameters()]
    modes = [module.training for module in conv_net.modules()]
    found = explain(conv_net, digits28[:3], torch.arange(3), method=method)
    assert torch.equal(found, wanted)  # dropout and batch statistics played no part
    assert not found.requires_grad
    assert [parameter.requires_grad for parameter in conv_net.parameters()] == flags
    assert [module.training for module in conv_net.modules()] == modes
    assert all(parameter.grad is None for parameter in conv_net.parameters())
    assert not any(m._forward_hooks or m._backward_hooks or m._forward_pre_hooks for m in conv_net.modules())
    assert all(torch.equal(value, before[name]) for name, value in conv_net.state_dict().items())
    assert torch.equal(digits28[:3], images)
    assert not digits28.requires_grad
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_model_is_handed_back_after_a_failure(conv_net: nn.Module, digits28: Tensor) -> None:
    conv_net.train()
    with pytest.raises(ImagesError):
        explain(conv_net, digits28, torch.arange(3), method="saliency")
    assert all(module.training for module in conv_net.modules())


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("method", CONVOLUTIONAL)
def test_the_callers_gradient_mode_does_not_matter(
    conv_net: nn.Module, digits28: Tensor, method: str, mode: type
) -> None:
    wanted = explain(conv_net, digits28[:2], torch.arange(2), method=method)
    with mode():
        found = explain(conv_net, digits28[:2] * 1, torch.arange(2), method=method)
    assert torch.equal(found, wanted)


@pytest.mark.parametrize("method", METHODS)
def test_the_default_float_type_changes_no_bit(
    conv_net: nn.Module, digits28: Tensor, digit_labels: Tensor, method: str
) -> None:
    expected = explain(conv_net, digits28[:3], digit_labels[:3], method=method)
    torch.set_default_dtype(torch.float64)
    try:
        found = explain(conv_net, digits28[:3], digit_labels[:3], method=method)
    finally:
        torch.set_default_dtype(torch.float32)
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)


def test_no_images_give_no_attributions(conv_net: nn.Module, digits28: Tensor) -> None:
    none = explain(conv_net, digits28[:0], torch.zeros(0, dtype=torch.int64), method="saliency")
    assert none.shape == (0, 1, 28, 28)


# --- errors -----------------------------------------------------------------------------------------------------------


def test_grad_cam_without_a_convolution_names_the_remedy(linear: nn.Module, digits28: Tensor) -> None:
    with pytest.raises(InputError, match=r"has no convolution.*use integrated-gradients, expected"):
        explain(linear, digits28[:1], torch.zeros(1, dtype=torch.int64), method="grad-cam")
    for method in DENSE:
        check_method(method, linear)


def test_an_unknown_method_is_named_with_what_there_is(linear: nn.Module, digits28: Tensor) -> None:
    with pytest.raises(
        InputError, match=r"'salience' is not an attribution method, did you mean 'saliency'.*occlusion"
    ):
        explain(linear, digits28[:1], torch.zeros(1, dtype=torch.int64), method="salience")


@pytest.mark.parametrize(
    ("images", "targets"),
    [
        (torch.zeros(2, 28, 28), torch.zeros(2, dtype=torch.int64)),
        (torch.zeros(2, 1, 28, 28, dtype=torch.float64), torch.zeros(2, dtype=torch.int64)),
        (torch.zeros(2, 1, 28, 28), torch.zeros(3, dtype=torch.int64)),
        (torch.zeros(2, 1, 28, 28), torch.zeros(2)),
        (torch.zeros(2, 1, 28, 28), torch.tensor([0, 10])),
        (torch.zeros(2, 1, 28, 28), torch.tensor([-1, 0])),
    ],
)
def test_wrong_images_and_targets_are_refused(linear: nn.Module, images: Tensor, targets: Tensor) -> None:
    with pytest.raises(ImagesError):
        explain(linear, images, targets, method="saliency")
