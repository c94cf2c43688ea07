"""The files of an explanation: page, maps, their description, and sheets on request."""

import json
import re
from collections.abc import Sequence
from typing import Any

from robustmnist.explanation.believing import Unmeasured
from robustmnist.explanation.cases import Case, Explanation, View
from robustmnist.explanation.inside.learnt import Learnt, Shown
from robustmnist.explanation.methods.registry import find_method
from robustmnist.explanation.output.map_file import maps_bytes
from robustmnist.explanation.output.page import render_page
from robustmnist.explanation.output.request import Setup
from robustmnist.explanation.output.sheet import draw_sheet
from robustmnist.system.installation import __version__
from robustmnist.wording.json_values import finite

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
        "maps.npz": maps_bytes(explanations, setup),
    }
    if sheets:
        names = plain_names([explanation.checkpoint for explanation in explanations])
        for explanation in explanations:
            for method in explanation.methods:
                files[f"explain-{names[explanation.checkpoint]}-{method}.png"] = draw_sheet(explanation, method, setup)
    return files


def plain_names(names: list[str]) -> dict[str, str]:
    """Return for each name a name that any file system takes; equal results get numbers."""
    plain: dict[str, str] = {}
    for name in dict.fromkeys(names):
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:60] or "checkpoint"
        same = sum(other == stem or other.startswith(f"{stem}~") for other in plain.values())
        plain[name] = f"{stem}~{same + 1}" if same else stem
    return plain


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
                "checkpoint": explanation.checkpoint,
                "sha256": explanation.sha256,
                "temperature": explanation.temperature,
                "layer": explanation.layer,
                "methods": {method: _method(explanation, method) for method in explanation.methods},
                "skipped": dict(explanation.skipped),
                "samples": [_sample(case) for case in explanation.cases],
            }
            for explanation in explanations
        ],
        "learnt": [_learnt(explanation, its) for explanation, its in zip(explanations, learnt, strict=False)],
    }


def _learnt(explanation: Explanation, learnt: Learnt) -> dict[str, Any]:
    def shown(some: tuple[Shown, ...]) -> list[dict[str, Any]]:
        return [{"id": digit.id, "label": digit.label, "number": digit.number} for digit in some]

    return {
        "checkpoint": explanation.checkpoint,
        "groups": [
            {"under": group.condition, "true": group.true, "read": group.read, "mistakes": len(group.rows),
             "first_at": group.values.tolist(), "by_chance": group.expected} for group in learnt.groups
        ],
        "clusters_of_the_largest": shown(learnt.clusters),
        "in_no_cluster": learnt.alone,
        "excited_read_by": {name: read.tolist() for name, read in learnt.read.items()},
        "samples": [
            {"id": case.id, "nearest": shown(alike), "harmful": shown(harmful)}
            for case, alike, harmful in zip(explanation.cases, learnt.alike, learnt.harmful, strict=False)
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
        "believed": None if verdict is None or isinstance(verdict, Unmeasured) else verdict.believed,
        "judged_on": explanation.judged_on,
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
            {"from": before.value, "to": after.value, "logits": lost, "by_stroke": strokes}
            for before, after, lost, strokes in zip(
                fall.frames[:-1], fall.frames[1:], fall.lost, fall.lost_by_stroke, strict=True
            )
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
