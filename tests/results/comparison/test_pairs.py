"""Two checkpoints on the same images, and several seeds: scipy and scikit-learn as oracles, identities, coverage."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest, false_discovery_control, norm, ttest_rel, wilcoxon
from sklearn.metrics import cohen_kappa_score
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions
from robustmnist.results import (
    Comparison,
    areas,
    compare,
    compare_pairs,
    critical_severity,
    decide,
    disagreements,
    error_consistency,
    holm,
    mcnemar,
    mean_corruption_errors,
    mistakes,
    mistakes_read_right,
    quality,
    recipe_groups,
    seed_variance,
    wrong_and_right,
)
from robustmnist.results.comparison.seeds import _components
from robustmnist.results.robustness.areas import image_areas
from robustmnist.statistics.paired_tests import cohens_g, odds_ratio, paired_difference

RESAMPLES = 400
seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def predictions() -> Predictions:
    return synthetic_predictions(("fc", "cnn"), n=200, invalid=3, digits=False)


@pytest.fixture(scope="module")
def comparison(predictions: Predictions) -> Comparison:
    return compare(predictions, "fc", "cnn", resamples=RESAMPLES)


# --- tests of pairs ------------------------------------------------------------------------------------------------


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_scipys_binomial_test(only_a: int, only_b: int) -> None:
    expected = binomtest(only_a, only_a + only_b, 0.5).pvalue if only_a + only_b else 1.0
    assert float(mcnemar(only_a, only_b)) == pytest.approx(expected, rel=1e-10)
    assert float(mcnemar(only_b, only_a)) == pytest.approx(expected, rel=1e-10)


def test_mcnemar_keeps_its_level_and_takes_arrays() -> None:
    rng = np.random.default_rng(0)
    only_a = rng.binomial(40, 0.5, 20_000)
    p = mcnemar(only_a, 40 - only_a)
    assert p.shape == (20_000,)
    assert (p < 0.05).mean() < 0.05


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_steps_down(p: list[float]) -> None:
    found = holm(p)
    left = sorted(range(len(p)), key=lambda i: p[i])
    running = 0.0
    for step, i in enumerate(left):
        running = max(running, (len(p) - step) * p[i])
        assert found[i] == pytest.approx(min(running, 1.0))
    # Between no correction and Bonferroni's, and never below what controls the weaker false discovery rate.
    assert (found >= np.array(p) - 1e-15).all()
    assert (found <= np.minimum(np.array(p) * len(p), 1) + 1e-12).all()
    assert (found >= false_discovery_control(p) - 1e-12).all()


def test_holm_leaves_out_what_could_not_be_tested() -> None:
    np.testing.assert_allclose(holm([0.02, np.nan, 0.01]), [0.02, np.nan, 0.02])
    assert holm([]).tolist() == []


def test_effect_sizes_by_hand() -> None:
    assert (float(odds_ratio(5, 15)), float(cohens_g(5, 15))) == (3.0, 0.25)
    assert float(odds_ratio(0, 2)) == math.inf
    assert math.isnan(float(odds_ratio(0, 0)))
    assert math.isnan(float(cohens_g(0, 0)))


@given(seeds)
def test_error_consistency_is_scikit_learns_kappa(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(size=50) < 0.8, rng.uniform(size=50) < 0.6
    if 0 < a.sum() < 50:
        agreement, kappa = error_consistency(a, b)
        assert kappa == pytest.approx(cohen_kappa_score(a, b), abs=1e-12)
        assert agreement == (a == b).mean()
        assert error_consistency(a, a) == (1.0, pytest.approx(1.0))


def test_error_consistency_of_the_perfect_is_not_defined() -> None:
    agreement, kappa = error_consistency(np.ones(5, bool), np.ones(5, bool))
    assert agreement == 1
    assert math.isnan(kappa)


@given(seeds, st.integers(2, 40))
def test_paired_difference_is_scipys_t_test(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=n), rng.normal(0.3, 1, n)
    mean, p, effect = paired_difference(b - a)
    assert p == pytest.approx(ttest_rel(b, a).pvalue, rel=1e-9)
    assert mean == pytest.approx(b.mean() - a.mean())
    assert effect == pytest.approx(mean / (b - a).std(ddof=1))


def test_paired_difference_without_a_spread() -> None:
    assert paired_difference(np.zeros(5)) == (0.0, 1.0, 0.0)
    assert paired_difference(np.full(5, -0.1))[1:] == (0.0, -math.inf)
    mean, p, effect = paired_difference(np.array([0.5]))
    assert mean == 0.5
    assert math.isnan(p)
    assert math.isnan(effect)


# --- the comparison ------------------------------------------------------------------------------------------------


def test_settings_are_counted_as_a_loop_counts(comparison: Comparison, predictions: Predictions) -> None:
    table = comparison.settings
    assert (comparison.a, comparison.b, comparison.baseline, comparison.n) == ("fc", "cnn", "fc", 200)
    assert len(table) == 1 + sum(len(sweep.values) - 1 for suite in predictions.suites for sweep in suite.sweeps)
    for row in table.itertuples():
        at = (row.suite, row.sweep, row.value) if row.suite else ()
        right = [
            np.array([decide(logits).predicted == predictions.labels for logits in predictions.at(name, *at)])
            for name in ("fc", "cnn")
        ]
        mine, other = (one.mean(0) for one in right)
        assert (row.only_a, row.only_b) == ((mine > other).sum(), (other > mine).sum())
        assert (row.accuracy_a, row.accuracy_b) == pytest.approx((mine.mean(), other.mean()))
        assert row.difference == pytest.approx(other.mean() - mine.mean())
        decided = row.only_a + row.only_b
        assert row.p == pytest.approx(binomtest(row.only_a, decided).pvalue if decided else 1.0)
        assert row.agreement == (right[0] == right[1]).mean()
        # The normal interval of a paired difference of means; where few images tell, that of none in 200 is added.
        half = norm.ppf(0.975) * (other - mine).std() / math.sqrt(200)
        wide = (row.difference_high - row.difference_low) / 2
        assert 0.85 * half <= wide <= (1.25 * half if decided >= 20 else half + 3.7 / 200)


def test_clean_accuracy_is_corrected_with_the_suites_and_not_with_the_settings(comparison: Comparison) -> None:
    settings, suites = comparison.settings, comparison.suites
    headline = holm([settings["p"].iloc[0], *suites["p"]])
    np.testing.assert_allclose([settings["p_holm"].iloc[0], *suites["p_holm"]], headline)
    np.testing.assert_allclose(settings["p_holm"].iloc[1:], holm(settings["p"].iloc[1:]))


def test_no_family_claims_a_difference_by_chance_more_often_than_its_level() -> None:
    # All checkpoints are equally good and err on images of their own: every claim is false.
    rng, claimed = np.random.default_rng(7), {"headline": 0, "settings": 0, "sweeps": 0}
    suites = [make_suite(name, make_sweep(values=(0, 1, 2))) for name in ("r", "s")]
    run = synthetic_predictions(("a", "b", "c"), n=150, suites=suites, digits=False)
    for _ in range(40):
        logits = {key: answers_of(run, rng, array.shape[:-1]) for key, array in run.logits.items()}
        drawn = replace(run, clean=answers_of(run, rng, run.clean.shape[:-1]), logits=logits)
        found = compare_pairs(drawn, resamples=2)
        least = {
            "headline": min(min(one.settings["p_holm"].iloc[0], one.suites["p_holm"].min()) for one in found),
            "settings": min(one.settings["p_holm"].iloc[1:].min() for one in found),
            "sweeps": min(one.sweeps["p_holm"].min() for one in found),
        }
        for family, p in least.items():
            claimed[family] += p < 0.05
    # 40 draws at 5 %: 7 or more come with probability 0.3 %, even if the level were used up; without a correction the
    # nine tests of the headline would make some twelve.
    assert all(times < 7 for times in claimed.values())


def answers_of(run: Predictions, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return logits of `shape` and ten classes that are right with probability 0.8."""
    true = rng.random(shape) < 0.8
    chosen = np.where(true, run.labels, (run.labels + 1) % 10)
    return np.eye(10, dtype=np.float32)[chosen]


