"""Kill evaluations with SIGKILL at random moments, let them go on, and compare every byte with an undisturbed run.

python tests/kill_and_resume.py KILLS FOLDER
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch
from synthetic import make_suite, make_sweep
from torch import nn

from robustmnist.data import Dataset, load_dataset
from robustmnist.evaluation import evaluate

VOLATILE = ("created", "duration_seconds", "images_per_second", "sha256")
SUITES = (
    make_suite(
        "shift", make_sweep(values=range(11)), make_sweep("left", values=range(11), fixed={"direction": "left"})
    ),
    make_suite("noise", make_sweep("g", "gaussian-noise", "sigma", "sd of ink", (0, 0.1, 0.2, 0.4, 0.8), draws=2)),
)


def models() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    return {name: nn.Sequential(nn.Flatten(), nn.Linear(784, 10)) for name in ("a", "b")}


def run(digits: Dataset, out: Path) -> None:
    evaluate(models(), digits, SUITES, device="cpu", out=out, command="robustmnist evaluate …")


def run_in_child(digits: Dataset, out: Path, kill_after: float | None = None) -> bool:
    """Run in a child process, killed after some seconds; return whether the kill came before the end."""
    child = os.fork()
    if not child:
        try:
            run(digits, out)
        except BaseException as error:
            sys.stderr.write(f"{error!r}\n")
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        assert os.WEXITSTATUS(status) == 0, "the evaluation failed"
    return os.WIFSIGNALED(status)


def content(folder: Path) -> dict[str, bytes]:
    """Return every file's bytes; of the manifest what two equal runs have in common."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    manifest = json.loads(found["run.json"])
    found["run.json"] = json.dumps({key: value for key, value in manifest.items() if key not in VOLATILE}).encode()
    return found


def main(kills: int, folder: Path) -> None:
    torch.set_num_threads(1)  # no thread pool, so that forking is safe
    digits = load_dataset("digits").head(200)
    run_in_child(digits, folder / "warm-up")
    began = time.perf_counter()
    run_in_child(digits, folder / "whole")
    seconds = time.perf_counter() - began
    expected = content(folder / "whole")
    moments = random.Random(0)
    killed = midway = number = 0
    while killed < kills:
        out = folder / f"killed-{number}"
        number += 1
        while run_in_child(digits, out, kill_after=moments.uniform(0, seconds)):
            killed += 1
            midway += (out / "journal.jsonl").exists() and not (out / "run.json").exists()
            if moments.random() < 0.7:  # otherwise the one that goes on is killed too
                run_in_child(digits, out)
                break
        found = content(out)
        different = sorted(name for name in {**found, **expected} if found.get(name) != expected.get(name))
        if different:
            raise SystemExit(f"{out} differs in {', '.join(different)}")
    sys.stdout.write(f"{killed} kills, {midway} of them midway: all bytes equal\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
