"""Predictions made up from a seed: plausible curves without a model, a data set or torch."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustmnist.predictions import Digits, Predictions, Shown
from robustmnist.results import clean_mistakes, mistakes
from robustmnist.suites import Setting, Suite, Sweep

__all__ = ["default_suites", "make_suite", "make_sweep", "synthetic_predictions"]


def make_sweep(
    name: str = "right",
    perturbation: str = "shift-towards",
    parameter: str = "distance",
    unit: str = "px",
    values: Sequence[float] = (0, 1, 2, 3, 4),
    neutral: float = 0.0,
    fixed: Mapping[str, Any] | None = None,
    over: Mapping[str, tuple[Any, ...]] | None = None,
    draws: int = 1,
    crossed: Mapping[str, float] | None = None,
) -> Sweep:
    """Return a sweep; by default a shift to the right by 0 to 4 px."""
    if fixed is None:
        fixed = {"direction": "right"} if perturbation == "shift-towards" and not over else {}
    floats = tuple(float(value) for value in values)
    title = name.replace("-", " ").capitalize()
    cross = crossed or {}
    return Sweep(name, title, perturbation, parameter, unit, floats, neutral, fixed, over or {}, draws, {}, cross)


def make_suite(name: str, *sweeps: Sweep, seed: int = 0) -> Suite:
    """Return a suite of these sweeps."""
    title = name.capitalize()
    return Suite(name, title, f"What does {name} do?", "made up", seed, sweeps, f"{len(name):064x}")


def default_suites() -> tuple[Suite, ...]:
    """Return three small suites: one-sided with variants, two-sided, and with several draws."""
    directions = ("right", "left", "down", "up")
    return (
        make_suite("shift", make_sweep(), make_sweep("radius", values=(0, 2, 4, 8), over={"direction": directions})),
        make_suite("rotation", make_sweep("angle", "rotation", "angle", "°", (-60, -30, -10, 0, 10, 30, 60))),
        make_suite("noise", make_sweep("gaussian", "gaussian-noise", "sigma", "sd of ink", (0, 0.25, 0.5, 1), draws=2)),
    )


def synthetic_predictions(
    checkpoints: Sequence[str] = ("fc", "cnn"),
    n: int = 200,
    *,
    suites: Sequence[Suite] | None = None,
    seed: int = 0,
    invalid: int = 0,
    digits: bool = True,
) -> Predictions:
    """Return made-up predictions in which accuracy falls with strength, later checkpoints being the stronger ones.

    Args:
        checkpoints: Names.
        n: Images.
        suites: Which suites; three small ones by default.
        seed: The same seed gives the same predictions.
        invalid: How many images get NaN logits from the first checkpoint at every value but neutral.
        digits: Whether to fill in pictures (grey blobs, not digits).
    """
    suites = default_suites() if suites is None else tuple(suites)
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % 10)
    m = len(checkpoints)
    # At which strength a sample falls: the same for all settings, so that curves are smooth.
    stands = 1 + 0.4 * rng.normal(size=n)
    wrong = (labels + rng.integers(1, 10, n)) % 10
    base = rng.normal(0, 1, (m, n, 10))

    def answer(strength: NDArray[Any], noise: NDArray[Any]) -> NDArray[np.float32]:
        # strength (M,) is in units of what the checkpoint stands; the true class loses what the wrong one wins.
        margin = 8 * np.clip(stands - strength[:, None], -1, 1.2)
        out = noise.copy()
        np.put_along_axis(out, np.broadcast_to(labels, (m, n))[..., None], margin[..., None], axis=2)
        np.put_along_axis(out, np.broadcast_to(wrong, (m, n))[..., None], -margin[..., None], axis=2)
        return out.astype(np.float32)

    clean = answer(np.zeros(m), base)
    logits = {}
    for suite in suites:
        for sweep in suite.sweeps:
            table = np.empty((m, len(sweep.values), len(sweep.variants), n, 10), np.float32)
            reach = max(abs(value - sweep.neutral) for value in sweep.values) or 1.0
            for v, value in enumerate(sweep.values):
                for r, variant in enumerate(sweep.variants):
                    if sweep.is_neutral(value, variant):
                        table[:, v, r] = clean
                        continue
                    others = [abs(float(variant.fixed[key]) - middle) for key, middle in sweep.crossed.items()]
                    far = max(abs(value - sweep.neutral), *others) if others else abs(value - sweep.neutral)
                    steps = 1 if others else 1 + 0.1 * r
                    away = 1.6 * far / reach / (1 + 0.5 * np.arange(m)) * steps
                    table[:, v, r] = answer(away, base + 0.3 * rng.normal(size=base.shape))
                    table[0, v, r, :invalid] = np.nan
            logits[suite.name, sweep.name] = table
    predictions = Predictions(
        tuple(checkpoints), suites, np.arange(n), labels, clean, logits, _manifest(checkpoints, suites, n, seed)
    )
    if not digits:
        return predictions
    return Predictions(**{**vars(predictions), "digits": _digits(predictions, rng)})


def _manifest(checkpoints: Sequence[str], suites: Sequence[Suite], n: int, seed: int) -> dict[str, Any]:
    settings = sum((len(sweep.values) - 1) * len(sweep.variants) for suite in suites for sweep in suite.sweeps)
    return {
        "format": 1,
        "robustmnist": "0.2.0",
        "command": "robustmnist evaluate --suite shift --suite rotation --suite noise",
        "created": "2026-01-02T03:04:05+00:00",
        "duration_seconds": 12.5,
        "device": "cpu (made up, 1 threads)",
        "versions": {"python": "3.11.0", "torch": "2.15.0", "numpy": "2.4.0"},
        "seed": seed,
        "dataset": {
            "name": "digits",
            "part": "test",
            "n": n,
            "sha256": {"digits.csv.gz": "ab" * 32},
            "source": "made up",
            "fallback": True,
            "note": "MNIST was neither on disk nor downloadable",
        },
        "checkpoints": [
            {
                "name": name,
                "sha256": f"{i:064x}",
                "architecture": {"model": "fc"},
                "parameters": 235_146,
                "test_accuracy": {"n": 10_000, "correct": 9_850, "accuracy": 0.985, "low": 0.9824, "high": 0.9872},
            }
            for i, name in enumerate(checkpoints)
        ],
        "suites": [suite.as_dict() for suite in suites],
        "near_ties": {**dict.fromkeys(checkpoints, 0), "threshold": 1e-4},
        "forward_passes": len(checkpoints) * n * (1 + settings),
        "images_per_second": 12_345.0,
        "n": n,
    }


def _digits(predictions: Predictions, rng: np.random.Generator) -> Digits:
    def pictures(*shape: int) -> NDArray[np.uint8]:
        """Return grey blobs on black: about as compressible as digits are."""
        y, x = np.mgrid[:28, :28] - 13.5
        radius = rng.uniform(2, 8, (*shape, 1, 1))
        blob = 255 * np.exp(-((x / radius) ** 2 + (y * 2 / radius) ** 2))
        return np.asarray(blob, np.float64).astype(np.uint8)

    digits = Digits()
    for suite in predictions.suites:
        for sweep in suite.curves:
            classes = len(np.unique(predictions.labels))
            digits.examples[suite.name, sweep.name] = pictures(len(sweep.values), classes)
    for checkpoint in predictions.checkpoints:
        rows = clean_mistakes(predictions, checkpoint)["row"].tolist()
        shown = [
            key for suite in predictions.suites if suite.curves for key in keys(predictions, checkpoint, suite.name)
        ]
        digits.perturbed.update(zip(shown, pictures(len(shown)), strict=True))
        rows += [key.row for key in shown]
        digits.clean.update(zip(rows, pictures(len(rows)), strict=True))
    return digits


def keys(run: Predictions, checkpoint: str, suite: str) -> list[Shown]:
    """Return what the pictures of a checkpoint's most confident mistakes show, in their order."""
    table = mistakes(run, checkpoint, suite)[["sweep", "value", "variant", "row"]]
    lines = table.itertuples(index=False, name=None)
    return [Shown(Setting(suite, sweep, value), variant, row) for sweep, value, variant, row in lines]
