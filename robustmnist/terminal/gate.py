"""The end of a gate on the terminal: the data, what is compared with what, each number beside its bound, the misses."""

import math
import os
from typing import TYPE_CHECKING

from robustmnist.terminal.echo import echo, echo_json
from robustmnist.terminal.table import print_table
from robustmnist.wording.numbers import MINUS, NBSP, interval, percent, plain, points_text, strength

if TYPE_CHECKING:
    from robustmnist.results.gate.conditions import Check
    from robustmnist.results.gate.outcome import Outcome

__all__ = ["HEAD", "cells", "miss_line", "pair_text", "refusal", "show_gate"]

HEAD = ("checkpoint", "condition", "wanted", "value", "margin", "")
BEYOND = "beyond the end"


def show_gate(outcome: "Outcome", *, as_json: bool) -> None:
    """Print what a gate came to; as JSON, that alone. In a job of GitHub each miss becomes an annotation, too."""
    if as_json:
        data = vars(outcome.data) | {"accepted": not outcome.refused}
        verdict = {"passed": outcome.passed, "strict": outcome.strict, "data": data, "pairs": dict(outcome.pairs)}
        echo_json(verdict | {"checks": [vars(check) for check in outcome.checks]})
        return
    echo(f"data: {outcome.data}")
    for name, old in outcome.pairs.items():
        echo(f"compared with the baseline: {pair_text(name, old)}")
    print_table(HEAD, [cells(check) for check in outcome.checks])
    lines = [refusal(outcome)] if outcome.refused else []
    lines += [miss_line(check) for check in outcome.missed]
    for line in lines:
        echo(f"missed: {line}")
        if os.environ.get("GITHUB_ACTIONS") == "true":
            echo(f"::error title=robustmnist gate::{_as_workflow_text(line)}")
    if outcome.passed:
        n = len(outcome.checks)
        echo(f"passed: {n} condition{'s' if n > 1 else ''} met")


def cells(check: "Check") -> tuple[str, ...]:
    """Return the texts of a check under `HEAD`: whose, what, the bound, the number, the margin, how it ended."""
    sign = "≤" if check.ceiling else "≥"
    if check.unit or check.what.startswith("critical strength"):
        wanted, number = strength(check.wanted, check.unit), _strength(check.found, check.unit)
        ends = " to ".join(dict.fromkeys(_strength(end, "") for end in (check.low, check.high)))
        # Below the neutral strength, at least as far from it: ≥ 25° to the left is ≤ −25°.
        sign = "≤" if " below " in check.what else sign
        margin = "" if math.isnan(check.margin) else strength(check.margin, check.unit, 2, signed=True)
    else:
        text = points_text if check.what.startswith("loss") else _percent
        wanted, number, ends = text(check.wanted), text(check.found), interval(check.low, check.high, 2)
        if check.low < 0:
            ends = ends.replace("–", " to ").replace("-", MINUS)
        margin = points_text(check.margin, signed=True)
    if math.isnan(check.found) and math.isnan(check.low) and check.what.startswith("calibration error"):
        number, ends, margin = "no valid answer", "", ""
    around = f" ({ends})" if ends and check.low != check.high and ends != number else ""
    texts = (check.checkpoint, check.what, f"{sign} {wanted}", f"{number}{around}", margin)
    return (*(text.replace(NBSP, " ") for text in texts), "met" if check.passed else "missed")


def refusal(outcome: "Outcome") -> str:
    """Return the line that says that the data stand in for MNIST, and what to do."""
    why = f" ({outcome.data.note})" if outcome.data.note else ""
    return f"{outcome.data.dataset} stands in for MNIST{why}: evaluate on MNIST or give --allow-fallback"


def miss_line(check: "Check") -> str:
    """Return the line that says by how much a condition is missed, with the 95 % interval."""
    unit = f" {check.unit}" if check.unit not in ("", "°", "×") else check.unit
    if math.isnan(check.found) and check.what.startswith("calibration error"):
        return f"{check.checkpoint}, {check.what}: no valid answer, wanted {check.wanted:g}"
    number = BEYOND if math.isnan(check.found) else f"{check.found:.4g}{unit}"
    ends = " to ".join(BEYOND if math.isnan(end) else f"{end:.4g}" for end in (check.low, check.high))
    around = "" if check.low == check.high else f" (95 % interval {ends})"
    return f"{check.checkpoint}, {check.what}: {number}{around}, wanted {check.wanted:g}{unit}"


def pair_text(name: str, old: str) -> str:
    """Return which checkpoint of the baseline a checkpoint is compared with."""
    return name if old == name else f"{name} with its '{old}'"


def _strength(value: float, unit: str) -> str:
    return BEYOND if math.isnan(value) else strength(value, unit, 2)


def _percent(share: float) -> str:
    short = math.isclose(100 * share, round(100 * share, 2))
    return f"{plain(100 * share)}{NBSP}%" if short else percent(share, 2)


def _as_workflow_text(line: str) -> str:
    """Return a line as the value of a workflow command, in which a percent sign starts an escape."""
    return line.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
