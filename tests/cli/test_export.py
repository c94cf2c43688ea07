"""``robustmnist export``."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from robustmnist.cli import cli


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, ["export", *map(str, words)], env={"ROBUSTMNIST_DATA": "/nowhere"})


def test_one_file_and_what_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("fc-small")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "fc-small.onnx"
    assert "ONNX, opset 17: images float32 (N, 1, 28, 28), ink 1 on background 0; logits (N, 10)." in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["fc-small.onnx"]
    done = run("fc-small", "--format", "torch", "-o", tmp_path / "new" / "weights.pt")
    assert "Input: mean=0.1307,sd=0.3081. Output: logits. The weights are those of:" in done.stdout
    assert "    nn.Linear(in_features=784, out_features=128, bias=True)," in done.stdout


def test_json(tmp_path: Path) -> None:
    table = json.loads(run("lenet5", "--format", "numpy", "-o", tmp_path / "m.npz", "--json").stdout)
    assert table["bytes"] == (tmp_path / "m.npz").stat().st_size
    assert (table["format"], table["input"], table["output"]) == ("numpy", "mean=0.1307,sd=0.3081", "logits")
    assert table["quantised"] is None
    with np.load(tmp_path / "m.npz", allow_pickle=False) as file:
        assert len(file["layers"]) == len(table["layers"]) - 2


def test_int8_says_by_what_it_was_quantised(tmp_path: Path) -> None:
    done = run("fc-small", "--int8", "-o", tmp_path / "m.onnx")
    assert done.exit_code == 0, done.output
    assert "MNIST's training digits are not on this machine: the embedded digits" in done.stderr
    assert "int8, static, per channel; ranges from 1,000 digits of digits (" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nosuch",), "no checkpoint is called that"),
        (("fc", "--code", "net.py:Net"), "--code: the checkpoint does not need net.py:Net; leave it out"),
        (("fc", "--int8", "--format", "torch"), "--int8: does not go with --format torch; use --format onnx"),
        (("fc", "-o", "fc.onnx/m.onnx"), "cannot be written (Not a directory)"),
        (("fc", "-o", "taken.onnx"), "taken.onnx: is there already, with other content; use another -o, or remove it"),
    ],
)
def test_bad_input(words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("fc.onnx", "taken.onnx"):
        Path(name).write_bytes(b"mine")
    done = run(*words)
    assert getattr(done.exception, "exit_code", None) == 2
    assert said in str(done.exception)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"mine", b"mine"]
