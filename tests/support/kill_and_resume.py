"""Kill commands with SIGKILL at random moments, let them go on, and compare every byte with an undisturbed run.

PYTHONPATH=tests python -m support.kill_and_resume KILLS FOLDER [evaluate|perturb|train]

Half of the moments lie anywhere in the time that a run takes. The others lie right before it opens, makes, renames or
removes a file, or up to 2 ms later: most files are written in no time at all, and all kinds of moments are to be hit.
"""

import contextlib
import functools
import io
import os
import random
import select
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch

from robustmnist.cli import main as command_line
from robustmnist.evaluation import session as evaluation
from robustmnist.evaluation.shard import Shard
from robustmnist.perturbed_sets import write as export
from robustmnist.training import epoch
from support.folder_content import everything, stage
from support.killed_jobs import JOBS, RECIPE, SUITE

FILE_EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "shutil.rmtree"}
LATER = 0.002  # s after a file event


class Done(NamedTuple):
    """What became of a process: whether it was killed, how often it dealt with a file, and the steps that it took."""

    killed: bool
    events: int
    steps: list[str]


def stop_the_clocks() -> None:
    """Have every run take the same time, so that what tells of it is the same too."""
    fixed = {"created": "2000-01-01T00:00:00+00:00", "duration_seconds": 1.0, "images_per_second": 1.0}
    describe = evaluation.describe
    evaluation.describe = lambda *given: describe(*given) | fixed
    epoch.time = SimpleNamespace(perf_counter=lambda: 0.0)  # type: ignore[attr-defined]


def watch_steps(tell: Callable[[str], None]) -> None:
    """Have `tell` called with the name of every step as it begins."""

    def report(owner: Any, name: str, key: Callable[..., object]) -> None:
        function = getattr(owner, name)

        @functools.wraps(function)
        def call(*given: Any, **named: Any) -> Any:
            tell(f"step {key(*given, **named)}")
            return function(*given, **named)

        setattr(owner, name, call)

    report(Shard, "clean", lambda shard: "clean")
    report(Shard, "perturbed", lambda shard, name, arguments, *, seed, draw: (name, sorted(arguments.items()), draw))
    report(export, "_levels", lambda jobs, dataset: jobs[0].group)
    report(epoch, "train_epoch", lambda state, *rest: state.epoch)


def run(arguments: Sequence[str], out: Path, seconds: float | None = None, events: int | None = None) -> Done:
    """Run a command in a process of its own, killed after so many seconds, or so many of them after a file event.

    Zero seconds after an event is right before the file is dealt with: the process kills itself.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        last = events if events is not None and not seconds else None
        run_here(arguments, out, lambda line: os.write(writer, f"{line}\n".encode()), last)
    os.close(writer)
    seen, steps, rest = 0, list[str](), b""
    end = time.monotonic() + seconds if seconds is not None and events is None else None
    with open(reader, "rb", buffering=0) as channel:  # noqa: PTH123 - a pipe
        while True:
            ready, _, _ = select.select([channel], [], [], None if end is None else max(0.0, end - time.monotonic()))
            if not ready:
                os.kill(child, signal.SIGKILL)
                end = None
                continue
            data = channel.read(65536)
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            seen += lines.count(b"file")
            steps += [line.decode() for line in lines if line != b"file"]
            if events is not None and seen >= events:
                end, events = time.monotonic() + (seconds or 0), None
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status):
        raise SystemExit(f"{out}: exit code {os.WEXITSTATUS(status)}\n{output(out).read_text()}")
    return Done(os.WIFSIGNALED(status), seen, steps)


def run_here(arguments: Sequence[str], out: Path, tell: Callable[[str], Any], last: int | None) -> None:
    """Be the command, and end as it does, or right before its file event number `last`."""
    code: Any = 1
    count = 0

    def watch(event: str, given: Sequence[Any]) -> None:
        nonlocal count
        if event in FILE_EVENTS and str(out) in str(given[0]):
            tell("file")
            count += 1
            if count == last:
                os.kill(os.getpid(), signal.SIGKILL)

    try:
        for stream in (1, 2):
            os.dup2(os.open(output(out), os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
        watch_steps(tell)
        sys.addaudithook(watch)
        sys.argv = ["robustmnist", *arguments]
        command_line()
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        os._exit(code if isinstance(code, int) else 1)


def output(out: Path) -> Path:
    """Return where a run's words go."""
    return out.with_name(f"{out.name}.txt")


def main(kills: int, folder: Path, what: str = "evaluate") -> None:
    torch.set_num_threads(1)  # no thread pool, so that forking is safe
    job, moments = JOBS[what], random.Random(0)
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "suite.toml").write_text(SUITE)
    (folder / "recipe.toml").write_text(RECIPE)
    stop_the_clocks()
    sys.argv = ["robustmnist", *job.arguments(folder, folder / "warm-up")]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        command_line()  # in this process, so that no other one needs to import anything
    began = time.perf_counter()
    whole = run(job.arguments(folder, folder / "whole"), folder / "whole")
    seconds = time.perf_counter() - began
    expected = everything(folder / "whole")
    stages, killed, unfinished, runs, most = Counter[str](), 0, 0, 0, 0
    while killed < kills:
        runs += 1
        out = folder / f"killed-{runs}"
        begun: set[str] = set()
        undisturbed = False
        while True:
            arguments = job.arguments(folder, out)
            if undisturbed:
                done = run(arguments, out)
            elif moments.random() < 0.5:
                done = run(arguments, out, seconds=moments.uniform(0, seconds))
            else:
                later = moments.choice((0.0, moments.uniform(0, LATER)))
                done = run(arguments, out, later, moments.randint(1, whole.events))
            repeated = len(begun & set(done.steps))
            most = max(most, repeated)
            if repeated > 1:
                raise SystemExit(f"{out}: {repeated} {job.steps} were begun anew after one kill")
            begun |= set(done.steps)
            if not done.killed:
                break
            killed += 1
            stages[stage(out, folder / "whole", job.files)] += 1
            unfinished += any(path.name.endswith(".part") for path in out.rglob("*"))
            undisturbed = killed == kills or moments.random() < 0.5  # otherwise the one that goes on is killed too
        files = everything(out)
        different = sorted(name for name in {**files, **expected} if files.get(name) != expected.get(name))
        if different:
            raise SystemExit(f"{out} differs in {', '.join(different)}")
        shutil.rmtree(out)
    sys.stdout.write(f"{what}: {killed} kills in {runs} runs; undisturbed, one takes {seconds:.1f} s\n")
    sys.stdout.writelines(f"  {stages[name]:4d} before {name} was whole\n" for name in job.files)
    sys.stdout.write(f"  {stages['the end']:4d} after that\n")
    sys.stdout.write(f"  {unfinished:4d} of them left something unfinished\n")
    sys.stdout.write(f"all bytes equal; at most {most} of {len(whole.steps)} {job.steps} begun anew after a kill\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
