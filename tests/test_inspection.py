"""A data set looked at: what is counted, measured, found alike, found hard; the page, the tables, the figures."""

import html
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import CliRunner
from torch import Tensor

from robustmnist.cli import cli
from robustmnist.data import Dataset, load_dataset
from robustmnist.inspection.differences import differences
from robustmnist.inspection.facts import InspectionFacts, gather
from robustmnist.inspection.figures import draw_figures
from robustmnist.inspection.neighbours import find_neighbours
from robustmnist.inspection.page import render_inspection
from robustmnist.inspection.tables import digit_table, summary_table
from robustmnist.inspection.words import difference_words, findings
from robustmnist.measure import MEASURES
from robustmnist.perturb import shift

LIE = 17  # the row whose label is wrong
COPY = 40  # the row that is a copy of another


def oracle(answers: Tensor) -> Any:
    """Return a checkpoint that knows the true labels of the digits in their order."""
    logits = torch.full((len(answers), 10), 0.0)
    logits[torch.arange(len(answers)), answers] = 6.0
    return lambda images: logits


@pytest.fixture(scope="module")
def digits() -> Dataset:
    whole = load_dataset("digits:test").head(120)
    levels, labels = whole.stored.clone(), whole.labels.clone()
    levels[COPY] = levels[3]
    labels[COPY] = labels[3]
    labels[LIE] = (labels[LIE] + 1) % 10
    return Dataset.of_levels(levels, labels, whole.ids, whole.provenance)


@pytest.fixture(scope="module")
def facts(digits: Dataset) -> InspectionFacts:
    truth = digits.labels.clone()
    truth[LIE] = (truth[LIE] - 1) % 10
    return gather(digits, {"one": oracle(truth), "other": oracle(truth)})


def test_what_is_counted(facts: InspectionFacts, digits: Dataset) -> None:
    assert facts.counts.sum() == 120
    assert facts.counts.tolist() == torch.bincount(digits.labels, minlength=10).tolist()
    np.testing.assert_allclose(facts.means[4], digits.images[digits.labels == 4, 0].mean(0).numpy(), atol=2e-3)
    assert facts.pixels.sum() == pytest.approx(1.0)
    for name, measure in MEASURES.items():
        np.testing.assert_allclose(facts.readings[name], measure.function(digits.images).numpy(), rtol=1e-6)
    assert all((facts.labels[list(rows)] == digit).all() for digit, rows in enumerate(facts.samples))


def test_a_copy_is_the_closest_pair(facts: InspectionFacts) -> None:
    assert (facts.neighbours.copies, facts.neighbours.contradicted) == (1, 0)
    assert sorted(facts.neighbours.pairs[0].tolist()) == [3, COPY]
    assert facts.neighbours.distances[0] == pytest.approx(0, abs=1e-3)
    assert (np.diff(facts.neighbours.distances) >= 0).all()
    assert len({tuple(pair) for pair in facts.neighbours.pairs.tolist()}) == len(facts.neighbours.pairs)


def test_distances_are_those_of_numpy() -> None:
    rng = np.random.default_rng(0)
    levels, labels = rng.integers(0, 256, (30, 28, 28), dtype=np.uint8), rng.integers(0, 2, 30)
    found = find_neighbours(levels, labels)
    flat = levels.reshape(30, -1) / 255
    distances = np.sqrt(((flat[:, None] - flat[None]) ** 2).mean(2))
    upper = np.sort(distances[np.triu_indices(30, 1)])
    np.testing.assert_allclose(found.distances, upper[: len(found.distances)], atol=1e-4)
    own = np.where((labels[:, None] == labels[None]) & ~np.eye(30, dtype=bool), distances, np.inf)
    np.testing.assert_allclose(found.strange, np.sort(own, 1)[:, :5].mean(1), atol=1e-4)


