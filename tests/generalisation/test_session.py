"""Checkpoints on data sets: what the tables say, what is asked of images that are no digits, what is kept on disk."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import CliRunner

from robustmnist.cli import cli
from robustmnist.data import Dataset, Provenance, load_dataset
from robustmnist.errors import DataError, InputError
from robustmnist.generalisation import Generalisation, generalise, load_sets, unseen_sets, write_generalisation
from robustmnist.generalisation.matching import read, there_and_back
from robustmnist.generalisation.page import render
from robustmnist.generalisation.samples import sample_png, samples
from robustmnist.generalisation.scores import scores
from robustmnist.generalisation.sets import TestSet
from robustmnist.models.checkpoints.checkpoint import Checkpoint, load_checkpoint
from robustmnist.statistics.wilson import wilson
from robustmnist.training.digits import load_digits
from robustmnist.training.read import load_recipe


@pytest.fixture(scope="module")
def checkpoints() -> dict[str, Checkpoint]:
    return {name: load_checkpoint(name) for name in ("fc", "cnn")}


@pytest.fixture(scope="module")
def sets() -> tuple[TestSet, ...]:
    noise = torch.rand(200, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    origin = Provenance("noise", "test", 200, {"noise-images": "0" * 64}, "made here", content="noise")
    none = torch.full((200,), -1)
    outliers = Dataset(noise, none, torch.arange(200), origin)
    return (
        *load_sets(["digits", "printed"], limit=300),
        TestSet("noise", outliers, None, none.numpy()),
    )


@pytest.fixture(scope="module")
def found(checkpoints: dict[str, Checkpoint], sets: tuple[TestSet, ...]) -> Generalisation:
    return generalise(checkpoints, sets, resamples=200, command="robustmnist generalise <b>")


def row(table: pd.DataFrame, **known: str) -> dict:
    for column, value in known.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.to_dict("records")[0]


def test_accuracies_are_those_of_the_checkpoints(
    found: Generalisation, checkpoints: dict[str, Checkpoint], sets: tuple[TestSet, ...]
) -> None:
    for each in sets[:2]:
        for name, one in checkpoints.items():
            right = int((one(each.data.images).argmax(1) == each.data.labels).sum())
            here = row(found.tables["accuracy"], checkpoint=name, set=each.name)
            assert (here["correct"], here["n"]) == (right, 300)
            low, high = wilson(right, 300)
            assert here["accuracy_low"] <= low + 1e-12
            assert here["accuracy_high"] >= high - 1e-12


def test_fonts_are_resampled_whole(found: Generalisation) -> None:
    here = row(found.tables["accuracy"], checkpoint="fc", set="printed")
    low, high = wilson(here["correct"], here["n"])
    assert here["groups"] == 22
    assert here["accuracy_high"] - here["accuracy_low"] > 1.1 * (high - low)


def test_nothing_is_explained_at_home(found: Generalisation) -> None:
    table = found.tables["explained"]
    home = table[table["set"] == "digits"]
    assert set(found.homes.values()) == {"digits"}
    assert len(home) == 12
    assert (home[["back", "back_low", "back_high", "price", "loss"]].to_numpy() == 0).all()


def test_losses_and_what_comes_back_add_up(found: Generalisation) -> None:
    table = found.tables["explained"]
    assert np.allclose(table["after"] - table["before"], table["back"])
    assert (table["back_low"] <= table["back"]).all()
    assert (table["back"] <= table["back_high"]).all()
    assert set(table["set"]) == {"digits", "printed"}  # noise has no classes


def test_calibration_of_few_writers_is_held() -> None:
    """Of 100 sets of 6 writers who are read 0.9 on average at a confidence of 0.8 at least 85 intervals hold 0.1."""
    rng = np.random.default_rng(4)
    writer = np.repeat(np.arange(6), 20)
    logits = np.zeros((120, 10), np.float32)
    logits[:, 0] = np.log(0.8 / (0.2 / 9))
    held = {True: 0, False: 0}
    for trial in range(100):
        labels = np.where(rng.random(120) < rng.beta(6.3, 0.7, 6)[writer], 0, 1)
        for known in held:
            here = scores(logits, labels, writer if known else None, temperature=None, seed=trial, resamples=100)
            held[known] += here["ece_low"] <= 0.1 <= here["ece_high"]
    assert held[True] >= 85
    assert held[True] > held[False]


def test_the_price_is_what_home_loses_there_and_back(
    found: Generalisation, checkpoints: dict[str, Checkpoint], sets: tuple[TestSet, ...]
) -> None:
    home, away = (each.data for each in sets[:2])
    readings = [read(data.images) for data in (home, away)]
    for what in ("stroke width", "size"):
        moved = there_and_back(home.images, *readings, what)
        assert not torch.equal(moved, home.images)
        right = [(checkpoints["fc"](images).argmax(1) == home.labels).double() for images in (home.images, moved)]
        here = row(found.tables["explained"], checkpoint="fc", set="printed", matched=what)
        assert here["price"] == pytest.approx(float((right[0] - right[1]).mean()), abs=1e-9)
        assert here["price_low"] <= here["price"] <= here["price_high"]
    html = render(found)
    assert "price, points" in html


def test_of_what_is_no_digit_confidence_alone_is_asked(found: Generalisation) -> None:
    here = row(found.tables["accuracy"], checkpoint="cnn", set="noise")
    assert np.isnan(here["accuracy"])
    assert 0.1 <= here["confidence_low"] <= here["confidence"] <= here["confidence_high"] <= 1
    assert "noise" not in set(found.tables["confusion"]["set"])
    noticed = row(found.tables["detection"], checkpoint="cnn", set="noise", score="confidence")
    printed = row(found.tables["detection"], checkpoint="cnn", set="printed", score="confidence")
    assert noticed["auroc"] > printed["auroc"]


def test_confusions_are_all_answers(found: Generalisation) -> None:
    table = found.tables["confusion"]
    for (_, name), part in table.groupby(["checkpoint", "set"]):
        assert part["n"].sum() == 300, name


def test_levels_of_a_factor_are_all_digits(found: Generalisation) -> None:
    table = found.tables["factors"]
    assert set(table["factor"]) == {"font", "family", "weight", "face_slant", "slant", "size"}
    for _, part in table.groupby(["checkpoint", "factor"]):
        assert part["n"].sum() == 300


def test_the_page_is_whole_and_escaped(found: Generalisation, tmp_path: Path) -> None:
    page = write_generalisation(found, tmp_path)
    html = page.read_text("utf-8")
    assert html == render(found)
    assert "robustmnist generalise &lt;b&gt;" in html
    assert "<script" not in html
    assert 'src="data:image/png' in html
    record = json.loads((tmp_path / "generalisation.json").read_text("utf-8"))
    assert {one["set"] for one in record["accuracy"]} == {"digits", "printed", "noise"}
    for name, table in found.tables.items():
        assert len(pd.read_csv(tmp_path / f"{name}.csv")) == len(table)


def test_kept_logits_are_read_again(
    checkpoints: dict[str, Checkpoint], sets: tuple[TestSet, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = {"fc": checkpoints["fc"]}
    first = generalise(one, sets[:2], resamples=50, out=tmp_path)
    files = {path: path.read_bytes() for path in (tmp_path / "logits").iterdir()}
    monkeypatch.setattr(Checkpoint, "__call__", lambda *_: pytest.fail("answered once more"))
    second = generalise(one, sets[:2], resamples=50, out=tmp_path)
    assert {path: path.read_bytes() for path in (tmp_path / "logits").iterdir()} == files
    for name, table in first.tables.items():
        pd.testing.assert_frame_equal(table, second.tables[name])
    # A damaged file is no answer.
    broken = next(iter(files))
    broken.write_bytes(files[broken][:50])
    monkeypatch.undo()
    third = generalise(one, sets[:2], resamples=50, out=tmp_path)
    assert broken.read_bytes() == files[broken]
    pd.testing.assert_frame_equal(third.tables["accuracy"], first.tables["accuracy"])


def test_digits_that_were_seen_are_left_out(checkpoints: dict[str, Checkpoint]) -> None:
    said: list[str] = []
    train = load_dataset("digits:train")
    record = {"name": "digits", "sha256": dict(train.provenance.sha256), "ids": ",".join(map(str, train.ids.tolist()))}
    card = checkpoints["fc"].card.model_copy(update={"data": record})
    seen = Checkpoint("fc", checkpoints["fc"].model, card, checkpoints["fc"].path, checkpoints["fc"].deployed)
    left = unseen_sets(load_sets(["digits"]), {"fc": seen}, said.append)
    assert left[0].data.ids.tolist() == load_dataset("digits:test").ids.tolist()
    assert said == ["digits: fc was trained on 1,196 of these digits; the 601 others are used"]
    assert unseen_sets(load_sets(["digits:train"]), {"fc": seen}, said.append) == ()
    with pytest.raises(InputError, match="nothing is left to compare"):
        generalise({"fc": seen}, ())


def test_the_command(tmp_path: Path) -> None:
    words = ["generalise", "-c", "fc", "-d", "digits", "-d", "printed:test", "--limit", "60", "-o", str(tmp_path / "g")]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    assert "printed:test" in done.output
    assert (tmp_path / "g" / "generalisation.html").is_file()
    with pytest.raises(InputError, match="data set digits: is asked for twice; name it once"):
        CliRunner().invoke(cli, ["generalise", "-d", "digits", "-d", "digits"], catch_exceptions=False)


def test_the_report_of_a_run_links_it(tmp_path: Path) -> None:
    words = ["-c", "fc", "--limit", "40", "-o", str(tmp_path / "run")]
    done = CliRunner().invoke(cli, ["evaluate", *words, "--dataset", "digits", "-s", "shift"])
    assert done.exit_code == 0, done.output
    report = tmp_path / "run" / "report.html"
    before = report.read_text("utf-8")
    assert "generalisation.html" not in before
    assert CliRunner().invoke(cli, ["generalise", *words, "-d", "digits", "-d", "printed:test"]).exit_code == 0
    link = '<a href="generalisation.html">Does it generalise?</a>\n'
    assert report.read_text("utf-8").replace(link, "") == before


def test_digits_that_look_wrong_are_refused_said_or_put_right(
    checkpoints: dict[str, Checkpoint], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROBUSTMNIST_DATA", str(tmp_path))  # no MNIST, so no look for copies
    digits = load_dataset("strokes").sample(120)
    levels = digits.stored.numpy()[:, 0]
    np.savez(tmp_path / "inverted.npz", x_test=255 - levels, y_test=digits.labels.numpy())
    np.savez(tmp_path / "moved.npz", x_test=np.roll(levels, 5, 2), y_test=digits.labels.numpy())
    words = ["generalise", "-c", "fc", "-d", f"npz:{tmp_path / 'inverted.npz'}", "-o", str(tmp_path / "out")]
    refused = CliRunner().invoke(cli, words)
    assert "they are inverted; --fix, or fix=True, mends it" in str(refused.exception)
    assert not (tmp_path / "out").exists()
    done = CliRunner().invoke(cli, [*words, "-d", f"npz:{tmp_path / 'moved.npz'}", "--fix"])
    assert done.exit_code == 0
    assert "notice: npz:inverted.npz: Put right before use: ink and paper exchanged." in done.stderr
    page = (tmp_path / "out" / "generalisation.html").read_text("utf-8")
    assert "Put right before use: ink and paper exchanged." in page.partition("<main>")[0]
    assert "--fix" in page
    moved = Dataset.from_arrays(np.roll(levels, 5, 2), digits.labels.numpy())
    wrong = Dataset.from_arrays(255 - levels, digits.labels.numpy())
    assert "px off the centre" in render(generalise(checkpoints, [moved], resamples=20)).partition("<main>")[0]
    with pytest.raises(DataError, match="they are inverted"):
        generalise(checkpoints, [wrong])
    as_it_is, put_right = (
        generalise({"fc": checkpoints["fc"]}, [wrong], resamples=20, check=not left, fix=not left).tables["accuracy"]
        for left in (True, False)
    )
    assert as_it_is["accuracy"].item() < 0.3 < 0.9 < put_right["accuracy"].item()


def test_sets_of_the_library_will_do(checkpoints: dict[str, Checkpoint]) -> None:
    data = [load_dataset("digits").sample(40), load_dataset("printed:test").sample(40)]
    found = generalise({"fc": checkpoints["fc"]}, data, resamples=20)
    assert found.tables["accuracy"]["set"].tolist() == ["digits", "printed:test"]


def test_a_training_on_print_is_tested_on_other_typefaces() -> None:
    digits = load_digits(load_recipe("fc", overrides=["data.dataset=printed"]), torch.device("cpu"))
    seen, tested = ({*part.factors["family"]} for part in (digits.training, digits.test))
    assert not seen & tested
    assert len(digits.training) + len(digits.validation) + len(digits.test) == 3300


def test_samples_are_of_every_class(found: Generalisation, sets: tuple[TestSet, ...]) -> None:
    assert found.samples["digits"].shape == (10, 12, 28, 28)
    assert found.samples["noise"].shape == (1, 12, 28, 28)
    assert found.samples["printed"].any((2, 3)).all()
    assert sample_png(sets[0].data)[:4] == b"\x89PNG"
    few = load_dataset("digits").head(3)
    assert samples(few).any((2, 3)).sum() == 3
