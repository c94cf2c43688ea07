"""Maps and worst cases: closed forms, plain loops as the slow truth, orderings on shipped checkpoints, defects."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import binomtest
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results import (
    consistency,
    decide,
    per_class,
    shift_map,
    summarise,
    worst_case,
    worst_of_k,
    worst_over_grid,
)

MAP = replace(make_sweep("map", "shift", "dx", values=(-2, 0, 2), over={"dy": (-1.0, 0.0, 3.0)}), crossed={"dy": 0.0})
POSES = replace(
    make_sweep("grid", "pose", "angle", "°", (-30, 0, 30), over={"dx": (0.0, 3.0), "dy": (-3.0, 0.0)}),
    crossed={"dx": 0.0, "dy": 0.0},
)
DRAWN = make_sweep("drawn", "random-pose", "extent", "fraction", (0, 1), draws=6)
BOTH = make_sweep("both", values=(0, 3), over={"direction": ("up", "left")}, draws=3)
TURN = make_sweep("turn", "rotation", "angle", "°", (-20, -10, 0, 10, 30))
SUITES = (make_suite("joint", MAP, POSES, DRAWN, BOTH, TURN),)


@pytest.fixture(scope="module")
def predictions() -> Predictions:
    return synthetic_predictions(("fc", "cnn"), n=90, suites=SUITES, invalid=4, digits=False)


def answers(predictions: Predictions, checkpoint: str, sweep: str) -> np.ndarray:
    """Return the predicted classes by the plain rule, (V, R, n)."""
    logits = predictions.logits["joint", sweep][predictions.index(checkpoint)]
    return np.array([[decide(table).predicted for table in value] for value in logits])


def of(predictions: Predictions, right: np.ndarray, sweep: str = "map") -> Predictions:
    """Return predictions of one checkpoint that are right where `right` (V, R, n) says so, and else say class + 1."""
    n = right.shape[-1]
    labels = predictions.labels[:n]
    said = np.where(right, labels, (labels + 1) % 10)
    logits = np.eye(10, dtype=np.float32)[said][None] * 9
    clean = np.eye(10, dtype=np.float32)[labels][None] * 9
    return Predictions(
        ("one",), SUITES, np.arange(n), labels, clean, {("joint", sweep): logits}, predictions.manifest, None
    )


# --- maps ------------------------------------------------------------------------------------------------------------


def test_a_map_is_what_a_plain_loop_counts(predictions: Predictions) -> None:
    table = shift_map(predictions, "joint", "map")
    assert list(table[["checkpoint", "dx", "dy"]].itertuples(index=False, name=None)) == list(
        itertools.product(("fc", "cnn"), (-2, 0, 2), (-1, 0, 3))
    )
    for row in table.itertuples():
        v, r = MAP.values.index(row.dx), MAP.over["dy"].index(row.dy)
        right = int((answers(predictions, row.checkpoint, "map")[v, r] == predictions.labels).sum())
        interval = binomtest(right, 90).proportion_ci(0.95, method="wilson")
        assert (row.correct, row.n, row.variants, row.accuracy) == (right, 90, 1, right / 90)
        assert (row.accuracy_low, row.accuracy_high) == pytest.approx((interval.low, interval.high), abs=1e-12)
        assert row.neutral == (row.dx == row.dy == 0)


def test_a_map_of_three_strengths_names_them_all(predictions: Predictions) -> None:
    table = shift_map(predictions, "joint", "grid")
    assert {"angle", "dx", "dy"} <= set(table.columns)
    assert len(table) == 2 * 3 * 2 * 2
    assert table["neutral"].sum() == 2
    row = table.query("checkpoint == 'cnn' and angle == 30 and dx == 3 and dy == -3").iloc[0]
    place = [variant.fixed for variant in POSES.variants].index({"dx": 3.0, "dy": -3.0})
    assert row["correct"] == (answers(predictions, "cnn", "grid")[2, place] == predictions.labels).sum()


def test_maps_by_class_add_up(predictions: Predictions) -> None:
    whole = shift_map(predictions, "joint", "map")
    parts = [shift_map(predictions, "joint", "map", label=label) for label in range(10)]
    pd.testing.assert_series_equal(sum(part["correct"] for part in parts), whole["correct"])
    assert sum(part["n"].iloc[0] for part in parts) == 90
    for label, part in enumerate(parts):
        alone = per_class(predictions, "fc").iloc[label]
        assert part["n"].iloc[0] == alone["n"]


def test_choices_and_draws_at_a_point_are_averaged() -> None:
    sweep = replace(MAP, over={"dy": (-1.0, 0.0), "direction": ("up", "down")}, draws=2)
    made = synthetic_predictions(("fc",), n=40, suites=(make_suite("joint", sweep),), digits=False)
    table = shift_map(made, "joint", "map")
    assert (table["variants"] == 4).all()
    assert len(table) == 3 * 2
    right = answers(made, "fc", "map") == made.labels  # variants: dy, direction, draw, the last the fastest
    assert table["correct"].tolist() == [right[v, 4 * d : 4 * d + 4].sum() for v in range(3) for d in range(2)]
    assert worst_over_grid(made, "joint", "map")["metric"].tolist() == ["worst of grid 2×2×2×3"]


def test_a_class_without_images_has_no_number() -> None:
    made = synthetic_predictions(("fc",), n=5, suites=SUITES, digits=False)
    absent = int(np.setdiff1d(np.arange(10), made.labels)[0])
    for table in (
        shift_map(made, "joint", "map", label=absent),
        worst_over_grid(made, "joint", "map", label=absent),
    ):
        assert table[["accuracy", "accuracy_low", "accuracy_high"]].isna().all(axis=None)
    columns = ["consistency", "consistency_low", "consistency_high", "consistency_drawn"]
    assert consistency(made, "joint", "map", label=absent)[columns].isna().all(axis=None)


def test_what_is_no_map_or_no_class_is_said(predictions: Predictions) -> None:
    for function in (shift_map, worst_over_grid):
        with pytest.raises(
            RunError, match=r"sweep 'joint.turn' is a curve, not a map; give a sweep whose 'over' holds"
        ):
            function(predictions, "joint", "turn")
        with pytest.raises(RunError, match="sweep 'mpa' is not in this run, did you mean 'map'"):
            function(predictions, "joint", "mpa")
        with pytest.raises(RunError, match="10 is not a class; use 0 to 9"):
            function(predictions, "joint", "map", label=10)
    with pytest.raises(RunError, match=r"sweep 'joint.map' has a single draw; give one with 'draws' of 2 or more"):
        worst_of_k(predictions, "joint", "map")


# --- consistency -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sweep", ["map", "drawn", "turn"])
def test_consistency_is_that_of_every_pair(sweep: str, predictions: Predictions) -> None:
    table = consistency(predictions, "joint", sweep)
    for row in table.itertuples():
        said = answers(predictions, row.checkpoint, sweep)
        said = said.reshape(-1, said.shape[-1])
        p = len(said)
        agree = np.array([[(a == b) & (a >= 0) for b in said] for a in said])  # (P, P, n)
        assert row.points == p
        different = agree[~np.eye(p, dtype=bool)]
        assert row.consistency == pytest.approx(different.mean(), rel=1e-12)
        assert row.consistency_drawn == pytest.approx(agree.mean(), rel=1e-12)
        share = different.mean(axis=0)
        half = 1.959964 * share.std(ddof=1) / np.sqrt(90)
        assert (row.consistency_low, row.consistency_high) == pytest.approx(
            (share.mean() - half, min(share.mean() + half, 1)), abs=0.01
        )


@pytest.mark.parametrize("n", [100, 500])
def test_the_interval_of_a_consistency_holds_where_next_to_no_answers_differ(n: int) -> None:
    # The normal interval covers 33 % at n = 100 and 79 % at 500.
    rng, inside = np.random.default_rng(0), 0
    run = synthetic_predictions(("fc",), n=n, suites=[make_suite("joint", MAP)], digits=False)
    logits = run.logits["joint", "map"]
    for _ in range(100):
        answer = np.zeros(logits.shape[:-1], np.int64)
        answer[:, 0, 0] = rng.random(n) < 0.004  # at one of the nine points
        made = replace(run, logits={("joint", "map"): np.eye(10, dtype=np.float32)[answer]})
        row = consistency(made, "joint", "map", resamples=400).iloc[0]
        inside += row["consistency_low"] <= 1 - 0.004 * 16 / 72 <= row["consistency_high"]
    assert inside >= 93


def test_consistency_in_closed_form(predictions: Predictions) -> None:
    always = of(predictions, np.zeros((3, 3, 20), bool))
    assert consistency(always, "joint", "map")["consistency"].item() == 1.0  # wrong, but always the same
    right = np.zeros((3, 3, 20), bool)
    right[0] = True  # three of the nine answers say one thing, six another
    found = consistency(of(predictions, right), "joint", "map").iloc[0]
    assert found["consistency"] == pytest.approx((3 * 2 + 6 * 5) / (9 * 8))
    assert found["consistency_drawn"] == pytest.approx((9 + 36) / 81)
    assert consistency(of(predictions, right[..., :1]), "joint", "map")["n"].item() == 1


def test_consistency_by_class_is_the_mean_of_the_whole(predictions: Predictions) -> None:
    parts = pd.concat([consistency(predictions, "joint", "map", label=label) for label in range(10)])
    mine = parts[parts["checkpoint"] == "fc"]
    whole = consistency(predictions, "joint", "map").iloc[0]
    assert (mine["consistency"] * mine["n"]).sum() / 90 == pytest.approx(whole["consistency"])


# --- the worst case --------------------------------------------------------------------------------------------------


def test_worst_of_k_is_what_a_plain_loop_counts(predictions: Predictions) -> None:
    for name, words in (("drawn", 1), ("both", 2)):
        sweep = predictions.sweep("joint", name)
        table = worst_of_k(predictions, "joint", name)
        assert len(table) == 2 * 2 * sweep.draws
        for row in table.itertuples():
            right = answers(predictions, row.checkpoint, name)[sweep.values.index(row.value)] == predictions.labels
            stands = [
                all(right[word * sweep.draws + draw, image] for draw in range(row.k))
                for word in range(words)
                for image in range(90)
            ]
            assert row.accuracy == pytest.approx(np.mean(stands), rel=1e-12)
            assert row.random == pytest.approx(right.mean(), rel=1e-12)
            assert row.metric == f"worst-of-{row.k}"
            assert row.accuracy_low < row.accuracy < row.accuracy_high or row.accuracy in (0, 1)


def test_draws_are_nested_so_that_accuracy_never_rises_with_k(predictions: Predictions) -> None:
    table = worst_of_k(predictions, "joint", "drawn")
    for _, curve in table.groupby(["checkpoint", "value"]):
        assert (np.diff(curve.sort_values("k")["accuracy"]) <= 0).all()
        assert curve["accuracy"].iloc[-1] <= curve["random"].iloc[0]


def test_the_neutral_value_is_clean_in_the_worst_case_too(predictions: Predictions) -> None:
    for table in (worst_of_k(predictions, "joint", "drawn").query("value == 0"),):
        assert (table["accuracy"] == table["clean"]).all()
    for sweep in ("map", "turn", "drawn", "both", "grid"):
        table = worst_case(predictions, "joint", sweep)
        assert (table.query("strength == 0")["accuracy"] == table.query("strength == 0")["clean"]).all()


def test_worst_over_a_grid_is_the_worst_of_each_image(predictions: Predictions) -> None:
    for name, metric, points in (("map", "worst of grid 3×3", 9), ("grid", "worst of grid 2×2×3", 12)):
        table = worst_over_grid(predictions, "joint", name)
        for row in table.itertuples():
            right = answers(predictions, row.checkpoint, name) == predictions.labels
            assert row.accuracy == right.all(axis=(0, 1)).mean()
            assert row.mean == pytest.approx(right.mean(), rel=1e-12)
            assert (row.metric, row.points, row.n) == (metric, points, 90)
        by_class = [worst_over_grid(predictions, "joint", name, label=label) for label in range(10)]
        total = sum(part["accuracy"] * part["n"] for part in by_class)
        np.testing.assert_allclose(total, table["accuracy"] * 90)


def test_the_worst_case_of_a_curve(predictions: Predictions) -> None:
    table = worst_case(predictions, "joint", "turn").query("checkpoint == 'cnn'")
    assert table["strength"].tolist() == [0, 10, 20, 30]
    assert table["settings"].tolist() == [1, 3, 4, 5]
    assert table["metric"].tolist() == [f"worst of {k} setting{'s' * (k > 1)}" for k in (1, 3, 4, 5)]
    right = answers(predictions, "cnn", "turn")[:, 0] == predictions.labels
    away = np.abs(np.array(TURN.values))
    expected = [right[away <= strength].all(axis=0).mean() for strength in (0, 10, 20, 30)]
    assert table["accuracy"].tolist() == pytest.approx(expected)
    assert (np.diff(table["accuracy"]) <= 0).all()


def test_equal_distances_are_equal_in_floating_point_too() -> None:
    sweep = make_sweep("factor", "scale", "factor", "×", (0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3), neutral=1.0)
    made = synthetic_predictions(("fc",), n=20, suites=(make_suite("scale", sweep),), digits=False)
    table = worst_case(made, "scale", "factor")
    assert table["strength"].tolist() == [0, 0.1, 0.2, 0.3]
    assert table["settings"].tolist() == [1, 3, 5, 7]
    assert table["unit"].tolist() == ["×"] * 4


def test_the_worst_case_of_a_map_grows_with_the_square(predictions: Predictions) -> None:
    table = worst_case(predictions, "joint", "map").query("checkpoint == 'fc'")
    # dx reaches 2 and dy 3: (0, -1) is a third of the way, all else but (0, 0) is at an edge.
    assert table["strength"].tolist() == pytest.approx([0, 1 / 3, 1])
    assert table["settings"].tolist() == [1, 2, 9]
    assert table["unit"].unique().tolist() == ["fraction of the grid"]
    whole = worst_over_grid(predictions, "joint", "map").iloc[0]
    assert table["accuracy"].iloc[-1] == whole["accuracy"]


def test_invalid_answers_are_wrong_everywhere(predictions: Predictions) -> None:
    nothing = synthetic_predictions(("nan",), n=30, suites=SUITES, invalid=30, digits=False)
    assert (worst_over_grid(nothing, "joint", "map")["accuracy"] == 0).all()
    assert (worst_of_k(nothing, "joint", "drawn").query("value == 1")["accuracy"] == 0).all()
    # Only the neutral one of the nine points has an answer, and the eight invalid ones agree with none.
    found = consistency(nothing, "joint", "map").iloc[0]
    assert found["consistency"] == 0
    assert found["consistency_drawn"] == pytest.approx(1 / 9**2)


# --- named defects of other tools ------------------------------------------------------------------------------------


def test_art_defect_every_image_has_a_worst_point_of_its_own(predictions: Predictions) -> None:
    """ART's spatial attack takes the one transformation that is worst for the whole set."""
    right = np.ones((3, 3, 9), bool)
    for image, point in enumerate(itertools.product(range(3), range(3))):
        right[(*point, image)] = False  # each image falls at one point, each at another
    made = of(predictions, right)
    points = shift_map(made, "joint", "map")["accuracy"]
    assert points.min() == pytest.approx(8 / 9)  # what the best global transformation reaches
    assert worst_over_grid(made, "joint", "map")["accuracy"].item() == 0.0


