"""Whether explanations cost more than the passes that they consist of, and memory more than a tile's."""

import resource
import subprocess
import sys
from pathlib import Path

import torch

from benchmarks.timing import hardware, print_table, side_by_side
from robustmnist.data import load_dataset
from robustmnist.explanation.attribution import attribute
from robustmnist.explanation.curves.following import follow
from robustmnist.explanation.measuring import in_chunks, measure
from robustmnist.explanation.methods.method import Context
from robustmnist.explanation.metrics.candidate import Explainer, control
from robustmnist.explanation.metrics.removal import STEPS
from robustmnist.explanation.subject import subject_of
from robustmnist.explanation.target import Target
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.suites import load_suite

__all__ = ["peak", "run"]

MOST = 1_000  # digits
CURVE = 200  # digits that are followed over a sweep
IG_STEPS = 32
ROUNDS = 3


def run(n: int, device: torch.device, data_dir: Path | None) -> None:
    """Print the ratios for `n` test digits, at most 1,000, and the peak memory for 500 and for 10,000."""
    data = load_dataset("auto", data_dir=data_dir, device=device).sample(min(n, MOST))
    rows = []
    for name in ("fc", "cnn"):
        subject = subject_of(load_checkpoint(name, device=device))
        images, context = data.images, Context(data.ids)
        target = Target.of_class(subject.answer(images).argmax(1))
        repeated = images.repeat(IG_STEPS, 1, 1, 1)
        known = Explainer("known", "", "share", False, lambda subject, images, *rest: images[:, 0] * 0.5)
        passes = 2 * (STEPS - 1) + 2
        works = {
            "integrated gradients": (
                lambda: attribute(subject, images, target, context, method="integrated-gradients"),  # noqa: B023
                lambda: subject.slopes(repeated, target.repeat(IG_STEPS)),  # noqa: B023
            ),
            "SRG": (
                lambda: measure(subject, images, target, data.ids, [known], ["srg"]),  # noqa: B023
                lambda: [subject.answer(images) for _ in range(passes)],  # noqa: B023
            ),
        }
        for title, (work, bare) in works.items():
            times = side_by_side({"work": work, "bare": bare}, reference="bare", rounds=ROUNDS)
            rows.append(_row(f"{title}, {name}, {len(data):,} digits", times))
        rows.append(_curve_row(name, device, data_dir))
    print_table(
        "Explanations beside the bare passes that they consist of",
        ["what", "seconds", "bare passes", "ratio", "lowest to highest"],
        rows,
        hardware(device),
    )
    for what in ("srg", "integrated-gradients"):
        few, many = (_peak_elsewhere(what, count, data_dir) for count in (500, 5_000))
        print(f"peak memory of {what}: {few:,.0f} MB for 500 digits, {many:,.0f} MB for 5,000")


def _curve_row(name: str, device: torch.device, data_dir: Path | None) -> list[str]:
    data = load_dataset("auto", data_dir=data_dir, device=device).sample(CURVE)
    checkpoint = load_checkpoint(name, device=device)
    subject = subject_of(checkpoint)
    sweep = next(one for one in load_suite("shift").sweeps if one.name == "right")
    target = Target.of_class(data.labels)
    values = len(sweep.values) + 1  # the map of another digit, for the floor, is made too
    one = data.images.repeat(IG_STEPS, 1, 1, 1)

    def bare() -> None:
        for _ in range(values):
            subject.slopes(one, target.repeat(IG_STEPS))

    works = {
        "work": lambda: follow({name: checkpoint}, data, "shift", sweep, methods=["integrated-gradients"]),
        "bare": bare,
    }
    return _row(
        f"curve, {name}, {CURVE} digits × {len(sweep.values)} values",
        side_by_side(works, reference="bare", rounds=1, warm_up=False),
    )


def _row(title: str, times: object) -> list[str]:
    work, bare = times["work"], times["bare"]  # type: ignore[index]
    return [
        title,
        f"{work.seconds:.2f}",
        f"{bare.seconds:.2f}",
        f"{work.ratio:.2f}",
        f"{work.ratio_low:.2f} to {work.ratio_high:.2f}",
    ]


def peak(what: str, n: int, data_dir: Path | None) -> float:
    """Return the most memory, MB, that this process has held once `what` is computed on `n` digits by fc."""
    data = load_dataset("auto", data_dir=data_dir).head(n)
    subject = subject_of(load_checkpoint("fc"))
    target = Target.of_class(data.labels)
    if what == "srg":
        measure(subject, data.images, target, data.ids, [control("image")], ["srg"])
    else:
        for question in in_chunks(subject, data.images, target, data.ids):
            attribute(subject, question.images, question.target, Context(question.ids), method=what)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _peak_elsewhere(what: str, n: int, data_dir: Path | None) -> float:
    code = f"from pathlib import Path; from benchmarks.explain import peak; print(peak({what!r}, {n}, {data_dir!r}))"
    code = code.replace("PosixPath(", "Path(").replace("WindowsPath(", "Path(")
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(found.stdout.split()[-1])