def test_accuracies_are_those_of_quality(comparison: Comparison, predictions: Predictions) -> None:
    scored = quality(predictions).query("suite == '' or not neutral")
    for name, column in (("fc", "accuracy_a"), ("cnn", "accuracy_b")):
        expected = scored[scored["checkpoint"] == name]["accuracy"]
        np.testing.assert_allclose(comparison.settings[column], expected)


def test_sweeps_and_suites_compare_areas(comparison: Comparison, predictions: Predictions) -> None:
    table = areas(predictions, RESAMPLES)
    for name, column in (("fc", "area_a"), ("cnn", "area_b")):
        np.testing.assert_allclose(comparison.sweeps[column], table[table["checkpoint"] == name]["area"])
        means = table[table["checkpoint"] == name].groupby("suite", sort=False)["area"].mean()
        np.testing.assert_allclose(comparison.suites[column], means)
    for row in comparison.sweeps.itertuples():
        fc, cnn = image_areas(predictions, row.suite, row.sweep)
        assert row.p == pytest.approx(ttest_rel(cnn, fc).pvalue, rel=1e-9)
        half = norm.ppf(0.975) * (cnn - fc).std() / math.sqrt(200)
        assert (row.difference_high - row.difference_low) / 2 == pytest.approx(half, rel=0.15)
        # Paired: narrower than the intervals of the two areas allow for.
        own = table[(table["sweep"] == row.sweep) & (table["suite"] == row.suite)]
        apart = math.hypot(*(own["area_high"] - own["area_low"]))
        assert row.difference_high - row.difference_low < apart
    np.testing.assert_allclose(comparison.sweeps["p_holm"], holm(comparison.sweeps["p"]))


