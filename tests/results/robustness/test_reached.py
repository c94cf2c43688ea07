"""What was measured beside what was asked for, and strengths in tables as they are."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from reports.readme import headline_table
from robustmnist.predictions import Predictions
from robustmnist.results import critical_strengths, summarise, summary_csv, table_csv
from robustmnist.results.robustness.reached import measured_at

THIRDS = (0.0, 1 / 3, 3**-0.5, 1.0, 2.0)
SWEEP = make_sweep("change", "stroke", "change", "px", THIRDS)


def run(share: float, unit: str = "px") -> Predictions:
    """Return a run in which `share` of what was asked for was measured, in `unit`."""
    made = synthetic_predictions(("fc", "cnn"), n=200, suites=[make_suite("thickness", SWEEP)], digits=False)
    realised = pd.DataFrame(
        {
            "suite": "thickness",
            "sweep": "change",
            "value": THIRDS,
            "unit": "px",
            "measure_unit": unit,
            "measured_mean": [share * value for value in THIRDS],
        }
    )
    return replace(made, realised=realised)


def test_what_was_measured_is_read_off_between_the_values() -> None:
    assert measured_at(run(0.7), "thickness", SWEEP, 1.5) == pytest.approx(1.05)
    assert np.isnan(measured_at(run(0.7, "sd"), "thickness", SWEEP, 1.5))
    assert np.isnan(measured_at(run(0.7), "thickness", SWEEP, np.nan))
    assert np.isnan(measured_at(replace(run(0.7), realised=None), "thickness", SWEEP, 1.5))


def test_a_critical_strength_tells_what_was_measured_there() -> None:
    for share in (0.7, 1.0):
        table = critical_strengths(with_realised(share), 200)
        np.testing.assert_allclose(table["critical_measured"], share * table["critical"])
        assert table["critical"].notna().all()


def with_realised(share: float) -> Predictions:
    """Return such a run of which every other table can be made too."""
    whole = run(share)
    assert whole.realised is not None
    columns = {"natural_low": np.nan, "natural_high": np.nan, "measured_sd": 0.1, "ink_clipped": 0.0, "psnr": 20.0}
    return replace(whole, realised=whole.realised.assign(**columns, measure="thickness"))


def test_strengths_of_every_table_join_with_the_summary() -> None:
    made = with_realised(1.0)
    summary = pd.read_csv(io.StringIO(summary_csv(summarise(made))), dtype=str)
    told = pd.DataFrame({"value": [*THIRDS, np.nan], "end": 1 / 3, "number": 1 / 3, "neutral": [True] * 6})
    text = table_csv(told, "%.6f")
    assert text.splitlines()[2] == f"{1 / 3!r},{1 / 3!r},0.333333,True"
    assert text.splitlines()[-1].startswith(",")
    again = pd.read_csv(io.StringIO(text), dtype=str)
    assert len(again.merge(summary[summary["checkpoint"] == "fc"], on="value")) == len(THIRDS)


def test_the_readme_tells_what_was_measured_and_where_an_interval_begins() -> None:
    names = ("fc", "cnn", "cnn-augmented")
    rows = [
        ("shift", "radius", "px", 0.0, 10.0, 2.0, 2.1),
        ("scale", "isotropic", "×", 1.0, 2.0, 1.5, 1.32),
        ("rotation", "angle", "°", 0.0, 90.0, 30.0, 29.0),
        ("thickness", "change", "px", 0.0, -2.0, -1.52, -1.23),
        ("decentering", "margin", "fraction", 0.0, 1.0, np.nan, np.nan),
        ("noise", "gaussian", "sd", 0.0, 1.0, 0.5, np.nan),
    ]
    columns = ["suite", "sweep", "unit", "neutral", "end", "critical", "critical_measured"]
    parts = [pd.DataFrame(rows, columns=columns).assign(checkpoint=name) for name in names]
    critical = pd.concat(parts).assign(side="above")
    critical["beyond"] = critical["critical"].isna()
    critical["critical_near"] = critical["critical"].fillna(0.9971)
    critical["critical_far"] = critical["critical"]
    heads = pd.DataFrame(
        {"checkpoint": names, "n": 100, "clean_accuracy": 0.9, "clean_accuracy_low": 0.8, "clean_accuracy_high": 0.95}
    )
    text = headline_table(heads, critical)
    assert "| −1.52 px (measured −1.23 px) |" in text
    assert "| × 1.50 (measured × 1.32) |" in text
    assert "| 30.00° |" in text  # within a tenth
    assert "| not by 1 (at least 0.997) |" in text
    assert "what was measured on the digits" in text
    older = headline_table(heads, critical.drop(columns="critical_measured"))
    assert "measured" not in older
