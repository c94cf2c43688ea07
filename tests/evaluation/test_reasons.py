"""``evaluate --explain`` and explanations beside a run: what the report's gallery says of why a digit was misread."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from robustmnist.cli import cli
from robustmnist.data import load_dataset
from robustmnist.errors import RunError
from robustmnist.models.architectures.build import build_model
from robustmnist.models.checkpoints.checkpoint import load_checkpoint, save_checkpoint
from robustmnist.perturb import rotation
from robustmnist.predictions import Predictions, read_predictions
from robustmnist.predictions.reasons import done_to, read_reasons
from robustmnist.report import render
from robustmnist.results import clean_mistakes, mistakes

SUITE = """
title = "Turn"
question = "How far?"
source = "here"
seed = 5
[[sweep]]
name = "turn"
title = "Turn"
perturbation = "rotation"
parameter = "angle"
unit = "°"
values = [0, 20, 40]
"""


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Compute on one thread: the nets are so small that threads mostly wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def invoke(command: str, *words: object) -> Result:
    given = ["--dataset", "digits", "--first", "30", "--device", "cpu"]
    return CliRunner().invoke(cli, [command, *given, *map(str, words)], standalone_mode=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a dense checkpoint, a suite, and a run of both with ``--explain`` in ``run``."""
    here = tmp_path_factory.mktemp("reasons")
    torch.manual_seed(3)
    architecture = {"model": "fc", "widths": [8]}
    save_checkpoint(
        here / "tiny", build_model(architecture), name="tiny", architecture=architecture, precision="float32",
        test_accuracy=None, validation_accuracy=None, recipe={}, data={}, versions={}, seed=3, epochs=0,
        best_epoch=0, training_seconds=0.0, device="cpu",
    )  # fmt: skip
    (here / "turn.toml").write_text(SUITE, encoding="utf-8")
    done = invoke("evaluate", "-c", here / "tiny", "--suite", here / "turn.toml", "--explain", "-o", here / "run")
    assert done.exception is None, done.exception
    return here


@pytest.fixture(scope="module")
def run(folder: Path) -> Predictions:
    return read_predictions(folder / "run")


def test_each_mistake_of_the_gallery_is_explained(folder: Path, run: Predictions) -> None:
    reasons = read_reasons(folder / "run", run.manifest["dataset"])
    table = mistakes(run, "tiny", "turn")
    assert len(table) > 3
    sweep, sha256 = run.sweep("turn", "turn"), run.manifest["checkpoints"][0]["sha256"]
    network, data = load_checkpoint(folder / "tiny"), load_dataset("digits")
    for row in table.to_dict("records"):
        reason = reasons[sha256, done_to(sweep, sweep.variants[0], row["value"], 5), row["id"]]
        assert reason.predicted == row["predicted"]
        digit = data.select([row["id"]]).images
        turned = rotation(digit, angle=row["value"])
        before, after = (network(images)[0].double() for images in (digit, turned))
        lost = float((before - after)[row["label"]] - (before - after)[row["predicted"]])
        assert reason.lost == pytest.approx(lost, abs=1e-5)
        assert reason.change is not None
        assert float(reason.change.sum()) == pytest.approx(lost, abs=0.02 * max(1, abs(lost)))
        assert sum(reason.parts.values()) == pytest.approx(float(reason.change.sum()), abs=1e-4)
        assert not reason.change[(digit == turned)[0, 0].numpy()].any()  # ink that did not change has no share
        turns = next(way for way in reason.back if way.name == "turn")
        if np.isfinite(turns.size):
            again = rotation(turned, angle=turns.arguments["angle"])
            assert int(network(again).argmax()) == row["label"]
    for number in clean_mistakes(run, "tiny")["id"]:
        assert reasons[sha256, "", number].change is None
        assert reasons[sha256, "", number].back


