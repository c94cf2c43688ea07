"""Explanations made up for tests of the page: three frames, one way back, maps of noise on ink."""

from dataclasses import replace
from typing import Any

import numpy as np

from robustmnist.explanation.cases import Answer, Back, Case, Explanation, Fall, Frame, View
from robustmnist.explanation.condition import Condition
from robustmnist.explanation.inside.excited import Excited
from robustmnist.explanation.inside.groups import Group
from robustmnist.explanation.inside.learnt import Learnt, Shown
from robustmnist.explanation.methods.registry import METHODS
from robustmnist.explanation.output.request import Setup
from robustmnist.suites import Setting
from support.synthetic import make_sweep

__all__ = ["ALL", "condition", "explanation", "ink", "learnt", "setup"]

ALL = ("integrated-gradients", "occlusion", "inking", "expected-gradients", "grad-cam")


def ink(seed: int) -> np.ndarray:
    image = np.zeros((28, 28), np.float32)
    image[6:22, 10:18] = np.random.default_rng(seed).random((16, 8), np.float32)
    return image


def view(seed: int, predicted: int, score: float, methods: tuple[str, ...]) -> View:
    image = ink(seed)
    noise = np.random.default_rng(seed).standard_normal((len(methods), 28, 28)).astype(np.float32)
    maps = {method: np.abs(image * each) if method == "grad-cam" else image * each
            for method, each in zip(methods, noise, strict=True)}  # fmt: skip
    return View(image, Answer(predicted, 0.875, 7, score), maps)


def fall(seed: int, label: int) -> Fall:
    values = tuple(45.0 * step / 8 for step in range(9))
    stops = (0.0, 15.0, 30.0, 45.0)
    frames = tuple(
        Frame(stop, ink(seed + 50 * (stop > 0)), Answer(label if stop < 30 else 0, 0.9, 7, 6.0 - stop / 5))
        for stop in stops
    )
    parts = tuple((ink(seed + i) - ink(seed)).astype(np.float32) for i in range(3))
    return Fall(values, tuple(6.0 - value / 5 for value in values), 22.5, frames, parts, 0.0123)


def case(index: int, *, twins: bool, methods: tuple[str, ...]) -> Case:
    label = index % 10
    back = (
        Back("turn", 12.0, "°", {"angle": -12.0}, float("nan"), 8),
        Back("shift", float("nan"), "px", {}, 2.0, 8),
    )
    clean = view(index, label, 6.0, methods)
    if not twins:
        return Case(100 + index, label, f"{label} rather than 0", label, 0, clean)
    return Case(
        100 + index, label, f"{label} rather than 0", label, 0, clean, view(index + 50, 0, -3.0, methods),
        (ink(index + 9) - ink(index)).astype(np.float32), fall(index, label), 0.031, 44.0, back,
    )  # fmt: skip


def explanation(
    count: int = 3, *, twins: bool = True, name: str = "cnn", methods: tuple[str, ...] = ("occlusion",)
) -> Explanation:
    gaps = {method: 0.0016 for method in methods if METHODS[method].complete}
    cases = tuple(case(i, twins=twins, methods=methods) for i in range(1, count + 1))
    return Explanation(name, "ab" * 32, methods, cases, gaps, {}, 0.51, None, "°")


def condition(suite: str = "rotation", value: float = 45.0, **changes: Any) -> Condition:
    turned = make_sweep("angle", "rotation", "angle", "°", (-60, 0, 15, 30, 45, 60))
    sweep = replace(turned, **{"title": "Turn", **changes})
    return Condition(Setting(suite, sweep.name, value), sweep, sweep.variants[0], 0)


def setup(*, twins: bool = True, **changes: object) -> Setup:
    dataset = {
        "name": "mnist", "part": "test", "n": 10_000, "sha256": {"t10k-images": "cd" * 32}, "source": "a folder",
        "fallback": False, "note": "",
    }  # fmt: skip
    asked = Setup(
        condition() if twins else None, dataset, "margin", "chosen by id", 0, "cpu", "robustmnist explain",
        {"torch": "2"},
    )  # fmt: skip
    return replace(asked, **changes)  # type: ignore[arg-type]


def learnt(count: int = 3) -> Learnt:
    generator = np.random.default_rng(7)
    shown = tuple(Shown(ink(i), i, 500 + i, 0.9 - i / 100) for i in range(5))
    images = generator.random((10, 2, 28, 28), np.float32)
    return Learnt(
        filters=generator.standard_normal((32, 3, 3)).astype(np.float32),
        excited=Excited(images, generator.random((10, 2), np.float32)),
        read={"cnn": np.tile(np.arange(10)[:, None], 2)},
        groups=(
            Group("rotation: angle", 4, 9, np.arange(12), 5.25, np.linspace(20, 40, 12)),
            Group("clean", 2, 7, np.arange(1), 0.5, np.full(1, np.nan)),
        ),
        clusters=shown[:2],
        alone=3,
        activations=((generator.random((4, 3, 14, 14), np.float32),),) * count,
        alike=(shown,) * count,
        harmful=(shown[::-1],) * count,
    )
