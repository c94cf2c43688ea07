"""How quickly the command line answers."""

import subprocess
import sys
from pathlib import Path

import torch

from benchmarks.timing import hardware, print_table, side_by_side

__all__ = ["run"]


def run(n: int, device: torch.device, data_dir: Path | None) -> None:
    """Time whole processes: ``--help`` against a bare interpreter; `n` and `data_dir` are not used."""

    def process(*arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)

    # The installed script, not `python -m`: what a user types.
    script = str(Path(sys.executable).with_name("robustmnist"))
    times = side_by_side(
        {
            "python -c pass": lambda: process("-c", "pass"),
            "robustmnist --help": lambda: process(script, "--help"),
            "robustmnist suites": lambda: process(script, "suites"),
            "python -c 'import torch'": lambda: process("-c", "import torch"),
        },
        reference="python -c pass",
        rounds=7,
    )
    rows = [[name, f"{t.seconds:.2f}", f"{t.low:.2f}–{t.high:.2f}", f"{t.ratio:.1f}"] for name, t in times.items()]
    print_table("Start-up", ["process", "s", "range", "× a bare interpreter"], rows, hardware(device))
