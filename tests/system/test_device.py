"""Devices by name, and a default device of torch that a program has set."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from support.pictures import pictures

import robustmnist as rm
from robustmnist.errors import DeviceError
from robustmnist.measure import MEASURES
from robustmnist.system.device import described, resolve_device


@pytest.fixture
def meta() -> Iterator[None]:
    torch.set_default_device("meta")
    yield
    torch.set_default_device(None)


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "cpu:0", ""])
def test_what_is_not_a_device_is_refused(name: str) -> None:
    with pytest.raises(DeviceError, match="is not a device; use auto, cpu, cuda or cuda:N"):
        resolve_device(name)


def test_a_device_stays_as_it_is() -> None:
    assert resolve_device("cpu") == resolve_device(torch.device("cpu")) == torch.device("cpu")
    with pytest.raises(DeviceError, match="'cuda:99' is not there"):
        resolve_device("cuda:99")


def test_a_device_is_described_as_this_version_words_it() -> None:
    assert described("cpu (AMD EPYC, 1 threads)") == "cpu (AMD EPYC, 1 thread)"


@pytest.mark.usefixtures("meta")
def test_another_default_device_is_refused_in_one_line(tmp_path: Path) -> None:
    images = torch.zeros(2, 1, 28, 28, device="cpu")
    suite, refused = rm.load_suite("shift"), "torch's default device: is meta, and has to be cpu here; call torch.set_"
    for call in (
        lambda: rm.perturb.shift(images, dx=1.0, dy=0.0),
        lambda: rm.perturb.prepare("shift", images, ids=torch.arange(2, device="cpu")),
        lambda: rm.load_dataset("digits", device="cpu"),
        lambda: rm.evaluate({}, None, suite, device="cpu", out=tmp_path / "run"),  # type: ignore[arg-type]
        lambda: rm.evaluate({}, None, suite, device=torch.device("cpu"), out=tmp_path / "run"),  # type: ignore[arg-type]
    ):
        with pytest.raises(DeviceError, match=refused):
            call()
    assert not list(tmp_path.iterdir())


def test_a_default_device_for_a_while_is_refused_too() -> None:
    with torch.device("meta"), pytest.raises(DeviceError, match="is meta"):
        resolve_device("auto")


def test_measures_do_not_depend_on_it(request: pytest.FixtureRequest) -> None:
    """They take images on trust, so nothing refuses the default device."""
    images = pictures(5)
    expected = {name: measure.function(images) for name, measure in MEASURES.items()}
    request.getfixturevalue("meta")
    for name, measure in MEASURES.items():
        torch.testing.assert_close(measure.function(images), expected[name], rtol=0, atol=0, equal_nan=True)
