"""What a run is: whatever its numbers depend on makes it another one, and nothing else does."""

import ast
import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from support.synthetic import make_suite, make_sweep
from torch import Tensor, nn

import robustmnist as rm
from robustmnist.data import Dataset, load_dataset
from robustmnist.errors import RunError
from robustmnist.evaluation import evaluate, identity
from robustmnist.evaluation.fingerprint import code_of, weights_of
from robustmnist.models.checkpoints.checkpoint import Checkpoint
from robustmnist.perturb import PERTURBATIONS
from robustmnist.predictions import manifest_bytes, read_predictions
from robustmnist.report import write_report
from robustmnist.suites import Suite
from robustmnist.system.files import sha256_file
from robustmnist.system.installation import PACKAGE

SUITE = make_suite("tiny", make_sweep("right", values=(0, 2)))

Run = tuple[dict[str, Checkpoint | nn.Module], Dataset, Suite]


class Net(nn.Module):
    """A network of others: it turns its ink up before a shipped one looks at it."""

    def __init__(self, gain: float = 1.0) -> None:
        super().__init__()
        self.gain, self.network = gain, rm.load_checkpoint("fc-small").model

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(images * self.gain)
        return logits


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits").head(60)


@pytest.fixture
def models() -> dict[str, Checkpoint | nn.Module]:
    return {"mine": Net(), "ours": rm.load_checkpoint("fc-small")}


@pytest.fixture
def done(models: dict[str, Checkpoint | nn.Module], digits: Dataset, tmp_path: Path) -> Path:
    evaluate(models, digits, SUITE, device="cpu", out=tmp_path / "run")
    return tmp_path / "run"


def test_the_same_run_goes_on(models: dict[str, Checkpoint | nn.Module], digits: Dataset, done: Path) -> None:
    fresh = {"mine": Net(), "ours": rm.load_checkpoint("fc-small")}
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        evaluate(fresh, digits, SUITE, device="cpu", out=done)
        evaluate(models, digits, SUITE, device="cpu", out=done)
    finally:
        torch.set_num_threads(threads)


def test_a_gain_that_changed_is_another_run(digits: Dataset, tmp_path: Path) -> None:
    def accuracy(gain: float, out: Path | None = None) -> float:
        table = rm.summarise(evaluate({"mine": Net(gain)}, digits, SUITE, device="cpu", out=out))
        return float(table["accuracy"].iloc[0])

    assert accuracy(1.0, tmp_path / "run") > 0.8
    with pytest.raises(
        RunError, match=r"holds another run, different in checkpoints \(mine: other code\); use another"
    ):
        accuracy(0.02, tmp_path / "run")
    assert accuracy(0.02) < 0.3


def weights(run: Run, patch: pytest.MonkeyPatch) -> Run:
    model = Net()
    with torch.no_grad():
        model.network.classifier[0].bias[3] += 1e-3
    return {**run[0], "mine": model}, *run[1:]


def attribute(run: Run, patch: pytest.MonkeyPatch) -> Run:
    return {**run[0], "mine": Net(1.01)}, *run[1:]


def layer(run: Run, patch: pytest.MonkeyPatch) -> Run:
    model = Net()
    model.network.classifier[1] = nn.LeakyReLU(0.01)
    return {**run[0], "mine": model}, *run[1:]


def source(run: Run, patch: pytest.MonkeyPatch) -> Run:
    patch.setattr(Net, "forward", lambda self, images: self.network(images * self.gain) + 0)
    return run


def answers(run: Run, patch: pytest.MonkeyPatch) -> Run:
    """Change what no code shows: a number that a library of C keeps to itself, say."""
    linear = nn.functional.linear
    patch.setattr(torch.nn.functional, "linear", lambda *args: linear(*args) * 1.001)
    return run


def card(run: Run, patch: pytest.MonkeyPatch) -> Run:
    ours = run[0]["ours"]
    assert isinstance(ours, Checkpoint)
    other = replace(ours, card=ours.card.model_copy(update={"temperature": 3.5}))
    return {**run[0], "ours": other}, *run[1:]


def names(run: Run, patch: pytest.MonkeyPatch) -> Run:
    return {"yours": run[0]["mine"], "ours": run[0]["ours"]}, *run[1:]


def images(run: Run, patch: pytest.MonkeyPatch) -> Run:
    """A perturbed data set is another one, under the same name too."""
    return run[0], replace(run[1], images=rm.perturb.shift(run[1].images, dx=1)), run[2]


def labels(run: Run, patch: pytest.MonkeyPatch) -> Run:
    return run[0], replace(run[1], labels=run[1].labels.flip(0)), run[2]


def ids(run: Run, patch: pytest.MonkeyPatch) -> Run:
    return run[0], replace(run[1], ids=run[1].ids + 1), run[2]


def values(run: Run, patch: pytest.MonkeyPatch) -> Run:
    return *run[:2], make_suite("tiny", make_sweep("right", values=(0, 3)))


def seed(run: Run, patch: pytest.MonkeyPatch) -> Run:
    return *run[:2], replace(run[2], seed=7)


