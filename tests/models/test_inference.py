"""Chains of layers from other people's files: deployed like networks of our own, behind their contract."""

import threading

import numpy as np
import torch
from torch import Tensor, nn

from robustmnist.models.contract import Adapted
from robustmnist.models.inference.deployed import CPU_TILE, deployed, tile
from robustmnist.models.inference.pooling import PooledConvolution
from robustmnist.models.inference.structure import is_understood
from robustmnist.models.sources.keras_modules import AveragePool, ChannelsFirst, Rearranged, Slopes


def chain() -> Adapted:
    """Return a network as it is read from a Keras file, norms behind convolution and dense layer."""
    norm, dense_norm = nn.BatchNorm2d(8, eps=1e-3), nn.BatchNorm1d(16, eps=1e-3)
    for part in (norm, dense_norm):
        assert part.running_mean is not None
        assert part.running_var is not None
        nn.init.normal_(part.running_mean, 0, 0.5)
        nn.init.uniform_(part.running_var, 0.2, 3)
    layers = [ChannelsFirst(), nn.Conv2d(1, 8, 3, padding=1), norm, nn.MaxPool2d(2), nn.ReLU()]
    layers += [nn.ZeroPad2d((0, 1, 0, 1)), AveragePool((2, 2), (2, 2), (0, 1, 0, 1)), Slopes(torch.rand(8, 1, 1))]
    layers += [Rearranged((512,)), nn.Linear(512, 16), dense_norm, nn.Softsign(), nn.Linear(16, 10), nn.Softmax(1)]
    return Adapted(nn.Sequential(*layers), input="0..255,dark,nhwc", output="probabilities").eval()


def test_norms_are_folded_poolings_replaced_and_tiles_small(digits28: Tensor) -> None:
    model = chain()
    ready = deployed(model)
    assert ready.understood
    assert is_understood(ready.model)
    kinds = [type(module) for module in ready.modules()]
    assert nn.BatchNorm2d not in kinds
    assert nn.BatchNorm1d not in kinds
    assert tile(ready.model, torch.device("cpu")) == CPU_TILE
    assert ready.form == torch.channels_last
    with torch.no_grad():
        expected = model(digits28)
    torch.testing.assert_close(ready(digits28), expected, rtol=0, atol=1e-5 * float(expected.abs().max()))
    pooled = deployed(Adapted(nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(338, 10))))
    assert any(isinstance(module, PooledConvolution) for module in pooled.modules())


def test_the_same_bits_in_any_batch_and_with_any_threads() -> None:
    images = torch.rand((150, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    ready = deployed(chain())
    whole = ready(images)
    assert torch.equal(torch.cat([ready(part) for part in images.split(7)]), whole)
    assert torch.equal(ready(images.flip(0)).flip(0), whole)
    torch.set_num_threads(2)
    try:
        assert torch.equal(ready(images), whole)
    finally:
        torch.set_num_threads(1)


def test_behind_the_usual_contract_the_bits_are_those_of_the_network() -> None:
    network = nn.Sequential(nn.Conv2d(1, 4, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(576, 10)).eval()
    images = torch.rand((70, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    assert torch.equal(deployed(Adapted(network))(images), deployed(network)(images))


def test_functions_and_changed_layers_stay_as_they_are() -> None:
    assert not is_understood(Adapted(lambda images: images))
    altered = chain()
    altered.network[1].register_forward_hook(lambda module, given, answer: answer + 1)
    assert not is_understood(altered)


def test_a_function_that_allows_it_is_called_from_several_threads(digits28: Tensor) -> None:
    class Parallel:
        parallel = True

        def __init__(self) -> None:
            self.first = self.met = False
            self.other = threading.Event()

        def __call__(self, images: np.ndarray) -> np.ndarray:
            if self.first:
                self.first = False
                self.met = self.other.wait(20)  # for another call, while this one lasts
            self.other.set()
            return images.reshape(len(images), -1)[:, :10]

    predict, images = Parallel(), digits28.repeat(12, 1, 1, 1)
    ready = deployed(Adapted(predict))
    predict.other.clear()
    predict.first = True
    torch.set_num_threads(2)
    try:
        answers = ready(images)
    finally:
        torch.set_num_threads(1)
    assert predict.met
    assert torch.equal(answers, images.flatten(1)[:, :10])
