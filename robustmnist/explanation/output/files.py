"""The files of an explanation: page, maps, their description, and sheets on request."""

import io
import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustmnist.explanation.cases import Case, Explanation, Map, View
from robustmnist.explanation.inside.learnt import Learnt, Shown
from robustmnist.explanation.methods.registry import find_method
from robustmnist.explanation.output.page import render_page
from robustmnist.explanation.output.request import Setup
from robustmnist.explanation.output.sheet import draw_sheet
from robustmnist.system.installation import __version__
from robustmnist.wording.numbers import finite

__all__ = ["explanation_files", "plain_names"]


def explanation_files(
    explanations: list[Explanation], setup: Setup, *, sheets: bool = False, learnt: Sequence[Learnt] = ()
) -> dict[str, bytes]:
    """Return the files to write: name -> content, the page first.

    ``explain.html`` shows everything; ``explain.json`` says what was explained and found; ``maps.npz`` holds a row for
    each map: ``maps`` float32 (N, 28, 28), ``ids``, ``checkpoint``, ``method`` (a method's name, ``change``, or
    ``path`` for what was lost up to a strength since the one before), ``value`` (the strength; NaN where clean),
    ``wanted`` and ``rival`` (−1: none), the two classes of the target; and ``images`` float32 (M, 28, 28) with
    ``image_ids`` and ``image_values``. With `sheets` ``explain-CHECKPOINT-METHOD.png`` is a picture for print.
    """
    record = finite(_record(explanations, setup, learnt))
    files = {
        "explain.html": render_page(explanations, setup, learnt).encode(),
        "explain.json": (json.dumps(record, indent=2, allow_nan=False) + "\n").encode(),
        "maps.npz": _maps(explanations, setup),
    }
    if sheets:
        names = plain_names([one.checkpoint for one in explanations])
        for one in explanations:
            for method in one.methods:
                files[f"explain-{names[one.checkpoint]}-{method}.png"] = draw_sheet(one, method, setup)
    return files


def plain_names(names: list[str]) -> dict[str, str]:
    """Return for each name a name that any file system takes; equal results get numbers."""
    plain: dict[str, str] = {}
    for name in dict.fromkeys(names):
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:60] or "checkpoint"
        same = sum(other == stem or other.startswith(f"{stem}~") for other in plain.values())
        plain[name] = f"{stem}~{same + 1}" if same else stem
    return plain


def _maps(explanations: list[Explanation], setup: Setup) -> bytes:
    rows: list[tuple[Map, int, str, str, float, int, int]] = []
    end = setup.condition.setting.value if setup.condition else np.nan
    for one in explanations:
        for case in one.cases:
            named = (case.id, one.checkpoint)
            about = (case.wanted, case.rival)
            for view, value in zip(case.views, (np.nan, end), strict=False):
                rows += [(found, *named, method, value, *about) for method, found in view.maps.items()]
            if case.change is not None:
                rows.append((case.change, *named, "change", end, *about))
            if case.fall is not None:
                for frame, part in zip(case.fall.frames[1:], case.fall.maps, strict=True):
                    rows.append((part, *named, "path", frame.value, *about))
    digits = [
        (view.image, case.id, value)
        for case in (explanations[0].cases if explanations else ())
        for view, value in zip(case.views, (np.nan, end), strict=False)
    ]
    arrays: dict[str, NDArray[Any]] = {
        "maps": np.stack([row[0] for row in rows]) if rows else np.zeros((0, 28, 28), np.float32),
        "ids": np.array([row[1] for row in rows], np.int64),
        "checkpoint": np.array([_text(row[2]) for row in rows], np.str_),
        "method": np.array([row[3] for row in rows], np.str_),
        "value": np.array([row[4] for row in rows], np.float64),
        "wanted": np.array([row[5] for row in rows], np.int64),
        "rival": np.array([row[6] for row in rows], np.int64),
        "images": np.stack([image for image, _, _ in digits]) if digits else np.zeros((0, 28, 28), np.float32),
        "image_ids": np.array([number for _, number, _ in digits], np.int64),
        "image_values": np.array([value for _, _, value in digits], np.float64),
    }
    content = io.BytesIO()
    np.savez_compressed(
        content, allow_pickle=False, **arrays
    )  # with the zip format's first date: no clock in the bytes
    return content.getvalue()


