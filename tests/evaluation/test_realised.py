"""Realised severity: what was asked for against what is measured, and the table's way to the disk and back."""

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio
from support.folder_content import content
from support.synthetic import make_suite, make_sweep, synthetic_predictions
from torch import nn

from robustmnist.data import Dataset, load_dataset
from robustmnist.errors import RunError
from robustmnist.evaluation import evaluate, realised
from robustmnist.evaluation.realised import measure_realised
from robustmnist.measure import MEASURES
from robustmnist.perturb import PERTURBATIONS, prepare, scale
from robustmnist.predictions import (
    REALISED,
    Predictions,
    manifest_bytes,
    merge,
    only_suites,
    parse_realised,
    read_predictions,
    realised_csv,
)
from robustmnist.results import summarise
from robustmnist.suites import Sweep
from robustmnist.suites.natural_band import band
from robustmnist.system.files import sha256_bytes

MOVED = ["realised_mean", "realised_sd", "ink_clipped", "psnr", "natural_low", "natural_high"]

SUITE = make_suite(
    "mixed",
    make_sweep("right", values=(0, 1, 2.5, 12)),
    make_sweep("turn", "rotation", "angle", "°", (-130, -30, 0, 20)),
    make_sweep("noise", "gaussian-noise", "sigma", "sd of ink", (0, 0.3), draws=2),
)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits").head(60)


def table_of(digits: Dataset, *sweeps: Sweep, seed: int | None = None) -> pd.DataFrame:
    """Return the realised severities of a suite of these sweeps, by value."""
    table = measure_realised([make_suite("some", *sweeps)], digits, seed)
    assert tuple(table.columns) == REALISED
    return table.set_index("value")


# --- what was asked is what is measured ------------------------------------------------------------------------------


def test_a_shift_is_as_far_as_asked_and_clips_what_left(digits: Dataset) -> None:
    table = table_of(digits, make_sweep("right", values=(0, 1, 2.5, 12)))
    assert table["measure"].unique().tolist() == ["centroid-radius"]
    assert table["measure_unit"].unique().tolist() == ["px"]
    for value in (1.0, 2.5):
        assert table.loc[value, "measured_mean"] == pytest.approx(value, abs=0.01)
        assert table.loc[value, "measured_sd"] < 0.05
        assert table.loc[value, "ink_clipped"] == pytest.approx(0, abs=1e-4)
    ink = digits.images.double()
    left = float(ink[..., 16:].sum() / ink.sum())  # the columns that 12 px push over the edge
    assert table.loc[12.0, "ink_clipped"] == pytest.approx(left, abs=1e-6)
    assert left > 0.1
    assert table.loc[12.0, "measured_mean"] < 11  # what is left of the digit lies less far


def test_directions_are_measured_along_themselves(digits: Dataset) -> None:
    table = table_of(digits, make_sweep("radius", values=(0, 2), over={"direction": ("left", "up", "down-right")}))
    assert table.loc[2.0, "measured_mean"] == pytest.approx(2, abs=0.02)
    signed = table_of(digits, make_sweep("up", "shift", "dy", values=(-2, 0, 1)))
    assert signed.loc[-2.0, "measured_mean"] == pytest.approx(-2, abs=0.02)
    assert signed["measure"].unique().tolist() == ["centroid-y"]


def test_a_turn_is_measured_beyond_the_period_of_the_axis(digits: Dataset) -> None:
    table = table_of(digits, make_sweep("turn", "rotation", "angle", "°", (-130, -30, 0, 20)))
    for value in (-130.0, -30.0, 20.0):
        assert table.loc[value, "measured_mean"] == pytest.approx(value, abs=0.3)
        assert table.loc[value, "measured_sd"] < 1.5
        assert abs(table.loc[value, "ink_clipped"]) < 0.005


def test_a_factor_is_measured_as_a_ratio(digits: Dataset) -> None:
    sweeps = [make_sweep(key, "scale", key, "×", (0.6, 1, 1.2), 1.0) for key in ("factor", "horizontal", "vertical")]
    for sweep in sweeps:
        table = table_of(digits, sweep)
        assert table["measure_unit"].unique().tolist() == ["×"]
        assert table["measured_mean"].tolist() == pytest.approx([0.6, 1, 1.2], abs=0.03)
        assert table["ink_clipped"].tolist() == pytest.approx([0, 0, 0], abs=0.01)
        assert table.loc[1.0, ["measured_mean", "measured_sd", "ink_clipped"]].tolist() == [1, 0, 0]


