"""Code that the user names: classes, instances, factories, functions; its failures name file and line."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from robustmnist.errors import CheckpointError
from robustmnist.models.sources import Source, read_source

CODE = """
import numpy as np
import torch
from torch import nn
import beside

class Net(nn.Module):
    def __init__(self, side=28):
        super().__init__()
        self.conv, self.out = nn.Conv2d(1, 4, 5), nn.Linear(4 * (side - 4) ** 2, 10)
    def forward(self, images):
        return self.out(torch.relu(self.conv(images)).flatten(1))

class Large(Net):
    def __init__(self):
        super().__init__(32)

class Needs(nn.Module):
    def __init__(self, width):
        super().__init__()

instance = Net()
number = 3

def make():
    return Net()

def predict(images):
    assert isinstance(images, np.ndarray) and images.shape[1:] == (784,), images.shape
    return images[:, :10] * beside.FACTOR

def load():
    return predict

class Forest:
    def predict_proba(self, images):
        return images[:, :10]

def forest():
    return Forest()

def method():
    return Forest().predict_proba

def linear(arrays):
    return lambda images: images.reshape(len(images), -1) @ arrays["w"] + arrays["b"]

def broken():
    return {}["missing"]

def fails(images):
    raise ValueError("two\\nlines")

def leaves():
    raise SystemExit(0)
"""


def line(text: str) -> int:
    """Return the line of the code that holds `text`."""
    return CODE[: CODE.index(text)].count("\n") + 1


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "beside.py").write_text("FACTOR = 2.0\n")
    (tmp_path / "net.py").write_text(CODE)
    return tmp_path / "net.py"


def named(code: Path, name: str) -> Source:
    return read_source(Path(f"{code}:{name}"))


def refusal(path: Path, **options: str) -> str:
    with pytest.raises(CheckpointError) as caught:
        read_source(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["Net", "instance", "make"])
def test_a_class_an_instance_and_a_factory_are_torch_modules(code: Path, name: str) -> None:
    source = named(code, name)
    (network,) = source.networks
    assert (source.form, network.torch, network.shape, network.layout) == ("python code", True, (1, 28, 28), "nchw")
    assert isinstance(network.module, nn.Module)
    assert not network.module.training
    assert network.description == "Net: conv 4 5×5, dense 10"
    assert source.code is not None
    assert (source.code.file, source.code.name) == (code, name)
    assert source.notes == ("No file of weights was given: the network is as its code makes it.",)


def test_the_shape_of_its_images_is_asked_of_the_code(code: Path) -> None:
    assert named(code, "Large").networks[0].shape == (1, 32, 32)
    assert (named(code, "predict").networks[0].shape, named(code, "load").networks[0].layout) == ((784,), "flat")


@pytest.mark.parametrize("name", ["predict", "load", "method"])
def test_numpy_in_and_scores_out_is_enough(code: Path, name: str) -> None:
    (network,) = named(code, name).networks
    images = np.random.default_rng(0).random((3, 784), np.float32)
    assert not network.torch
    assert np.array_equal(network.module(images), images[:, :10] * (1 if name == "method" else 2))


def test_arrays_of_an_npz_go_to_the_function_that_was_named(code: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    w, b = rng.normal(size=(784, 10)), rng.normal(size=10)
    np.savez(tmp_path / "m.npz", w=w, b=b)
    source = read_source(tmp_path / "m.npz", code=f"{code}:linear")
    images = rng.random((3, 1, 28, 28))
    np.testing.assert_allclose(source.networks[0].module(images), images.reshape(3, 784) @ w + b)
    assert source.form == "npz"
    np.savez(tmp_path / "m.npz", w=np.array([object()]))
    assert "no numbers" in refusal(tmp_path / "m.npz", code=f"{code}:linear")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Nett", "has no 'Nett'; it has "),
        ("Needs", "the class Needs needs 1 arguments to be made; name a function that makes it"),
        ("number", "number gives a int, which cannot be called"),
        ("forest", "forest gives a Forest, which cannot be called; return its predict_proba"),
        ("broken", f"net.py:{line('missing')}: KeyError: 'missing'"),
        ("leaves", f"net.py:{line('SystemExit')}: SystemExit: 0"),
    ],
)
def test_what_goes_wrong_in_the_code_is_said_in_one_line(code: Path, name: str, words: str) -> None:
    assert words in refusal(Path(f"{code}:{name}"))


def test_a_failure_on_images_names_the_line_too(code: Path) -> None:
    (network,) = named(code, "fails").networks
    with pytest.raises(CheckpointError, match=rf"^net\.py:{line('two')}: ValueError: two lines"):
        network.module(np.zeros((1, 1, 28, 28), np.float32))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import nothing_of_this_name\n", "net.py:1: ModuleNotFoundError"),
        ("x = 1\ndef f(:\n", "net.py:2: SyntaxError"),
        ("raise Exception('\\x1b[2J')\n", r"net.py:1: Exception: \x1b[2J"),
    ],
)
def test_a_file_that_does_not_run_names_its_line(code: Path, text: str, words: str) -> None:
    code.write_text(text)
    assert words in refusal(Path(f"{code}:Net"))
    assert "cannot be read (No such file" in refusal(code.parent / "none.py:Net")


def test_code_runs_only_where_it_was_named(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("raise RuntimeError('ran')\n")
    torch.save(nn.Linear(784, 10).state_dict(), tmp_path / "net.pth")
    assert read_source(tmp_path / "net.pth").code is None
    assert "name code as net.py:Net" in refusal(tmp_path / "net.py")


def test_a_changed_source_is_another_source(code: Path) -> None:
    before = named(code, "Net")
    code.write_text(CODE.replace("Conv2d(1, 4, 5)", "Conv2d(1, 6, 5)").replace("Linear(4", "Linear(6"))
    after = named(code, "Net")
    assert before.sha256 != after.sha256
    assert after.networks[0].description == "Net: conv 6 5×5, dense 10"


def test_the_global_generator_is_left_alone(code: Path) -> None:
    before = torch.get_rng_state()
    named(code, "make")
    assert torch.equal(before, torch.get_rng_state())


def test_modules_beside_the_code_count_and_are_not_mixed_up(code: Path, tmp_path: Path) -> None:
    images = np.ones((1, 784), np.float32)
    before = named(code, "predict")
    other = tmp_path / "other"
    other.mkdir()
    (other / "net.py").write_text(CODE)
    (other / "beside.py").write_text("FACTOR = 5.0\n")
    after = named(other / "net.py", "predict")
    assert before.sha256 != after.sha256
    assert (before.networks[0].module(images)[0, 0], after.networks[0].module(images)[0, 0]) == (2, 5)
    assert "beside" not in sys.modules


def test_what_a_factory_imports_counts_too(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def load():\n    import late\n    return late.predict\n")
    hashes = []
    for factor in (1, 2):
        (tmp_path / "late.py").write_text(f"def predict(images):\n    return images[:, :10] * {factor}\n")
        hashes.append(named(tmp_path / "mine.py", "load").sha256)
    assert hashes[0] != hashes[1]
