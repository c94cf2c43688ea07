"""The numbers behind the comparison of two checkpoints: per suite, per sweep, and at the settings looked at."""

from collections.abc import Mapping

import pandas as pd

from robustmnist.overview.in_words import NAME, TITLE, focus_text
from robustmnist.overview.overview import Overview, SweepOverview
from robustmnist.page.records import Table
from robustmnist.report.comparison.words import CLEAN_DIGITS
from robustmnist.wording.characters import shorten
from robustmnist.wording.numbers import count, percent, plain
from robustmnist.wording.tests import difference_text, effect_text, p_text

__all__ = ["pair_tables"]


def pair_tables(
    overview: Overview,
    names: tuple[str, str],
    suites: pd.DataFrame,
    sweeps: pd.DataFrame,
    settings: pd.DataFrame,
    family: Mapping[str, int],
) -> tuple[Table, ...]:
    """Return the tables of one pair.

    Args:
        overview: The run.
        names: The two checkpoints.
        suites: Their comparison by suite, p-values corrected over all pairs.
        sweeps: By sweep.
        settings: At the settings that are shown, clean digits first.
        family: Over how many tests each table's p-values were corrected, by the table's name; the clean row of the
            settings is of the suites' family.
    """
    a, b = (shorten(name, NAME) for name in names)
    pair = f"{a} and {b}"  # a page has these tables of many pairs, and each is a landmark with a name of its own
    difference = f"{b} − {a} (95 % interval)"
    over = {name: f"p, Holm over {count(size)}" for name, size in family.items()}
    clean = _area_row(settings.iloc[0], f"{CLEAN_DIGITS}: accuracy", "accuracy")
    by_suite = (clean, *(_area_row(row, shorten(row["suite"], NAME)) for _, row in suites.iterrows()))
    titles = {(sweep.suite.name, sweep.name): _title(sweep) for sweep in overview.sweeps}
    by_sweep = tuple(
        (
            *_area_row(row, titles.get((row["suite"], row["sweep"]), shorten(row["sweep"], NAME))),
            effect_text(float(row["cohens_d"])),
        )
        for _, row in sweeps.iterrows()
    )
    names_of_settings = {(sweep.suite.name, sweep.name): focus_text(sweep) for sweep in overview.sweeps}
    by_setting = tuple(_setting_row(row, names_of_settings) for _, row in settings.iterrows())
    shared = f"{over['settings']}; clean digits over {count(family['suites'])}"
    areas = (f"area of {a}", f"area of {b}", difference)
    return (
        Table(
            f"{pair}: clean accuracy, and area under the accuracy curve per suite",
            ("suite", *areas, over["suites"]),
            by_suite,
        ),
        Table(
            f"{pair}: area under the accuracy curve per sweep", ("sweep", *areas, over["sweeps"], "Cohen’s d"), by_sweep
        ),
        Table(
            f"{pair}: answers to the same digits, exact McNemar test",
            ("setting", a, b, f"only {a} right", f"only {b} right", shared, "odds ratio", "κ"),
            by_setting,
        ),
    )


def _area_row(row: "pd.Series[float]", title: str, what: str = "area") -> tuple[str, ...]:
    difference = difference_text(*(float(row[name]) for name in ("difference", "difference_low", "difference_high")))
    areas = (percent(float(row[f"{what}_a"])), percent(float(row[f"{what}_b"])))
    return (title, *areas, difference, p_text(float(row["p_holm"]), name=False))


def _setting_row(row: "pd.Series[float]", names_of_settings: Mapping[tuple[str, str], str]) -> tuple[str, ...]:
    where = names_of_settings.get((str(row["suite"]), str(row["sweep"])), CLEAN_DIGITS)
    shares = (percent(float(row["accuracy_a"]), 2), percent(float(row["accuracy_b"]), 2))
    only = (_number(float(row["only_a"])), _number(float(row["only_b"])))
    p, kappa = p_text(float(row["p_holm"]), name=False), effect_text(float(row["kappa"]))
    return (where, *shares, *only, p, effect_text(float(row["odds_ratio"])), kappa)


def _title(sweep: SweepOverview) -> str:
    return f"{shorten(sweep.suite.name, NAME)}: {shorten(sweep.title, TITLE)}"


def _number(number: float) -> str:
    return count(round(number)) if number == round(number) else plain(number, 1)
