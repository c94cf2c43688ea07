"""Replace control characters in names that came from files, so that page, tables and terminal can show them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from robustmnist.predictions import Digits, Predictions
from robustmnist.results.mistakes.pictures import pictures
from robustmnist.suites import Setting, Suite
from robustmnist.wording.characters import printable

__all__ = ["printable_run"]


def printable_run(predictions: Predictions) -> Predictions:
    """Return `predictions` with printable texts and distinct names of checkpoints, suites and sweeps.

    A lone surrogate, which a file's name may carry, can be written neither to the page nor to a data frame.
    """
    checkpoints = _distinct(predictions.checkpoints)
    suites = _distinct(suite.name for suite in predictions.suites)
    sweeps = {suite.name: _distinct(sweep.name for sweep in suite.sweeps) for suite in predictions.suites}
    renamed = []
    for suite in predictions.suites:
        table = _printable(suite.as_dict())
        named = zip(table["sweeps"], sweeps[suite.name].values(), strict=True)
        parts = [{**sweep, "name": name} for sweep, name in named]
        renamed.append(Suite.from_dict({**table, "name": suites[suite.name], "sweeps": parts}))
    manifest = _printable(predictions.manifest)
    same = tuple(renamed) == tuple(predictions.suites) and list(checkpoints) == list(checkpoints.values())
    if same and manifest == predictions.manifest:
        return predictions
    logits = {(suites[suite], sweeps[suite][sweep]): array for (suite, sweep), array in predictions.logits.items()}
    names, realised = tuple(checkpoints.values()), predictions.realised
    if realised is not None:
        rows = [_row(row, suites, sweeps) for row in realised.to_dict("records")]
        realised = pd.DataFrame(rows, columns=realised.columns)
    return replace(
        predictions,
        checkpoints=names,
        suites=tuple(renamed),
        logits=logits,
        manifest=manifest,
        digits=_renamed(pictures(predictions), suites, sweeps),
        realised=realised,
        older=(),
    )


def _row(row: Mapping[Any, Any], suites: Mapping[str, str], sweeps: Mapping[str, Mapping[str, str]]) -> dict[Any, Any]:
    suite = row["suite"]
    names = {"suite": suites.get(suite, suite), "sweep": sweeps.get(suite, {}).get(row["sweep"], row["sweep"])}
    return {**{key: _printable(value) for key, value in row.items()}, **names}


def _renamed(digits: Digits, suites: Mapping[str, str], sweeps: Mapping[str, Mapping[str, str]]) -> Digits:
    names = {(old, sweep): (new, sweeps[old][sweep]) for old, new in suites.items() for sweep in sweeps[old]}
    examples = {names[key]: array for key, array in digits.examples.items() if key in names}
    perturbed = {}
    for shown, picture in digits.perturbed.items():
        suite, sweep, value = shown.setting
        if (suite, sweep) in names:
            perturbed[shown._replace(setting=Setting(*names[suite, sweep], value))] = picture
    return Digits(examples, perturbed, digits.clean)


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {printable(key): _printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    return value


def _distinct(names: Iterable[str]) -> dict[str, str]:
    distinct: dict[str, str] = {}
    for name in names:
        new, number = printable(name), 2
        while new in distinct.values():
            new, number = f"{printable(name)} ({number})", number + 1
        distinct[name] = new
    return distinct
