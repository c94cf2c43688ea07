"""The state of a training that can be resumed: tensors in a safetensors file, the rest as JSON in its header."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from robustmnist.errors import RunError
from robustmnist.system.files import sha256_bytes, write_atomic
from robustmnist.system.validation import check_plain, shorten
from robustmnist.training.loop import Best, State

__all__ = ["check_begun", "flat", "load_state", "save_state"]


def save_state(path: Path, state: State, begun: Mapping[str, Any], machine: Mapping[str, Any]) -> None:
    """Write `state` to `path`, whole or not at all.

    Args:
        path: The file.
        state: Of the training.
        begun: What a resumed run must have in common with this run: ``recipe`` and ``data set``, plain values each.
        machine: The fields of `robustmnist.training.machine.Machine`; a resumed run restores the threads.
    """
    tensors = {f"model.{name}": value for name, value in state.model.state_dict().items()}
    tensors |= {f"average.{name}": value for name, value in (state.average or {}).items()}
    for index, values in state.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in values.items() if value is not None}
    plain: dict[str, Any] = {"epoch": state.epoch, "history": state.history, "begun": begun, "best": None}
    plain["machine"] = dict(machine)
    if state.best is not None:
        tensors |= {f"best.{name}": value for name, value in state.best.weights.items()}
        plain["best"] = {"epoch": state.best.epoch, "accuracy": state.best.accuracy, "loss": state.best.loss}
    tensors = {name: value.detach().to("cpu", copy=True).contiguous() for name, value in tensors.items()}
    text = json.dumps(plain)
    write_atomic(path, safetensors.torch.save(tensors, {"state": text, "sha256": _hash(text, tensors)}))


def load_state(path: Path, state: State, begun: Mapping[str, Any]) -> dict[str, Any]:
    """Load `path` into `state`, as `start` made it for the same recipe; return the machine that began the run.

    That is empty in a file of version 0.1, which did not keep it.

    Raises:
        RunError: If the file is damaged, or what it was begun with is not `begun`.
    """
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        if metadata.get("sha256") != _hash(metadata.get("state", ""), tensors):
            raise RunError("is damaged: its hash does not match", where=path, remedy="start the training again")
        plain: dict[str, Any] = json.loads(metadata["state"])
        check_plain(plain)
        check_begun(plain.get("begun", {}), begun, where=path)
        _restore(state, plain, tensors)
        return dict(plain.get("machine", {}))
    except (OSError, SafetensorError, KeyError, TypeError, AttributeError, ValueError, RuntimeError) as cause:
        why = str(cause).partition("\n")[0]  # torch lists every tensor that does not fit
        raise RunError(f"cannot be resumed ({why})", where=path, remedy="start the training again") from cause


def check_begun(there: Mapping[str, Any], asked: Mapping[str, Any], *, where: Path) -> None:
    """Compare what a run was begun with to what it is to be continued with: ``recipe`` and ``data set``.

    Raises:
        RunError: If they differ; the message names every value that does.
    """
    for name, values in asked.items():
        if name not in there:  # as of a file written before this was kept
            raise RunError(f"does not record with which {name} the run was begun", where=where, remedy=_ANEW)
        was, wanted = flat(there[name]), flat(values)
        differences = [
            f"{key} = {shorten(was.get(key))}, not {shorten(wanted.get(key))}"
            for key in {**was, **wanted}
            if was.get(key) != wanted.get(key)
        ]
        if differences:
            what = f"the run was begun with another {name} ({'; '.join(differences)})"
            raise RunError(what, where=where, remedy="put that back, or train into another folder")


_ANEW = "start the training again in another folder"


def flat(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested tables as a flat table, keys joined by dots."""
    leaves: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            leaves |= {f"{key}.{inner}": leaf for inner, leaf in flat(value).items()}
        else:
            leaves[key] = value
    return leaves


def _restore(state: State, plain: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    def group(prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}

    state.model.load_state_dict(group("model."))
    weights = state.model.state_dict()
    if state.average is not None:
        for name, value in group("average.").items():
            state.average[name].copy_(value)
    state.epoch, state.history = plain["epoch"], plain["history"]
    if plain["best"] is not None:
        best = {name: torch.empty_like(weights[name]).copy_(value) for name, value in group("best.").items()}
        state.best = Best(weights=best, **plain["best"])
    parameters = [parameter for group in state.optimizer.param_groups for parameter in group["params"]]
    restored: dict[int, dict[str, Tensor]] = {}
    for key, value in group("optimizer.").items():
        index, _, name = key.partition(".")
        like = parameters[int(index)]
        # Fused optimisers walk through memory: a moment must lie as its parameter does, channels last included.
        moment = value if value.ndim == 0 else torch.empty_like(like).copy_(value)
        restored.setdefault(int(index), {})[name] = moment
    groups = state.optimizer.state_dict()["param_groups"]
    state.optimizer.load_state_dict({"state": restored, "param_groups": groups})


def _hash(text: str, tensors: dict[str, Tensor]) -> str:
    parts = [text.encode()]
    for name in sorted(tensors):
        value = tensors[name]
        parts += [f"\n{name} {value.dtype} {list(value.shape)}\n".encode(), value.numpy().tobytes()]
    return sha256_bytes(b"".join(parts))
