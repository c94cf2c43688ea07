"""By how much a checkpoint is worse than it was in an earlier run, digit by digit."""

from collections.abc import Sequence
from dataclasses import replace

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions, merge, only_checkpoint, only_suites
from robustmnist.results.comparison import compare
from robustmnist.results.gate import Check

__all__ = ["max_drops"]

BEFORE, AFTER = "before", "after"


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
    merged = merge([_called(baseline, before, common, BEFORE), _called(predictions, checkpoint, common, AFTER)])
    found = compare(merged, BEFORE, AFTER)
    rows = [found.settings.iloc[0], *(row for _, row in found.suites.iterrows())]
    checks = []
    for what, row in zip(["clean", *found.suites["suite"]], rows, strict=True):
        loss, best, worst = (0.0 - float(row[key]) for key in ("difference", "difference_high", "difference_low"))
        passed = (worst if strict else best) <= most
        checks.append(Check(checkpoint, f"loss of accuracy {what}", most, loss, worst, best, "", passed))
    return checks


def _called(run: Predictions, checkpoint: str, suites: Sequence[str], name: str) -> Predictions:
    """Return one checkpoint of a run under another name, and its weights under another hash.

    The same weights may answer otherwise under another version of the program: merging must not take the two for one.
    """
    part = only_checkpoint(only_suites(run, suites), checkpoint)
    record = {**part.manifest["checkpoints"][0], "name": name, "sha256": name}
    return replace(part, checkpoints=(name,), manifest={**part.manifest, "checkpoints": [record]})
