"""A script in a process of its own, with bounds on memory and time: for libraries in C that read strangers' bytes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from robustmnist.models.sources.refusals import Unreadable

__all__ = ["run_script"]

MEMORY = 4 * 2**30  # bytes of address space, of which libraries reserve far more than they use
COMPUTING = 10  # seconds of computing: a good file takes less than one, and damaged ones have kept HDF5 in a circle
SECONDS = 60  # altogether: on a busy machine a process is slow to start

# Sets the bounds, then runs the script: it cannot be trusted to, once it has read anything.
START = """
import runpy, sys
memory, seconds, script = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
try:
    import resource
except ImportError:  # a system without these bounds: the time of the parent's patience stays
    pass
else:
    for limit, most in (("AS", memory), ("CPU", seconds), ("CORE", 0), ("FSIZE", 0)):
        kind = getattr(resource, "RLIMIT_" + limit)
        hard = resource.getrlimit(kind)[1]
        try:
            resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
        except (ValueError, OSError):  # macOS knows RLIMIT_AS and refuses to set it
            pass
sys.argv = sys.argv[3:]
runpy.run_path(script, run_name="__main__")
"""
# One thread each, as every further one reserves memory; and no filters for HDF5 from other folders.
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "HDF5_PLUGIN_PRELOAD": "::"}


def run_script(script: Path, data: bytes, *arguments: str) -> tuple[dict[str, Any], memoryview]:
    """Run a script that reads `data` from its input, and return what it answers: a table, and bytes.

    The script writes the length of the table's JSON (8 bytes, little-endian), the JSON, and the bytes. A table
    ``{"refused": "why"}`` says that it will not have the data.

    Raises:
        Unreadable: If it refuses, breaks down, or takes too long.
    """
    command = [sys.executable, "-B", "-P", "-c", START, str(MEMORY), str(COMPUTING), str(script), *arguments]
    try:
        process = subprocess.run(
            command, input=data, capture_output=True, timeout=SECONDS, env={**os.environ, **ENVIRONMENT}, check=False
        )
    except subprocess.TimeoutExpired as cause:
        raise Unreadable(f"took more than {SECONDS} s to read: it is damaged or made to") from cause
    table, rest = _answer(process.stdout)
    if process.returncode or table is None:
        last = process.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        why = signal.strsignal(-process.returncode) if process.returncode < 0 else ascii(last[:200])
        raise Unreadable(f"is damaged: reading it, in a process of its own, failed ({why})", "fetch or save it again")
    if "refused" in table:
        raise Unreadable(str(table["refused"]), table.get("remedy"))
    return table, rest


def _answer(output: bytes) -> tuple[dict[str, Any] | None, memoryview]:
    size = int.from_bytes(output[:8], "little")
    try:
        table = json.loads(output[8 : 8 + size]) if len(output) > 8 else None
    except (ValueError, RecursionError):
        table = None
    return table if isinstance(table, dict) else None, memoryview(output)[8 + size :]
