"""Curves as rows: the mean similarity at each strength with its interval, of all digits, kept and flipped ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from robustmnist.explanation.curves.followed import Followed
from robustmnist.explanation.curves.likeness import KINDS, SIMILARITIES
from robustmnist.statistics.estimates import Estimate, estimates

__all__ = ["GROUPS", "Curve", "curve_table", "curves_of"]

GROUPS = ("all", "kept", "flipped")


@dataclass(frozen=True)
class Curve:
    """One similarity over all values of a sweep.

    Attributes:
        similarity: ``cosine`` or ``spearman``.
        kind: ``raw``, ``aligned``, ``control``, or ``floor``, which is the same at all values.
        group: ``all`` digits, those whose prediction is ``kept`` at the value, or ``flipped``.
        points: One for each value.
    """

    similarity: str
    kind: str
    group: str
    points: tuple[Estimate, ...]


def curves_of(followed: Followed) -> Iterator[Curve]:
    """Yield the curves of one checkpoint and method; split by prediction where it means something, and the floor."""
    groups: dict[str, NDArray[np.bool_]] = {
        "all": np.ones_like(followed.kept),
        "kept": followed.kept,
        "flipped": ~followed.kept,
    }
    for similarity in SIMILARITIES:
        floor = estimates(followed.floor[similarity][None], -1.0, 1.0)
        yield Curve(similarity, "floor", "all", tuple(floor * len(followed.sweep.values)))
        for kind in KINDS if followed.alignable else ("raw",):
            for group, members in groups.items():
                if group != "all" and (kind == "control" or similarity != "cosine"):
                    continue
                rows = np.where(members, followed.similar[similarity, kind], np.nan)
                means = estimates(rows, -1.0, 1.0)
                # A digit that is not of the group is not undefined.
                of = [int(count) for count in members.sum(axis=1)]
                points = [
                    Estimate(point.mean, point.low, point.high, point.n, members_there - point.n)
                    for point, members_there in zip(means, of, strict=True)
                ]
                yield Curve(similarity, kind, group, tuple(points))


def curve_table(followed: Sequence[Followed], curves: Sequence[Sequence[Curve]]) -> pd.DataFrame:
    """Return a row per checkpoint, method, similarity, kind, group and value: mean, low, high, n, undefined."""
    return pd.DataFrame(
        [
            {
                "checkpoint": each.checkpoint,
                "method": each.method,
                "suite": each.suite,
                "sweep": each.sweep.name,
                "unit": each.sweep.unit,
                "value": value,
                "similarity": curve.similarity,
                "kind": curve.kind,
                "group": curve.group,
                "mean": point.mean,
                "low": point.low,
                "high": point.high,
                "n": point.n,
                "undefined": point.undefined,
            }
            for each, its in zip(followed, curves, strict=True)
            for curve in its
            for value, point in zip(each.sweep.values, curve.points, strict=True)
        ]
    )
