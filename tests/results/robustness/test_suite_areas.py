"""A suite in one number: means of areas and of maps, with intervals that hold them."""

import numpy as np
import pytest
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.results.correctness import right
from robustmnist.results.robustness.areas import areas
from robustmnist.results.robustness.suite_areas import map_means, suite_areas

POINTS = make_sweep("map", "shift", "dx", "px", (-2, 0, 2), over={"dy": (-1.0, 0.0, 1.0)}, crossed={"dy": 0.0})


def test_it_is_the_mean_of_the_areas_of_the_sweeps() -> None:
    run = synthetic_predictions(("fc", "cnn"), n=150)
    single = areas(run, 200).groupby(["suite", "checkpoint"])["area"].mean()
    for row in suite_areas(run, 200).itertuples():
        assert row.area == pytest.approx(single[row.suite, row.checkpoint])
        assert row.area_low < row.area < row.area_high
        assert row.n == 150


def test_one_sweep_has_the_interval_of_its_area() -> None:
    run = synthetic_predictions(("fc",), n=150, suites=[make_suite("s", make_sweep())])
    one, single = suite_areas(run, 300).iloc[0], areas(run, 300).iloc[0]
    assert [one[key] for key in ("area", "area_low", "area_high")] == pytest.approx(
        [single[key] for key in ("area", "area_low", "area_high")]
    )


def test_a_suite_of_maps_has_their_mean_accuracy_and_its_standard_error() -> None:
    run = synthetic_predictions(("fc", "cnn"), n=400, suites=[make_suite("m", POINTS)])
    share = right(run, "m", "map").mean(axis=(1, 2))  # (M, n)
    table = suite_areas(run, 2_000)
    assert list(table["area"]) == pytest.approx(list(share.mean(axis=1)))
    width = table["area_high"] - table["area_low"]
    assert list(width) == pytest.approx(list(2 * 1.96 * share.std(axis=1) / np.sqrt(400)), rel=0.1)


def test_every_map_has_a_mean_of_its_own_whose_average_is_the_suites() -> None:
    other = make_sweep("turned", "rotation", "angle", "°", (0, 40), over={"dx": (0.0, 3.0)}, crossed={"dx": 0.0})
    run = synthetic_predictions(
        ("fc", "cnn"), n=400, suites=[make_suite("m", POINTS, other), make_suite("s", make_sweep())]
    )
    table = map_means(run, 2_000)
    assert list(zip(table["sweep"], table["checkpoint"], table["points"], strict=True)) == [
        ("map", "fc", 9),
        ("map", "cnn", 9),
        ("turned", "fc", 4),
        ("turned", "cnn", 4),
    ]
    share = np.concatenate([right(run, "m", name).mean(axis=(1, 2)) for name in ("map", "turned")])  # (4, n)
    assert list(table["mean"]) == pytest.approx(list(share.mean(axis=1)))
    width = list(table["mean_high"] - table["mean_low"])
    assert width == pytest.approx(list(2 * 1.96 * share.std(axis=1) / np.sqrt(400)), rel=0.1)
    averages = table.groupby("checkpoint", sort=False)["mean"].mean()
    assert list(averages) == pytest.approx(list(suite_areas(run, 50)["area"][:2]))


def test_what_is_returned_may_be_changed() -> None:
    run = synthetic_predictions(("fc",), n=20)
    table = suite_areas(run, 50)
    table["area"] = 7.0
    assert suite_areas(run, 50)["area"].max() <= 1
