"""What was asked of the perturbations, and what was measured on the digits."""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from robustmnist.report.content import Table
from robustmnist.report.study import Study, SweepStudy
from robustmnist.report.text import NBSP, percent, plain, shorten, strength
from robustmnist.report.words import NAME, TITLE, at

__all__ = ["realised_table"]

LOST = 0.005  # share of the ink from which its loss is told in the caption; interpolation alone moves it by 0.002


def realised_table(study: Study) -> Table | None:
    """Return the strengths asked for beside what was measured: of each curve the ends and the strength looked at.

    None where the run measured nothing.
    """
    measured = study.predictions.realised
    if measured is None or measured.empty:
        return None
    found = {(row["suite"], row["sweep"], float(row["value"])): row for row in measured.to_dict("records")}
    rows = [
        (sweep, value, found[sweep.suite.name, sweep.sweep.name, value])
        for sweep in study.sweeps
        for value in _values(sweep)
        if (sweep.suite.name, sweep.sweep.name, value) in found
    ]
    head = ("sweep", "asked", "measured change (sd)", "of", "natural band", "ink lost", "PSNR, dB")
    return Table(_caption(rows), head, tuple(_row(*row) for row in rows))


def _values(sweep: SweepStudy) -> list[float]:
    values, neutral = sweep.sweep.values, sweep.sweep.neutral
    return sorted({value for value in (min(values), max(values), sweep.focus) if value != neutral})


def _row(sweep: SweepStudy, value: float, row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    unit = str(row["measure_unit"])
    mean, spread = float(row["measured_mean"]), float(row["measured_sd"])
    low, high = float(row["natural_low"]), float(row["natural_high"])
    return (
        f"{shorten(sweep.suite.name, NAME)}: {shorten(sweep.sweep.title, TITLE)}",
        at(sweep, value, exact=True),
        "–" if math.isnan(mean) else f"{strength(mean, unit, 2)} ({plain(spread, 2)})",
        shorten(row["measure"], NAME) or "–",
        "–" if math.isnan(low) or math.isnan(high) else f"{plain(low, 2)} to {strength(high, sweep.sweep.unit, 2)}",
        _lost(float(row["ink_clipped"])),
        "–" if math.isnan(float(row["psnr"])) else plain(float(row["psnr"]), 1),
    )


def _lost(share: float) -> str:
    # What interpolation gains or loses is no ink that left the frame.
    return "–" if math.isnan(share) else percent(max(share, 0.0))


def _caption(rows: Sequence[tuple[SweepStudy, float, Mapping[Hashable, Any]]]) -> str:
    """Name the farthest miss among the strengths measured in their own unit, and the largest loss of ink."""
    said = ["Asked for and measured, at the ends of each sweep and at the strength looked at."]
    comparable = [
        (abs(float(row["measured_mean"]) - value) / (abs(value - sweep.sweep.neutral) or 1.0), sweep, value, row)
        for sweep, value, row in rows
        if row["measure_unit"] == sweep.sweep.unit and not math.isnan(float(row["measured_mean"]))
    ]
    if comparable:
        _, sweep, value, row = max(comparable, key=lambda one: one[0])
        got = strength(float(row["measured_mean"]), sweep.sweep.unit, 2)
        title = shorten(sweep.sweep.title, TITLE)
        said.append(f"Farthest from what was asked: {title}, {got} measured at {at(sweep, value, exact=True)}.")
    lost = [
        (float(row["ink_clipped"]), sweep, value)
        for sweep, value, row in rows
        if not math.isnan(float(row["ink_clipped"]))
    ]
    if lost:
        share, sweep, value = max(lost, key=lambda one: one[0])
        where = f"{shorten(sweep.sweep.title, TITLE)}, {at(sweep, value, exact=True)}"
        if share >= LOST:
            said.append(f"Most ink leaves the frame at {where}: {percent(share)}.")
        else:
            said.append(f"Less than {LOST * 100:g}{NBSP}% of the ink leaves the frame anywhere.")
    return " ".join(said)
