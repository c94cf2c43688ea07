"""Whether explanations cost more than the passes that they consist of, and memory more than a tile's."""

import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.timing import hardware, print_table, side_by_side
from robustmnist.data import Dataset, load_dataset
from robustmnist.explanation.attribution import attribute
from robustmnist.explanation.curves.following import follow
from robustmnist.explanation.measuring import in_chunks, measure
from robustmnist.explanation.methods.method import Context
from robustmnist.explanation.methods.path_integral import STEPS as IG_STEPS
from robustmnist.explanation.metrics.candidate import Explainer, control
from robustmnist.explanation.metrics.removal import STEPS
from robustmnist.explanation.subject import ROWS, Subject, subject_of
from robustmnist.explanation.target import Target
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.suites import load_suite
from robustmnist.system.threads import torch_threads

__all__ = ["Counted", "bare", "counted", "peak", "run"]

MOST = 1_000  # digits
FOLLOWED = 200  # digits that are followed over a sweep
ROUNDS, LONG = 3, 1  # of a curve one round: it lasts a minute
FEW, MANY = 500, 10_000  # digits between which memory must not grow
NOTE = "CPU time of one thread; median of {rounds} rounds, of a curve {long}, with the range of their ratios"


def run(n: int, device: torch.device, data_dir: Path | None) -> None:
    """Print the ratios for `n` test digits, at most 1,000, and the peak memory for 500 and for 10,000.

    One thread, and its CPU time: the ratios then hold on a busy machine too. On a GPU the time on the clock.
    """
    data = load_dataset("auto", data_dir=data_dir, device=device).sample(min(n, MOST))
    few = data.sample(min(len(data), FOLLOWED))
    with torch_threads(1):
        rows = [row for name in ("fc", "cnn") for row in _rows(name, data, few, device)]
    print_table(
        "Explanations beside the bare passes that they consist of",
        ["what", "passes a digit", "s", "s bare", "× bare", "range", "× least"],
        rows,
        f"{hardware(device)}; {NOTE.format(rounds=ROUNDS, long=LONG)}; × least: beside {IG_STEPS} passes a map alone.",
    )
    for what in ("srg", "integrated-gradients"):
        low, high = (_peak_elsewhere(what, count, data_dir) for count in (FEW, MANY))
        print(f"\nPeak memory of {what}: {low:,.0f} MB for {FEW} digits, {high:,.0f} MB for {MANY:,}.")


@dataclass(frozen=True, eq=False)
class Counted(Subject):
    """A classifier that counts the images it is asked about.

    Attributes:
        passes: How many answers and how many slopes it gave.
    """

    passes: Counter[str] = field(default_factory=Counter)

    def slopes(self, images: Tensor, target: Target) -> Tensor:
        """Return the slopes, counted."""
        self.passes["slopes"] += len(images)
        return super().slopes(images, target)


def counted(subject: Subject) -> Counted:
    """Return the same classifier, counting."""
    counter = Counted(**vars(subject))

    def answer(images: Tensor) -> Tensor:
        counter.passes["answers"] += len(images)
        return subject.answer(images)

    return replace(counter, answer=answer)


def bare(subject: Subject, images: Tensor, passes: Counter[str]) -> None:
    """Let the classifier do as many passes on `images`, thousands at once: full tiles, and nothing else."""
    block = images.repeat(-(-ROWS // len(images)), 1, 1, 1)[:ROWS]
    target = Target.of_class(torch.zeros(ROWS, dtype=torch.int64, device=images.device))
    asks: dict[str, Callable[[slice], Tensor]] = {
        "answers": lambda part: subject.answer(block[part]),
        "slopes": lambda part: subject.slopes(block[part], target.take(part)),
    }
    for kind, ask in asks.items():
        for start in range(0, passes[kind], ROWS):
            ask(slice(0, min(ROWS, passes[kind] - start)))


def _rows(name: str, data: Dataset, few: Dataset, device: torch.device) -> list[list[str]]:
    subject = subject_of(load_checkpoint(name, device=device))
    target = Target.of_class(subject.answer(data.images).argmax(1))
    known = Explainer("known", "", "share", False, lambda subject, images, *rest: images[:, 0] * 0.5)
    right = next(sweep for sweep in load_suite("shift").sweeps if sweep.name == "right")
    walks = len(right.values) + 1  # the map of another digit, for the floor, is made too

    def integrate(asked: Subject) -> None:
        attribute(asked, data.images, target, Context(data.ids), method="integrated-gradients")

    def rank(asked: Subject) -> None:
        measure(asked, data.images, target, data.ids, [known], ["srg"])

    def walk(asked: Subject) -> None:
        follow({name: asked}, few, "shift", right, methods=["integrated-gradients"])

    answers, slopes = Counter(answers=2 * STEPS * len(data)), Counter(slopes=IG_STEPS * len(data))
    least = Counter(slopes=IG_STEPS * walks * len(few))
    return [
        _row(f"integrated gradients, {name}", subject, data, integrate, slopes),
        _row(f"SRG of a map, {name}", subject, data, rank, answers),
        _row(f"curve, {len(right.values)} values, {name}", subject, few, walk, least, LONG),
    ]


def _row(
    title: str,
    subject: Subject,
    data: Dataset,
    work: Callable[[Subject], None],
    least: Counter[str],
    rounds: int = ROUNDS,
) -> list[str]:
    counting = counted(subject)
    work(counting)
    works = {
        "work": lambda: work(subject),
        "bare": lambda: bare(subject, data.images, counting.passes),
        "least": lambda: bare(subject, data.images, least),
    }
    clock = time.perf_counter if data.images.is_cuda else time.process_time
    times = side_by_side(works, reference="bare", rounds=rounds, warm_up=False, clock=clock)
    ours = times["work"]
    return [
        f"{title}, {len(data):,} digits",
        f"{sum(counting.passes.values()) / len(data):,.0f}",
        f"{ours.seconds:.2f}",
        f"{times['bare'].seconds:.2f}",
        f"{ours.ratio:.2f}",
        f"{ours.ratio_low:.2f}–{ours.ratio_high:.2f}",
        f"{ours.seconds / times['least'].seconds:.2f}",
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
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])
