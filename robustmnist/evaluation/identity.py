"""The identity of a run: everything that its numbers depend on, to decide whether a folder can be continued."""

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from robustmnist.data import Dataset
from robustmnist.errors import RunError
from robustmnist.evaluation.fingerprint import code_of, hash_images, hash_tensor
from robustmnist.perturb import PERTURBATIONS
from robustmnist.suites import Suite
from robustmnist.system.device import describe_device
from robustmnist.system.files import sha256_bytes
from robustmnist.system.folders import holds_nothing
from robustmnist.system.installation import PACKAGE, __version__

__all__ = ["FORMAT", "differences", "identify", "recorded_identity", "seeds_of"]


FORMAT = 2  # 1 knew neither code and answers nor perturbations and processor
# Where the code of this package's perturbations lies, all that they draw, measure and share out among threads included.
PERTURBING = ("perturb", "measure", "draws.py", "system/gradient.py", "system/threads.py")
MAX_LINE = 20_000_000  # bytes of the journal's first line


def identify(
    dataset: Dataset,
    checkpoints: Sequence[Mapping[str, Any]],
    suites: Sequence[Suite],
    seed: int | None,
    device: torch.device,
) -> dict[str, Any]:
    """Return what the run's numbers depend on, as plain JSON values.

    - ``data set``: its images, labels and ids, wherever they came from; a perturbed set is another set.
    - ``checkpoints``: of each its name, its weights, its code and plain attributes, its card, and its answers to some
      clean digits, which show changes that the code does not.
    - ``suites``: as they were read: a changed value is another run.
    - ``perturbations``: the code of this package's own, and of each function of the suites that is not ours.
    - ``seed``: the seed of all draws, or each suite's.
    - ``device`` and ``processor``: sums of float32 differ between types of devices, and between the instruction sets
      of processors.
    - ``torch`` and ``robustmnist``: their versions.

    Args:
        dataset: What is evaluated.
        checkpoints: A record each, from `robustmnist.evaluation.records.parts_of`, with the hash of its answers.
        suites: What to do.
        seed: As given to `robustmnist.evaluate`.
        device: Where.
    """
    identity = {
        "format": FORMAT,
        "data set": {
            "name": dataset.name,
            "n": len(dataset),
            "images": hash_images(dataset),
            "labels": hash_tensor(dataset.labels),
            "ids": hash_tensor(dataset.ids),
            **({"lineage": dataset.provenance.lineage} if dataset.provenance.lineage else {}),
        },
        "checkpoints": list(checkpoints),
        "suites": [suite.as_dict() for suite in suites],
        "perturbations": _perturbations(suites),
        "seed": seeds_of(suites, seed),
        "device": device.type,
        "processor": _processor(device),
        "torch": str(torch.__version__),
        "robustmnist": __version__,
    }
    plain: dict[str, Any] = json.loads(json.dumps(identity))
    return plain


def differences(there: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """Return the differences between two identities of the same format, a few words each.

    Answers are named only if nothing else differs, because other data or another processor change them too.
    """
    texts = [text for key in asked if (text := _difference(key, there.get(key), asked[key], ("answers",)))]
    return texts or [text for key in asked if (text := _difference(key, there.get(key), asked[key], ()))]


def seeds_of(suites: Sequence[Suite], seed: int | None) -> int | dict[str, int]:
    """Return the seed if all suites run with the same seed, else suite to seed."""
    seeds = {suite.name: suite.seed if seed is None else seed for suite in suites}
    different = set(seeds.values())
    return different.pop() if len(different) == 1 else seeds


def _perturbations(suites: Sequence[Suite]) -> list[dict[str, str]]:
    """Return the hash of this package's perturbations, and of each that the suites take from elsewhere."""
    sweeps = [sweep for suite in suites for sweep in suite.sweeps]
    names = sorted({sweep.perturbation for sweep in sweeps if not sweep.code_sha256} & PERTURBATIONS.keys())
    codes = {"robustmnist": _own_code()}
    codes |= {sweep.perturbation: sweep.code_sha256 for sweep in sweeps if sweep.code_sha256}
    for name in names:
        entry = PERTURBATIONS[name]
        parts = (entry.function, entry.prepare, entry.ink_factor)
        if any(_is_foreign(part) for part in parts if part is not None):
            codes[name] = code_of(parts)
    return [{"name": name, "code": code} for name, code in codes.items()]


@functools.cache
def _own_code() -> str:
    package = PACKAGE
    files = sorted(path for part in PERTURBING for path in (package / part, *(package / part).rglob("*.py")))
    texts = [
        f"{path.relative_to(package).as_posix()}\n".encode() + path.read_bytes() for path in files if path.is_file()
    ]
    return sha256_bytes(b"\0".join(texts))


def _is_foreign(function: Any) -> bool:
    return str(getattr(function, "__module__", "")).partition(".")[0] != "robustmnist"


def _processor(device: torch.device) -> str:
    """Return the instruction set that torch uses on a CPU, or what a GPU is."""
    return torch.backends.cpu.get_cpu_capability() if device.type == "cpu" else describe_device(device)


def _difference(key: str, there: Any, asked: Any, but: Sequence[str]) -> str:
    """Return how an entry differs, ignoring the parts `but` of checkpoints; empty if it does not."""
    if there == asked:
        return ""
    if _brief(there) != _brief(asked):
        return f"{key} ({_brief(there)} there, {_brief(asked)} asked for)"
    if key != "checkpoints":
        return f"{key} (same names, other contents)"
    pairs = [(new, [part for part in new if old.get(part) != new[part]]) for old, new in zip(there, asked, strict=True)]
    parts = [(new["name"], [part for part in other if part not in but]) for new, other in pairs]
    named = "; ".join(f"{name}: other {' and '.join(other)}" for name, other in parts if other)
    return f"{key} ({named})" if named else ""


def _brief(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item["name"]) if isinstance(item, dict) and "name" in item else "?" for item in value)
    if isinstance(value, dict) and "name" in value:
        return f"{value['name']}, {value.get('n')} images"
    return str(value)


def recorded_identity(folder: Path) -> dict[str, Any] | None:
    """Return the identity of the run in `folder`, finished or not; None if the folder is missing or empty.

    Raises:
        RunError: If it holds something else, or its journal is damaged.
    """
    journal = folder / "journal.jsonl"
    elsewhere = "use another -o"
    try:
        if not journal.exists():
            if folder.exists() and not folder.is_dir():
                raise RunError("is not a folder", where=folder, remedy=elsewhere)
            if folder.is_dir() and not holds_nothing(folder):
                raise RunError("is not empty and holds no run", where=folder, remedy=elsewhere)
            return None
        with journal.open("rb") as file:
            head = json.loads(file.readline(MAX_LINE))
        return dict(head["run"])
    except OSError as cause:
        raise RunError(f"cannot be read ({cause.strerror})", where=journal, remedy=elsewhere) from cause
    except (ValueError, KeyError, TypeError, RecursionError) as cause:
        raise RunError("is damaged", where=journal, remedy=f"delete the folder or {elsewhere}") from cause