def _text(name: str) -> str:
    """Return a name that numpy can store: lone halves of characters are replaced."""
    return name.encode("utf-8", "replace").decode()


def _record(explanations: list[Explanation], setup: Setup, learnt: Sequence[Learnt]) -> dict[str, Any]:
    return {
        "format": 2,
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
                "checkpoint": one.checkpoint,
                "sha256": one.sha256,
                "temperature": one.temperature,
                "layer": one.layer,
                "methods": {method: _method(one, method) for method in one.methods},
                "skipped": dict(one.skipped),
                "samples": [_sample(case) for case in one.cases],
            }
            for one in explanations
        ],
        "learnt": [_learnt(one, each) for one, each in zip(explanations, learnt, strict=False)],
    }


def _learnt(explanation: Explanation, found: Learnt) -> dict[str, Any]:
    def shown(some: tuple[Shown, ...]) -> list[dict[str, Any]]:
        return [{"id": one.id, "label": one.label, "number": one.number} for one in some]

    return {
        "checkpoint": explanation.checkpoint,
        "groups": [
            {"under": group.condition, "true": group.true, "read": group.read, "mistakes": len(group.rows),
             "by_chance": group.expected} for group in found.groups
        ],
        "clusters_of_the_largest": shown(found.clusters),
        "in_no_cluster": found.alone,
        "excited_read_by": {name: read.tolist() for name, read in found.read.items()},
        "samples": [
            {"id": case.id, "nearest": shown(alike), "harmful": shown(harmful)}
            for case, alike, harmful in zip(explanation.cases, found.alike, found.harmful, strict=False)
        ],
    }  # fmt: skip


def _method(explanation: Explanation, name: str) -> dict[str, Any]:
    method, verdict = find_method(name), explanation.verdicts.get(name)
    settings = dict(method.settings)
    if explanation.layer and method.layered:
        settings["layer"] = f"{explanation.layer}, rectified"
    return {
        "kind": method.kind,
        "unit": method.unit,
        "settings": settings,
        "completeness_gap": explanation.gaps.get(name),
        "verdict": verdict.sentence if verdict else None,
        "believed": verdict.believed if verdict else None,
    }


def _sample(case: Case) -> dict[str, Any]:
    sides = zip(("clean", "perturbed"), case.views, strict=False)
    fall = case.fall
    return {
        "id": case.id,
        "label": case.label,
        "target": {"class": case.wanted, "rival": None if case.rival < 0 else case.rival},
        **{name: _view(view) for name, view in sides},
        "misread_from": fall.flip if fall else None,
        "lost": [
            {"from": before.value, "to": after.value, "logits": lost}
            for before, after, lost in zip(fall.frames[:-1], fall.frames[1:], fall.lost, strict=True)
        ]
        if fall
        else None,
        "lost_by_part": case.lost_by_part,
        "path_gap": fall.gap if fall else None,
        "ink_lost": case.ink_lost,
        "realised": case.realised,
        "way_back": [
            {
                "change": back.name,
                "size": back.size,
                "unit": back.unit,
                "arguments": dict(back.arguments),
                "control_class": back.control_class,
                "control_size": back.control,
            }
            for back in case.back
        ],
    }


def _view(view: View) -> dict[str, Any]:
    answer = view.answer
    return {
        "predicted": answer.predicted if answer.valid else None,
        "confidence": answer.confidence if answer.valid else None,
        "runner_up": answer.runner_up if answer.valid else None,
        "score": answer.score,
    }
