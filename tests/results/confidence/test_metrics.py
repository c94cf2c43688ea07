"""A metric of a setting: a file and a line in the registry, and it is in every table, in `compare` and on the page."""

import io
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.synthetic import synthetic_predictions

from robustmnist.report.page import render
from robustmnist.results import quality, table_csv
from robustmnist.results.confidence.metrics.metric import Metric, mean_metric
from robustmnist.results.confidence.metrics.registry import METRICS
from robustmnist.results.confidence.setting_answers import SettingAnswers
from robustmnist.statistics.score_intervals import MeanScore
from robustmnist.terminal.comparison import compared


def wrong(setting: SettingAnswers) -> MeanScore:
    return MeanScore(1.0 - setting.answers.right, least=0.0, most=np.ones_like)


TOY = mean_metric(
    "toy_error", "share of wrong answers", wrong, better="lower", label="Toy error", with_temperature=True
)
PLAIN = Metric("toy_count", "valid answers", lambda setting: float(len(setting.image)), better="higher", label="Valid")


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_is_registered_under_its_column_and_says_what_is_better(name: str) -> None:
    metric = METRICS[name]
    assert metric.column == name
    assert metric.better in ("lower", "higher", "")
    assert metric.title


def test_a_new_metric_is_in_quality_its_csv_compare_and_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METRICS, "toy_error", TOY)
    monkeypatch.setitem(METRICS, "toy_count", PLAIN)
    run = synthetic_predictions(("fc", "cnn"), n=120, digits=False)
    table = quality(run)
    np.testing.assert_allclose(table["toy_error"], 1 - table["accuracy"], atol=1e-12)
    assert table["toy_error"].between(table["toy_error_low"], table["toy_error_high"]).all()
    assert table["toy_count"].equals((table["n"] * table["variants"]).astype(float))
    assert "toy_count_low" not in table
    written = pd.read_csv(io.StringIO(table_csv(table, "%.6f")))
    np.testing.assert_allclose(written["toy_error_low"], table["toy_error_low"], atol=1e-6)
    assert compared(run, None, ()).calibration["toy_error"].tolist() == table["toy_error"].tolist()[:2]
    page = render(run)
    assert "Toy error: share of wrong answers." in page
    assert ">Toy error<" in page
    assert re.search(r"Better: NLL, [^.;]* and Toy error when lower; Valid when higher\.", page)


def test_the_interval_of_a_new_mean_holds_where_all_answers_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METRICS, "toy_error", TOY)
    run = synthetic_predictions(("fc",), n=100, digits=False)
    perfect = np.zeros(run.clean.shape, np.float32)
    perfect[:, np.arange(100), run.labels] = 9.0
    clean = quality(replace(run, clean=perfect), at=()).iloc[0]
    assert (clean["toy_error"], clean["toy_error_low"]) == (0, 0)
    assert clean["toy_error_high"] == pytest.approx(1 - 0.025 ** (1 / 100), rel=0.15)  # Clopper and Pearson's