def perturbation(run: Run, patch: pytest.MonkeyPatch) -> Run:
    patch.setattr(identity, "_own_code", lambda: "other")
    return run


def function(run: Run, patch: pytest.MonkeyPatch) -> Run:
    entry = PERTURBATIONS["shift-towards"]
    mine = replace(entry, function=lambda images, **strength: images.flip(3), prepare=None)
    patch.setitem(PERTURBATIONS, "shift-towards", mine)
    return run


def processor(run: Run, patch: pytest.MonkeyPatch) -> Run:
    patch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "OTHER")
    return run


def torch_version(run: Run, patch: pytest.MonkeyPatch) -> Run:
    patch.setattr(torch, "__version__", "0.1")
    return run


def version(run: Run, patch: pytest.MonkeyPatch) -> Run:
    patch.setattr(identity, "__version__", "9.9")
    return run


CHANGES: dict[Callable[[Run, pytest.MonkeyPatch], Run], str] = {
    weights: r"checkpoints \(mine: other weights\)",
    attribute: r"checkpoints \(mine: other code\)",
    layer: r"checkpoints \(mine: other code\)",
    source: r"checkpoints \(mine: other code\)",
    answers: r"checkpoints \(mine: other answers; ours: other answers\)",
    card: r"checkpoints \(ours: other card\)",
    names: r"checkpoints \(mine, ours there, yours, ours asked for\)",
    images: r"data set \(same names, other contents\)",
    labels: r"data set \(same names, other contents\)",
    ids: r"data set \(same names, other contents\)",
    values: r"suites \(same names, other contents\)",
    seed: r"suites \(same names, other contents\); seed \(0 there, 7 asked for\)",
    perturbation: r"perturbations \(same names, other contents\)",
    function: r"perturbations \(robustmnist there, robustmnist, shift-towards asked for\)",
    processor: r"processor \(\w+ there, OTHER asked for\)",
    torch_version: r"torch \(.* there, 0\.1 asked for\)",
    version: r"robustmnist \(.* there, 9\.9 asked for\)",
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_each_part_makes_another_run(
    change: Callable[[Run, pytest.MonkeyPatch], Run],
    models: dict[str, Checkpoint | nn.Module],
    digits: Dataset,
    done: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = {path: path.read_bytes() for path in done.rglob("*") if path.is_file()}
    other, data, suite = change((models, digits, SUITE), monkeypatch)
    with pytest.raises(RunError, match=f"holds another run, different in {CHANGES[change]}; use another -o"):
        evaluate(other, data, suite, device="cpu", out=done)
    assert {path: path.read_bytes() for path in done.rglob("*") if path.is_file()} == before


def test_a_function_of_the_users_that_changed_is_another_run(
    models: dict[str, Checkpoint | nn.Module], digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def use(by: int) -> None:
        def moved(images: Tensor, *, distance: float, direction: str) -> Tensor:
            return images.roll(by * int(distance), 3)

        entry = replace(PERTURBATIONS["shift-towards"], function=moved, prepare=None)
        monkeypatch.setitem(PERTURBATIONS, "shift-towards", entry)

    use(1)
    evaluate(models, digits, SUITE, device="cpu", out=tmp_path / "run")
    use(1)
    evaluate(models, digits, SUITE, device="cpu", out=tmp_path / "run")
    use(2)
    with pytest.raises(RunError, match=r"different in perturbations \(same names, other contents\)"):
        evaluate(models, digits, SUITE, device="cpu", out=tmp_path / "run")


def test_the_code_of_perturbations_is_all_that_they_import() -> None:
    """What only speaks of them, checks what was asked for, or brings the user's own code changes no pixel of ours."""
    silent = {"__init__.py", "errors.py", "system/__init__.py", "system/validation.py", "system/device.py"}
    silent |= {"system/files.py", "system/fingerprint.py", "system/python_code.py", "system/running_code.py"}
    reached, left = set(), {path.relative_to(PACKAGE).as_posix() for path in (PACKAGE / "perturb").rglob("*.py")}
    while left:
        name = left.pop()
        reached.add(name)
        for node in ast.walk(ast.parse((PACKAGE / name).read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("robustmnist"):
                base = PACKAGE.joinpath(*str(node.module).split(".")[1:])
                paths = (
                    base / "__init__.py",
                    base.with_suffix(".py"),
                    *(base / f"{one.name}.py" for one in node.names),
                )
                left |= {path.relative_to(PACKAGE).as_posix() for path in paths if path.is_file()} - reached - silent
    assert {name for name in reached if not name.startswith(identity.PERTURBING)} == set()
    assert all((PACKAGE / part).exists() for part in identity.PERTURBING)


def begun_before(done: Path) -> Path:
    """Give a finished run the identity that version 0.1.0 wrote, and the hash of its journal."""
    journal = done / "journal.jsonl"
    head, *lines = journal.read_bytes().splitlines(keepends=True)
    run = json.loads(head)["run"]
    run["format"], run["robustmnist"] = 1, "0.1.0"
    run["checkpoints"] = [{"name": entry["name"], "sha256": "0" * 64} for entry in run["checkpoints"]]
    for key in ("perturbations", "processor"):
        del run[key]
    journal.write_bytes(json.dumps({"run": run}).encode() + b"\n" + b"".join(lines))
    return done


def test_a_run_of_an_earlier_version_is_not_gone_on_with(
    models: dict[str, Checkpoint | nn.Module], digits: Dataset, done: Path
) -> None:
    words = r"was begun by another version of robustmnist \(0\.1\.0\) and cannot be continued here; use another -o"
    with pytest.raises(RunError, match=words):
        evaluate(models, digits, SUITE, device="cpu", out=begun_before(done))


def test_reading_and_reporting_do_not_ask_what_a_run_is(done: Path, tmp_path: Path) -> None:
    """Neither looks into the journal's first line: a finished run of another format is read by its manifest."""
    manifest = json.loads((begun_before(done) / "run.json").read_text())
    manifest["files"]["journal.jsonl"] = sha256_file(done / "journal.jsonl")
    manifest = {key: value for key, value in manifest.items() if key not in ("sha256", "notices")}
    (done / "run.json").write_bytes(manifest_bytes(manifest))
    found = read_predictions(done)
    assert "mine" in write_report(found, tmp_path / "report.html").read_text()


# --- fingerprints -----------------------------------------------------------------------------------------------------

FACTOR = 2.0


def scaled(images: Tensor) -> Tensor:
    return images * FACTOR


class Holder:
    """Plain attributes and a circle."""

    def __init__(self, value: Any) -> None:
        self.value, self.itself = value, self


def outer(factor: float) -> Callable[[Tensor], Tensor]:
    return lambda images: images * factor


def test_code_counts_with_all_that_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_of(scaled)
    assert before == code_of(scaled)
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    assert code_of(scaled) != before
    assert code_of(outer(1.0)) == code_of(outer(1.0)) != code_of(outer(2.0))


def test_a_comment_does_not_count() -> None:
    texts = (
        "def f(x, y=1):\n    return x + y",
        "def f(x, y=1):\n    # sum\n    return (x +\n        y)",
        "def f(x, y=2):\n    return x + y",
    )
    hashes = []
    for text in texts:
        space: dict[str, Any] = {"__name__": "mine"}
        exec(text, space)
        hashes.append(code_of(space["f"]))
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        ("1", 1),
        ([1, 2], [2, 1]),
        ([[1], 2], [1, [2]]),
        ({"a": 1}, {"a": 2}),
        ({1, 2}, {1, 3}),
        (torch.zeros(2), torch.zeros(2, 1)),
        (torch.zeros(2), torch.zeros(2).double()),
        (torch.zeros(2).numpy(), torch.ones(2).numpy()),
        (Holder(1), Holder(2)),
        (nn.LeakyReLU(0.1), nn.LeakyReLU(0.2)),
        (nn.Sequential(nn.ReLU(), nn.Tanh()), nn.Sequential(nn.Tanh(), nn.ReLU())),
        (nn.Conv2d(1, 1, 3, padding=1), nn.Conv2d(1, 1, 3, padding=2)),
    ],
)
def test_different_things_have_different_fingerprints(one: Any, other: Any) -> None:
    assert code_of(one) != code_of(other)


def test_hooks_count() -> None:
    plain, hooked = nn.Linear(2, 2), nn.Linear(2, 2)
    hooked.register_forward_hook(lambda module, rows, output: output + 1)
    assert code_of(plain) != code_of(hooked)


def test_weights_count_whatever_holds_them() -> None:
    model = nn.Sequential(nn.BatchNorm1d(3))
    before = weights_of(model)
    model[0].running_mean[1] = 0.5
    assert weights_of(model) != before
    hidden = nn.Identity()
    hidden.register_buffer("table", torch.zeros(2), persistent=False)
    before = weights_of(hidden)
    hidden.table[0] = 1
    assert weights_of(hidden) != before


SCRIPT = """
import torch
from torch import nn
from robustmnist.evaluation.fingerprint import code_of, weights_of

class Mine(nn.Module):
    words = {"a", "b", "c"}
    def __init__(self):
        super().__init__()
        self.layer, self.names = nn.Linear(2, 2), ({"x", "y", "z"}, object(), lambda x: x in {"p", "q", "r"})
        self.layer.register_forward_hook(lambda m, i, o: o)
        nn.init.ones_(self.layer.weight), nn.init.ones_(self.layer.bias)
    def forward(self, x):
        return self.layer(x) if x in {"k", "l"} else self.names

print(code_of(Mine()), weights_of(Mine()))
"""


def test_fingerprints_are_the_same_in_every_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    runpy.run_path(str(script), run_name="__main__")
    here = capsys.readouterr().out
    hashing = {**os.environ, "PYTHONHASHSEED": "1"}  # sets come in another order there
    there = subprocess.run([sys.executable, script], env=hashing, capture_output=True, text=True, check=True).stdout
    assert here == there
    assert len(here.split()) == 2
