"""Several seeds of one recipe on the terminal and as a table: how results vary with the seed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from robustmnist.terminal.echo import echo
from robustmnist.terminal.table import print_table

if TYPE_CHECKING:
    import pandas as pd

    from robustmnist.predictions import Predictions
    from robustmnist.suites import Setting

__all__ = ["seed_table", "show_seeds"]


def seed_table(predictions: "Predictions", groups: Sequence[Sequence[str]]) -> "pd.DataFrame | None":
    """Return `seed_variance` of each group, a column ``checkpoints`` with their names before it; None without a group.

    Raises:
        RunError: If a checkpoint was not evaluated, is named twice, or a group has fewer than two.
    """
    if not groups:
        return None
    import pandas as pd

    from robustmnist.results import seed_variance

    parts = [seed_variance(predictions, group) for group in groups]
    for part, group in zip(parts, groups, strict=True):
        part.insert(0, "checkpoints", ", ".join(group))
    together: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return together


def show_seeds(table: "pd.DataFrame", settings: "Sequence[Setting]") -> None:
    """Print the rows of the clean digits and of some settings, a table per group."""
    from robustmnist.suites import Setting
    from robustmnist.wording.numbers import percent, points_text, share_text, strength, typed
    from robustmnist.wording.tests import p_text

    head = ["setting", "accuracy (95 % interval)", "lowest", "highest", "sd by seed", "sd by digits", "p (Holm)"]
    for names, group in table.groupby("checkpoints", sort=False):
        echo(f"Differences by seed ({names} are of one recipe):")
        rows = []
        for row in group.to_dict("records"):
            setting = Setting(row["suite"], row["sweep"], float(row["value"]))  # no suite: clean digits
            if setting.suite and setting not in settings:
                continue
            strong = strength(setting.value, row["unit"])
            where = f"{setting.suite} {setting.sweep} {strong}" if setting.suite else "(clean)"
            mean = share_text(
                *(float(row[name]) for name in ("accuracy", "total_low", "total_high")), decimals=2, sign=True
            )
            ends = [percent(float(row[name]), 2) for name in ("lowest", "highest")]
            spreads = [points_text(float(row[name])) for name in ("seed_sd", "sample_sd")]
            rows.append([*map(typed, [where, mean, *ends, *spreads, p_text(float(row["p_holm"]), name=False)])])
        print_table(head, rows)
