"""Commands that are killed and resumed: what they are given, and which files they write in which order."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

SWEEP = (
    '[[sweep]]\nname = "{}"\ntitle = "A sweep"\nperturbation = "{}"\nparameter = "{}"\nunit = "{}"\nvalues = {}\n{}\n'
)
SUITE = 'title = "Suite"\nquestion = "What does it do?"\nsource = "made up"\n\n' + "".join(
    (
        SWEEP.format("right", "shift-towards", "distance", "px", list(range(7)), 'fixed = { direction = "right" }'),
        SWEEP.format("all", "shift-towards", "distance", "px", [0, 1, 2.5], 'over = { direction = ["up", "left"] }'),
        SWEEP.format("noise", "gaussian-noise", "sigma", "sd of ink", [0, 0.1, 0.2, 0.4, 0.8], "draws = 2"),
    )
)
RECIPE = 'epochs = 6\nbatch_size = 64\n\n[data]\ndataset = "digits"\nvalidation = 100\n\n[model]\nname = "fc-small"\n'
DERIVED = ("realised.csv", "summary.csv", "digits.npz")
NOISES = ("noise/0.8/draw=0", "noise/0.8/draw=1")
DIGITS = ("--dataset", "digits", "--device", "cpu", "--limit")


class Job(NamedTuple):
    """A command that takes a folder with inputs and one to write to; files in the order in which they become whole."""

    arguments: Callable[[Path, Path], Sequence[str]]
    files: Sequence[str]
    steps: str


def evaluate(inputs: Path, out: Path) -> Sequence[str]:
    checkpoints = ("--checkpoint", "fc", "--checkpoint", "fc-small")
    return ("evaluate", "--suite", f"{inputs}/suite.toml", *checkpoints, *DIGITS, "150", "-o", str(out))


def perturb(inputs: Path, out: Path) -> Sequence[str]:
    return ("perturb", "--suite", f"{inputs}/suite.toml", *DIGITS, "20", "--format", "png", "-o", str(out))


def train(inputs: Path, out: Path) -> Sequence[str]:
    begun = (out / "recipe.toml").exists()
    return ("train", "--resume", str(out)) if begun else ("train", f"{inputs}/recipe.toml", "-o", str(out))


JOBS = {
    "evaluate": Job(
        evaluate,
        ("predictions/labels.npy", "journal.jsonl", *DERIVED, "run.json", "report.html"),
        "settings",
    ),
    "perturb": Job(
        perturb,
        [f"suite/{path}/manifest.json" for path in ("right/0", "right/6", "all/2.5/direction=left", *NOISES)],
        "variants of sweeps",
    ),
    "train": Job(
        train,
        ("recipe.toml", "history.csv", "state.safetensors", "best.json", "curves.svg", "metrics.json"),
        "epochs",
    ),
}
