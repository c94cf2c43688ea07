"""``python -m reports.quantisation [RUNS]``: what eight bits cost; needs the real MNIST training and test digits.

Exports checkpoints as ONNX in float32 and in int8, evaluates the int8 files beside the checkpoints on the core suites
into RUNS/quantisation (default runs/published; an interrupted run goes on), times the files against each other, and
writes reports/quantisation.md.
"""

import shlex
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import onnxruntime

from benchmarks.timing import Timing, side_by_side
from reports.quantisation_page import page
from robustmnist.data import load_dataset
from robustmnist.predictions import read_predictions
from robustmnist.system.files import write_atomic

HERE = Path(__file__).parent
CHECKPOINTS = ("fc", "cnn", "cnn-augmented")
TIMED, BATCH = 2560, 256  # digits
LEAST = 0.3  # seconds that each is to take, so that a short stop of the machine does not decide
NAMES = ("float32", "int8")


def main() -> None:
    """Export, evaluate, time, write the page."""
    runs = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "runs" / "published"
    models = runs / "int8"
    commands: list[tuple[str, ...]] = []
    for name in CHECKPOINTS:
        file = models / f"{name}-int8.onnx"
        commands.append(("export", name, "-o", str(models / f"{name}-float32.onnx")))
        commands.append(("export", name, "--int8", "-o", str(file)))
        # Declared, not found: what the file is fed is part of its graph.
        commands.append(("adopt", str(file), "--input", "0..1", "--output", "logits", "-o", str(models)))
    named = [word for name in CHECKPOINTS for word in ("-c", name, "-c", str(models / f"{name}-int8"))]
    run = runs / "quantisation"
    commands.append(("evaluate", "-s", "core", *named, "--dataset", "mnist", "--device", "cpu", "-o", str(run)))
    for command in commands:
        subprocess.run([sys.executable, "-m", "robustmnist", *command], check=True)
    files = {name: (models / f"{name}-float32.onnx", models / f"{name}-int8.onnx") for name in CHECKPOINTS}
    sizes = {name: (before.stat().st_size, after.stat().st_size) for name, (before, after) in files.items()}
    speeds = {name: _speed(*pair) for name, pair in files.items()}
    vnni = "has" if _has_vnni() else "lacks"
    quantiser = (
        f"Quantised by onnxruntime {onnxruntime.__version__}: static, weights and activations int8, a scale for each "
        "output channel, ranges from 1,000 training digits, 100 of each class. How fast int8 is depends on the "
        f"processor: this one {vnni} instructions for it (VNNI)."
    )
    lines = [shlex.join(["robustmnist", *command]).replace(str(runs), "runs/published") for command in commands]
    write_atomic(HERE / "quantisation.md", page(read_predictions(run), CHECKPOINTS, sizes, speeds, quantiser, lines))


def _speed(before: Path, after: Path) -> Timing:
    """Return the time of the file `after`, and its ratio to that of `before`."""
    images = load_dataset("mnist").sample(TIMED).images.numpy()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    sessions = [
        onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"]) for file in (before, after)
    ]

    def asked(session: onnxruntime.InferenceSession, passes: int = 1) -> None:
        for start in [*range(0, len(images), BATCH)] * passes:
            session.run(None, {"images": images[start : start + BATCH]})

    asked(sessions[0])
    started = time.perf_counter()
    asked(sessions[0])
    passes = max(1, round(LEAST / (time.perf_counter() - started)))
    contestants = {name: partial(asked, session, passes) for name, session in zip(NAMES, sessions, strict=True)}
    return side_by_side(contestants, reference=NAMES[0], rounds=15)[NAMES[1]]


def _has_vnni() -> bool:
    try:
        return "vnni" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False


if __name__ == "__main__":
    main()