def test_copies_with_another_label_are_contradictions() -> None:
    levels = np.zeros((3, 28, 28), np.uint8)
    found = find_neighbours(levels, np.array([1, 1, 2]))
    assert (found.copies, found.contradicted) == (2, 1)
    assert np.isnan(find_neighbours(levels[:1], np.array([1])).strange).all()


def test_a_wrong_label_is_doubted_and_hardest(facts: InspectionFacts) -> None:
    assert facts.hard is not None
    assert facts.hard.doubted.tolist() == [LIE]
    assert int(facts.hard.loss.argmax()) == LIE


def test_one_checkpoint_doubts_nothing_and_two_must_agree(digits: Dataset) -> None:
    truth = digits.labels.clone()
    truth[LIE] = (truth[LIE] - 1) % 10
    alone = gather(digits, {"one": oracle(truth)}).hard
    apart = gather(digits, {"one": oracle(truth), "other": oracle(digits.labels)}).hard
    assert alone is not None
    assert apart is not None
    assert len(alone.doubted) == len(apart.doubted) == 0


def test_the_page_of_one_and_of_two(facts: InspectionFacts, digits: Dataset) -> None:
    hostile = replace(digits, provenance=replace(digits.provenance, name="<script>x</script>"))
    other = gather(hostile.head(50))
    text = render_inspection([facts, other], "robustmnist inspect <b>")
    plain = html.unescape(re.sub(r"<[^>]*>", " ", text))
    assert "<script" not in text
    assert text.count('<section id="set-') == 2
    assert "1 label is doubted by all of one and other." in plain
    assert f"#{facts.ids[LIE]}" in plain
    assert "1 picture is the same as an earlier one." in plain
    assert render_inspection([facts, other], "robustmnist inspect <b>") == text


def test_tables_hold_every_class_and_digit(facts: InspectionFacts) -> None:
    summary = summary_table([facts])
    assert len(summary) == 11 * len(MEASURES)
    row = summary[(summary["class"] == "all") & (summary["measure"] == "ink")].iloc[0]
    assert row["mean"] == pytest.approx(facts.readings["ink"].mean())
    table = digit_table(facts)
    assert table["id"].tolist() == facts.ids.tolist()
    assert {"one:answer", "other:confidence", "loss", "distance_in_class"} <= set(table.columns)
    assert table["id"][table["label_doubted"]].tolist() == [facts.ids[LIE]]


def test_differences_are_those_of_a_known_change(digits: Dataset) -> None:
    clean = digits.head(60)
    moved = replace(clean, images=shift(clean.images, dx=2.0, dy=0.0)).with_provenance(name="moved")
    first, second = gather(clean), gather(moved)
    large = {difference.measure: difference for difference in differences(first, second)}
    assert {"centroid-x", "centroid-radius"} == set(large)
    right = large["centroid-x"]
    assert right.after - right.before == pytest.approx(2.0, abs=0.01)
    spread = first.readings["centroid-x"].std(ddof=1)
    assert right.effect == pytest.approx(2.0 / spread, rel=0.02)
    assert "moved differs from digits:test most in centre of mass" in difference_words(first, second)
    assert "in no measure by more than half a standard deviation" in difference_words(first, first)


def test_nothing_is_said_of_differences_that_could_not_be_measured(digits: Dataset) -> None:
    """A single digit has no spread, least of all a blank one."""
    single = digits.head(1)
    blank = replace(single, images=torch.zeros_like(single.images)).with_provenance(name="blank")
    first, second = gather(digits.head(40)), gather(blank)
    assert difference_words(first, second) == difference_words(second, first) == ""
    said = findings([first, second])
    assert len(said) == 2
    assert all(said)
    assert len(findings([first, first])) == 3


def test_figures_are_drawn(facts: InspectionFacts) -> None:
    drawn = draw_figures([facts])
    assert {name.partition(".")[0] for name in drawn} == {"samples", "classes", "labels", "measures"}
    assert all(content.startswith(b"\x89PNG") for name, content in drawn.items() if name.endswith("png"))


