"""The published study: its tables follow from each other, and a sample of its numbers is measured again."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from reports import ablations
from reports.chapters import with_chapter
from robustmnist.ablation.study import load_study
from robustmnist.ablation.words import base_of
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.perturb import prepare
from robustmnist.results import headline
from robustmnist.suites import load_suite

REPORTS = Path(__file__).parent.parent / "reports"
SUMMARY = pd.read_csv(REPORTS / "summary.csv")
NEAR_TIES = 3  # decisions that another processor may take otherwise: two logits closer than its rounding

# Few of them, but of every kind: a copy, a map of pixels, draws, a prepared stroke, MNIST-C.
SAMPLE = [
    ("fc", "shift", "right", 3.0),
    ("fc", "noise", "shot", 0.6),
    ("fc", "mnist-c", "glass-blur", 0.7),
    ("fc", "stroke", "fracture", 2.0),
    ("fc", "intensity", "jpeg", 90.0),
    ("cnn", "rotation", "angle", -45.0),
    ("cnn-augmented", "decentering", "margin", 1.0),
]


def test_the_headline_follows_from_the_summary() -> None:
    told = pd.read_csv(REPORTS / "headline.csv")
    pd.testing.assert_frame_equal(headline(SUMMARY), told, atol=1e-6, check_dtype=False)


def test_the_headline_and_the_critical_strengths_agree_to_the_last_digit() -> None:
    keys = ["checkpoint", "suite", "sweep"]
    heads = pd.read_csv(REPORTS / "headline.csv", dtype=str).set_index(keys)
    rows = pd.read_csv(REPORTS / "critical.csv", dtype=str).to_dict("records")
    assert len(rows) > 100
    for row in rows:
        column = {"below": "threshold_low", "above": "threshold_high"}[row["side"]]
        assert str(heads.loc[tuple(row[key] for key in keys), column]) == str(row["critical"])


def test_every_setting_is_of_all_test_digits() -> None:
    assert set(SUMMARY["n"]) == {10_000}
    assert SUMMARY["accuracy"].between(SUMMARY["accuracy_low"], SUMMARY["accuracy_high"]).all()


@pytest.mark.parametrize(("checkpoint", "suite", "sweep", "value"), SAMPLE)
def test_a_sample_is_measured_again(
    checkpoint: str, suite: str, sweep: str, value: float, mnist_test: tuple[np.ndarray, np.ndarray]
) -> None:
    pixels, labels = mnist_test
    images = torch.from_numpy(pixels.copy()).float().div(255).unsqueeze(1)
    found = load_suite(suite)
    asked = next(one for one in found.sweeps if one.name == sweep)
    (variant,) = asked.variants
    ready = prepare(asked.perturbation, images, ids=torch.arange(len(images)), seed=found.seed, draw=variant.draw)
    predicted = load_checkpoint(checkpoint)(ready(**asked.arguments(value, variant))).argmax(1).numpy()
    rows = SUMMARY[(SUMMARY["checkpoint"] == checkpoint) & (SUMMARY["suite"] == suite) & (SUMMARY["sweep"] == sweep)]
    (published,) = rows[np.isclose(rows["value"], value)]["correct"]
    assert abs(int((predicted == labels).sum()) - published) <= NEAR_TIES


@pytest.mark.parametrize("name", ["ablation-fc", "ablation-cnn"])
def test_a_study_has_every_variant_with_every_seed_and_its_effects_are_means(name: str) -> None:
    study = load_study(REPORTS / f"{name}.toml")
    folder = REPORTS / name
    cells, effects = (pd.read_csv(folder / f"{table}.csv") for table in ("cells", "effects"))
    names = [variant.name for variant in study.variant]
    assert set(effects["variant"]) == set(names)
    assert {each: set(rows["seed"]) for each, rows in cells.groupby("variant")} == {
        each: set(study.seeds) for each in ("base", *names)
    }
    means = cells.groupby("variant")["accuracy"].mean()
    accuracy = effects[effects["measure"] == "accuracy"].set_index("variant")["difference"]
    for each in names:
        assert accuracy[each] == pytest.approx(means[each] - means["base"], abs=2e-6)
    page = (folder / "study.html").read_text(encoding="utf-8")
    assert study.title in page
    assert f"{len(names)} changes of {base_of(study)}, {len(study.seeds)} seeds each, 10,000 test digits." in page


def test_the_chapter_on_training_is_that_of_the_studies() -> None:
    text = (REPORTS / "README.md").read_text(encoding="utf-8")
    assert with_chapter(text, ablations.chapter()) == text