def test_mce_is_that_of_the_table_and_missing_where_sweeps_are_of_unequal_length(
    comparison: Comparison, predictions: Predictions
) -> None:
    rows = comparison.suites.set_index("suite")
    assert math.isnan(rows.loc["shift", "mce_b"])
    each = mean_corruption_errors(predictions, "fc", RESAMPLES, unequal="mean-error").set_index(["suite", "checkpoint"])
    for suite in ("rotation", "noise"):
        assert rows.loc[suite, "mce_a"] == 1.0
        assert rows.loc[suite, "mce_b"] == pytest.approx(each.loc[(suite, "cnn"), "mce"])
        low, high = (each.loc[(suite, "cnn"), f"mce_{end}"] - 1 for end in ("low", "high"))
        found = rows.loc[suite, ["mce_difference_low", "mce_difference_high"]]
        assert found.tolist() == pytest.approx([low, high])
    other = compare(predictions, "fc", "cnn", baseline="cnn", resamples=RESAMPLES).suites.set_index("suite")
    assert other.loc["rotation", "mce_b"] == 1.0
    assert other.loc["rotation", "mce_a"] == pytest.approx(1 / rows.loc["rotation", "mce_b"])


def test_sides_compare_how_far_images_stand(comparison: Comparison, predictions: Predictions) -> None:
    assert comparison.sides["side"].tolist() == ["above", "above", "below", "above", "above"]
    for row in comparison.sides.itertuples():
        fc, cnn = (critical_severity(predictions, name, row.suite, row.sweep, row.side) for name in ("fc", "cnn"))
        gain = cnn["distance"] - fc["distance"]
        assert row.difference == pytest.approx(gain.mean())
        assert row.difference_low <= row.difference <= row.difference_high
        half = norm.ppf(0.975) * gain.std() / math.sqrt(200)
        assert (row.difference_high - row.difference_low) / 2 == pytest.approx(half, rel=0.2)
        # All are censored at one end, so who stands longer is known; but at the end itself failing differs from not.
        later = np.where(cnn["censored"], np.inf, cnn["distance"])
        earlier = np.where(fc["censored"], np.inf, fc["distance"])
        assert (row.longer_a, row.longer_b) == ((earlier > later).sum(), (later > earlier).sum())
        assert row.p == pytest.approx(binomtest(row.longer_a, row.longer_a + row.longer_b).pvalue, rel=1e-9)
        assert row.logrank < 0  # the second checkpoint stands longer
        assert row.p < row.logrank_p  # the test that is not paired sees less
        assert wilcoxon(gain[gain != 0]).pvalue < 1e-6  # another paired test agrees
        assert row.mean_b > row.mean_a
    np.testing.assert_allclose(comparison.sides["logrank_p_holm"], holm(comparison.sides["logrank_p"]))


def test_the_other_way_round_everything_changes_sign(comparison: Comparison, predictions: Predictions) -> None:
    back = compare(predictions, "cnn", "fc", resamples=RESAMPLES)
    for one, other in (
        (comparison.settings, back.settings),
        (comparison.sweeps, back.sweeps),
        (comparison.sides, back.sides),
    ):
        np.testing.assert_allclose(one["difference"], -other["difference"], atol=1e-12)
        np.testing.assert_allclose(one["difference_low"], -other["difference_high"], atol=1e-6)
        np.testing.assert_allclose(one["p"], other["p"], rtol=1e-9)
    np.testing.assert_allclose(comparison.settings["kappa"], back.settings["kappa"])