def test_inspect_from_the_command_line(tmp_path: Path) -> None:
    command = [
        "inspect",
        "digits",
        "digits:test",
        "--first",
        "40",
        "-c",
        "fc",
        "-c",
        "fc-small",
        "-o",
        str(tmp_path / "look"),
    ]
    shown = CliRunner().invoke(cli, command)
    assert shown.exit_code == 0, shown.output
    names = {path.name for path in (tmp_path / "look").iterdir()}
    assert {"inspect.html", "summary.csv", "digits-1.csv", "digits-2.csv", "samples-1.png", "measures.svg"} <= names
    assert set(pd.read_csv(tmp_path / "look" / "summary.csv")["dataset"]) == {"digits", "digits:test"}
    assert shown.stdout.count("labels in doubt: ") == 2
    (tmp_path / "file").touch()
    page = html.unescape((tmp_path / "look" / "inspect.html").read_text())
    assert "robustmnist inspect digits digits:test -c fc -c fc-small --first 40" in page
    refused = CliRunner().invoke(cli, ["inspect", "digits", "-o", str(tmp_path / "file")])
    assert "is a file" in str(refused.exception)


def test_the_page_names_the_files_that_were_looked_at(tmp_path: Path, digits: Dataset) -> None:
    file = tmp_path / "mine.npz"
    np.savez(file, images=digits.stored[:30].reshape(-1, 28, 28).numpy(), labels=digits.labels[:30].numpy())
    shown = CliRunner().invoke(cli, ["inspect", "--dataset", f"npz:{file}", "-o", str(tmp_path / "look")])
    assert shown.exit_code == 0, shown.output
    page = html.unescape((tmp_path / "look" / "inspect.html").read_text())
    assert f"robustmnist inspect npz:{file}" in page


def test_what_cannot_be_looked_at_is_refused(tmp_path: Path) -> None:
    for words, message in (
        (["inspect", "digit"], "is not a data set"),
        (["inspect", "--dataset", "digit"], "is not a data set"),
        (["inspect", "digits", "-c", "nobody"], "nobody"),
        (["inspect", "digits", "--code", "mine.py:Net"], "nothing needs mine.py:Net"),
    ):
        refused = CliRunner().invoke(cli, [*words, "-o", str(tmp_path / "look")])
        assert message in str(refused.exception), words
        assert not (tmp_path / "look").exists()


def test_digits_that_look_wrong_are_said_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROBUSTMNIST_DATA", str(tmp_path))  # no MNIST, so no look for copies
    digits = load_dataset("strokes").sample(60)
    np.savez(tmp_path / "flat.npz", x_test=255 - digits.stored.numpy()[:, 0], y_test=digits.labels.numpy())
    shown = CliRunner().invoke(cli, ["inspect", f"npz:{tmp_path / 'flat.npz'}", "-o", str(tmp_path / "look")])
    assert shown.exit_code == 0, shown.output
    assert "notice: npz:flat.npz: The ink is darker than the paper in 100" in shown.stderr
    head = (tmp_path / "look" / "inspect.html").read_text("utf-8").partition("<main>")[0]
    assert "in MNIST brighter: they are inverted." in head
    assert "The paper of 60 of 60 images is not 0" in head


@pytest.mark.filterwarnings("error")
def test_blank_pictures_are_counted_and_measure_nothing(digits: Dataset) -> None:
    images = digits.images[:20].clone()
    images[5:8] = 0
    some = gather(replace(digits.head(20), images=images))
    [sentence] = findings([some])
    assert "3 pictures are blank." in sentence
    assert "100.0" in sentence
    assert "nan" not in sentence
    none = gather(replace(digits.head(1), images=torch.zeros(1, 1, 28, 28)))
    [sentence] = findings([none])
    assert sentence.startswith("digits:test: 1 digit. ")
    assert sentence.endswith("1 picture is blank.")
    assert "nan" not in render_inspection([none], "x").partition("<main>")[2]
