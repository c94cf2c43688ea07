"""A script: reads damaged HDF5 files, each in a fork of its own, as HDF5 crashes or runs in a circle on some of them.

python damaged_hdf5.py HDF5_SCRIPT FILE COUNT    # prints how many are read, refused, killed, leaked
"""

import collections
import json
import os
import resource
import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # a script finds its neighbours through its own path only
from support.model_files import damaged

answer = runpy.run_path(sys.argv[1], run_name="hdf5")["answer"]
OUTCOMES = {0: "read", 1: "refused"}


def outcome(data: bytes) -> str:
    """Return what comes of a damaged file within one second of computing and 4 GiB."""
    process = os.fork()
    if not process:
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
            resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))
            code = int("refused" in answer(data)[0])
        except BaseException as cause:
            sys.stderr.write(f"{cause!r}\n")
            code = 7
        os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return "killed" if code < 0 else OUTCOMES.get(code, "leaked")


counts = collections.Counter(outcome(data) for data in damaged(Path(sys.argv[2]).read_bytes(), int(sys.argv[3])))
sys.stdout.write(json.dumps(counts))