def test_a_comparison_is_seeded_and_a_copy(comparison: Comparison, predictions: Predictions) -> None:
    fresh = synthetic_predictions(("fc", "cnn"), n=200, invalid=3, digits=False)
    again = compare(fresh, "fc", "cnn", resamples=RESAMPLES)
    for name in ("settings", "sweeps", "suites", "sides"):
        pd.testing.assert_frame_equal(getattr(comparison, name), getattr(again, name))
    again.settings["p"] = 7.0
    assert (compare(fresh, "fc", "cnn", resamples=RESAMPLES).settings["p"] <= 1).all()
    other = compare(fresh, "fc", "cnn", resamples=RESAMPLES, seed=1).sweeps
    assert (other["difference_low"] != comparison.sweeps["difference_low"]).any()


def test_equal_checkpoints_do_not_differ() -> None:
    predictions = synthetic_predictions(("a", "b"), n=60, digits=False)
    predictions.clean[1] = predictions.clean[0]
    for table in predictions.logits.values():
        table[1] = table[0]
    found = compare(predictions, "a", "b", resamples=50)
    for table in (found.settings, found.sweeps, found.suites, found.sides):
        assert (table["difference"] == 0).all()
        np.testing.assert_allclose(table["difference_low"], -table["difference_high"])
        assert (table["difference_high"] > 0.03 * table.get("end", 1.0)).all()  # 60 images cannot tell them alike
        assert (table[["p", "p_holm"]] == 1).all(axis=None)
    assert (found.settings["agreement"] == 1).all()


def test_a_comparison_names_two(predictions: Predictions) -> None:
    with pytest.raises(RunError, match="checkpoint 'fc' is compared with itself"):
        compare(predictions, "fc", "fc")
    with pytest.raises(RunError, match="checkpoint 'vit' is not in this run"):
        compare(predictions, "fc", "vit")
    with pytest.raises(RunError, match="checkpoint 'alexnet' is not in this run"):
        compare(predictions, "fc", "cnn", baseline="alexnet")


# --- lists ---------------------------------------------------------------------------------------------------------


def test_wrong_and_right_lists_all_and_ranks_them(comparison: Comparison, predictions: Predictions) -> None:
    for row in comparison.settings.itertuples():
        at = (row.suite, row.sweep, row.value) if row.suite else ()
        better, worse = wrong_and_right(predictions, "fc", "cnn", *at), wrong_and_right(predictions, "cnn", "fc", *at)
        if row.variants == 1:
            assert (len(worse), len(better)) == (row.only_a, row.only_b)
        assert len(better) - len(worse) == pytest.approx(row.difference * row.n * row.variants)
        assert better["log_odds"].dropna().is_monotonic_decreasing
        assert (better["predicted"] != better["label"]).all()
        assert (better.dropna()["confidence_wrong"] > 0.1).all()


def test_wrong_and_right_shows_invalid_answers_last(predictions: Predictions) -> None:
    table = wrong_and_right(predictions, "fc", "cnn", "shift", "radius", 2)
    invalid = table[table["predicted"] == -1]
    assert invalid.index.tolist() == list(range(len(table) - len(invalid), len(table)))
    assert invalid["log_odds"].isna().all()
    assert set(invalid["row"]) <= {0, 1, 2}
    assert set(table["variant_label"]) == {"right", "left", "down", "up"}
    top = wrong_and_right(predictions, "fc", "cnn", "shift", "radius", 2, top=3)
    pd.testing.assert_frame_equal(top, table.head(3))
    assert wrong_and_right(predictions, "fc", "fc", "shift", "radius", 2).empty


def test_mistakes_that_the_other_reads_right_are_so_at_the_very_setting(predictions: Predictions) -> None:
    for suite in predictions.suites:
        every = mistakes(predictions, "fc", suite.name)
        found = mistakes_read_right(predictions, "fc", "cnn", suite.name)
        right = [
            decide(predictions.at("cnn", suite.name, row.sweep, row.value)[row.variant])
            for row in every.itertuples()
        ]  # fmt: skip
        kept = [
            one.predicted[row] == label for one, row, label in zip(right, every["row"], every["label"], strict=True)
        ]
        assert found["rank"].tolist() == every["rank"][kept].tolist()
        sure = [one.confidence[row] for one, row in zip(right, every["row"], strict=True)]
        np.testing.assert_allclose(found["confidence_right"], np.array(sure)[kept])
        pd.testing.assert_frame_equal(mistakes_read_right(predictions, "fc", "cnn", suite.name, top=2), found.head(2))
        pd.testing.assert_frame_equal(mistakes(predictions, "fc", suite.name), every)  # what is kept stays as it was


