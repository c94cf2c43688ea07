"""The measures of an explanation by column, with how to read them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from robustmnist.explanation.metrics.candidate import Candidate
from robustmnist.explanation.metrics.completeness import completeness
from robustmnist.explanation.metrics.localisation import on_stroke
from robustmnist.explanation.metrics.max_sensitivity import max_sensitivity
from robustmnist.explanation.metrics.question import Array, Question
from robustmnist.explanation.metrics.randomisation import class_sensitivity, randomisation
from robustmnist.explanation.metrics.removal import inserted, removed
from robustmnist.explanation.metrics.road import road
from robustmnist.explanation.metrics.subsets import fidelity, sensitivity_n

__all__ = ["HEADLINE", "MEASURES", "Measure", "measure_of"]

HEADLINE = "srg"
Measured = Callable[[Question, list[Candidate]], dict[str, Array]]


@dataclass(frozen=True)
class Measure:
    """One column of measures.

    Attributes:
        compute: Gives this column and its kin, (maps, B) each.
        title: In a table.
        better: Whether a good map scores high or low.
        unit: Of a value; empty for a share or a correlation.
        reading: What it says, in one clause.
        lowest: The least that a digit can score; None where nothing bounds it.
        highest: The most that one can score.
        source: The paper.
        slow: Whether it makes the maps anew many times over.
    """

    compute: Measured
    title: str
    better: Literal["high", "low"]
    reading: str
    source: str
    lowest: float | None = None
    highest: float | None = None
    unit: str = ""
    slow: bool = False

    @property
    def arrow(self) -> str:
        """↑ where high is good, ↓ where low is."""
        return "↑" if self.better == "high" else "↓"


MEASURES: Mapping[str, Measure] = {
    "srg": Measure(
        removed,
        "SRG",
        "high",
        "how much longer the answer lasts when ink goes from the least important than from the most important",
        "Blücher et al. 2024",
        -1.0,
        1.0,
    ),
    "deletion": Measure(
        removed,
        "Deletion",
        "low",
        "the mean probability of the class as ink goes, the most important first",
        "Samek et al. 2017",
        0.0,
        1.0,
    ),
    "insertion": Measure(
        inserted,
        "Insertion",
        "high",
        "the mean probability of the class as a blank image is uncovered, the most important pixels first",
        "Petsiuk et al. 2018",
        0.0,
        1.0,
    ),
    "infidelity": Measure(
        fidelity,
        "Infidelity",
        "low",
        "the squared error of what the map predicts when a window is blanked",
        "Yeh et al. 2019",
        unit="logits²",
    ),
    "fidelity": Measure(
        fidelity,
        "Fidelity R²",
        "high",
        "the share of the answer’s change that the map predicts when a window is blanked, up to the map’s unit",
        "Yeh et al. 2019",
        0.0,
        1.0,
    ),
    "sensitivity-n": Measure(
        sensitivity_n,
        "Sensitivity-n",
        "high",
        "the correlation of what the map predicts with what happens when n ink pixels go, mean over n = 1, 4, 16, 64",
        "Ancona et al. 2018",
        -1.0,
        1.0,
    ),
    "road": Measure(
        road,
        "ROAD",
        "high",
        "how much oftener the class survives when the least important ink is filled in than when the most important is",
        "Rong et al. 2022",
        -1.0,
        1.0,
    ),
    "completeness-gap": Measure(
        completeness,
        "Completeness gap",
        "low",
        "how far the shares are from adding up to the loss of all ink",
        "Sundararajan et al. 2017",
    ),
    "class-sensitivity": Measure(
        class_sensitivity,
        "Class sensitivity",
        "low",
        "how alike the maps of the class and of the runner-up are",
        "after Sixt et al. 2020",
        -1.0,
        1.0,
    ),
    "stroke-mass": Measure(
        on_stroke,
        "Mass on stroke",
        "high",
        "the share of the map’s absolute values that lies on the stroke",
        "Arras et al. 2022",
        0.0,
        1.0,
    ),
    "stroke-rank": Measure(
        on_stroke,
        "Rank on stroke",
        "high",
        "the share of the map’s highest pixels that lies on the stroke",
        "Arras et al. 2022",
        0.0,
        1.0,
    ),
    "max-sensitivity": Measure(
        max_sensitivity,
        "Max-sensitivity",
        "low",
        "the largest relative change of the map under 20 draws of noise of ±.02",
        "Yeh et al. 2019",
        slow=True,
    ),
    "randomisation": Measure(
        randomisation,
        "Randomisation",
        "low",
        "how alike the map and that of a classifier with random weights are",
        "Adebayo et al. 2018",
        -1.0,
        1.0,
        slow=True,
    ),
}


def measure_of(question: Question, candidates: list[Candidate], names: tuple[str, ...]) -> dict[str, Array]:
    """Return the columns of the measures called `names` and of their kin, float64 (maps, B) each."""
    columns: dict[str, Array] = {}
    for name in names:
        if name not in columns:
            columns |= MEASURES[name].compute(question, candidates)
    return columns