def test_the_page_shows_them_and_is_the_page_of_before_without(folder: Path, run: Predictions, tmp_path: Path) -> None:
    shown = (folder / "run" / "report.html").read_text(encoding="utf-8")
    assert shown.count("<u style") == len(mistakes(run, "tiny", "turn"))
    assert "Vermilion cost the reading" in shown
    assert "logits" in shown
    plain = render(run)
    assert "<u style" not in plain
    assert "--lift" not in plain
    reasons = read_reasons(folder / "run", run.manifest["dataset"])
    assert render(run, reasons=reasons) == shown
    done = CliRunner().invoke(cli, ["report", str(folder / "run"), "-o", str(tmp_path / "again.html")])
    assert done.exit_code == 0
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == shown


def test_what_is_explained_already_is_left_as_it_is(folder: Path) -> None:
    files = [folder / "run" / name for name in ("mistakes.json", "mistakes.npz")]
    before = [(file.stat().st_mtime_ns, file.read_bytes()) for file in files]
    done = invoke("evaluate", "-c", folder / "tiny", "--suite", folder / "turn.toml", "--explain", "-o", folder / "run")
    assert done.exception is None
    assert [(file.stat().st_mtime_ns, file.read_bytes()) for file in files] == before
    files[0].write_bytes(b"{")  # and what is damaged or lost is made again, the same
    files[1].unlink()
    invoke("evaluate", "-c", folder / "tiny", "--suite", folder / "turn.toml", "--explain", "-o", folder / "run")
    assert [file.read_bytes() for file in files] == [content for _, content in before]


def copied(folder: Path, there: Path) -> Path:
    for name in ("mistakes.json", "mistakes.npz"):
        (there / name).write_bytes((folder / "run" / name).read_bytes())
    return there / "mistakes.json"


@pytest.mark.parametrize("damage", ["cut", "maps", "missing", "keys"])
def test_a_damaged_file_is_one_clear_line(folder: Path, run: Predictions, tmp_path: Path, damage: str) -> None:
    table = copied(folder, tmp_path)
    maps = tmp_path / "mistakes.npz"
    match damage:
        case "cut":
            table.write_bytes(table.read_bytes()[:500])
        case "maps":
            maps.write_bytes(maps.read_bytes()[:500])
        case "missing":
            maps.unlink()
        case _:
            record = json.loads(table.read_text(encoding="utf-8"))
            del record["explanations"][0]["samples"][0]["way_back"]
            table.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(RunError) as caught:
        read_reasons(tmp_path, run.manifest["dataset"])
    assert "\n" not in str(caught.value)
    assert "mistakes" in str(caught.value)


def test_explanations_of_other_digits_or_answers_say_nothing(folder: Path, run: Predictions, tmp_path: Path) -> None:
    table = copied(folder, tmp_path)
    dataset = run.manifest["dataset"]
    assert read_reasons(tmp_path, {**dataset, "sha256": {"other": "00"}}) == {}
    record = json.loads(table.read_text(encoding="utf-8"))
    for part in record["explanations"]:
        for sample in part["samples"]:
            view = sample.get("perturbed") or sample["clean"]
            view["predicted"] = next(c for c in range(10) if c not in (view["predicted"], sample["label"]))
    table.write_text(json.dumps(record), encoding="utf-8")
    assert render(run, reasons=read_reasons(tmp_path, dataset)) == render(run)


def test_an_explanation_beside_the_run_is_shown_and_linked(folder: Path, run: Predictions, tmp_path: Path) -> None:
    done = invoke("explain", "-c", folder / "tiny", "--suite", folder / "turn.toml", "--value", 40, "--mistakes", 5,
                  "-o", tmp_path)  # fmt: skip
    assert done.exception is None, done.exception
    record = json.loads((tmp_path / "explain.json").read_text(encoding="utf-8"))
    asked = [sample["id"] for sample in record["explanations"][0]["samples"]]
    table = mistakes(run, "tiny", "turn")
    both = set(table["id"][table["value"] == 40]) & set(asked)
    assert both
    reasons = read_reasons(tmp_path, run.manifest["dataset"])
    page = render(run, ["explain.html"], reasons)
    assert page.count("<u style") == len(both)
    assert '<a href="explain.html">Why is it misread?</a>' in page
    own = read_reasons(folder / "run", run.manifest["dataset"])
    for key in own.keys() & reasons.keys():
        first, second = own[key], reasons[key]
        assert np.allclose(first.change, second.change, atol=1e-6)
        assert list(map(str, first.back)) == list(map(str, second.back))