def test_a_stroke_is_measured_in_px_and_its_ink_is_not_clipped(digits: Dataset) -> None:
    table = table_of(digits, make_sweep("thick", "thickness", "change", "px", (-0.5, 0, 1)))
    assert table["measured_mean"].tolist() == pytest.approx([-0.5, 0, 1], abs=0.2)
    assert table["ink_clipped"].isna().all()


def test_a_fraction_of_the_way_is_measured_in_px_and_has_no_band(digits: Dataset) -> None:
    table = table_of(digits, make_sweep("margin", "decentering", "fraction", "fraction", (0, 0.5, 1)))
    assert table["measure_unit"].unique().tolist() == ["px"]
    half, whole = table.loc[0.5, "measured_mean"], table.loc[1.0, "measured_mean"]
    assert 1 < half < whole < 14
    assert table["ink_clipped"].tolist() == [0, 0, 0]
    assert table[["natural_low", "natural_high"]].isna().all(axis=None)


def test_noise_has_the_psnr_of_scikit_image_with_the_draws_of_the_evaluation(digits: Dataset) -> None:
    sweep = make_sweep("noise", "gaussian-noise", "sigma", "sd of ink", (0, 0.3), draws=2)
    for seed in (0, 5):
        table = table_of(digits, sweep, seed=seed)
        seen = [
            prepare("gaussian-noise", digits.images, ids=digits.ids, seed=seed, draw=draw)(sigma=0.3) for draw in (0, 1)
        ]
        clean = digits.images.double().numpy()
        expected = peak_signal_noise_ratio(np.stack([clean] * 2), torch.stack(seen).double().numpy(), data_range=1)
        assert table.loc[0.3, "psnr"] == pytest.approx(expected, abs=1e-5)
    assert table["measure"].tolist() == ["", ""]
    assert table[["measured_mean", "measured_sd", "ink_clipped", "natural_low"]].isna().all(axis=None)


def test_at_the_neutral_value_nothing_happened(digits: Dataset) -> None:
    table = measure_realised([SUITE], digits, None)
    neutral = table[table["value"] == 0]
    assert len(neutral) == 3
    assert neutral["psnr"].isna().all()
    moved = neutral[neutral["measure"] != ""]
    assert (moved[["measured_mean", "measured_sd", "ink_clipped"]] == 0).all(axis=None)


def test_every_row_carries_the_band_of_its_sweep(digits: Dataset) -> None:
    table = measure_realised([SUITE], digits, None)
    for sweep in SUITE.sweeps:
        rows = table[table["sweep"] == sweep.name]
        ends = band(sweep)
        if ends is None:
            assert rows[["natural_low", "natural_high"]].isna().all(axis=None)
        else:
            assert rows["natural_low"].tolist() == pytest.approx([ends[0]] * len(rows), abs=1e-6)
            assert rows["natural_high"].tolist() == pytest.approx([ends[1]] * len(rows), abs=1e-6)


def test_images_without_the_property_are_left_out(digits: Dataset) -> None:
    blank = replace(digits, images=digits.images * (digits.ids % 2)[:, None, None, None])
    table = table_of(blank, make_sweep("right", values=(0, 2)))
    assert table.loc[2.0, "measured_mean"] == pytest.approx(2, abs=0.01)
    none = table_of(replace(digits, images=torch.zeros_like(digits.images)), make_sweep("right", values=(0, 2)))
    assert none[["measured_mean", "measured_sd", "ink_clipped", "psnr"]].isna().all(axis=None)


# --- which images ----------------------------------------------------------------------------------------------------


def test_the_sample_is_spread_over_the_data_set_and_knows_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    digits = load_dataset("digits").head(200)
    monkeypatch.setattr(realised, "IMAGES", 50)
    first = measure_realised([SUITE], digits, None)
    assert (first["n"] == 50).all()
    pd.testing.assert_frame_equal(measure_realised([SUITE], digits.select(list(range(0, 200, 4))), None), first)
    mixed = digits.select(torch.randperm(200, generator=torch.Generator().manual_seed(0)))
    pd.testing.assert_frame_equal(measure_realised([SUITE], mixed, None), first)


