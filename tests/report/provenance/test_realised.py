"""What was asked and what was measured: the rows, the dashes, and the two claims of the caption."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.overview.gather import gather
from robustmnist.page.records import Table
from robustmnist.predictions import REALISED
from robustmnist.report.provenance.realised import realised_table

NAN = float("nan")
SUITES = (
    make_suite("shift", make_sweep(values=(0, 1, 2, 3))),
    make_suite("noise", make_sweep("gaussian", "gaussian-noise", "sigma", "sd of ink", (0, 0.5))),
)


def row(suite: str, sweep: str, value: float, unit: str, **fields: Any) -> dict[str, Any]:
    kept: dict[str, Any] = dict.fromkeys(REALISED, NAN)
    kept |= {"suite": suite, "sweep": sweep, "value": value, "unit": unit, "measure": "", "measure_unit": "", "n": 50}
    kept |= {"parameter": "", "others": ""}
    return kept | fields


def table(lost: float = 0.1) -> Table | None:
    def moved(value: float) -> dict[str, Any]:
        measured = {"measured_mean": value * 0.9, "measured_sd": 0.05, "measure": "centroid", "measure_unit": "px"}
        return row("shift", "right", value, "px", **measured, ink_clipped=lost * value / 3, psnr=12.34)

    rows = [moved(value) for value in (0.0, 1.0, 2.0, 3.0)]
    rows += [row("noise", "gaussian", value, "sd of ink", psnr=20.0) for value in (0.0, 0.5)]
    run = synthetic_predictions(("fc",), n=40, suites=SUITES, digits=False)
    return realised_table(gather(replace(run, realised=pd.DataFrame(rows)[list(REALISED)])))


def told(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_a_run_that_measured_nothing_has_no_table() -> None:
    assert realised_table(gather(synthetic_predictions(("fc",), n=20, suites=SUITES, digits=False))) is None


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
    assert "Largest difference: Right, " in caption
    assert words in caption


# --- maps ----------------------------------------------------------------------------------------------------------

SPAN = (-2.0, -1.0, 0.0, 1.0, 2.0)
MAPS = make_suite("map", make_sweep("both", "shift", "dx", "px", SPAN, over={"dy": SPAN}, crossed={"dy": 0.0}))


def map_table(*, measured: bool = True) -> Table | None:
    """Return the table of a map on which dx comes out right but for one corner, and dy a tenth short everywhere."""
    rows = []
    for key, other in (("dx", "dy"), ("dy", "dx")):
        for value in SPAN:
            for rest in SPAN:
                x, y = (value, rest) if key == "dx" else (rest, value)
                got = (1.2 if (x, y) == (2, -2) else x) if key == "dx" else 0.9 * y
                fields = {"parameter": key, "others": f"{other} {rest:g}", "measure": f"centroid-{key[1]}"}
                fields |= {"measured_mean": got, "measured_sd": 0.05, "ink_clipped": 0.02 * (abs(x) + abs(y) + (x > 1))}
                rows.append(row("map", "both", value, "px", **fields, measure_unit="px", psnr=9.0))
    rows += [row("shift", "right", value, "px", ink_clipped=0.0) for value in (0.0, 1.0, 2.0, 3.0)]
    suites = (SUITES[0], MAPS)
    run = synthetic_predictions(("fc",), n=40, suites=suites, digits=False)
    kept = rows if measured else rows[-4:]
    return realised_table(gather(replace(run, realised=pd.DataFrame(kept)[list(REALISED)])))


def test_a_map_is_told_along_its_axes_and_at_its_worst_point() -> None:
    found = map_table()
    assert found is not None
    lines = [one for one in found.rows if one[0] == "map: Both"]
    assert [(told(one[1]), told(one[2])) for one in lines] == [
        ("dx −2 px, dy 0", "−2.00 px (0.05)"),
        ("dx +2 px, dy 0", "2.00 px (0.05)"),
        ("dx +2 px, dy −2", "1.20 px (0.05)"),
        ("dy −2 px, dx 0", "−1.80 px (0.05)"),
        ("dy +2 px, dx 0", "1.80 px (0.05)"),
    ]
    assert lines[0][3:] == ("centroid-x", "–", lines[0][5], "9.0")
    assert told(lines[2][5]) == "10.0 %"


def test_the_caption_looks_at_every_point_of_a_map() -> None:
    found = map_table()
    assert found is not None
    caption = told(found.caption)
    assert "For a map: at the ends of each of its strengths while the others are neutral" in caption
    assert "Largest difference: Both, 1.20 px measured at dx +2 px, dy −2." in caption
    assert "Most ink leaves the frame at Both, dx +2 px, dy −2: 10.0 %." in caption


def test_a_map_of_before_maps_were_measured_has_no_lines() -> None:
    found = map_table(measured=False)
    assert found is not None
    assert {one[0] for one in found.rows} == {"shift: Right"}
    assert "For a map" not in found.caption
    alone = synthetic_predictions(("fc",), n=20, suites=(MAPS,), digits=False)
    assert realised_table(gather(replace(alone, realised=pd.DataFrame(columns=list(REALISED))))) is None
