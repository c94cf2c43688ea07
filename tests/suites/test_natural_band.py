"""How strong is natural: the shipped table against digits measured again, and the bands that follow from it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import CliRunner
from support.synthetic import make_sweep

from robustmnist.cli import cli
from robustmnist.data import load_dataset
from robustmnist.data.sources.mnist import PARTS
from robustmnist.measure import MEASURES, Measure
from robustmnist.measure.natural import COLUMNS, describe, natural_csv
from robustmnist.perturb import PERTURBATIONS, Parameter, Perturbation
from robustmnist.suites.natural_band import band, comparison, natural_bands

TABLE = Path(__file__).parents[2] / "perturbations" / "natural.csv"
SAMPLE = 2000  # digits measured again


@pytest.fixture(scope="module")
def shipped() -> pd.DataFrame:
    return pd.read_csv(TABLE, comment="#")


# --- the shipped table -------------------------------------------------------------------------------------------


def test_the_table_says_what_it_was_made_of(shipped: pd.DataFrame) -> None:
    head = dict(line[2:].split(": ", 1) for line in TABLE.read_text().splitlines() if line.startswith("# "))
    assert head["command"] == "robustmnist measure --dataset mnist --part train"
    assert head["dataset"] == "mnist (train), 60000 digits"
    for file in PARTS["train"]:
        assert head[f"sha256 of {file.name}"] == file.sha256
    assert list(shipped) == list(COLUMNS)
    assert (shipped.loc[shipped["measure"] != "angle", "n"] == 60_000).all()
    assert shipped.loc[shipped["measure"] == "angle", "n"].between(0.7 * 60_000, 0.75 * 60_000).all()  # the long ones


def test_the_table_has_every_measure(shipped: pd.DataFrame) -> None:
    assert list(shipped["measure"].unique()) == list(MEASURES)
    for name, measure in MEASURES.items():
        rows = shipped[shipped["measure"] == name].set_index("of")
        assert list(rows.index) == ["reading", "difference", *(["ratio"] if measure.ratio else [])]
        assert rows.loc["reading", "unit"] == rows.loc["difference", "unit"] == measure.unit
        assert (rows["low"] < rows["median"]).all()
        assert (rows["median"] < rows["high"]).all()


def test_digits_measured_again_agree_with_the_table(mnist_dir: Path, shipped: pd.DataFrame) -> None:
    digits = load_dataset("mnist", part="train", data_dir=mnist_dir)
    # At random: the first 2000 are by a few writers with slants of their own, and even every 30th digit of the file is
    # no fair sample: 8 standard errors too narrow.
    digits = digits.select(torch.randperm(60_000, generator=torch.Generator().manual_seed(0))[:SAMPLE])
    readings = {name: measure.function(digits.images).numpy() for name, measure in MEASURES.items()}
    again = describe(readings, digits.labels.numpy(), MEASURES)
    assert again[["measure", "of", "unit"]].equals(shipped[["measure", "of", "unit"]])
    # A sample is off by chance. Mean: 4 standard errors. Standard deviation: 15 %. Quantiles: the share of the sample
    # below the table's is 2.5, 50 and 97.5 % but for 4 binomial standard errors, of 2000 digits 1.4 and 4.5 %.
    assert (abs(again["mean"] - shipped["mean"]) < 4 * shipped["sd"] / again["n"] ** 0.5).all()
    np.testing.assert_allclose(again["n"], shipped["n"] * (SAMPLE / 60_000), rtol=0.06)
    np.testing.assert_allclose(again["sd"], shipped["sd"], rtol=0.15)
    for row in shipped[shipped["of"] == "reading"].itertuples():
        known = readings[str(row.measure)][np.isfinite(readings[str(row.measure)])]
        shares = np.array([float(np.mean(known < end)) for end in (row.low, row.median, row.high)])
        expected = np.array([0.025, 0.5, 0.975])
        assert (abs(shares - expected) < 4 * (expected * (1 - expected) / len(known)) ** 0.5).all(), row.measure


# --- how it is made ------------------------------------------------------------------------------------------------


def made_up(**measures: Measure) -> dict[str, Measure]:
    return measures


def test_a_difference_is_from_the_median_of_the_class() -> None:
    measures = made_up(width=Measure("px", lambda images: images, ratio=True))
    values = np.array([9.0, 10.0, 14.0, 1.0, 2.0, 3.0, np.nan])
    labels = np.array([0, 0, 0, 7, 7, 7, 7])
    table = describe({"width": values}, labels, measures).set_index("of")
    assert table["n"].tolist() == [6, 6, 6]
    assert table.loc["reading", "mean"] == pytest.approx(6.5)
    # −1, 0, 4 and −1, 0, 1; 0.9, 1, 1.4 and 0.5, 1, 1.5
    assert table.loc["difference", ["mean", "median"]].tolist() == pytest.approx([0.5, 0.0])
    assert table.loc["ratio", ["mean", "median"]].tolist() == pytest.approx([6.3 / 6, 1.0])
    expected = np.percentile([-1, 0, 4, -1, 0, 1], [2.5, 97.5])
    assert table.loc["difference", ["low", "high"]].tolist() == pytest.approx(list(expected))
    assert table.loc["difference", "sd"] == pytest.approx(np.std([-1, 0, 4, -1, 0, 1]))


def test_angles_about_the_horizontal_have_their_median_there() -> None:
    measures = made_up(angle=Measure("°", lambda images: images, period=180.0))
    values = np.array([85.0, 88.0, 90.0, -89.0, -80.0])  # 85, 88, 90, 91, 100
    table = describe({"angle": values}, np.zeros(5, int), measures).set_index("of")
    assert table.loc["difference", "median"] == pytest.approx(0)
    assert table.loc["difference", "mean"] == pytest.approx(np.mean([-5, -2, 0, 1, 10]))


def test_a_distance_is_from_where_the_class_is() -> None:
    plain = Measure("px", lambda images: images)
    measures = made_up(x=plain, y=plain, far=Measure("px", lambda images: images, parts=("x", "y")))
    x, y = np.array([1.0, 1.0, 4.0]), np.array([2.0, 2.0, 6.0])
    table = describe({"x": x, "y": y, "far": np.hypot(x, y)}, np.zeros(3, int), measures)
    row = table[(table["measure"] == "far") & (table["of"] == "difference")].iloc[0]
    assert row["mean"] == pytest.approx(5 / 3)  # 0, 0 and 5, the hypotenuse of 3 and 4


def test_a_class_without_the_property_is_left_out() -> None:
    measures = made_up(width=Measure("px", lambda images: images))
    table = describe({"width": np.array([1.0, np.nan])}, np.array([0, 1]), measures)
    assert table["n"].tolist() == [1, 1]
    none = describe({"width": np.array([np.nan])}, np.array([0]), measures)
    assert none["n"].tolist() == [0, 0]
    assert none[["mean", "sd", "low", "median", "high"]].isna().all(axis=None)
    assert "width,reading,px,0,,,,," in natural_csv(none, {})


def test_what_has_no_ratio_is_not_counted_and_not_complained_of() -> None:
    """Blank digits have no ink: none of them, and one of a class whose middle has none, is a multiple of it."""
    measures = made_up(ink=Measure("px", lambda images: images, ratio=True))
    table = describe({"ink": np.array([0.0, 0.0, 5.0, 2.0, 4.0])}, np.array([0, 0, 0, 1, 1]), measures).set_index("of")
    assert table["n"].to_dict() == {"reading": 5, "difference": 5, "ratio": 2}
    assert table.loc["ratio", "mean"] == pytest.approx(1.0)


# --- bands -----------------------------------------------------------------------------------------------------------


def test_bands_are_in_the_unit_of_the_sweep() -> None:
    bands = natural_bands()
    assert band(make_sweep("x", "shift", "dx")) == bands["centroid-x"]["difference"]
    assert band(make_sweep("turn", "rotation", "angle", "°")) == bands["angle"]["difference"]
    assert band(make_sweep("wide", "scale", "horizontal", "×", (0.5, 1), 1.0)) == bands["width"]["ratio"]
    assert band(make_sweep("thick", "thickness", "change")) == bands["stroke-width"]["difference"]
    assert band(make_sweep()) == (0.0, bands["centroid-radius"]["difference"][1])


def test_there_is_no_band_where_no_measure_is_in_the_unit_of_the_sweep() -> None:
    assert band(make_sweep("noise", "gaussian-noise", "sigma", "sd of ink")) is None
    assert PERTURBATIONS["decentering"].parameters["fraction"].measure == "centroid-radius"
    assert band(make_sweep("margin", "decentering", "fraction", "fraction")) is None
    diagonal = {"direction": "down-right", "metric": "chessboard"}  # 1 px of it are 1.41 px of way
    assert band(make_sweep("diagonal", fixed=diagonal)) is None
    assert band(make_sweep("diagonal", over={"metric": ("euclidean", "chessboard")})) is None
    assert band(make_sweep("diagonal", fixed={**diagonal, "metric": "euclidean"})) is not None


def test_a_fraction_of_the_width_is_the_ratio_less_one(monkeypatch: pytest.MonkeyPatch) -> None:
    parameter = Parameter("fraction", 0.0, -1.0, 3.0, measure="stroke-width")
    assert comparison(parameter, MEASURES["stroke-width"]) == ("change", "fraction")
    monkeypatch.setitem(PERTURBATIONS, "thickness", Perturbation(lambda x: x, {"by": parameter}))
    low, high = natural_bands()["stroke-width"]["ratio"]
    assert band(make_sweep("by", "thickness", "by", "fraction")) == (low - 1, high - 1)


def test_what_is_natural_is_plausible() -> None:
    bands = natural_bands()
    # MNIST digits are centred by mass to the pixel and brought to a box of 20 px: that leaves half a pixel either way,
    # and no digit larger than the rest, while strokes and slants are the writer's own.
    assert -0.51 < bands["centroid-x"]["difference"][0] < bands["centroid-x"]["difference"][1] < 0.51
    assert 0.95 < bands["size"]["ratio"][0] < bands["size"]["ratio"][1] < 1.05
    assert bands["stroke-width"]["ratio"][1] > 1.5
    assert bands["slant"]["difference"][1] > 0.4
    # The long axis turns with the hand, 26° for ones, and with a digit's shape; a round digit's would be anywhere.
    assert -40 < bands["angle"]["difference"][0] < -26 < 26 < bands["angle"]["difference"][1] < 55


def test_every_band_holds_its_neutral_value() -> None:
    for name, perturbation in PERTURBATIONS.items():
        for key, parameter in perturbation.parameters.items():
            assert parameter.measure is None or parameter.measure in MEASURES, f"{name}.{key}"
            ends = band(make_sweep("any", name, key, parameter.unit, (parameter.neutral,), parameter.neutral))
            assert ends is None or ends[0] <= parameter.neutral <= ends[1], f"{name}.{key}"


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_prints_and_writes_the_table(tmp_path: Path) -> None:
    out = tmp_path / "table.csv"
    words = ["measure", "--dataset", "digits", "--limit", "40", "--device", "cpu"]
    result = CliRunner().invoke(cli, [*words, "-o", str(out)])
    assert result.exit_code == 0, result.output
    assert "data: digits (test), 40 images" in result.stderr
    head, *rows = result.stdout.splitlines()
    assert head.split()[:4] == ["measure", "of", "unit", "n"]
    assert (
        len(rows) == len(pd.read_csv(out, comment="#")) == 2 * len(MEASURES) + sum(m.ratio for m in MEASURES.values())
    )
    assert out.read_text().startswith("# command: robustmnist measure --dataset digits --limit 40 --device cpu\n")
    printed = json.loads(CliRunner().invoke(cli, [*words, "--json"]).stdout)
    assert printed["dataset"] == "digits (test), a stratified sample of 40 of 1,797 digits"
    assert printed["measures"][0] == {"of": "reading", **printed["measures"][0], "measure": "centroid-x", "n": 40}


def test_a_part_that_there_is_not_is_one_line() -> None:
    result = CliRunner().invoke(cli, ["measure", "--part", "exam"])
    assert result.exit_code == 2
    assert "'exam' is not one of" in result.output