def test_a_sweep_of_many_variants_measures_fewer_images(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(realised, "MOST", 400)
    sweep = make_sweep("noise", "gaussian-noise", "sigma", "sd of ink", (0, 0.3), draws=5)
    assert table_of(digits, sweep)["n"].tolist() == [40, 40]
    assert table_of(digits, replace(sweep, draws=50))["n"].tolist() == [20, 20]


# --- maps -----------------------------------------------------------------------------------------------------------

MAP = make_sweep("map", "shift", "dx", values=(-2, 0, 12), over={"dy": (0.0, 1.5)}, crossed={"dy": 0.0})
POSES = make_sweep(
    "poses",
    "pose",
    "angle",
    "°",
    (-30, 0, 20),
    over={"dx": (0.0, 3.0), "dy": (-1.5, 0.0)},
    crossed={"dx": 0.0, "dy": 0.0},
)


def test_a_map_has_a_row_for_each_of_its_strengths_at_every_point(digits: Dataset) -> None:
    table = measure_realised([make_suite("both", MAP, make_sweep(values=(0, 1)))], digits, None)
    assert list(zip(*(table[key] for key in ("sweep", "parameter", "value", "others")), strict=True)) == [
        *(("map", "dx", x, f"dy {y}") for x in (-2.0, 0.0, 12.0) for y in ("0", "1.5")),
        *(("map", "dy", y, f"dx {x}") for x in ("-2", "0", "12") for y in (0.0, 1.5)),
        ("right", "distance", 0.0, ""),
        ("right", "distance", 1.0, ""),
    ]
    assert table["measure"].tolist() == ["centroid-x"] * 6 + ["centroid-y"] * 6 + ["centroid-radius"] * 2
    across, down = (table[table["parameter"] == key].reset_index(drop=True) for key in ("dx", "dy"))
    for rows in (across, down):
        near = rows[~rows["others"].eq("dx 12") & rows["value"].ne(12)]
        assert near["measured_mean"].tolist() == pytest.approx(near["value"].tolist(), abs=0.01)
    # What belongs to the point is the same whichever strength the row is of.
    shared = ["n", "ink_clipped", "psnr"]
    pd.testing.assert_frame_equal(across[shared], down[shared])
    for rows, strength in ((across, "dx"), (down, "dy")):
        ends = band(MAP, strength)
        assert ends is not None
        assert rows["natural_low"].unique().tolist() == pytest.approx([ends[0]], abs=1e-6)
    assert band(MAP, "dx") == band(MAP) != band(MAP, "dy")


def test_a_point_of_a_map_is_what_the_curve_through_it_is(digits: Dataset) -> None:
    both = measure_realised([make_suite("some", MAP)], digits, None)
    axis = both[(both["parameter"] == "dx") & (both["others"] == "dy 0")].set_index("value")
    curve = table_of(digits, make_sweep("one", "shift", "dx", values=(-2, 0, 12)))
    numbers = ["n", "measured_mean", "measured_sd", "ink_clipped", "psnr", "natural_low", "natural_high"]
    pd.testing.assert_frame_equal(axis[numbers], curve[numbers])
    corner = both[(both["parameter"] == "dx") & (both["value"] == 12) & (both["others"] == "dy 1.5")]
    assert float(corner["ink_clipped"].iloc[0]) > axis.loc[12.0, "ink_clipped"] - 1e-4
    neutral = both[(both["value"] == 0) & both["others"].isin(["dx 0", "dy 0"])]
    assert len(neutral) == 2
    assert (neutral[["measured_mean", "measured_sd", "ink_clipped"]] == 0).all(axis=None)
    assert neutral["psnr"].isna().all()


def test_every_strength_of_a_pose_is_measured_beside_the_others(digits: Dataset) -> None:
    table = measure_realised([make_suite("some", POSES)], digits, None)
    assert len(table) == 3 * 12
    assert table.groupby("parameter", sort=False)["unit"].first().to_dict() == {"angle": "°", "dx": "px", "dy": "px"}
    angle = table[table["parameter"] == "angle"]
    assert angle["measured_mean"].tolist() == pytest.approx(angle["value"].tolist(), abs=0.5)
    # A turn about the frame's middle carries along a centre of mass that lies beside it: (x, y) goes to
    # (x cos + y sin, y cos − x sin), the y axis pointing down.
    x, y = (float(MEASURES[f"centroid-{one}"].function(digits.images).mean()) for one in "xy")
    for key in ("dx", "dy"):
        rows = table[table["parameter"] == key]
        turned = np.radians([float(text.split(",")[0].removeprefix("angle ")) for text in rows["others"]])
        cos, sin = np.cos(turned), np.sin(turned)
        carried = (x * cos + y * sin - x) if key == "dx" else (y * cos - x * sin - y)
        assert np.abs(carried).max() > 0.1
        assert rows["measured_mean"].tolist() == pytest.approx((rows["value"] + carried).tolist(), abs=0.02)
    assert table["others"].iloc[[0, -1]].tolist() == ["dx 0, dy -1.5", "angle 20, dx 3"]


def test_a_map_of_many_points_measures_fewer_images_and_its_draws_together(
    digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realised, "MOST", 240)
    crossed = replace(MAP, draws=2)
    table = measure_realised([make_suite("some", crossed)], digits, None)
    assert table["n"].tolist() == [240 // (3 * 4)] * 12


# --- what only carries ink -----------------------------------------------------------------------------------------


def test_carriers_keep_the_ink_that_stays_in_the_frame(digits: Dataset) -> None:
    small = replace(digits, images=scale(digits.images, factor=0.5))
    gentle = {"scale": 0.8, "decentering": 0.5, "random-pose": 0.5, "shear": 0.4, "rotation": 30.0, "pose": 30.0}
    gentle |= {"turn-and-back": 30.0, "width": 0.8, "mnist-c-scale": 0.8, "mnist-c-rotate": 0.4, "mnist-c-shear": 0.4}
    carriers = [name for name, entry in PERTURBATIONS.items() if entry.ink_factor is not None]
    assert len(carriers) == 15
    for name in carriers:
        for key, parameter in PERTURBATIONS[name].parameters.items():
            values = sorted({parameter.neutral, gentle.get(name, 2.5) if parameter.unit != "px" else 2.5})
            table = table_of(small, make_sweep("one", name, key, parameter.unit, values, parameter.neutral, fixed={}))
            assert abs(table["ink_clipped"]).max() < 0.01, f"{name}.{key}"


# --- in the summary ------------------------------------------------------------------------------------------------


def test_the_summary_has_it_for_every_checkpoint(digits: Dataset) -> None:
    models = {name: nn.Sequential(nn.Flatten(), nn.Linear(784, 10)) for name in ("a", "b")}
    predictions = evaluate(models, digits, SUITE, device="cpu")
    assert predictions.realised is not None
    summary = summarise(predictions)
    assert list(summary.columns[-6:]) == MOVED
    for name in models:
        rows = summary[summary["checkpoint"] == name].reset_index(drop=True)
        sources = ["measured_mean", "measured_sd", *MOVED[2:]]
        np.testing.assert_array_equal(rows[MOVED], predictions.realised[sources])


def test_predictions_without_it_have_a_summary_all_the_same() -> None:
    summary = summarise(synthetic_predictions(n=20))
    assert list(summary.columns[-6:]) == MOVED
    assert summary[MOVED].isna().all(axis=None)


# --- on disk -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    out = tmp_path_factory.mktemp("runs") / "run"
    evaluate({"a": nn.Sequential(nn.Flatten(), nn.Linear(784, 10))}, digits, SUITE, device="cpu", out=out)
    return out


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run, tmp_path / "copy"))


