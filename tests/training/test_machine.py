"""What a training owes to the machine: its threads are kept and restored, what cannot be is said."""

import json
import shutil
from pathlib import Path

import pytest
import safetensors.torch
import torch
from safetensors import safe_open
from support.small_training import recipe, weights

from robustmnist.system.threads import torch_threads
from robustmnist.training import RunFolder, train
from robustmnist.training import machine as machines
from robustmnist.training.machine import other_machine, this_machine
from robustmnist.training.state import _hash

# Batch norms add up a batch in another order with another number of threads: the last bits of the weights differ.
SUMS = {
    "model": {"name": "fc", "widths": [64], "batch_norm": True},
    "batch_size": 256,
    "precision": "float32",
    "epochs": 2,
}


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Return a run of one thread that was interrupted in its second epoch."""
    folder = tmp_path_factory.mktemp("machine") / "cut"

    def interrupt(done: int, total: int, images: int) -> None:
        if done == 1 and images > 300:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe(**SUMS), device="cpu", out=folder, on_progress=interrupt)
    return RunFolder(folder)


@pytest.fixture
def run(interrupted: RunFolder, tmp_path: Path) -> RunFolder:
    """Return a copy of it."""
    return RunFolder(Path(shutil.copytree(interrupted.path, tmp_path / "run")))


def rewritten(run: RunFolder, **changes: object) -> None:
    """Write the state as another machine would have left it; None takes a value out."""
    with safe_open(run.state, "pt") as file:
        plain = json.loads(file.metadata()["state"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    plain.update(changes)
    text = json.dumps({key: value for key, value in plain.items() if value is not None})
    run.state.write_bytes(safetensors.torch.save(tensors, {"state": text, "sha256": _hash(text, tensors)}))


def resumed(run: RunFolder, threads: int = 1) -> list[str]:
    """Go on with so many threads; return what is said."""
    said: list[str] = []
    with torch_threads(threads):
        train(run.recipe, device="cpu", out=run.path, resume=True, notify=said.append)
        assert torch.get_num_threads() == threads
    return said


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Return the weights of a training without a break, of one thread."""
    folder = tmp_path_factory.mktemp("machine") / "whole"
    train(recipe(**SUMS), device="cpu", out=folder)
    return weights(folder)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_threads_of_the_beginning_are_restored(threads: int, whole: list[bytes], run: RunFolder) -> None:
    assert resumed(run, threads) == []
    assert weights(run.path) == whole
    assert "1 thread)" in run.card.device


@pytest.mark.parametrize("key", ["device", "instructions", "products", "torch"])
def test_what_cannot_be_restored_is_said(key: str, run: RunFolder) -> None:
    here = this_machine(recipe(**SUMS), torch.device("cpu")).as_dict()
    rewritten(run, machine=here | {key: "another"})
    [said] = resumed(run)
    assert said.startswith(f"the run was begun on another machine ({key} another, now {here[key]}): the weights will")
    assert run.metrics["status"] == "complete"


@pytest.mark.parametrize("machine", [None, {}])
def test_a_state_of_version_0_1_says_nothing_of_its_machine(machine: object, run: RunFolder) -> None:
    rewritten(run, machine=machine)
    [said] = resumed(run)
    assert said.startswith("the run does not record on which machine it was begun")


def test_threads_that_no_machine_has_are_not_set() -> None:
    assert [machines.threads_of({"threads": one}) for one in (0, -1, 10**9, "2", None)] == [1] * 5
    here = this_machine(recipe(), torch.device("cpu"))
    assert other_machine(here.as_dict(), here) == ""
