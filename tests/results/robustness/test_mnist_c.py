"""mCE of MNIST-C: each corruption once, and a figure of its own at the strengths of the data set."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.perturb.mnist_c import DATA_SET as BY_NAME
from robustmnist.results import corruption_errors, mean_corruption_errors
from robustmnist.results.robustness.mnist_c import DATA_SET, counted, data_set_value
from robustmnist.suites import load_suite

MNIST_C = load_suite("mnist-c")
SUMMARY = pd.read_csv(Path(__file__).parents[3] / "reports" / "summary.csv")
FOG = make_sweep("fog", "mnist-c-fog", "amount", "ink", (0, 2, 3))
ROUGH = make_sweep("rough", "mnist-c-fog", "amount", "ink", (0, 1, 2))
STRIPE = make_sweep("stripe", "mnist-c-stripe", "opacity", "fraction", (0, 0.5, 1))


def test_the_strengths_are_those_of_the_perturbations() -> None:
    assert {name.removeprefix("mnist-c-"): value for name, value in DATA_SET.items()} == pytest.approx(dict(BY_NAME))


def test_the_suite_has_fifteen_corruptions_each_with_the_strength_of_the_data_set() -> None:
    sweeps = counted(MNIST_C)
    assert len(sweeps) == len({sweep.perturbation for sweep in sweeps}) == 15
    assert "fog" in [sweep.name for sweep in sweeps]
    assert "fog-rough" not in [sweep.name for sweep in sweeps]
    assert [data_set_value(sweep) for sweep in sweeps] == pytest.approx([DATA_SET[one.perturbation] for one in sweeps])


@pytest.mark.parametrize(
    ("sweeps", "names"),
    [
        ((ROUGH, FOG, STRIPE), ["fog", "stripe"]),
        ((FOG, ROUGH), ["fog"]),
        ((ROUGH, replace(ROUGH, name="other")), ["rough"]),
        ((make_sweep(), make_sweep("left")), ["right", "left"]),  # of other perturbations every curve counts
    ],
)
def test_of_several_curves_of_a_corruption_one_counts(sweeps: tuple[object, ...], names: list[str]) -> None:
    assert [sweep.name for sweep in counted(make_suite("s", *sweeps))] == names  # type: ignore[arg-type]


def test_both_figures_are_means_of_the_corruptions_errors() -> None:
    run = synthetic_predictions(("fc", "cnn"), n=80, suites=[make_suite("s", FOG, ROUGH, STRIPE)], digits=False)
    row = mean_corruption_errors(run, "fc", 300).set_index("checkpoint").loc["cnn"]
    each = corruption_errors(run, "fc", 300).query("checkpoint == 'cnn'").set_index("sweep")["ce"]
    assert row["sweeps"] == 2
    assert row["mce"] == pytest.approx((each["fog"] + each["stripe"]) / 2)
    at_last = {}
    for sweep in (FOG, STRIPE):
        wrong = run.logits["s", sweep.name][:, 2].argmax(-1) != run.labels
        at_last[sweep.name] = wrong[1].mean() / wrong[0].mean()
    assert row["data_set_mce"] == pytest.approx(np.mean(list(at_last.values())))
    assert row["data_set_mce_low"] < row["data_set_mce"] < row["data_set_mce_high"]
    whole = mean_corruption_errors(run, "fc", 300).set_index("checkpoint").loc["fc"]
    assert [whole[f"data_set_mce{end}"] for end in ("", "_low", "_high")] == [1, 1, 1]


def test_a_suite_without_the_strengths_of_the_data_set_has_no_figure_at_them() -> None:
    run = synthetic_predictions(("fc", "cnn"), n=40, suites=[make_suite("s", ROUGH, STRIPE)], digits=False)
    assert mean_corruption_errors(run, "fc", 50)["data_set_mce"].isna().all()


@pytest.mark.parametrize(
    ("own", "checkpoint", "expected"),
    [(False, "cnn", 0.791), (False, "cnn-augmented", 1.030), (True, "cnn", 0.885), (True, "cnn-augmented", 1.226)],
)
def test_the_published_predictions_have_these_figures(own: bool, checkpoint: str, expected: float) -> None:
    ratios = []
    for sweep in counted(MNIST_C):
        rows = SUMMARY[(SUMMARY["suite"] == "mnist-c") & (SUMMARY["sweep"] == sweep.name)]
        chosen = rows["value"] == data_set_value(sweep) if own else rows["value"] != sweep.neutral
        error = 1 - rows[chosen].groupby("checkpoint")["accuracy"].mean()
        ratios.append(error[checkpoint] / error["fc"])
    assert np.mean(ratios) == pytest.approx(expected, abs=0.005)