def resign(folder: Path, table: bytes | None) -> None:
    """Put another table, or none, into a run, with hashes as a forger would make them."""
    manifest = json.loads((folder / "run.json").read_text())
    manifest["files"].pop("realised.csv")
    if table is None:
        (folder / "realised.csv").unlink()
    else:
        (folder / "realised.csv").write_bytes(table)
        manifest["files"]["realised.csv"] = sha256_bytes(table)
    (folder / "run.json").write_bytes(manifest_bytes(manifest))


def test_it_is_read_back_as_it_was(run: Path, digits: Dataset) -> None:
    found = read_predictions(run).realised
    assert found is not None
    pd.testing.assert_frame_equal(found, measure_realised([SUITE], digits, None), check_exact=True)
    assert (run / "realised.csv").read_text().splitlines()[0] == ",".join(REALISED)
    assert (run / "summary.csv").read_text().splitlines()[0].endswith(",".join(MOVED))


def test_a_finished_run_made_anew_has_the_same_bytes(run: Path, copy: Path, digits: Dataset) -> None:
    (copy / "run.json").unlink()
    (copy / "realised.csv").unlink()
    torch.manual_seed(0)
    evaluate({"a": nn.Sequential(nn.Flatten(), nn.Linear(784, 10))}, digits, SUITE, device="cpu", out=copy)
    assert content(copy) == content(run)


def test_a_run_of_before_is_read_without_it(copy: Path) -> None:
    resign(copy, None)
    predictions = read_predictions(copy)
    assert predictions.realised is None
    assert summarise(predictions)[MOVED].isna().all(axis=None)


def old(text: str) -> str:
    """Return a table as it was written before maps were measured: two columns fewer, and curves alone."""
    table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    curves = table[table["others"] == ""].drop(columns=["parameter", "others"])
    return str(curves.to_csv(index=False, lineterminator="\n"))


