"""By how much a checkpoint is worse than it was in an earlier run, digit by digit."""

from dataclasses import replace

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions, merge, only_suites
from robustmnist.results.comparison import compare
from robustmnist.results.gate import Check

__all__ = ["max_drops"]


def max_drops(
    predictions: Predictions, baseline: Predictions, checkpoint: str, most: float, strict: bool
) -> list[Check]:
    """Hold what a checkpoint has lost since `baseline` against `most`: clean accuracy, and the mean area of each suite.

    It is held against the checkpoint of its name in the baseline, or against the only one that there is. The suites are
    those that both runs have. Losses are shares, a gain is a negative one. The condition is missed where the whole 95 %
    interval of the paired difference is a greater loss; `strict`: where its farther end is.

    Raises:
        RunError: If the runs are not of the same digits, have no suite in common, or it is unclear which of the
            baseline's checkpoints to hold it against.
    """
    names = baseline.checkpoints
    if checkpoint not in names and len(names) > 1:
        raise RunError(f"checkpoint '{checkpoint}' is not in the baseline", remedy=f"it has {', '.join(names)}")
    before = checkpoint if checkpoint in names else names[0]
    ours = [suite.name for suite in predictions.suites]
    common = [suite.name for suite in baseline.suites if suite.name in ours]
    if not common:
        raise RunError("the baseline has none of the run's suites", remedy=f"evaluate it with {', '.join(ours)}")
    # The baseline first: where both have one name, the run's checkpoint is the one that takes another.
    merged = merge([replace(only_suites(run, common), digits=None) for run in (baseline, predictions)])
    after = _name(merged, predictions, checkpoint)
    whats = ["accuracy clean", *(f"accuracy {suite.name}" for suite in merged.suites if suite.curves)]
    if after == _name(merged, baseline, before):
        return [Check(checkpoint, f"loss of {what}", most, 0.0, 0.0, 0.0, "", most >= 0) for what in whats]
    found = compare(merged, before, after)
    rows = [found.settings.iloc[0], *(row for _, row in found.suites.iterrows())]
    checks = []
    for what, row in zip(whats, rows, strict=True):
        loss, best, worst = (-float(row[key]) for key in ("difference", "difference_high", "difference_low"))
        checks.append(
            Check(checkpoint, f"loss of {what}", most, loss, worst, best, "", (worst if strict else best) <= most)
        )
    return checks


def _name(merged: Predictions, run: Predictions, checkpoint: str) -> str:
    """Return what a run's checkpoint is called after merging: it has the same weights there."""
    sha256 = run.manifest["checkpoints"][run.index(checkpoint)]["sha256"]
    return next(str(one["name"]) for one in merged.manifest["checkpoints"] if one["sha256"] == sha256)
