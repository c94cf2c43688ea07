"""What a study says, in sentences by rules."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from robustmnist.ablation.effects import AREA, Numbers, measured
from robustmnist.ablation.study import BASE, Study
from robustmnist.wording.numbers import count, listing, many, percent, points_text

__all__ = [
    "BASE_TITLE",
    "DONE",
    "EFFECTS",
    "TABLE",
    "answers",
    "base_of",
    "property_of",
    "title_of",
]

LEVEL = 0.05
READS = 0.5  # clean accuracy
BASE_TITLE = "as the recipe says"
EFFECTS = (
    "The difference that each change makes, in percentage points of the mean area under all curves (left) and of clean "
    "accuracy (right), with its 95 % interval over other seeds and other digits. Filled: clear after correction for "
    "all comparisons (Holm, 5 %). Hollow: it may be chance."
)
TABLE = (
    "Means over the seeds. In brackets the difference to the recipe as it is; bold where it is clear after Holm's "
    "correction. The area is that under the accuracy curve, the mean over the sweeps of a suite. ECE: expected "
    "calibration error, clean, and mean over all perturbed settings; less is better."
)
DONE = (
    "The same command makes it again; cells that are there are kept. A folder of a study is rendered again without "
    "training."
)


def answers(study: Study, table: pd.DataFrame, cells: Mapping[str, Sequence[object]]) -> tuple[str, ...]:
    """Return which properties matter for robustness, which for accuracy, which trade one for the other, which neither.

    A property matters where the corrected p-value of one of its variants is below 5 %; how much is the largest absolute
    difference. The order is by that.
    """
    area, accuracy = measured(table, AREA), measured(table, "accuracy")
    area_base, accuracy_base = (next(iter(each.values()))["base"] if each else 0.0 for each in (area, accuracy))
    seeds = max((len(several) for several in cells.values()), default=0)
    n = int(table["n"].iloc[0]) if len(table) else 0
    said = [
        f"{many(len(study.variant), 'change')} of {base_of(study)}, {many(seeds, 'seed')} each, "
        f"{count(n)} test digits. "
        f"As it is the recipe reads {percent(accuracy_base, 2)} of the clean digits and has a mean area of "
        f"{percent(area_base)}."
    ]
    said.append(_most(study, area, "robustness", "mean area"))
    said.append(_most(study, accuracy, "clean accuracy", "accuracy"))
    traded = [
        name
        for name in area
        if _clear(area, name) and _clear(accuracy, name) and area[name]["difference"] * accuracy[name]["difference"] < 0
    ]
    if traded:
        said.append(
            f"Traded, more of one for less of the other: {listing([title_of(study, name) for name in traded])}."
        )
    hidden = [name for name in area if _clear(area, name) and not _clear(accuracy, name)]
    if hidden:
        names = listing([title_of(study, name) for name in hidden])
        said.append(f"Invisible in clean accuracy, and yet clear in robustness: {names}.")
    neither = [name for name in area if not _clear(area, name) and not _clear(accuracy, name)]
    if neither:
        names = listing([title_of(study, name) for name in neither])
        said.append(f"No clear effect on either, with as many seeds: {names}.")
    calibration = _calibration(study, table)
    return tuple(filter(None, [*said, calibration]))


def title_of(study: Study, name: str) -> str:
    """Return the title of a variant."""
    return BASE_TITLE if name == BASE else next(each.title for each in study.variant if each.name == name)


def base_of(study: Study) -> str:
    """Return the recipe of a study with the values that all its variants share: what every change is compared with.

    >>> from robustmnist.ablation.study import Variant
    >>> wide = Variant(name="wide", title="wide", property="width", set={"model": {"widths": [512]}})
    >>> base_of(Study(title="", recipe="fc", seeds=[0], set={"model": {"widths": [64]}}, variant=[wide]))
    'fc with model.widths = [64]'
    """
    shared = [f"{key} = {value}" for key, value in _flat(study.set)]
    return f"{study.recipe} with {listing(shared)}" if shared else study.recipe


def _flat(table: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def property_of(study: Study, name: str) -> str:
    """Return which property a variant changes."""
    return "" if name == BASE else next(each.property for each in study.variant if each.name == name)


def _most(study: Study, table: Numbers, what: str, unit: str) -> str:
    clear = [name for name in table if _clear(table, name)]
    if not clear:
        return f"No change has a clear effect on {what}."
    clear.sort(key=lambda name: -abs(table[name]["difference"]))
    properties = list(dict.fromkeys(property_of(study, name) for name in clear))
    effects = [f"{title_of(study, name)} ({points_text(table[name]['difference'], signed=True)})" for name in clear]
    verb = "matters" if len(properties) == 1 else "matter"
    return f"For {what} {listing(properties)} {verb}, most first, by {unit}: {listing(effects)}."


def _clear(table: Numbers, name: str) -> bool:
    return table[name]["p_holm"] < LEVEL


def _calibration(study: Study, table: pd.DataFrame) -> str:
    errors, accuracy = measured(table, "ece_perturbed"), measured(table, "accuracy")
    # A network that reads next to nothing and knows it is honest; that is no advice.
    clear = [name for name in errors if _clear(errors, name) and accuracy[name]["value"] > READS]
    clear.sort(key=lambda name: errors[name]["difference"])
    better, worse = (
        [title_of(study, name) for name in clear if (errors[name]["difference"] < 0) == less] for less in (True, False)
    )
    said = [f"More honest on perturbed digits: {listing(better)}."] if better else []
    return " ".join([*said, *([f"Less honest there: {listing(worse)}."] if worse else [])])