def test_a_table_of_before_maps_were_measured_is_read(digits: Dataset, run: Path, copy: Path) -> None:
    new = (run / "realised.csv").read_text()
    resign(copy, old(new).encode())
    found = read_predictions(copy).realised
    assert found is not None
    pd.testing.assert_frame_equal(found, parse_realised(new, [SUITE]), check_exact=True)

    mixed = make_suite("mixed", MAP, *SUITE.sweeps)
    whole = measure_realised([mixed], digits, None)
    before = parse_realised(old(realised_csv(whole)), [mixed])
    curves = whole[whole["others"] == ""].reset_index(drop=True)
    pd.testing.assert_frame_equal(before, curves, check_exact=True)
    only = make_suite("maps", MAP)
    assert parse_realised(old(realised_csv(measure_realised([only], digits, None))), [only]).empty


def test_a_table_that_lacks_a_point_of_a_map_is_none(digits: Dataset) -> None:
    suite = make_suite("maps", MAP)
    lines = realised_csv(measure_realised([suite], digits, None)).splitlines(keepends=True)
    assert len(parse_realised("".join(lines), [suite])) == 12
    for forged in (lines[:-1], [lines[0], *lines[2:], lines[1]], [one.replace("dy 1.5", "dy 1.6") for one in lines]):
        with pytest.raises(ValueError, match="not the run's settings"):
            parse_realised("".join(forged), [suite])


def test_a_run_of_a_map_is_read_back_and_made_anew_as_it_was(digits: Dataset, tmp_path: Path) -> None:
    def made(out: Path) -> Predictions:
        torch.manual_seed(0)
        model = {"a": nn.Sequential(nn.Flatten(), nn.Linear(784, 10))}
        return evaluate(model, digits, make_suite("maps", MAP), device="cpu", out=out)

    first = made(tmp_path / "one")
    assert first.realised is not None
    assert len(first.realised) == 12
    pd.testing.assert_frame_equal(read_predictions(tmp_path / "one").realised, first.realised, check_exact=True)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    for name in ("run.json", "realised.csv"):
        (tmp_path / "two" / name).unlink()
    made(tmp_path / "two")
    assert content(tmp_path / "two") == content(tmp_path / "one")


def test_runs_with_and_without_maps_measured_are_merged(digits: Dataset) -> None:
    maps, curves = make_suite("maps", MAP), make_suite("curves", make_sweep(values=(0, 1)))
    model = {"a": nn.Sequential(nn.Flatten(), nn.Linear(784, 10))}
    one, two = (evaluate(model, digits, suite, device="cpu") for suite in (maps, curves))
    assert one.realised is not None
    merged = merge([one, two])
    pd.testing.assert_frame_equal(merged.realised, measure_realised([maps, curves], digits, None), check_exact=True)
    before = replace(one, realised=parse_realised(old(realised_csv(one.realised)), [maps]))
    pd.testing.assert_frame_equal(merge([before, two]).realised, two.realised, check_exact=True, check_dtype=False)
    assert only_suites(merged, ["maps"]).realised is not None
    pd.testing.assert_frame_equal(only_suites(merged, ["maps"]).realised, one.realised, check_exact=True)


def test_a_changed_table_is_seen(copy: Path) -> None:
    path = copy / "realised.csv"
    path.write_bytes(path.read_bytes().replace(b"px", b"pt", 1))
    with pytest.raises(RunError, match=r"realised.csv: was changed after it was written"):
        read_predictions(copy)
    path.unlink()
    with pytest.raises(RunError, match=r"realised.csv: cannot be read .*; delete run.json"):
        read_predictions(copy)


@pytest.mark.parametrize("damage", ["rows", "columns", "words", "parameter", "bytes", "empty", "quotes"])
def test_a_forged_table_is_one_clear_line(copy: Path, damage: str) -> None:
    good = (copy / "realised.csv").read_bytes()
    lines = good.splitlines(keepends=True)
    forged = {
        "rows": b"".join(lines[:-1]),
        "columns": good.replace(b"psnr", b"snr"),
        "words": good.replace(b",60,", b",many,"),
        "parameter": good.replace(b",distance,", b",dx,"),
        "bytes": b"\xff\xfe" + good,
        "empty": b"",
        "quotes": good + b'"\n\n',
    }
    resign(copy, forged[damage])
    with pytest.raises(RunError, match=r"holds no realised severities") as caught:
        read_predictions(copy)
    assert "\n" not in str(caught.value)


def test_names_and_numbers_survive_the_file(digits: Dataset) -> None:
    table = measure_realised([SUITE], digits, None)
    odd = table.assign(unit='NA, "quoted"', measured_mean=np.linspace(0.1, 1 / 3, len(table)), natural_low=-1e-300)
    pd.testing.assert_frame_equal(parse_realised(realised_csv(odd), [SUITE]), odd, check_exact=True)
