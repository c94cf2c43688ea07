"""Grad-CAM against the paper's equations, captum's, and networks that call their parts in another order."""

import pytest
import torch
import torch.nn.functional as F
from captum.attr import LayerGradCam
from torch import Tensor, nn

from robustmnist.errors import InputError
from robustmnist.explanation import explain
from robustmnist.models.checkpoints.checkpoint import load_checkpoint

TARGETS = torch.arange(6)


class Shortcut(nn.Module):
    """A block with a shortcut that is called first and listed last, and two convolutions that must not be read."""

    def __init__(self, *, in_place: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.unused = nn.Conv2d(1, 3, 3)
        self.squeeze = nn.Conv2d(4, 10, 14)  # to 1 × 1 px
        self.head = nn.Linear(10, 10)
        self.first, self.second = nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.end = nn.ReLU(inplace=in_place)
        self.shortcut = nn.Conv2d(1, 4, 1, stride=2)
        for parameter in self.parameters():
            parameter.data.mul_(4)
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        straight = self.shortcut(images)
        block = self.norm(self.second(F.relu(self.first(images))))
        block += straight
        logits: Tensor = self.head(self.squeeze(self.end(block)).flatten(1))
        return logits


def by_captum(model: nn.Module, layer: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    coarse = LayerGradCam(model, layer).attribute(images.clone().requires_grad_(), targets, relu_attributions=True)
    assert isinstance(coarse, Tensor)
    return F.interpolate(coarse, (28, 28), mode="bilinear").detach()


def test_slopes_count_where_a_unit_is_silent_too() -> None:
    # Ink at pixel 100 alone. Its unit speaks for the class by 1, a silent one against it by 10: −9 on average.
    convolution, head = nn.Conv2d(1, 1, 1), nn.Linear(784, 10, bias=False)
    with torch.no_grad():
        convolution.weight.fill_(1.0)
        convolution.bias.fill_(-0.5)  # type: ignore[union-attr]
        head.weight.zero_()
        head.weight[0, 100], head.weight[0, 500], head.weight[1, 100] = 1.0, -10.0, 1.0
    net = nn.Sequential(convolution, nn.ReLU(), nn.Flatten(), head)
    images = torch.zeros(2, 1, 28, 28)
    images.view(2, -1)[:, 100] = 1.0
    against, only_for = explain(net, images, torch.tensor([0, 1]), method="grad-cam")
    assert not against.any()
    assert only_for.view(-1)[100] == pytest.approx(0.5 / 784)


@pytest.mark.parametrize("in_place", [False, True])
def test_the_last_convolution_called_is_read_and_not_the_last_one_listed(digits28: Tensor, in_place: bool) -> None:
    plain = Shortcut()
    expected = by_captum(plain, plain.end, digits28[:6], TARGETS)
    assert expected.amax() > 0.05
    net = Shortcut(in_place=in_place)
    torch.testing.assert_close(explain(net, digits28[:6], TARGETS, method="grad-cam"), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ["cnn", "cnn-augmented"])
def test_a_shipped_network_is_read_as_captum_reads_its_last_rectifier(name: str, digits28: Tensor) -> None:
    checkpoint = load_checkpoint(name)
    targets = checkpoint(digits28).argmax(1).clone()
    model = checkpoint.model
    rectifier = [part for part in model.features if isinstance(part, nn.ReLU)][-1]  # type: ignore[union-attr]
    expected = by_captum(model, rectifier, digits28, targets)
    assert (expected.flatten(1).amax(1) > 0).sum() > 10
    found = explain(checkpoint, digits28, targets, method="grad-cam")
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("layer", ["end", "first", "shortcut"])
def test_a_layer_can_be_named(layer: str, digits28: Tensor) -> None:
    net = Shortcut()
    found = explain(net, digits28[:6], TARGETS, method="grad-cam", layer=layer)
    if layer == "first":  # its rectifier is a function, which captum cannot read: by the equations
        images = digits28[:6]
        active = F.relu(net.first(images)).detach().requires_grad_()
        rest = net.norm(net.second(active)) + net.shortcut(images)
        logits = net.head(net.squeeze(F.relu(rest)).flatten(1))
        (slope,) = torch.autograd.grad(logits.gather(1, TARGETS[:, None]).sum(), active)
        coarse = (slope.mean((2, 3), keepdim=True) * active).sum(1, keepdim=True).relu()
        expected = F.interpolate(coarse, (28, 28), mode="bilinear").detach()
    else:
        expected = by_captum(net, net.end, digits28[:6], TARGETS)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)
    assert not any(module._forward_hooks for module in net.modules())


@pytest.mark.parametrize(
    ("layer", "method", "message"),
    [
        ("secnd", "grad-cam", "Shortcut: has no layer 'secnd', did you mean 'second'"),
        ("unused", "grad-cam", "layer 'unused' makes no map"),
        ("squeeze", "grad-cam", "layer 'squeeze' makes no map of more than 1 × 1 px"),
        ("head", "grad-cam", "layer 'head' makes no map"),
        ("second", "saliency", "'saliency' reads no layer; give it with grad-cam, guided-grad-cam"),
    ],
)
def test_a_layer_that_cannot_be_read_is_refused(layer: str, method: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        explain(Shortcut(), torch.zeros(1, 1, 28, 28), TARGETS[:1], method=method, layer=layer)


def test_a_convolution_that_the_logits_do_not_depend_on_is_passed_over(digits28: Tensor) -> None:
    class Aside(Shortcut):
        def forward(self, images: Tensor) -> Tensor:
            logits = super().forward(images)
            self.seen = self.unused(images)
            return logits

    net = Aside()
    expected = explain(Shortcut(), digits28[:6], TARGETS, method="grad-cam")
    assert torch.equal(explain(net, digits28[:6], TARGETS, method="grad-cam"), expected)
