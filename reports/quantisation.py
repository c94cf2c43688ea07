"""``python -m reports.quantisation [RUNS]``: what eight bits cost; needs the real MNIST training and test digits.

Exports checkpoints as int8 ONNX, evaluates them beside themselves on the core suites into RUNS/quantisation (default
runs/published; an interrupted run goes on), and writes reports/quantisation.md.
"""

import shlex
import subprocess
import sys
from pathlib import Path

from reports.quantisation_page import page
from robustmnist.predictions import read_predictions
from robustmnist.system.files import write_atomic

HERE = Path(__file__).parent
CHECKPOINTS = ("fc", "cnn", "cnn-augmented")


def main() -> None:
    """Export, evaluate, write the page."""
    runs = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "runs" / "published"
    models = runs / "int8"
    commands = []
    for name in CHECKPOINTS:
        file = models / f"{name}-int8.onnx"
        commands.append(("export", name, "--int8", "-o", str(file)))
        # Declared, not found: what the file is fed is part of its graph.
        commands.append(("adopt", str(file), "--input", "0..1", "--output", "logits", "-o", str(models)))
    words = [word for name in CHECKPOINTS for word in ("-c", name, "-c", str(models / f"{name}-int8"))]
    commands.append(
        ("evaluate", "--suite", "core", *words, "--dataset", "mnist", "--device", "cpu", "-o", str(runs / "quantisation"))
    )
    for command in commands:
        subprocess.run([sys.executable, "-m", "robustmnist", *command], check=True)
    sizes = {f"{name}-int8": (models / f"{name}-int8.onnx").stat().st_size for name in CHECKPOINTS}
    said = [shlex.join(["robustmnist", *command]).replace(str(runs), "runs/published") for command in commands]
    write_atomic(HERE / "quantisation.md", page(read_predictions(runs / "quantisation"), CHECKPOINTS, sizes, said))


if __name__ == "__main__":
    main()
