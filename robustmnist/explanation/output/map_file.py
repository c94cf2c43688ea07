"""All maps of an explanation as one ``.npz``."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustmnist.explanation.cases import Explanation, Map
from robustmnist.explanation.output.request import Setup

__all__ = ["maps_bytes"]


def maps_bytes(explanations: list[Explanation], setup: Setup) -> bytes:
    """Return ``maps.npz``, whose arrays `robustmnist.explanation.output.files.explanation_files` describes."""
    rows: list[tuple[Map, int, str, str, float, int, int]] = []
    end = setup.condition.setting.value if setup.condition else np.nan
    for explanation in explanations:
        for case in explanation.cases:
            named = (case.id, explanation.checkpoint)
            about = (case.wanted, case.rival)
            for view, value in zip(case.views, (np.nan, end), strict=False):
                rows += [(values, *named, method, value, *about) for method, values in view.maps.items()]
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
