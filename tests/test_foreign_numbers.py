"""Numbers and nesting that a file may spell and nothing can take: one short line of our own, whatever reads it."""

import copy
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from robustmnist.cli import main
from robustmnist.errors import CheckpointError, InputError, RecipeError, RunError, SuiteError
from robustmnist.models.architectures.build import build_model
from robustmnist.models.checkpoints.card_file import card_path, read_card
from robustmnist.predictions import read_predictions
from robustmnist.predictions.run_folder import manifest_bytes
from robustmnist.report.page import render
from robustmnist.results import stored_temperatures
from robustmnist.suites import load_suite
from robustmnist.system.validation import DEEPEST, check_plain, shorten
from robustmnist.training import load_recipe
from robustmnist.training.metrics import read_metrics

DEEP = 20_000
VALUES = {
    "5,000 digits": "9" * 5_000,
    "hexadecimal": "0x" + "f" * 10_000,
    "1,000 digits": "-" + "9" * 1_000,
    "65 bits": str(2**64),
    "deep list": "[" * DEEP + "]" * DEEP,
    "rather deep list": "[" * 60 + "]" * 60,
    "deep table": "{a=" * 500 + "1" + "}" * 500,
}
KEYS = {"dotted": ".".join("a" * 5_000) + " = 1", "table": f"[{'.'.join('a' * 50_000)}]\nb = 1"}
SUITE = """
title = "Small"
question = "Does it run?"
source = "made up"
seed = 0
[[sweep]]
name = "right"
title = "To the right"
perturbation = "shift-towards"
parameter = "distance"
unit = "px"
draws = 1
values = [0, 1, 3]
[sweep.fixed]
direction = "right"
"""
RECIPE = """
epochs = 1
seed = 0
[model]
name = "fc"
widths = [32]
dropout = 0.5
[optimizer]
lr = 0.1
"""


def damaged(whole: str) -> Iterator[str]:
    """Yield `whole` with one of its values replaced by each of ours, then with each of our keys at its end."""
    lines = whole.strip().split("\n")
    for place, line in enumerate(lines):
        for value in VALUES.values():
            if " = " in line:
                changed = f"{line.partition(' = ')[0]} = {value}"
                yield "\n".join([*lines[:place], changed, *lines[place + 1 :]])
    for key in KEYS.values():
        yield f"{whole}\n{key}\n"


def is_short(error: BaseException) -> bool:
    return all(len(line) <= 1_300 for line in str(error).split("\n"))


