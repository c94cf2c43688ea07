"""The page's JavaScript run by node, with numbers in and numbers out."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from robustmnist.sketchpad.scripts import COMPUTING, script

__all__ = ["NODE", "needs_node", "run"]

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="no node on this machine")


def run(folder: Path, body: str, given: Any = None) -> Any:
    """Return what the JavaScript `body` returns, as JSON, after the page's computing scripts; `given` is its input."""
    program, data = folder / "program.js", folder / "given.json"
    data.write_text(json.dumps(given), encoding="utf-8")
    ending = (
        f'const given = JSON.parse(require("fs").readFileSync({json.dumps(str(data))}, "utf8"));\n'
        f"(async () => {{ {body} }})().then((result) => process.stdout.write(JSON.stringify(result)));\n"
    )
    program.write_text(f"{script(*COMPUTING)}\n{ending}", encoding="utf-8")
    process = subprocess.run([str(NODE), str(program)], capture_output=True, text=True, timeout=300, check=False)
    assert process.returncode == 0, process.stderr[-3000:]
    return json.loads(process.stdout)
