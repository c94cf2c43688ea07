"""What a process asks for itself: no page fault for a batch of a size that was there before, no thread that spins."""

import ctypes
import os
import platform
import subprocess
import sys
from typing import Any

import pytest

from robustmnist.system.process import keep_freed_memory, spin_briefly

# Blocks of 12 MiB and more, freed in another order than they were made, as the steps of a training do.
# Without huge pages, which would make a fault stand for 2 MiB or for 4 KiB, as a block's address happens to be aligned.
FAULTS = """
import ctypes, resource, sys
PR_SET_THP_DISABLE = 41
assert ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0
import numpy as np
if sys.argv[1] == "kept":
    from robustmnist.system.process import keep_freed_memory
    assert keep_freed_memory()
def step():
    blocks = [np.ones(size << 18, np.float32) for size in (12, 24, 40)]
    del blocks[1], blocks[0]
    return np.ones(30 << 18, np.float32)
step(), step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    return int(subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, check=True, text=True).stdout)


@pytest.mark.skipif(sys.platform != "linux" or platform.libc_ver()[0] != "glibc", reason="only glibc can be set")
def test_memory_of_the_same_size_comes_without_page_faults() -> None:
    assert faults("given back") > 50_000
    assert faults("kept") < 500


class Refusing:
    """A libc whose mallopt takes no threshold above 32 MiB, or no number at all."""

    def __init__(self, most: int) -> None:
        self.most, self.asked = most, []  # type: ignore[var-annotated]

    def mallopt(self, number: int, value: int) -> int:
        self.asked.append((number, value))
        return int(number == -1 or value <= self.most) if self.most else 0


@pytest.mark.parametrize(("most", "kept"), [(2**40, True), (2**25, True), (0, False)])
def test_the_threshold_is_the_largest_that_is_taken(monkeypatch: pytest.MonkeyPatch, most: int, kept: bool) -> None:
    libc = Refusing(most)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: libc)
    assert keep_freed_memory() is kept
    assert libc.asked[-1][0] == (-1 if kept else -3)


def test_another_allocator_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(name: Any) -> object:
        return object()

    monkeypatch.setattr(ctypes, "CDLL", without)
    assert not keep_freed_memory()


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, "10000"),
        ({"GOMP_SPINCOUNT": "5"}, "5"),
        ({"OMP_WAIT_POLICY": "active"}, None),
    ],
)
def test_threads_sleep_soon_unless_the_user_says_otherwise(
    given: dict[str, str], wanted: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", dict(given))
    spin_briefly()
    assert os.environ.get("GOMP_SPINCOUNT") == wanted


# What a thread of OpenMP costs once its work is done: the processor time of 20 ms in which all sleep.
IDLE = """
import sys, time
from robustmnist.system.process import spin_briefly
if sys.argv[1] == "briefly":
    spin_briefly()
import torch
torch.set_num_threads(2)
numbers = torch.rand(1_000_000)
spent = []
for _ in range(20):
    numbers.add(1)
    before = time.process_time()
    time.sleep(0.02)
    spent.append(time.process_time() - before)
print(sorted(spent)[10])
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only libgomp reads it")
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="with a single processor no thread waits for another")
def test_it_is_asked_before_torch_reads_it() -> None:
    env = {key: value for key, value in os.environ.items() if key not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}

    def spent(how: str) -> float:
        command = [sys.executable, "-c", IDLE, how]
        return float(subprocess.run(command, capture_output=True, check=True, text=True, env=env).stdout)

    assert spent("briefly") < spent("long") / 2