def test_suites(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    for content in damaged(SUITE):
        path.write_text(content)
        with pytest.raises(SuiteError) as caught:
            load_suite(path)
        assert is_short(caught.value)


def test_recipes(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    for content in damaged(RECIPE):
        path.write_text(content)
        with pytest.raises(RecipeError) as caught:
            load_recipe(path)
        assert is_short(caught.value)


@pytest.mark.parametrize("key", ["seed", "optimizer.lr", "model.widths", "optimizer", "model.dropout", "title"])
@pytest.mark.parametrize("value", VALUES)
def test_overrides(key: str, value: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe("fc", overrides=[f"{key}={VALUES[value]}"])
    assert is_short(caught.value)


@pytest.mark.parametrize("key", [".".join("a" * 5_000), "a" * 100_000, "optimizer" + ".lr" * 30])
def test_keys_of_overrides(key: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe("fc", overrides=[f"{key}=1"])
    assert is_short(caught.value)


def test_the_command_line_says_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.toml").write_text(SUITE.replace("seed = 0", f"seed = {VALUES['hexadecimal']}"))
    for words in (
        ["suites", str(tmp_path / "mine.toml")],
        ["train", "fc", "--set", f"epochs={VALUES['5,000 digits']}"],
        ["train", "fc", "--set", f"{'.'.join('a' * 20_000)}=1"],
    ):
        monkeypatch.setattr(sys, "argv", ["robustmnist", *words])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr().err
        assert (end.value.code, said.count("\n"), len(said) < 1_300) == (2, 1, True), said[:2_000]


def test_architectures_from_python() -> None:
    deep: Any = []
    for _ in range(DEEP):
        deep = [deep]
    for value in (10**5_000, -(10**5_000), [10**5_000], deep, [deep], {"a": deep}, 2**63, [2**63], 1e400, "x" * 10**6):
        for name, key in [
            ("fc", "widths"),
            ("fc", "dropout"),
            ("cnn", "channels"),
            ("cnn", "kernel"),
            ("lenet5", "model"),
        ]:
            with pytest.raises(CheckpointError) as caught:
                build_model({"model": name, key: value})
            assert is_short(caught.value)


def test_cards_and_metrics(tmp_path: Path) -> None:
    card = json.loads(card_path("fc").read_text())
    for value in ("9" * 5_000, "9" * 1_000, "[" * DEEP + "]" * DEEP, "[" * 60 + "]" * 60):
        for key in ("seed", "recipe", "epochs", "training_seconds", "versions", "architecture"):
            text = json.dumps(card | {key: "HERE"}).replace('"HERE"', value)
            (tmp_path / "odd.json").write_text(text)
            with pytest.raises(CheckpointError) as caught:
                read_card(tmp_path / "odd.json")
            assert is_short(caught.value)
        (tmp_path / "metrics.json").write_text(f'{{"status": "complete", "epochs": {value}}}')
        with pytest.raises(RunError) as said:
            read_metrics(tmp_path / "metrics.json")
        assert is_short(said.value)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from robustmnist.data import load_dataset
    from robustmnist.evaluation import evaluate

    folder = tmp_path_factory.mktemp("numbers")
    (folder / "small.toml").write_text(SUITE)
    torch.manual_seed(0)
    models = {name: build_model({"model": "fc-small"}) for name in ("one", "two")}
    evaluate(models, load_dataset("digits").head(20), load_suite(folder / "small.toml"), out=folder / "run")
    return folder / "run"


def forge(run: Path, manifest: dict[str, Any]) -> None:
    (run / "run.json").write_bytes(manifest_bytes(manifest))


@pytest.mark.parametrize("temperature", [-1, 0, -0.5, "1", [1], True, 10**30, {"a": 1}])
def test_a_temperature_that_is_none(temperature: Any, run: Path) -> None:
    whole = json.loads((run / "run.json").read_bytes())
    manifest = copy.deepcopy(whole)
    manifest["checkpoints"][1]["temperature"] = temperature
    forge(run, manifest)
    with pytest.raises(RunError, match=r"run\.json: (is not|cannot be)") as caught:
        read_predictions(run)
    assert is_short(caught.value)
    manifest["checkpoints"][1]["temperature"] = 0.5
    forge(run, manifest)
    assert stored_temperatures(read_predictions(run)) == {"two": 0.5}
    forge(run, whole)


def test_forged_manifests_are_refused_or_reported(run: Path) -> None:
    """Values of a manifest replaced by others, but for its suites': what is taken can be put on a page."""
    whole = json.loads((run / "run.json").read_bytes())
    rng = random.Random(0)
    strange: list[Any] = [None, -1, 0, 2**63, 10**300, -0.5, 1e300, "", "x", "\x1b[31m", [], {}, [[]], True, [None]]
    places = [way for way in paths(whole) if way[0] != "suites"]
    for _ in range(40):
        manifest = copy.deepcopy(whole)
        *way, last = rng.choice(places)
        inner: Any = manifest
        for key in way:
            inner = inner[key]
        inner[last] = rng.choice(strange)
        forge(run, manifest)
        said = ""
        try:
            render(read_predictions(run))
        except InputError as error:
            said = str(error)
        assert len(said) <= 1_300
    forge(run, whole)


def paths(value: Any) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (key,)
        yield from ((key, *rest) for rest in paths(inner))


def test_the_limits() -> None:
    def nested(depth: int) -> Any:
        value: Any = 1
        for _ in range(depth):
            value = {"a": value} if depth % 2 else [value]
        return value

    check_plain([2**64 - 1, -(2**63), 1e308, True, "x", None, nested(DEEPEST - 1)])
    for bad in (2**64, -(2**63) - 1, nested(DEEPEST + 1), [nested(DEEPEST)]):
        with pytest.raises(ValueError, match="it"):
            check_plain(bad)
    assert shorten(10**5_000) == "int too large to be shown"
    assert shorten("x" * 100) == f"'{'x' * 59}…"
