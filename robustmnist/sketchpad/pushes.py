"""How far a digit is pushed on the page: which perturbations, over which strengths, beside which handwriting."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from robustmnist.draws import Draws
from robustmnist.measure import MEASURES
from robustmnist.perturb.stroke.thickness import CHANGE_HIGH, CHANGE_LOW, ring_table
from robustmnist.sketchpad.packing import Block
from robustmnist.suites.natural_band import natural_bands

__all__ = ["PUSHES", "STRIPS", "Push", "Strip", "pushes", "strips", "tables"]


@dataclass(frozen=True)
class Push:
    """A perturbation with one strength that the page varies.

    Attributes:
        key: Its name in ``page/perturb.js``.
        title: What it does.
        unit: Of its strength.
        low: Smallest strength that is tried.
        high: Largest strength.
        step: Between two strengths that are tried; where an answer changes, the last step is halved five times.
        fine: A step of the slider.
        neutral: The strength that changes nothing.
        ends: What lies at either end.
        signs: What stands before a strength towards either end, instead of a sign; empty where a sign does.
        measure: The measure by which handwriting varies likewise, and how two readings are compared.
    """

    key: str
    title: str
    unit: str
    low: float
    high: float
    step: float
    fine: float
    neutral: float
    ends: tuple[str, str]
    signs: tuple[str, str]
    measure: tuple[str, str] | None


@dataclass(frozen=True)
class Strip:
    """A measure of the drawn digit beside MNIST's training digits.

    Attributes:
        measure: A key of `robustmnist.measure.MEASURES`.
        title: What is measured.
        low: Left end of the strip, in the measure's unit.
        high: Right end.
    """

    measure: str
    title: str
    low: float
    high: float


PUSHES = (
    Push(
        "shift-x",
        "Shift sideways",
        "px",
        -10,
        10,
        1,
        0.25,
        0,
        ("left", "right"),
        ("←", "→"),
        ("centroid-x", "difference"),
    ),
    Push(
        "shift-y",
        "Shift up or down",
        "px",
        -10,
        10,
        1,
        0.25,
        0,
        ("up", "down"),
        ("↑", "↓"),
        ("centroid-y", "difference"),
    ),
    Push(
        "turn", "Turn", "°", -90, 90, 5, 1, 0, ("clockwise", "counter-clockwise"), ("↻", "↺"), ("angle", "difference")
    ),
    Push("scale", "Size", "×", 0.4, 1.6, 0.05, 0.01, 1, ("smaller", "larger"), ("", ""), ("size", "ratio")),
    Push(
        "stroke",
        "Stroke width",
        "px",
        CHANGE_LOW,
        CHANGE_HIGH,
        0.25,
        0.05,
        0,
        ("thinner", "thicker"),
        ("", ""),
        ("stroke-width", "difference"),
    ),
    Push("noise", "Noise", "of ink", 0, 1, 0.05, 0.01, 0, ("", "more"), ("", ""), None),
)
STRIPS = (
    Strip("stroke-width", "Stroke width", 0, 7),
    Strip("slant", "Slant", -1.2, 1.2),
    Strip("size", "Size", 0, 28),
    Strip("centroid-radius", "Off centre", 0, 10),
)
DRAWS = Draws(0, "gaussian-noise", torch.zeros(1, dtype=torch.int64))


def pushes() -> list[dict[str, Any]]:
    """Return `PUSHES` as plain values, each with the middle 95 % of handwriting or None."""
    bands = natural_bands()
    return [
        {
            **{
                name: getattr(push, name)
                for name in ("key", "title", "unit", "low", "high", "step", "fine", "neutral", "ends", "signs")
            },
            "band": list(bands[push.measure[0]][push.measure[1]]) if push.measure else None,
        }
        for push in PUSHES
    ]


def strips() -> list[dict[str, Any]]:
    """Return `STRIPS` as plain values, each with the middle 95 % of MNIST's training digits."""
    bands = natural_bands()
    return [
        {
            "measure": strip.measure,
            "title": strip.title,
            "unit": MEASURES[strip.measure].unit,
            "low": strip.low,
            "high": strip.high,
            "band": list(bands[strip.measure]["reading"]),
        }
        for strip in STRIPS
    ]


def tables(block: Block) -> Mapping[str, Any]:
    """Return what the page's perturbations need besides the image: the discs of strokes, and one draw of noise."""
    inner, rings, knots = ring_table()
    noise = DRAWS.normal(1, 28, 28)[0].numpy()
    return {
        "stroke": {"inner": inner, "rings": [list(map(list, ring)) for ring in rings], "knots": list(knots)},
        "noise": block.put(noise, "float16"),
    }
