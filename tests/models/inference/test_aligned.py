"""Dense layers of any size give the same bits at any position in a tile and in any batch."""

import pytest
import torch
from torch import Tensor, nn

from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.models.inference.aligned import AlignedLinear, align_rows
from robustmnist.models.inference.deployed import deployed

HIDDEN = (*range(1, 21), 26, 30, 37, 50, 84, 101, 130, 338)
OUTPUTS = (*range(1, 14), 16, 31, 100)


class Other(nn.Module):
    """Somebody's network, whose forward nobody can see: two dense layers and a nonlinearity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(784, width), nn.Linear(width, 10)

    def forward(self, images: Tensor) -> Tensor:
        outputs: Tensor = self.last(torch.tanh(self.first(images.flatten(1))))
        return outputs


def drawn(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0)) - 0.3


def same_rows(values: Tensor) -> bool:
    return torch.equal(values, values[:1].expand_as(values))


def chain(width: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, width), nn.ReLU(), nn.Linear(width, 10))


@pytest.mark.parametrize("rows", [64, 256])
def test_outputs_and_gradients_of_every_row_are_the_same_bits(rows: int) -> None:
    uneven = []
    for inputs in HIDDEN:
        for outputs in OUTPUTS:
            layer = align_rows(nn.Sequential(nn.Linear(inputs, outputs)))
            values = drawn(1, inputs).expand(rows, inputs).contiguous().requires_grad_()
            answer = layer(values)
            (slope,) = torch.autograd.grad(answer, values, drawn(1, outputs).expand(rows, outputs).contiguous())
            if not (same_rows(answer) and same_rows(slope)):
                uneven.append((inputs, outputs))
    assert uneven == []


@pytest.mark.parametrize("make", [chain, Other])
@pytest.mark.parametrize("width", [5, 9, 10, 11, 13, 50])
def test_any_batch_size_and_position_gives_the_same_bits(make: type[nn.Module], width: int) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(width)
        ready = deployed(make(width))
    images = drawn(1000, 1, 28, 28).clamp(min=0)
    whole = ready(images)
    for size in (1, 7, 64):
        some = images[: size * 9]
        assert torch.equal(torch.cat([ready(part) for part in some.split(size)]), whole[: size * 9])
    assert torch.equal(ready(images.flip(0)).flip(0), whole)
    assert torch.equal(ready(images[3:]), whole[3:])
    assert same_rows(ready(images[:1].expand(1000, 1, 28, 28)))


def test_the_layer_computes_what_it_did_and_keeps_its_names(digits28: Tensor) -> None:
    model = chain(10)
    ready = deployed(model)
    assert [type(part) for part in ready.modules()].count(AlignedLinear) == 1
    assert [type(part) for part in model.modules()].count(AlignedLinear) == 0
    assert ready.understood
    assert ready.model.state_dict().keys() == model.state_dict().keys()
    with torch.no_grad():
        torch.testing.assert_close(ready(digits28), model(digits28), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["fc", "cnn", "lenet5"])
def test_the_shipped_networks_need_none(name: str) -> None:
    parts = [type(part) for part in load_checkpoint(name).deployed.modules()]
    assert nn.Linear in parts
    assert AlignedLinear not in parts


def test_a_subclass_is_left_to_its_code() -> None:
    class Doubled(nn.Linear):
        def forward(self, input: Tensor) -> Tensor:
            return 2 * super().forward(input)

    assert type(align_rows(nn.Sequential(Doubled(10, 10)))[0]) is Doubled