def test_disagreements_are_all_lists_one_after_the_other() -> None:
    rng, run = np.random.default_rng(3), synthetic_predictions(("fc", "cnn"), n=60, digits=False)
    logits = {key: answers_of(run, rng, array.shape[:-1]) for key, array in run.logits.items()}
    run = replace(run, clean=answers_of(run, rng, run.clean.shape[:-1]), logits=logits)
    table = disagreements(run, [("rotation", "angle", 30.0)], top=4)
    lists = dict(list(table.groupby(["wrong", "right", "suite"], sort=False)))
    ways = (("fc", "cnn"), ("cnn", "fc"))
    assert list(lists) == [(*way, suite) for way in ways for suite in ("", "rotation")]
    settings = compare(run, "fc", "cnn", resamples=2).settings
    at = settings[(settings["sweep"] == "angle") & (settings["value"] == 30)].iloc[0]
    for (wrong, right, suite), part in lists.items():
        there = ("rotation", "angle", 30.0) if suite else ()
        whole = wrong_and_right(run, wrong, right, *there)
        many = len(whole)
        assert many == (at if suite else settings.iloc[0])["only_b" if wrong == "fc" else "only_a"]
        assert many > 4  # so that a list at a setting is cut, and the clean one is not
        assert part["of"].tolist() == [many] * len(part)
        assert part["id"].tolist() == whole["id"].tolist()[: 4 if suite else many]
        assert part["rank"].tolist() == list(range(1, len(part) + 1))
        assert set(part["unit"]) == {"°" if suite else ""}


# --- seeds ---------------------------------------------------------------------------------------------------------


def simulated(rng: np.random.Generator, k: int, n: int, between: float) -> NDArray[np.float64]:
    """Return answers of `k` seeds: a common difficulty of each image, and a skill of each seed."""
    difficulty, skill = rng.normal(0, 1, n), rng.normal(0, between, (k, 1))
    return (rng.normal(1.2 + skill + difficulty, 1) > 0).astype(float)


@given(seeds, st.integers(2, 5), st.integers(3, 30))
def test_the_variances_are_those_of_the_two_way_table(seed: int, k: int, n: int) -> None:
    shares = simulated(np.random.default_rng(seed), k, n, 0.5)
    found = _components(shares)
    rest = shares - shares.mean(0) - shares.mean(1, keepdims=True) + shares.mean()
    mean_square = (rest**2).sum() / ((k - 1) * (n - 1))
    assert found["seed_sd"] ** 2 == pytest.approx(max(shares.mean(1).var(ddof=1) - mean_square / n, 0), abs=1e-12)
    image = max(shares.mean(0).var(ddof=1) - mean_square / k, 0)
    assert found["sample_sd"] ** 2 == pytest.approx((image + mean_square) / n, abs=1e-12)
    # Cochran's own formula.
    wins, rows = shares.sum(1), shares.sum(0)
    spread = k * rows.sum() - (rows**2).sum()
    q = (k - 1) * (k * (wins**2).sum() - wins.sum() ** 2) / spread if spread else 0.0
    assert found["cochran_q"] == pytest.approx(q, abs=1e-9)


def test_cochrans_q_of_two_is_mcnemars_without_correction() -> None:
    shares = np.zeros((2, 40))
    shares[0, :15], shares[1, 10:20] = 1, 1  # 10 only by the first, 5 only by the second
    assert _components(shares)["cochran_q"] == pytest.approx((10 - 5) ** 2 / 15)


def test_seed_and_sample_variance_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    alike, apart = simulated(rng, 5, 4000, 0.0), simulated(rng, 5, 4000, 0.3)
    assert _components(alike)["p"] > 0.001
    assert _components(alike)["seed_sd"] < 0.008
    assert _components(apart)["p"] < 1e-6
    assert _components(apart)["seed_sd"] > 0.03
    spread = math.sqrt(alike.mean() * (1 - alike.mean()) / 4000)
    assert _components(alike)["sample_sd"] == pytest.approx(spread, rel=0.02)
    assert _components(apart)["total_se"] > 2 * _components(alike)["total_se"]


