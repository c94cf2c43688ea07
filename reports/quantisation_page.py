"""What eight bits cost, as a page: accuracy, changed answers and size of checkpoints and of their int8 forms."""

from collections.abc import Mapping, Sequence

from benchmarks.timing import Timing
from reports.quantisation_costs import Cost, Estimate, costs, perturbed
from robustmnist.predictions import Predictions
from robustmnist.system.device import described
from robustmnist.wording.numbers import NBSP, count, percent, plain, points_text, share_text
from robustmnist.wording.tests import points_change

__all__ = ["page"]


def page(
    run: Predictions,
    names: Sequence[str],
    sizes: Mapping[str, tuple[int, int]],
    speeds: Mapping[str, Timing],
    quantiser: str,
    commands: Sequence[str],
) -> str:
    """Return reports/quantisation.md.

    Args:
        run: Predictions of all checkpoints `names` and of their int8 forms on the same settings.
        names: The checkpoints.
        sizes: Name -> bytes of the ONNX file in float32 and in int8.
        speeds: Name -> the time of the int8 file, and its ratio to the float32 file's.
        quantiser: What quantised them, in words.
        commands: How to do it again.
    """
    all_costs = [costs(run, name) for name in names]
    settings = sum(1 for _ in perturbed(run))
    head = ["checkpoint", "clean, float32", "int8", "difference", "perturbed, float32", "int8", "difference"]
    accuracies = [
        [
            f"`{cost.name}`",
            *_pair(cost.clean, cost.clean_difference),
            *_pair(cost.perturbed, cost.perturbed_difference),
        ]
        for cost in all_costs
    ]
    flips = [
        [f"`{cost.name}`", _share(cost.clean_changed), _share(cost.perturbed_changed), _times(cost), *_worst(cost)]
        for cost in all_costs
    ]
    flip_head = ["checkpoint", "clean digits", "perturbed, mean", "times as many", "most changed at", "accuracy there"]
    suites = list(all_costs[0].by_suite)
    by_suite = [[f"`{cost.name}`", *(percent(cost.by_suite[suite], 2) for suite in suites)] for cost in all_costs]
    costs_ = [
        [f"`{name}`", *map(count, sizes[name]), plain(sizes[name][1] / sizes[name][0], 2), _ratio(speeds[name])]
        for name in names
    ]
    parts = [
        "# What eight bits cost",
        _answer(all_costs),
        "## Accuracy",
        f"On {len(run):,} MNIST test digits, clean, and as the mean over the {settings} perturbed settings of the core "
        "suites. Differences are int8 minus float32 in percentage points, digit by digit, with 95 % intervals by "
        "bootstrap over the digits.",
        _table(head, accuracies),
        "## Changed answers",
        "Share of digits that get another answer from the int8 file than from the checkpoint, right or wrong. "
        "Intervals: Wilson's on clean digits, bootstrap over the digits for the mean over all perturbed settings.",
        _table(flip_head, flips),
        "By suite, the mean over its settings:",
        _table(["checkpoint", *suites], by_suite),
        "## Size and speed",
        "Bytes of the ONNX files, and the time of the int8 file relative to the float32 file: onnxruntime, one thread, "
        f"batches of 256, in turn, median of the rounds and their range. {quantiser}",
        _table(["checkpoint", "float32, bytes", "int8, bytes", "ratio", "time, ratio"], costs_),
        "## How this was made",
        _provenance(run, commands),
    ]
    return "\n\n".join(parts).replace(NBSP, " ") + "\n"


def _answer(all_costs: Sequence[Cost]) -> str:
    clean, perturbed = (
        [getattr(cost, kind).value for cost in all_costs] for kind in ("clean_changed", "perturbed_changed")
    )
    largest = max(abs(cost.perturbed_difference.value) for cost in all_costs)
    return (
        f"Rounding a checkpoint to eight bits changes {_range(clean)} of its answers to clean digits and "
        f"{_range(perturbed)} of those to perturbed ones. Mean accuracy under perturbation moves by at most "
        f"{points_text(largest)}: accuracy counts the difference of what gets better and worse, not how much "
        "changed."
    )


def _range(values: Sequence[float]) -> str:
    return f"{percent(min(values), 2, sign=False)} to {percent(max(values), 2)}"


def _pair(accuracies: tuple[float, float], difference: Estimate) -> list[str]:
    shown = points_change(difference.value, difference.low, difference.high, 2)
    return [*(percent(accuracy, 2) for accuracy in accuracies), shown]


def _share(estimate: Estimate) -> str:
    return share_text(estimate.value, estimate.low, estimate.high, decimals=2, sign=True)


def _times(cost: Cost) -> str:
    clean = cost.clean_changed.value
    return plain(cost.perturbed_changed.value / clean, 1) if clean else "–"


def _worst(cost: Cost) -> list[str]:
    words, share, before, after = cost.worst
    return [f"{words}: {percent(share, 2)}", f"{percent(before, 2)} → {percent(after, 2)}"]


def _ratio(timing: Timing) -> str:
    return f"{plain(timing.ratio, 2)} ({plain(timing.ratio_low, 2)}–{plain(timing.ratio_high, 2)})"


def _provenance(run: Predictions, commands: Sequence[str]) -> str:
    known = run.manifest
    versions = ", ".join(f"{name} {version}" for name, version in known["versions"].items())
    lines = ["```sh", "ROBUSTMNIST_DATA=folder python -m reports.quantisation", "```", ""]
    lines += [f"n = {len(run):,} test digits, draws of seed 0. {described(known['device'])}; {versions}.", ""]
    return "\n".join([*lines, "It runs:", "", "```sh", *commands, "```"])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
