"""What lies in a folder, so that two folders can be compared byte for byte."""

import json
from collections.abc import Sequence
from pathlib import Path

VOLATILE = ("created", "duration_seconds", "images_per_second", "sha256")


def everything(folder: Path) -> dict[str, bytes]:
    """Return every file's bytes; of safetensors' own header, which comes in any order, the keys in order."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    for name in [name for name in files if name.endswith(".safetensors")]:
        size = 8 + int.from_bytes(files[name][:8], "little")
        header = json.dumps(json.loads(files[name][8:size]), sort_keys=True)
        files[name] = header.encode() + files[name][size:]
    return files


def content(folder: Path) -> dict[str, bytes]:
    """Return every file's bytes; of the manifest what two equal runs have in common."""
    files = everything(folder)
    manifest = json.loads(files["run.json"])
    files["run.json"] = json.dumps({key: value for key, value in manifest.items() if key not in VOLATILE}).encode()
    return files


def stage(out: Path, whole: Path, files: Sequence[str]) -> str:
    """Return the first of the files that is not there in its full size: what a run was killed before."""

    def size(path: Path) -> int:
        return path.stat().st_size if path.exists() else 0

    return next((name for name in files if size(out / name) < size(whole / name)), "the end")
