"""The files of an explanation: sheets, page, numbers and their description."""

import io
import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustmnist.explanation.cases import Case, Explanation, View
from robustmnist.explanation.methods.registry import METHODS
from robustmnist.explanation.output.page import render_page
from robustmnist.explanation.output.request import Setup
from robustmnist.explanation.output.sheet import draw_sheet
from robustmnist.system.installation import __version__

__all__ = ["explanation_files"]


def explanation_files(explanations: list[Explanation], setup: Setup) -> dict[str, bytes]:
    """Return the files to write: name -> content, the page first.

    ``explain.html`` shows everything; ``explain-CHECKPOINT-METHOD.png`` is one sheet; ``explain.json`` says what was
    explained; ``attributions.npz`` holds float32 (n, 28, 28) under ``CHECKPOINT/METHOD/clean`` and ``…/perturbed``,
    the images under ``CHECKPOINT/images/clean`` and ``…/perturbed``, and the sample ids, int64 (n,), under
    ``CHECKPOINT/ids``.
    """
    names = _plain_names([explanation.checkpoint for explanation in explanations])
    sheets = {
        f"explain-{names[explanation.checkpoint]}-{explanation.method}.png": explanation for explanation in explanations
    }
    record = _record(explanations, setup, names, list(sheets))
    return {
        "explain.html": render_page(explanations, setup).encode(),
        **{name: draw_sheet(explanation, setup) for name, explanation in sheets.items()},
        "explain.json": (json.dumps(record, indent=2, allow_nan=False) + "\n").encode(),
        "attributions.npz": _numbers(explanations, names),
    }


def _plain_names(names: list[str]) -> dict[str, str]:
    """Return for each name a name that any file system takes; equal results get numbers."""
    plain: dict[str, str] = {}
    for name in dict.fromkeys(names):
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:60] or "checkpoint"
        same = sum(other == stem or other.startswith(f"{stem}~") for other in plain.values())
        plain[name] = f"{stem}~{same + 1}" if same else stem
    return plain


def _numbers(explanations: list[Explanation], names: Mapping[str, str]) -> bytes:
    arrays: dict[str, NDArray[Any]] = {}
    for explanation in explanations:
        folder = names[explanation.checkpoint]
        arrays[f"{folder}/ids"] = np.array([case.id for case in explanation.cases], np.int64)
        for view, views in _sides(explanation.cases).items():
            arrays[f"{folder}/images/{view}"] = np.stack([side.image for side in views])
            arrays[f"{folder}/{explanation.method}/{view}"] = np.stack([side.attribution for side in views])
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)  # stored with the zip format's first date: no clock in the bytes
    return content.getvalue()


def _sides(cases: tuple[Case, ...]) -> dict[str, list[View]]:
    perturbed = [case.perturbed for case in cases if case.perturbed is not None]
    return {"clean": [case.clean for case in cases]} | ({"perturbed": perturbed} if perturbed else {})


def _record(
    explanations: list[Explanation], setup: Setup, names: Mapping[str, str], sheets: list[str]
) -> dict[str, Any]:
    return {
        "format": 1,
        "robustmnist": __version__,
        "command": setup.command,
        "dataset": dict(setup.dataset),
        "digits": setup.choice,
        "condition": setup.condition.as_dict() if setup.condition else None,
        "target": setup.target,
        "seed": setup.seed,
        "device": setup.device,
        "versions": dict(setup.versions),
        "explanations": [
            {
                "checkpoint": explanation.checkpoint,
                "sha256": explanation.sha256,
                "method": explanation.method,
                "settings": explanation.settings,
                "unit": METHODS[explanation.method].unit,
                "completeness_gap": explanation.gap,
                "sheet": sheet,
                "arrays": {
                    view: f"{names[explanation.checkpoint]}/{explanation.method}/{view}"
                    for view in _sides(explanation.cases)
                },
                "samples": [_sample(case) for case in explanation.cases],
            }
            for explanation, sheet in zip(explanations, sheets, strict=True)
        ],
    }


def _sample(case: Case) -> dict[str, Any]:
    sides = zip(("clean", "perturbed"), case.views, strict=False)
    return {"id": case.id, "label": case.label, "scale": case.scale, **{name: _view(view) for name, view in sides}}


def _view(view: View) -> dict[str, Any]:
    return {
        "predicted": view.predicted if view.valid else None,
        "confidence": view.confidence if view.valid else None,
        "explained": view.explained,
    }
