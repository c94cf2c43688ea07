"""What it costs that a network was adopted: the shipped cnn as a Keras file and as ONNX, against itself as torch."""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import torch
from torch import nn

from benchmarks.timing import hardware, print_table, side_by_side
from robustmnist.adoption import adopt
from robustmnist.adoption.exported import export
from robustmnist.data import Dataset, load_dataset
from robustmnist.evaluation import evaluate
from robustmnist.models.checkpoints.checkpoint import Checkpoint, load_checkpoint
from robustmnist.models.contract import Adapted
from robustmnist.models.export.chain import Chain, chain_of
from robustmnist.models.inference.deployed import deployed
from robustmnist.suites import load_suites

__all__ = ["run"]

NAME = "cnn"


def run(n: int, device: torch.device, data_dir: Path | None) -> None:
    """Print the tables for `n` test digits, through the core suites and as they are; always on the CPU."""
    digits = load_dataset("auto", data_dir=data_dir).head(n)
    with tempfile.TemporaryDirectory() as folder:
        files = _written(Path(folder))
        models = _opened(files, data_dir)
        _answers(models, digits)
        _suites(models, digits)
        _adopting(files, Path(folder), data_dir)


def _written(folder: Path) -> dict[str, Path]:
    """Write the network as each kind of file into `folder`."""
    files = {"Keras .h5": folder / "cnn.h5", "ONNX": folder / "cnn.onnx"}
    export(NAME, files["ONNX"])
    files["Keras .h5"].write_bytes(_keras(chain_of(load_checkpoint(NAME).model), folder / "part.h5"))
    return files


def _opened(files: dict[str, Path], data_dir: Path | None) -> dict[str, Adapted | Checkpoint]:
    """Return the network as torch, layer by layer behind its contract, and as adopted from each file."""
    chain = chain_of(load_checkpoint(NAME).model)
    fed = {"ONNX": "0..1", "Keras .h5": f"{chain.input},nhwc"}
    adopted = {kind: adopt(file, input=fed[kind], data_dir=data_dir) for kind, file in files.items()}
    return {"torch": Adapted(nn.Sequential(*chain.layers), input=chain.input).eval(), **adopted}


def _answers(models: dict[str, Any], digits: Dataset) -> None:
    """Time the bare answers, and hold them against each other."""
    ready = {kind: deployed(model.model if isinstance(model, Checkpoint) else model) for kind, model in models.items()}
    contestants: dict[str, Callable[[], object]] = {
        kind: partial(model, digits.images) for kind, model in ready.items()
    }
    expected = ready["torch"](digits.images)
    apart = {kind: float((model(digits.images) - expected).abs().max()) for kind, model in ready.items()}
    times = side_by_side(contestants, reference="torch", rounds=7)
    rows = [
        [kind, f"{t.seconds:.2f}", f"{t.ratio:.2f} ({t.ratio_low:.2f}–{t.ratio_high:.2f})", f"{apart[kind]:.0e}"]
        for kind, t in times.items()
    ]
    head = ["adopted from", "s", "× the time as torch (range)", "logits apart by up to"]
    print_table(f"Answers of {NAME} to {len(digits):,} digits", head, rows, hardware(torch.device("cpu")))


def _suites(models: dict[str, Any], digits: Dataset) -> None:
    """Time a whole evaluation of each."""
    suites = load_suites(["core"])
    contestants: dict[str, Callable[[], object]] = {
        kind: partial(evaluate, {kind: model}, digits, suites, device="cpu") for kind, model in models.items()
    }
    times = side_by_side(contestants, reference="torch", rounds=3, warm_up=False)
    rows = [
        [kind, f"{t.seconds:.1f}", f"{t.ratio:.2f} ({t.ratio_low:.2f}–{t.ratio_high:.2f})"] for kind, t in times.items()
    ]
    head = ["adopted from", "s", "× the time as torch (range)"]
    print_table(f"evaluate --suite core, {NAME}, {len(digits):,} digits", head, rows, hardware(torch.device("cpu")))


def _adopting(files: dict[str, Path], folder: Path, data_dir: Path | None) -> None:
    """Time ``robustmnist adopt`` as a process, beside one that only imports torch."""
    where = [] if data_dir is None else ["--data-dir", str(data_dir)]
    computing: dict[str, list[float]] = {}

    def process(kind: str, *words: str) -> None:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *words], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        computing.setdefault(kind, []).append(seconds)

    bare = "import torch"
    contestants: dict[str, Callable[[], object]] = {bare: partial(process, bare, "-c", bare)}
    for kind, file in files.items():
        words = ["-m", "robustmnist", "adopt", str(file), "-o", str(folder / kind.split()[0]), *where]
        contestants[f"adopt {kind}"] = partial(process, f"adopt {kind}", *words)
    times = side_by_side(contestants, reference=bare, rounds=5)
    cpu = {kind: statistics.median(seconds) for kind, seconds in computing.items()}
    rows = [
        [kind, f"{t.seconds:.2f}", f"{t.low:.2f}–{t.high:.2f}", f"{cpu[kind]:.2f}", f"{cpu[kind] - cpu[bare]:.2f}"]
        for kind, t in times.items()
    ]
    head = ["process", "s", "range", "CPU s", "CPU s beside torch's import"]
    print_table("Adopting", head, rows, hardware(torch.device("cpu")))


def _keras(chain: Chain, part: Path) -> bytes:
    """Return the layers of a chain as Keras 2 writes them to a ``.h5``: maps are (height, width, channels) there."""
    layers: list[dict[str, Any]] = [_layer("InputLayer", "input", batch_input_shape=[None, 28, 28, 1])]
    weights: dict[str, dict[str, torch.Tensor]] = {}
    values = torch.zeros((1, 1, 28, 28))
    flattened: torch.Size | None = None
    for number, layer in enumerate(chain.layers):
        name = f"layer_{number}"
        match layer:
            case nn.Conv2d():
                sides = {"kernel_size": list(layer.kernel_size), "padding": "same"}
                layers.append(_layer("Conv2D", name, filters=layer.out_channels, use_bias=True, **sides))
                assert layer.bias is not None
                weights[name] = {"kernel": layer.weight.permute(2, 3, 1, 0), "bias": layer.bias}
            case nn.MaxPool2d():
                layers.append(_layer("MaxPooling2D", name, pool_size=[2, 2], strides=[2, 2], padding="valid"))
            case nn.ReLU():
                layers.append(_layer("Activation", name, activation="relu"))
            case nn.Flatten():
                layers.append(_layer("Flatten", name))
                flattened = values.shape[1:]
            case nn.Linear():
                kernel = layer.weight
                if flattened is not None:
                    by_map = kernel.reshape(-1, *flattened)
                    kernel, flattened = by_map.permute(0, 2, 3, 1).flatten(1), None
                layers.append(_layer("Dense", name, units=layer.out_features, use_bias=True))
                weights[name] = {"kernel": kernel.T, "bias": layer.bias}
            case _:
                raise TypeError(f"no Keras layer is written for {layer}")
        values = layer(values)
    with h5py.File(part, "w") as file:
        config = {"class_name": "Sequential", "config": {"name": NAME, "layers": layers}}
        file.attrs["model_config"] = json.dumps(config)
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for name, arrays in weights.items():
            own = group.create_group(name)
            own.attrs["weight_names"] = [f"{name}/{key}:0".encode() for key in arrays]
            for key, array in arrays.items():
                own[f"{name}/{key}:0"] = array.detach().contiguous().numpy()
    return part.read_bytes()


def _layer(kind: str, name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": name, **config}}
