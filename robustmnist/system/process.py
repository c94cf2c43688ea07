"""Settings of a command's process, made before torch is imported: keep freed memory, let idle threads sleep."""

import ctypes
import os

__all__ = ["keep_freed_memory", "spin_briefly"]

# Numbers of glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST = 2**30  # bytes; 32 MiB is the most that older versions of glibc take for a single block
LARGEST_BEFORE = 2**25


def keep_freed_memory() -> bool:
    """Let this process keep the memory it frees, up to 1 GiB; return whether the system's allocator can.

    Batches of the same size are made and freed all the time. Every new batch would be handed out by the system page by
    page: 500 to 7,000 page faults in a step of training ``cnn``, which took 1.8 to 2.9 s for 50 steps on two cores and
    1.75 to 1.82 s with this, without any fault. The peak of memory stays as it is.

    Only glibc's allocator is set; with any other allocator nothing happens. A process decides on its own memory, so the
    command line calls this and importing the package does not.

    Source: mallopt(3).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # not glibc, or no such library at all
        return False
    mmap = mallopt(M_MMAP_THRESHOLD, LARGEST) or mallopt(M_MMAP_THRESHOLD, LARGEST_BEFORE)
    return bool(mmap and mallopt(M_TRIM_THRESHOLD, LARGEST))


# Turns of an idle thread's loop, some 0.1 ms, before it sleeps; libgomp's own number is 300,000, some 5 ms.
SPINS = 10_000


def spin_briefly() -> None:
    """Let OpenMP's threads, torch's own, sleep soon after their work; to be called before torch is imported.

    A thread that waits for its next work in a loop keeps a processor from the threads of `robustmnist.system.threads`.
    On two cores an evaluation of ``fc`` on two suites took 23 to 27 s with this and 31 to 33 s with libgomp's own
    wait, in three runs each; a training of it, which has its work in short steps one after another, 12 to 18 s and 12
    to 16 s, in seven.

    What the user has set stays. Other implementations of OpenMP do not read this.

    Source: libgomp's manual, GOMP_SPINCOUNT.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))
