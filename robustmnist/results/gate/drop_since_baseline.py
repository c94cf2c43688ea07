"""By how much a checkpoint is worse than it was in an earlier run, digit by digit."""

from collections.abc import Sequence
from dataclasses import replace

from robustmnist.errors import RunError
from robustmnist.predictions import Predictions, merge, only_checkpoint, only_suites
from robustmnist.results.comparison.pairs import compare
from robustmnist.results.gate.conditions import Check

__all__ = ["max_drops"]

BEFORE, AFTER = "before", "after"


def max_drops(
    predictions: Predictions,
    baseline: Predictions,
    checkpoint: str,
    most: float,
    strict: bool,
    against: str | None = None,
) -> list[Check]:
    """Hold what a checkpoint has lost since `baseline` against `most`: clean accuracy, and the mean area of each suite.

    The suites are those that both runs have. Losses are shares, a gain is a negative loss. The condition is missed
    where the whole 95 % interval of the paired difference is a greater loss; `strict`: where its upper end is. No
    number of digits shows that nothing at all was lost, so that a strict bound should be above 0.

    Args:
        predictions: The run to hold.
        baseline: The earlier run, of the same digits.
        checkpoint: Of the run.
        most: The greatest loss allowed, a share.
        strict: Whether the whole interval must pass.
        against: The baseline's checkpoint to hold it against; None for the checkpoint of the same name.

    Raises:
        RunError: If the runs are not of the same digits, have no suite in common, or the baseline lacks the checkpoint.
    """
    before = checkpoint if against is None else against
    if before not in baseline.checkpoints:
        old = baseline.checkpoints[0]
        raise RunError(
            f"checkpoint '{before}' is not in the baseline, which has {', '.join(baseline.checkpoints)}",
            remedy=f"say which is to be held against which, as in --pair {checkpoint}={old}",
        )
    ours = [suite.name for suite in predictions.suites]
    common = [suite.name for suite in baseline.suites if suite.name in ours]
    if not common:
        raise RunError("the baseline has none of the run's suites", remedy=f"evaluate it with {', '.join(ours)}")
    merged = merge([_called(baseline, before, common, BEFORE), _called(predictions, checkpoint, common, AFTER)])
    comparison = compare(merged, BEFORE, AFTER)
    rows = [comparison.settings.iloc[0], *(row for _, row in comparison.suites.iterrows())]
    checks = []
    for what, row in zip(["clean", *comparison.suites["suite"]], rows, strict=True):
        loss, low, high = (0.0 - float(row[key]) for key in ("difference", "difference_high", "difference_low"))
        passed = (high if strict else low) <= most
        named = "" if before == checkpoint else f" since '{before}'"
        said = f"loss of accuracy {what}{named}"
        checks.append(Check(checkpoint, said, most, loss, low, high, "", passed, most - loss, True))
    return checks


def _called(run: Predictions, checkpoint: str, suites: Sequence[str], name: str) -> Predictions:
    """Return one checkpoint of a run under another name, and its weights under another hash.

    The same weights may answer otherwise under another version of the program: merging must not take both for the same.
    """
    part = only_checkpoint(only_suites(run, suites), checkpoint)
    record = {**part.manifest["checkpoints"][0], "name": name, "sha256": name}
    return replace(part, checkpoints=(name,), manifest={**part.manifest, "checkpoints": [record]})
