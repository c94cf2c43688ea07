"""``robustmnist adopt``, ``check-model``, and model files where checkpoints are named."""

import json
import re
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from support.model_files import dense_h5
from support.small_classifiers import dense, learnt

from robustmnist.cli import cli
from robustmnist.data import load_dataset
from robustmnist.models.contract import Input

MODELS = Path(__file__).parents[2].parent / "shared" / "models"
SHORT = ["--dataset", "digits", "--first", "20", "--device", "cpu"]
CODE = """from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
"""


@pytest.fixture(scope="module")
def weights(mnist_or_none: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state dict of a network that was trained on 0..1, with its class beside it."""
    path = tmp_path_factory.mktemp("model") / "weights.pth"
    digits = load_dataset("mnist", part="train", data_dir=mnist_or_none) if mnist_or_none else load_dataset("digits")
    network = learnt(dense(), Input(), digits.head(15_000), epochs=6)
    torch.save(network.state_dict(), path)
    path.with_name("net.py").write_text(CODE)
    return path


def run(*words: str | Path, mnist: Path | None = None) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words], env={"ROBUSTMNIST_DATA": str(mnist or "/nowhere")})


def test_adopt_evaluate_compare_explain(weights: Path, mnist_or_none: Path | None, tmp_path: Path) -> None:
    out = tmp_path / "models"
    done = run("adopt", weights, "-o", out, "--name", "mine", mnist=mnist_or_none)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == str(out / "mine.json")
    assert "Input: 0..1,flat, found by 300 moved " in done.stdout
    listed = run("checkpoints", out / "mine")
    assert "your model, torch state dict" in listed.stdout
    assert "0..1,flat, found by 300 moved" in listed.stdout
    assert json.loads(run("checkpoints", out / "mine", "--json").stdout)[0]["format"] == 2
    done = run("evaluate", "-c", out / "mine", "-c", "fc-small", "-s", "interpolation", *SHORT, "-o", tmp_path / "run")
    assert done.exit_code == 0, done.output
    assert "your model, torch state dict" in (tmp_path / "run" / "report.html").read_text()
    pair = ("compare", out / "mine", "fc-small", "-s", "shift", *SHORT, "-o", tmp_path / "pair")
    assert run(*pair).exit_code == 0
    assert "your model, torch state dict" in (tmp_path / "pair" / "compare.html").read_text()
    for method in ("occlusion", "saliency"):
        words = ("explain", "-c", out / "mine", "--method", method, *SHORT, "-o", tmp_path / method)
        assert run(*words).exit_code == 0
    gate = run("gate", tmp_path / "run", "--min-accuracy", "clean=0.01")
    assert gate.exit_code == 0, gate.output


def test_a_bare_file_is_adopted_where_it_is_named(weights: Path, mnist_or_none: Path | None, tmp_path: Path) -> None:
    before = sorted(weights.parent.iterdir())
    code = f"{weights.with_name('net.py')}:Net"
    words = ("evaluate", "-c", weights, "--code", code, "-s", "interpolation", *SHORT, "-o", tmp_path / "run")
    done = run(*words, mnist=mnist_or_none)
    assert done.exit_code == 0, done.output
    assert "weights: Input: 0..1, found by 300 moved" in done.stderr
    assert [path for path in sorted(weights.parent.iterdir()) if path.name != "__pycache__"] == before
    record = json.loads((tmp_path / "run" / "run.json").read_text())["checkpoints"][0]
    assert record["adopted"]["code"] == "net.py:Net"
    assert f"--code {code}" in json.loads((tmp_path / "run" / "run.json").read_text())["command"]


def test_code_that_nothing_needs(weights: Path) -> None:
    done = run("evaluate", "-c", "fc-small", "--code", f"{weights.with_name('net.py')}:Net", *SHORT)
    assert done.exception is not None
    assert "nothing needs" in str(done.exception)


def test_check_model_writes_nothing_and_says_all(weights: Path, mnist_or_none: Path | None, tmp_path: Path) -> None:
    before = sorted(weights.parent.iterdir())
    done = run("check-model", weights, "--json", mnist=mnist_or_none)
    found = json.loads(done.stdout)
    assert (done.exit_code, found["failed"], found["format"]) == (0, 0, 2)
    assert [check["number"] for check in found["checks"]] == list(range(8, 35))
    assert sorted(weights.parent.iterdir()) == before
    wrong = run("check-model", weights, "--input", "dark", mnist=mnist_or_none)
    assert wrong.exit_code == 1
    assert "warning: The classifier is fed 0..1,dark,flat as declared, but" in wrong.stderr
    (tmp_path / "untrained.h5").write_bytes(dense_h5(10))
    assert run("check-model", tmp_path / "untrained.h5", mnist=mnist_or_none).exit_code == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x80\x04\x95\x0a\x00\x00\x00\x00\x00\x00\x00cos\nsystem\n.", "is a pickle, which runs code"),
        (b"hello", "is text, not a model file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(200), "m.bin: "),
    ],
)
@pytest.mark.parametrize("command", ["adopt", "check-model"])
def test_hostile_files(command: str, content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "m.bin").write_bytes(content)
    done = run(command, tmp_path / "m.bin")
    assert getattr(done.exception, "exit_code", None) == 2
    assert words in str(done.exception)
    assert "\n" not in str(done.exception)


# File -> what `check-model` says of its input, and of its accuracy on the 10,000 test digits, in percent, which is that
# of the authors' own contract (tests/test_shared_models.py); or what the refusal says.
STRANGERS = {
    "keras-1.h5": ("0..1,hw", 97.65),
    "keras-2.h5": ("0..1,nhwc", 99.11),
    "keras-3.keras": ("0..1,nhwc", 99.71),
    "keras-4.h5": ("0..1,hw", 97.70),
    "keras-5.keras": ("0..1,nhwc", 96.94),
    "keras-6.h5": ("0..1,nhwc", 97.54),
    "keras-7.keras": ("0..1,nhwc", 98.83),
    "torch-1.pth": ("-1..1", 99.48),
    "torch-2.pth": ("-1..1", 98.96),
    "torch-3.pt": ("mean=0.1307,sd=0.3081", 99.10),
    "onnx-1.onnx": ("0..1", 97.45),
}
LENET = """from collections import OrderedDict
from torch import nn

class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.convnet = nn.Sequential(OrderedDict([
            ("c1", nn.Conv2d(1, 6, 5)), ("relu1", nn.ReLU()), ("s2", nn.MaxPool2d(2)),
            ("c3", nn.Conv2d(6, 16, 5)), ("relu3", nn.ReLU()), ("s4", nn.MaxPool2d(2)),
            ("c5", nn.Conv2d(16, 120, 5)), ("relu5", nn.ReLU())]))
        self.fc = nn.Sequential(OrderedDict([
            ("f6", nn.Linear(120, 84)), ("relu6", nn.ReLU()), ("f7", nn.Linear(84, 10))]))

    def forward(self, images):
        return self.fc(self.convnet(images).flatten(1))
"""
REFUSED = {
    "torch-4.pt": "fit no usual network",
    "numpy-1.npz": "--code mine.py:load",
    "onnx-2.onnx": "onnx-2.onnx: ",
    "sklearn-1.joblib": "is a pickle, which runs code",
}
needs_strangers = pytest.mark.skipif(not MODELS.is_dir(), reason="the strangers' model files are not on this machine")


@needs_strangers
@pytest.mark.parametrize("name", STRANGERS)
def test_strangers(name: str, mnist_dir: Path) -> None:
    done = run("check-model", MODELS / name, "--json", mnist=mnist_dir)
    found = json.loads(done.stdout)
    assert done.exit_code == (1 if found["failed"] else 0)
    contract = Input.from_dict(found["input"])
    wanted, percent = STRANGERS[name]
    assert contract.same_as(Input(**Input.parse(wanted).as_dict() | {"layout": contract.layout}))
    assert found["accuracy"]["accuracy"] > 0.93
    tested = found["test_accuracy"]
    assert (tested["dataset"], tested["part"], tested["n"]) == ("mnist", "test", 10_000)
    assert tested["accuracy"] * 100 == pytest.approx(percent, abs=0.021)


@needs_strangers
def test_a_stranger_that_needs_its_class(mnist_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(LENET)
    words = ("adopt", MODELS / "torch-4.pt", "--code", tmp_path / "net.py:LeNet5", "-o", tmp_path / "models")
    done = run(*words, mnist=mnist_dir)
    assert done.exit_code == 0, done.output
    assert "Input: mean=0.1307,sd=0.3081,size=32,fit=resize, found by" in done.stdout.replace(
        "fit resize", "fit=resize"
    )
    assert re.search(r"^Accuracy on 10,000 MNIST test digits: 9[89]\.\d\d %", done.stdout, re.MULTILINE)
    shown = " ".join(run("checkpoints", tmp_path / "models" / "torch-4").stdout.split())
    assert re.search(r"accuracy 9[89]\.\d\d % of 10,000 MNIST test digits", shown)
    assert "of 300 MNIST training digits" in shown


def test_without_mnist_all_say_embedded_digits(weights: Path, tmp_path: Path) -> None:
    done = run("adopt", weights, "-o", tmp_path / "models")
    assert done.exit_code == 0, done.output
    assert re.search(r"^Accuracy: \d+ of 300 embedded digits,", done.stdout, re.MULTILINE)
    assert "Accuracy on 1,497 embedded digits: " in done.stdout
    shown = " ".join(run("checkpoints", tmp_path / "models" / "weights").stdout.split())
    assert "of 1,497 embedded digits judged by" in shown
    assert "of 300 embedded digits" in shown
    page = run("evaluate", "-c", tmp_path / "models" / "weights", "-s", "interpolation", *SHORT, "-o", tmp_path / "run")
    assert page.exit_code == 0, page.output
    html = (tmp_path / "run" / "report.html").read_text()
    assert re.search(r"n = 300 embedded digits", html)
    assert re.search(r"n = 1,497<", html)
    assert "training digits" not in html


@needs_strangers
@pytest.mark.parametrize("name", REFUSED)
def test_strangers_that_are_refused(name: str) -> None:
    done = run("check-model", MODELS / name)
    assert getattr(done.exception, "exit_code", None) == 2
    assert REFUSED[name] in str(done.exception)