def test_foolbox_defect_the_worst_is_over_all_draws_not_the_first_success(predictions: Predictions) -> None:
    """Foolbox stops at an image's first success and shares its draws between the images of a batch."""
    right = np.ones((2, 6, 4), bool)
    right[1, 2, 0] = False  # fails in the third draw, stands again later: fallen for good
    right[1, 5, 1] = False  # fails in the last draw only
    table = worst_of_k(of(predictions, right, "drawn"), "joint", "drawn").query("value == 1").set_index("k")["accuracy"]
    assert table.tolist() == [1, 1, 0.75, 0.75, 0.75, 0.5]
    turned = worst_of_k(of(predictions, right[:, ::-1].copy(), "drawn"), "joint", "drawn").query("value == 1")
    assert turned.set_index("k")["accuracy"].loc[6] == table.loc[6]  # the order of draws does not matter in the end


# --- on shipped checkpoints ------------------------------------------------------------------------------------------


def test_orderings_on_shipped_checkpoints() -> None:
    """Grid ≤ worst of k ≤ random ≤ clean, k nested, and the convolutional net above the other under shift."""
    from robustmnist.data import load_dataset
    from robustmnist.evaluation import evaluate
    from robustmnist.models.checkpoints.checkpoint import load_checkpoint

    grid = replace(
        make_sweep(
            "grid", "pose", "angle", "°", (-30, -15, 0, 15, 30), over={"dx": (-3.0, 0.0, 3.0), "dy": (-3.0, 0.0, 3.0)}
        ),
        crossed={"dx": 0.0, "dy": 0.0},
    )
    drawn = make_sweep("drawn", "random-pose", "extent", "fraction", (0, 0.5, 1), draws=10)
    models = {name: load_checkpoint(name, torch.device("cpu")) for name in ("fc", "cnn")}
    digits = load_dataset("digits").head(120)
    found = evaluate(models, digits, make_suite("worst", grid, drawn), device="cpu")
    for name in models:
        over = worst_over_grid(found, "worst", "grid").set_index("checkpoint").loc[name]
        by_k = worst_of_k(found, "worst", "drawn").query(f"checkpoint == '{name}' and value == 1")
        accuracy = by_k.set_index("k")["accuracy"]
        assert over["accuracy"] <= accuracy[10] <= accuracy[1]
        assert accuracy[10] <= by_k["random"].iloc[0] <= by_k["clean"].iloc[0]
        assert over["accuracy"] < over["mean"] < over["clean"]
        reach = worst_case(found, "worst", "drawn").query(f"checkpoint == '{name}'")
        assert (np.diff(reach["accuracy"]) <= 0).all()
        agree = consistency(found, "worst", "grid").set_index("checkpoint").loc[name, "consistency"]
        assert over["accuracy"] < agree < 1
    points = shift_map(found, "worst", "grid").groupby("checkpoint")["accuracy"].mean()
    assert points["cnn"] > points["fc"]
    drawn_random = summarise(found).query("sweep == 'drawn' and value == 1").set_index("checkpoint")["accuracy"]
    random = worst_of_k(found, "worst", "drawn").query("value == 1 and k == 1").set_index("checkpoint")["random"]
    pd.testing.assert_series_equal(random, drawn_random, check_names=False)
