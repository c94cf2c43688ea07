"""What the published run says of its checkpoints: which is better, and whether confidence can be trusted."""

from collections.abc import Iterator

from reports.markdown import interval_text, percent_text, table_text
from robustmnist.predictions import Predictions
from robustmnist.results import compare, quality, stored_temperatures
from robustmnist.wording.numbers import listing, points_bounds, points_text
from robustmnist.wording.tests import ALPHA, p_text

__all__ = ["comparisons", "confidence"]


def comparisons(run: Predictions) -> Iterator[str]:
    """Yield a paragraph for each two neighbours of the run: suites, clean digits, settings."""
    for a, b in zip(run.checkpoints, run.checkpoints[1:], strict=False):
        pair = compare(run, a, b)
        table = pair.suites
        better = table[(table["p_holm"] < ALPHA) & (table["difference"] > 0)]["suite"].tolist()
        worse = table[(table["p_holm"] < ALPHA) & (table["difference"] < 0)]["suite"].tolist()
        open_ = table[~(table["p_holm"] < ALPHA)]["suite"].tolist()
        parts = [
            f"better than `{a}` under {listing(better)}" if better else "",
            f"worse under {listing(worse)}" if worse else "",
            f"no difference shown under {listing(open_)}" if open_ else "",
        ]
        clean, settings = pair.settings.iloc[0], pair.settings.iloc[1:]
        significant = settings[settings["p_holm"] < ALPHA]
        yield (
            f"**`{b}` against `{a}`**: {'; '.join(word for word in parts if word)} (area, paired t-test over images, "
            f"Holm over {len(table)} suites and clean accuracy, 5 %). On clean digits the difference is "
            f"{points_text(float(clean['difference']), signed=True)} "
            f"({points_bounds(float(clean['difference_low']), float(clean['difference_high']))}; "
            f"{p_text(float(clean['p_holm']))}, exact McNemar, corrected together with them). "
            f"Of {len(settings)} settings it is better in {int((significant['difference'] > 0).sum())} and worse in "
            f"{int((significant['difference'] < 0).sum())} (exact McNemar, Holm over all of them)."
        )


def confidence(run: Predictions) -> str:
    """Return the calibration errors as a table: clean and perturbed, as they are and with each one's temperature."""
    raw, fitted = quality(run), quality(run, stored_temperatures(run), resamples=0)
    clean = [quality(run, temperatures, at=()) for temperatures in (None, stored_temperatures(run))]
    moved = raw["suite"].ne("") & ~raw["neutral"].astype(bool)
    lines = []
    for name in run.checkpoints:
        mine = raw["checkpoint"] == name
        worst = raw[mine & moved].sort_values("ece_width").iloc[-1].to_dict()
        cells = [
            *(interval_text(table.set_index("checkpoint").loc[name].to_dict(), "ece_width") for table in clean),
            *(percent_text(table[mine & moved]["ece_width"].mean()) for table in (raw, fitted)),
        ]
        where = f"{worst['suite']}, {worst['sweep']} at {worst['value']:g} {worst['unit']}"
        parts = f"mean confidence {percent_text(worst['mean_confidence'])}, accuracy {percent_text(worst['accuracy'])}"
        lines.append([f"`{name}`", *cells, f"{where}: {parts}"])
    head = [
        "checkpoint",
        "clean",
        "clean, with its temperature",
        "perturbed, mean",
        "perturbed, with it",
        "worst setting",
    ]
    words = (
        "Expected calibration error, 15 bins of equal width; each checkpoint's temperature was fitted on the 5,000 "
        "validation digits of its training, and on nothing else. A figure of one setting has its 95 % interval by "
        "bootstrap over the digits:"
    )
    return f"{words}\n\n{table_text(head, lines)}"
