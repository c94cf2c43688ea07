"""The end of a gate on the terminal: the data, what is held against what, and a line for each miss."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from robustmnist.terminal.echo import echo, echo_json

if TYPE_CHECKING:
    from robustmnist.results.gate.conditions import Check, Tested

__all__ = ["miss_line", "show_gate"]


def show_gate(
    data: "Tested", held: Mapping[str, str], checks: "Sequence[Check]", strict: bool, allowed: bool, *, as_json: bool
) -> bool:
    """Print what a gate came to, and return whether the run passes it.

    Args:
        data: What the run was made on.
        held: Checkpoint to the checkpoint of the baseline that it is held against; empty without a baseline.
        checks: All that was checked.
        strict: Whether the whole interval had to pass, for the JSON.
        allowed: Whether data may stand in for MNIST.
        as_json: Print JSON on standard output and nothing else.
    """
    refused = data.fallback and not allowed
    missed = [check for check in checks if not check.passed]
    passed = not missed and not refused
    if as_json:
        verdict = {"passed": passed, "strict": strict, "data": vars(data) | {"accepted": not refused}}
        echo_json(verdict | {"pairs": dict(held), "checks": [vars(check) for check in checks]})
        return passed
    echo(f"data: {data}")
    for name, old in held.items():
        echo(f"held against the baseline: {_pair(name, old)}")
    if refused:
        why = f" ({data.note})" if data.note else ""
        echo(f"missed: {data.dataset} stands in for MNIST{why}: evaluate on MNIST or give --allow-fallback")
    for check in missed:
        echo(miss_line(check))
    if passed:
        echo(f"passed: {len(checks)} condition{'s' if len(checks) > 1 else ''} met")
    return passed


def miss_line(check: "Check") -> str:
    """Return the line that says by how much a condition is missed, with the 95 % interval."""
    unit = f" {check.unit}" if check.unit not in ("", "°", "×") else check.unit
    if math.isnan(check.found) and check.what.startswith("calibration error"):
        return f"missed: {check.checkpoint}, {check.what}: no valid answer, wanted {check.wanted:g}"
    found = "beyond the end" if math.isnan(check.found) else f"{check.found:.4g}{unit}"
    ends = " to ".join("beyond the end" if math.isnan(end) else f"{end:.4g}" for end in (check.low, check.high))
    around = "" if check.low == check.high else f" (95 % interval {ends})"
    return f"missed: {check.checkpoint}, {check.what}: {found}{around}, wanted {check.wanted:g}{unit}"


def _pair(name: str, old: str) -> str:
    return name if old == name else f"{name}, its '{old}'"
