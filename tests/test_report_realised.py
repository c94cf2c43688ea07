"""What was asked and what was measured: the rows, the dashes, and the two claims of the caption."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.predictions import REALISED
from robustmnist.report.content import Table
from robustmnist.report.realised import realised_table
from robustmnist.report.study import study

NAN = float("nan")
SUITES = (
    make_suite("shift", make_sweep(values=(0, 1, 2, 3))),
    make_suite("noise", make_sweep("gaussian", "gaussian-noise", "sigma", "sd of ink", (0, 0.5))),
)


def row(suite: str, sweep: str, value: float, unit: str, **fields: Any) -> dict[str, Any]:
    kept: dict[str, Any] = dict.fromkeys(REALISED, NAN)
    kept |= {"suite": suite, "sweep": sweep, "value": value, "unit": unit, "measure": "", "measure_unit": "", "n": 50}
    return kept | fields


def table(lost: float = 0.1) -> Table | None:
    def moved(value: float) -> dict[str, Any]:
        measured = {"measured_mean": value * 0.9, "measured_sd": 0.05, "measure": "centroid", "measure_unit": "px"}
        return row("shift", "right", value, "px", **measured, ink_clipped=lost * value / 3, psnr=12.34)

    rows = [moved(value) for value in (0.0, 1.0, 2.0, 3.0)]
    rows += [row("noise", "gaussian", value, "sd of ink", psnr=20.0) for value in (0.0, 0.5)]
    run = synthetic_predictions(("fc",), n=40, suites=SUITES, digits=False)
    return realised_table(study(replace(run, realised=pd.DataFrame(rows)[list(REALISED)])))


def told(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_a_run_that_measured_nothing_has_no_table() -> None:
    assert realised_table(study(synthetic_predictions(("fc",), n=20, suites=SUITES, digits=False))) is None


def test_rows_are_the_ends_and_the_strength_looked_at_and_never_neutral() -> None:
    found = table()
    assert found is not None
    asked = [(one[0], told(one[1])) for one in found.rows]
    assert ("shift: Right", "3 px") in asked
    assert ("noise: Gaussian", "0.5 sd of ink") in asked
    assert not any(value.startswith("0 ") for _, value in asked)


def test_what_was_measured_stands_beside_what_was_asked() -> None:
    found = table()
    assert found is not None
    last = next(one for one in found.rows if told(one[1]) == "3 px")
    assert [told(cell) for cell in last[2:]] == ["2.70 px (0.05)", "centroid", "–", "10.0 %", "12.3"]
    noise = next(one for one in found.rows if one[0].startswith("noise"))
    assert [told(cell) for cell in noise[2:]] == ["–", "–", "–", "–", "20.0"]


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        (0.1, "Most ink leaves the frame at Right, 3 px: 10.0 %."),
        (0.004, "Less than 0.5 % of the ink leaves the frame"),
    ],
)
def test_the_caption_names_the_farthest_miss_and_the_ink_that_left(lost: float, words: str) -> None:
    found = table(lost=lost)
    assert found is not None
    caption = told(found.caption)
    assert "Farthest from what was asked: Right, " in caption
    assert words in caption
