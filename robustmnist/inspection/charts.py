"""The charts of the page about data sets."""

from collections.abc import Sequence

import numpy as np

from robustmnist.inspection.facts import InspectionFacts
from robustmnist.inspection.words import NOTES, measure_title
from robustmnist.measure import MEASURES
from robustmnist.page.bar_chart import Bars, Histogram, bar_chart, histogram_chart
from robustmnist.page.colours import hue
from robustmnist.page.records import Chart, Table
from robustmnist.suites.natural_band import natural_bands
from robustmnist.wording.numbers import brief, count, percent

__all__ = ["count_chart", "measure_charts", "pixel_chart"]

BINS = 40


def count_chart(several: Sequence[InspectionFacts]) -> Chart:
    """Return the label distribution as shares of each data set."""
    series = [Bars(hue(at), tuple(100 * facts.counts / len(facts.labels))) for at, facts in enumerate(several)]
    digits = tuple(map(str, range(10)))
    figure = bar_chart(series, digits, "% of digits", "class", "Share of every class")
    rows = tuple((digit, *(count(int(facts.counts[at])) for facts in several)) for at, digit in enumerate(digits))
    return Chart("labels", "Classes", figure, "", Table("Digits of every class", ("class", *_names(several)), rows))


def pixel_chart(several: Sequence[InspectionFacts]) -> Chart:
    """Return the distribution of ink over all pixels."""
    series = [Histogram(hue(at), tuple(np.sqrt(facts.pixels))) for at, facts in enumerate(several)]
    figure = histogram_chart(series, (0.0, 1.0), "√ share", "ink of a pixel", "Distribution of ink over pixels")
    kinds = ("mean ink", "standard deviation", "share of paper", "share of full ink")
    rows = tuple((kind, *(brief(numbers[at]) for numbers in map(_inks, several))) for at, kind in enumerate(kinds))
    return Chart("pixels", "Pixels", figure, NOTES["pixels"], Table("Pixels", ("number", *_names(several)), rows))


def measure_charts(several: Sequence[InspectionFacts]) -> tuple[Chart, ...]:
    """Return the distribution of every measure, with the band of MNIST's training digits."""
    return tuple(_measure(name, several) for name in MEASURES)


def _inks(facts: InspectionFacts) -> tuple[float, ...]:
    levels = facts.levels
    return (
        float(levels.mean()) / 255,
        float(levels.std()) / 255,
        float((levels == 0).mean()),
        float((levels == 255).mean()),
    )


def _measure(name: str, several: Sequence[InspectionFacts]) -> Chart:
    band = natural_bands()[name]["reading"]
    values = [facts.readings[name][np.isfinite(facts.readings[name])] for facts in several]
    ends = [*band, *(float(end) for own in values if len(own) for end in np.quantile(own, [0.002, 0.998]))]
    low, high = min(ends), max(ends)
    low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
    series = [
        Histogram(hue(at), tuple(np.histogram(np.clip(own, low, high), BINS, (low, high))[0] / max(len(own), 1) * 100))
        for at, own in enumerate(values)
    ]
    title = measure_title(name)
    unit = MEASURES[name].unit
    figure = histogram_chart(series, (low, high), "% of digits", unit, f"Distribution: {title}", band=band)
    rows = tuple(
        (
            facts.dataset.name,
            count(len(own)),
            *(brief(float(number)) for number in (own.mean(), own.std(), *np.quantile(own, [0.025, 0.5, 0.975]))),
            percent(float(((own >= band[0]) & (own <= band[1])).mean())),
        )
        for facts, own in zip(several, values, strict=True)
        if len(own)
    )
    head = ("data set", "digits", "mean", "sd", "2.5 %", "median", "97.5 %", "in the band")
    return Chart(f"measure-{name}", title, figure, "", Table(f"{title}, {unit}", head, rows))


def _names(several: Sequence[InspectionFacts]) -> tuple[str, ...]:
    return tuple(facts.dataset.name for facts in several)
