"""What the published page on explanations is made of, a piece at a time: verdicts, marks, curves, measures, grids."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from robustmnist.data import Dataset, load_dataset
from robustmnist.data.planted import plant
from robustmnist.explanation.attribution import misfit
from robustmnist.explanation.condition import choose_condition
from robustmnist.explanation.curves.following import follow
from robustmnist.explanation.curves.half_life import half_life_rows, pair_rows
from robustmnist.explanation.curves.rows import curves_of
from robustmnist.explanation.measuring import QUICK, Measured, measure, measure_checkpoints
from robustmnist.explanation.metrics.candidate import CONTROLS, control, of_method
from robustmnist.explanation.metrics.registry import MEASURES
from robustmnist.explanation.output.measures import plain_estimate
from robustmnist.explanation.subject import subject_of
from robustmnist.explanation.target import Target
from robustmnist.explanation.truth.grid import grid_pointing, sheets
from robustmnist.explanation.truth.planted import agreement, mark_shares
from robustmnist.models.checkpoints.card_file import planted_cards
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.statistics.estimates import estimate
from robustmnist.suites import load_suite

__all__ = ["CHECKPOINTS", "METHODS", "perturbed_marks", "pieces"]

CHECKPOINTS = ("fc", "fc-small", "lenet5", "cnn", "cnn-augmented")
METHODS = (
    *("integrated-gradients", "deep-lift", "input-x-gradient", "saliency", "smoothgrad", "occlusion"),
    *("feature-ablation", "grad-cam", "guided-grad-cam", "guided-backprop"),
)
FOLLOWED = CHECKPOINTS
SWEEPS = (("rotation", "angle"), ("noise", "gaussian"))
MARKED = (("", 0.0), ("noise", 0.3), ("rotation", 15.0), ("rotation", 30.0))  # how planted digits are perturbed
SLOW_DIGITS, RANKED_DIGITS, GRIDS = 20, 50, 50  # for what makes maps many times over; for τ; sheets of four digits


def pieces(n: int) -> Mapping[str, Callable[[], Any]]:
    """Return what is computed, by name: verdicts on `n` digits, marks on half of them, what costs more on a fifth."""
    half, fifth = min(max(n // 2, 10), 500), min(max(n // 5, 10), 200)
    return {
        **{f"verdicts-{name}": partial(verdicts, name, n) for name in CHECKPOINTS},
        **{name: partial(marks, name, half) for name in planted_cards()},
        **{f"curves-{suite}": partial(curves, suite, sweep, fifth) for suite, sweep in SWEEPS},
        **{f"measures-{name}": partial(measures, name, fifth) for name in ("fc", "cnn")},
        "grids": grids,
    }


def digits(n: int) -> Dataset:
    """Return the test digits that are measured on: a stratified sample."""
    return load_dataset("mnist").sample(n)


def verdicts(name: str, n: int) -> dict[str, Any]:
    """Return SRG and the verdict of each method on a checkpoint."""
    result = measure_checkpoints({name: load_checkpoint(name)}, digits(n), methods=METHODS, names=("srg",))[0]
    return {
        "n": n,
        "means": {method: plain_estimate(estimate) for method, estimate in result.estimates("srg").items()},
        "over": {
            verdict.method: {other: plain_estimate(over) for other, over in verdict.over.items()}
            for verdict in result.verdicts()
        },
    }


def measures(name: str, n: int) -> dict[str, Any]:
    """Return every measure of each method on a checkpoint; those that make maps anew on fewer digits."""
    checkpoint = {name: load_checkpoint(name)}
    quick = measure_checkpoints(checkpoint, digits(n), methods=METHODS, names=QUICK)[0]
    slow = tuple(other for other in MEASURES if other not in QUICK)
    rest = measure_checkpoints(checkpoint, digits(SLOW_DIGITS), methods=METHODS, names=slow)[0]
    return {"n": n, "slow_n": SLOW_DIGITS, "means": _means(quick, QUICK), "slow": _means(rest, slow)}


def _means(result: Measured, names: tuple[str, ...]) -> dict[str, Any]:
    return {
        name: {method: plain_estimate(estimate) for method, estimate in result.estimates(name).items()}
        for name in names
    }


def marks(name: str, n: int) -> dict[str, Any]:
    """Return how well each method finds the planted mark, and whether the measures rank the methods as that does."""
    shares = perturbed_marks(name, n)
    checkpoint, planted = load_checkpoint(name), plant(digits(RANKED_DIGITS))
    explainers = _explainers(name)
    columns = measure(
        subject_of(checkpoint), planted.images, Target.of_class(planted.labels), planted.ids, explainers, QUICK
    )
    names = [explainer.name for explainer in explainers]
    truth = {explainer.name: shares["clean"]["rank"][explainer.name]["mean"] for explainer in explainers}
    tau = {
        measure_name: agreement(
            truth,
            {method: float(np.nanmean(row)) for method, row in zip(names, rows, strict=True) if np.isfinite(row).any()},
            measure_name,
        )
        for measure_name, rows in columns.items()
        if measure_name in MEASURES
    }
    defined = {key: value if np.isfinite(value) else None for key, value in tau.items()}
    return {"n": n, "ranked_n": RANKED_DIGITS, "found": shares, "tau": defined}


def perturbed_marks(name: str, n: int) -> dict[str, Any]:
    """Return mass, rank and pointing in the mark, of clean and perturbed planted digits."""
    checkpoint, planted, shares = load_checkpoint(name), plant(digits(n)), {}
    for suite, value in MARKED:
        sweep = "gaussian" if suite == "noise" else None
        condition = choose_condition(load_suite(suite), value, sweep=sweep) if suite else None
        marked = mark_shares(checkpoint, planted, _explainers(name), condition)
        key = f"{suite} {value:g}" if suite else "clean"
        shares[key] = {"read": float(marked.read.mean())} | {
            column: {method: plain_estimate(mean) for method, mean in marked.estimates(column).items()}
            for column in ("mass", "rank", "pointing")
        }
        shares[key]["rank_read"] = {
            method: plain_estimate(mean) for method, mean in marked.estimates("rank", read=True).items()
        }
    return shares


def _explainers(name: str) -> list[Any]:
    subject = subject_of(load_checkpoint(name))
    fitting = [of_method(method) for method in METHODS if misfit(method, subject) is None]
    return [*fitting, *(control(other) for other in CONTROLS)]


def curves(suite: str, sweep: str, n: int) -> dict[str, Any]:
    """Return how the maps of integrated gradients last over a sweep, beside the predictions."""
    chosen = load_suite(suite)
    followed = follow(
        {name: load_checkpoint(name) for name in FOLLOWED},
        digits(n),
        suite,
        next(each for each in chosen.sweeps if each.name == sweep),
        methods=["integrated-gradients"],
        seed=chosen.seed,
    )
    return {
        "n": n,
        "suite": suite,
        "title": followed[0].sweep.title,
        "parameter": followed[0].sweep.parameter,
        "unit": followed[0].sweep.unit,
        "values": list(followed[0].sweep.values),
        "kind": followed[0].best_kind,
        "curves": {
            each.checkpoint: {
                f"{curve.similarity} {curve.kind} {curve.group}": [plain_estimate(point) for point in curve.points]
                for curve in curves_of(each)
            }
            | {"kept": each.kept.mean(axis=1).tolist()}
            for each in followed
        },
        "half_lives": [_plain(vars(row)) for row in half_life_rows(followed)],
        "pairs": [_plain({**vars(pair), "over": plain_estimate(pair.over)}) for pair in pair_rows(followed)],
    }


def grids() -> dict[str, Any]:
    """Return how much of the evidence for a class lies in its cell, of sheets of four digits; a quarter by chance."""
    data, shares = digits(1_000), {}
    for name in ("fc", "cnn"):
        checkpoint = load_checkpoint(name)
        subject = subject_of(checkpoint)
        sheet = sheets(data, checkpoint, GRIDS)
        shares[name] = {
            explainer.name: plain_estimate(
                estimate(np.nanmean(grid_pointing(sheet, subject, explainer), axis=1), 0.0, 1.0)
            )
            for explainer in _explainers(name)
        }
    return {"n": GRIDS, "found": shares}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _defined(value) for key, value in values.items()}


def _defined(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_defined(each) for each in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