def test_the_total_interval_covers_a_recipes_accuracy() -> None:
    rng = np.random.default_rng(1)
    truth = norm.cdf(1.2 / math.sqrt(1 + 1 + 0.3**2))
    inside = [
        found["total_low"] <= truth <= found["total_high"]
        for found in (_components(simulated(rng, 4, 300, 0.3)) for _ in range(400))
    ]
    assert 0.93 <= np.mean(inside) <= 0.995


@pytest.mark.parametrize(("seeds", "spread"), [(2, 0.1), (2, 0.5), (3, 0.1), (3, 0.5)])
def test_the_total_interval_covers_with_few_seeds(seeds: int, spread: float) -> None:
    # Satterthwaite's degrees of freedom cover 86 to 92 % with two.
    rng = np.random.default_rng(2)
    truth = norm.cdf(1.2 / math.sqrt(1 + 1 + spread**2))
    inside = [
        found["total_low"] <= truth <= found["total_high"]
        for found in (_components(simulated(rng, seeds, 1000, spread)) for _ in range(1000))
    ]
    assert np.mean(inside) >= 0.93


def test_seed_variance_of_a_run(predictions: Predictions) -> None:
    table = seed_variance(predictions, ["fc", "cnn"])
    settings_ = compare(predictions, "fc", "cnn", resamples=RESAMPLES).settings
    keys = ["suite", "sweep", "unit"]
    assert table[keys].to_numpy().tolist() == settings_[keys].to_numpy().tolist()
    np.testing.assert_allclose(table["accuracy"], (settings_["accuracy_a"] + settings_["accuracy_b"]) / 2)
    np.testing.assert_allclose(table["highest"] - table["lowest"], settings_["difference"].abs(), atol=1e-12)
    np.testing.assert_allclose(table["p_holm"], holm(table["p"]))
    assert (table["total_low"] <= table["accuracy"]).all()
    for names, line in ((["fc"], "fc"), ([], "none"), (["fc", "fc"], "fc, fc")):
        with pytest.raises(RunError, match=f"{line}: seeds are two or more checkpoints, each named once"):
            seed_variance(predictions, names)


def test_seeds_that_are_always_right_have_wilsons_interval() -> None:
    found = _components(np.ones((3, 100)))
    assert (found["accuracy"], found["p"], found["seed_sd"]) == (1.0, 1.0, 0.0)
    assert found["total_low"] == pytest.approx(0.963, abs=0.001)


TRAININGS = [("r", 0), ("s", 3), ("r", 1), (None, 0), ("s", 4), ("t", 0)]


@pytest.mark.parametrize(
    ("trainings", "groups"),
    [
        (TRAININGS, (("0", "2"), ("1", "4"))),
        ([*TRAININGS, ("r", 1)], (("1", "4"),)),  # two of one seed: which is meant is not known
        ([("r", 0), ("r", "1"), ("r", None)], ()),
        ([(7, 0), (7, 1)], ()),
        ([], ()),
    ],
)
def test_recipes_are_recognised_where_it_is_safe(
    trainings: list[tuple[object, object]], groups: tuple[tuple[str, ...], ...]
) -> None:
    names = tuple(map(str, range(len(trainings) or 2)))
    run = synthetic_predictions(names, n=10, suites=[make_suite("s", make_sweep(values=(0, 1)))], digits=False)
    records = [{"name": name} for name in names] if not trainings else [
        {"name": name, "training": None if recipe is None else {"recipe": recipe, "seed": seed}}
        for name, (recipe, seed) in zip(names, trainings, strict=True)
    ]  # fmt: skip
    assert recipe_groups(replace(run, manifest={**run.manifest, "checkpoints": records})) == groups
    assert recipe_groups(replace(run, manifest={})) == ()
    assert recipe_groups(replace(run, manifest={"checkpoints": ["a", "b"]})) == ()


def test_a_suite_of_maps_alone_has_no_rows() -> None:
    crossed = make_sweep("map", "shift", "dx", values=(0, 1), over={"dy": (0.0, 1.0)})
    only_map = make_suite("map", type(crossed)(**{**vars(crossed), "crossed": {"dy": 0.0}}))
    predictions = synthetic_predictions(n=20, suites=(only_map, make_suite("shift", make_sweep())), digits=False)
    found = compare(predictions, "fc", "cnn", resamples=50)
    for table in (found.sweeps, found.suites, found.sides):
        assert set(table["suite"]) == {"shift"}
