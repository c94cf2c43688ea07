"""What a training leaves as evidence: tables of steps and layers, the page, TensorBoard's events, the terminal."""

import csv
import html
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, precision_recall_fscore_support
from support.small_training import recipe, weights

from robustmnist.errors import InputError
from robustmnist.models.architectures.build import build_model
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.page.line_chart import Axis, Line, line_chart
from robustmnist.page.signed import signed_sheet
from robustmnist.statistics.class_scores import class_scores
from robustmnist.terminal.training import training_progress
from robustmnist.training import RunFolder, train
from robustmnist.training.digits import load_digits
from robustmnist.training.evidence.facts import gather_facts
from robustmnist.training.evidence.page import render_training
from robustmnist.training.evidence.tables import append_rows, keep_epochs, read_columns
from robustmnist.training.evidence.trace import LAYERS, STEPS, Trace, layers_of
from robustmnist.training.evidence.words import matrix_words

SEEN: list[dict[str, Any]] = []


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    SEEN.clear()
    return train(
        recipe(), device="cpu", out=tmp_path_factory.mktemp("e") / "run", on_epoch=lambda n: SEEN.append(dict(n))
    )


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_every_step_is_kept_and_adds_up_to_the_epoch(run: RunFolder) -> None:
    steps, history = rows(run.steps), rows(run.path / "history.csv")
    assert tuple(steps[0]) == STEPS
    assert len(steps) == 3 * (300 // 32)
    for name, column in (("loss", "train_loss"), ("accuracy", "train_accuracy"), ("gradient_norm", "gradient_norm")):
        for epoch in history:
            own = [float(step[name]) for step in steps if step["epoch"] == epoch["epoch"]]
            assert np.mean(own) == pytest.approx(float(epoch[column]), rel=1e-4)
    assert float(steps[-1]["learning_rate"]) == pytest.approx(float(history[-1]["learning_rate"]), rel=1e-5)


def test_layers_hold_the_norms_of_their_parameters(run: RunFolder) -> None:
    layers, history = rows(run.layers), rows(run.path / "history.csv")
    assert tuple(layers[0]) == LAYERS
    assert [row["layer"] for row in layers[:3]] == [
        "classifier.0 Linear",
        "classifier.1 BatchNorm1d",
        "classifier.4 Linear",
    ]
    last = [row for row in layers if row["epoch"] == "3"]
    together = math.sqrt(sum(float(row["gradient_norm"]) ** 2 for row in last))
    assert together == pytest.approx(float(history[-1]["gradient_norm"]), rel=0.1)  # means of norms, not norms of means


def test_a_trace_knows_layers_by_their_parameters() -> None:
    model = build_model({"model": "lenet5"})
    names = layers_of(model)
    assert len(names) == len(list(model.parameters())) == 10
    trace = Trace()
    trace.add(0.1, torch.tensor(1.0), torch.tensor(1), torch.arange(10.0))
    norms = trace.layer_norms(names)
    assert norms["features.0 Conv2d"] == pytest.approx(1.0)
    assert norms["features.3 Conv2d"] == pytest.approx(math.hypot(2, 3))
    assert trace.latest() == {"train_loss": 1.0, "train_accuracy": 1.0, "learning_rate": 0.1}
    assert Trace().latest() == {}


def test_on_epoch_gets_plain_values(run: RunFolder) -> None:
    assert [numbers["epoch"] for numbers in SEEN] == [1, 2, 3]
    assert {type(value) for numbers in SEEN for value in numbers.values()} <= {int, float}
    best = run.metrics["best"]
    assert SEEN[-1]["best_epoch"] == best["epoch"]
    assert SEEN[-1]["best_validation_accuracy"] == best["validation_accuracy"]
    assert SEEN[-1]["weight_norm/classifier.4 Linear"] == pytest.approx(
        float(rows(run.layers)[-1]["weight_norm"]), rel=1e-5
    )


def test_an_interrupted_epoch_leaves_no_rows_when_the_run_is_resumed(run: RunFolder, tmp_path: Path) -> None:
    def interrupt(done: int, total: int, images: int) -> None:
        if done == 1 and images > 400:
            raise KeyboardInterrupt

    cut = RunFolder(tmp_path / "cut")
    with pytest.raises(KeyboardInterrupt):
        train(recipe(), device="cpu", out=cut.path, on_progress=interrupt)
    assert "interrupted after 1 of 3 epochs" in cut.page.read_text()
    append_rows(cut.steps, STEPS, [(2, 1, 0.1, 0.1, 0.1, 0.1)])
    with cut.layers.open("a") as file:
        file.write("2,classifier.0 Li")  # a kill in the middle of a line
    train(recipe(), device="cpu", out=cut.path, resume=True)
    assert weights(cut.path) == weights(run.path)
    assert cut.steps.read_bytes() == run.steps.read_bytes()
    assert cut.layers.read_bytes() == run.layers.read_bytes()


def test_tables_that_are_not_there_or_empty(tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    keep_epochs(path, 2)
    assert read_columns(path) == {}
    path.touch()
    keep_epochs(path, 2)
    path.write_text("epoch,step\n1,1\n")
    keep_epochs(path, 0)
    assert not path.exists()


def test_the_page_shows_what_the_files_hold(run: RunFolder) -> None:
    text = run.page.read_text()
    plain = html.unescape(re.sub(r"<[^>]*>", " ", text))
    digits = load_digits(recipe(), torch.device("cpu")).validation
    facts = gather_facts(run, digits)
    assert render_training(facts) == text  # the same folder gives the same page
    assert facts.answered.right.mean() == run.metrics["best"]["validation_accuracy"]
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")
    for heading in ("Loss", "Accuracy", "Validation loss and accuracy together", "Learning rate", "Confusion matrix"):
        assert heading in plain
    assert text.count('<li class="right">') == 10
    assert text.count("<b>✗ ") == min(30, int((~facts.answered.right).sum()))
    scores = class_scores(facts.answered.confusion)
    assert f"{100 * scores.macro:.2f}" in plain
    assert f"{100 * scores.weighted:.2f}" in plain
    cells = re.findall(r'<tr><th scope="row">\d(.*)', text.partition('class="matrix')[2])
    counts = [[int(cell or 0) for cell in re.findall(r"<td[^>]*>(\d*)", row)] for row in cells[:10]]
    assert counts == facts.answered.confusion.tolist()


def test_names_cannot_break_the_page(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>{{ 7*7 }}"
    run = train(recipe(title=hostile, description=hostile, epochs=1), device="cpu", out=tmp_path / "run")
    text = run.page.read_text()
    assert "<script" not in text
    assert "{{ 7*7 }}" in html.unescape(text)


def test_class_scores_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    labels, read = rng.integers(0, 10, 500), rng.integers(0, 10, 500)
    table = np.bincount(labels * 10 + read, minlength=100).reshape(10, 10)
    scores = class_scores(table)
    precision, recall, f1, n = precision_recall_fscore_support(labels, read)
    np.testing.assert_allclose(scores.precision, precision)
    np.testing.assert_allclose(scores.recall, recall)
    np.testing.assert_allclose(scores.f1, f1)
    assert scores.n.tolist() == n.tolist()
    assert scores.macro == pytest.approx(f1_score(labels, read, average="macro"))
    assert scores.weighted == pytest.approx(f1_score(labels, read, average="weighted"))


def test_charts_leave_out_what_has_no_height() -> None:
    chart = str(line_chart([Line(0, (1, 2, 3), (1.0, math.nan, 0.0))], Axis("loss", log=True), "epoch", "x < y"))
    assert 'aria-label="x &lt; y"' in chart
    assert "nan" not in chart
    assert chart.count("h0") == 1  # one dot: neither NaN nor zero has a place on a logarithm


def test_a_short_logarithmic_axis_names_two_values_at_least() -> None:
    for heights in ((0.15, 0.28), (0.31, 0.33), (0.001, 1000.0)):
        chart = str(line_chart([Line(0, (1, 2), heights)], Axis("loss", log=True), "epoch", "loss"))
        named = re.findall(r'class="[^"]*\be\b[^"]*"[^>]*>([^<]+)<', chart)
        assert len(named) >= 2, (heights, chart)


def test_a_mistake_that_happens_once_is_not_the_commonest(run: RunFolder) -> None:
    facts = gather_facts(run, load_digits(recipe(), torch.device("cpu")).validation)
    labels = np.arange(10)
    for read, words in (
        (labels, "There is no mistake."),
        (np.array([1, *labels[1:]]), "No mistake occurs more than once."),
    ):
        answered = replace(facts.answered, labels=labels, predicted=read)
        assert matrix_words(replace(facts, answered=answered)).endswith(words)
    twice = replace(facts.answered, labels=np.array([4, 4, 4]), predicted=np.array([9, 9, 4]))
    assert matrix_words(replace(facts, answered=twice)).endswith("The commonest mistake: a 4 read as a 9, 2 times.")


def test_signed_maps_have_a_scale_of_their_own() -> None:
    maps = np.stack([np.eye(3), -100 * np.eye(3), np.zeros((3, 3))])
    png, width, height = signed_sheet(maps, 2, 2)
    assert png.startswith(b"\x89PNG")
    assert (width, height) == (2 * 6 + 2, 2 * 6 + 2)
    assert signed_sheet(maps, 3, 8)[1:] == (3 * 24 + 2 * 8, 24)  # kernels stand a weight apart


def test_plain_lines_say_the_numbers_of_every_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    numbers = {"train_loss": 0.5, "train_accuracy": 0.9, "learning_rate": 0.004, "validation_accuracy": 0.95}
    numbers |= {"best_epoch": 1, "best_validation_accuracy": 0.95, "epochs": 2}
    with training_progress("train x") as shown:
        shown.report(0, 2, 0)
        for epoch in (1, 2):
            shown.step(numbers)
            shown.epoch(numbers | {"epoch": epoch})
            shown.report(epoch, 2, 100)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    detail = "loss 0.5000, train 90.00 %, learning rate 0.004, validation 95.00 %, best 95.00 % in epoch 1"
    assert lines[0].startswith(f"train x: epoch 1/2: {detail}, ")
    assert lines[1] == f"train x: epoch 2/2: {detail}, 0 s left"


def test_tensorboard_needs_its_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tensorboardX", None)
    with pytest.raises(InputError, match="pip install tensorboardX"):
        train(recipe(), device="cpu", out=tmp_path / "run", tensorboard=True)
    assert not (tmp_path / "run").exists()


def test_events_for_tensorboard(tmp_path: Path, run: RunFolder) -> None:
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.record_writer import RecordWriter  # noqa: F401 - the format is that of TFRecord

    done = train(recipe(), device="cpu", out=tmp_path / "run", tensorboard=True)
    assert weights(done.path) == weights(run.path)  # watching changes nothing
    tags: dict[str, list[float]] = {}
    kinds: set[str] = set()
    described = b""
    for path in (done.path / "tensorboard").rglob("events*"):
        data = path.read_bytes()
        while data:  # length, its checksum, the record, its checksum
            size = int.from_bytes(data[:8], "little")
            for value in Event.FromString(data[12 : 12 + size]).summary.value:
                tags.setdefault(value.tag, []).append(value.simple_value)
                kinds.add(value.WhichOneof("value") or "")
                described += value.metadata.plugin_data.content
            data = data[12 + size + 4 :]
    history = rows(done.path / "history.csv")
    assert tags["loss/validation"] == pytest.approx([float(row["validation_loss"]) for row in history])
    assert {"weights/classifier.0.weight", "gradients/classifier.0.weight", "misread"} <= tags.keys()
    assert tags["result/test_accuracy"] == pytest.approx([done.metrics["best"]["test"]["accuracy"]])
    assert {"histo", "image", "simple_value"} <= kinds
    assert b"optimizer.lr" in described
    assert b"description" not in described  # trains nothing, so it is no hyper-parameter


def test_what_is_shown_is_what_is_stored(run: RunFolder) -> None:
    facts = gather_facts(run, load_digits(recipe(), torch.device("cpu")).validation)
    first = next(value for value in load_checkpoint(run.best).model.state_dict().values() if value.ndim > 1)
    np.testing.assert_array_equal(facts.filters.reshape(32, -1), first.float().numpy())
