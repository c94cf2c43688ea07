"""What is computed from predictions. No torch; every number with its uncertainty.

- a row per setting: `summarise` (accuracy), `quality` (likelihood, calibration, selection, flips)
- at one setting: `confusion`, `per_class`, `reliability`, `risk_coverage`
- a row per curve: `headline`, `areas`, `critical_strengths`, `corruption_errors`, `mean_corruption_errors`
- in two dimensions: `shift_map`, `map_means`, `consistency`
- in the worst case: `worst_of_k`, `worst_over_grid`, `worst_case`
- per sample: `critical_severity`, `critical_influences`, `first_to_fail`, `never_fail`, `survival`,
  `survival_curve`; `mistakes`
- between checkpoints: `compare`, `compare_pairs`, `wrong_and_right`, `mistakes_read_right`, `disagreements`; between
  seeds of a recipe: `recipe_groups`, `seed_variance`
"""

from robustmnist.predictions.table import stored_temperatures as stored_temperatures
from robustmnist.results.bootstrap import bootstrap as bootstrap
from robustmnist.results.breakdown.maps import consistency as consistency
from robustmnist.results.breakdown.maps import shift_map as shift_map
from robustmnist.results.breakdown.worst_case import worst_case as worst_case
from robustmnist.results.breakdown.worst_case import worst_of_k as worst_of_k
from robustmnist.results.breakdown.worst_case import worst_over_grid as worst_over_grid
from robustmnist.results.comparison.disagreement import disagreements as disagreements
from robustmnist.results.comparison.disagreement import mistakes_read_right as mistakes_read_right
from robustmnist.results.comparison.disagreement import wrong_and_right as wrong_and_right
from robustmnist.results.comparison.pairs import Comparison as Comparison
from robustmnist.results.comparison.pairs import compare as compare
from robustmnist.results.comparison.pairs import compare_pairs as compare_pairs
from robustmnist.results.comparison.seeds import recipe_groups as recipe_groups
from robustmnist.results.comparison.seeds import seed_variance as seed_variance
from robustmnist.results.confidence.diagrams import reliability as reliability
from robustmnist.results.confidence.diagrams import risk_coverage as risk_coverage
from robustmnist.results.confidence.quality import quality as quality
from robustmnist.results.focus import focus as focus
from robustmnist.results.focus import headline as headline
from robustmnist.results.mistakes.confusion import confusion as confusion
from robustmnist.results.mistakes.confusion import per_class as per_class
from robustmnist.results.mistakes.most_confident import clean_mistakes as clean_mistakes
from robustmnist.results.mistakes.most_confident import mistakes as mistakes
from robustmnist.results.robustness.areas import areas as areas
from robustmnist.results.robustness.corruption_error import corruption_errors as corruption_errors
from robustmnist.results.robustness.corruption_error import mean_corruption_errors as mean_corruption_errors
from robustmnist.results.robustness.critical_influences import critical_influences as critical_influences
from robustmnist.results.robustness.critical_strengths import critical_strengths as critical_strengths
from robustmnist.results.robustness.endurance import critical_severity as critical_severity
from robustmnist.results.robustness.endurance import first_to_fail as first_to_fail
from robustmnist.results.robustness.endurance import never_fail as never_fail
from robustmnist.results.robustness.suite_areas import map_means as map_means
from robustmnist.results.robustness.suite_areas import suite_areas as suite_areas
from robustmnist.results.robustness.survival import survival as survival
from robustmnist.results.robustness.survival import survival_curve as survival_curve
from robustmnist.results.summary import near_ties as near_ties
from robustmnist.results.summary import summarise as summarise
from robustmnist.results.summary import summary_csv as summary_csv
from robustmnist.results.summary import table_csv as table_csv
from robustmnist.statistics.decisions import NEAR_TIE as NEAR_TIE
from robustmnist.statistics.decisions import Decisions as Decisions
from robustmnist.statistics.decisions import decide as decide
from robustmnist.statistics.paired_tests import error_consistency as error_consistency
from robustmnist.statistics.paired_tests import holm as holm
from robustmnist.statistics.paired_tests import mcnemar as mcnemar
from robustmnist.statistics.resampling import RESAMPLES as RESAMPLES
from robustmnist.statistics.resampling import percentiles as percentiles
from robustmnist.statistics.survival import kaplan_meier as kaplan_meier
from robustmnist.statistics.survival import log_rank as log_rank
from robustmnist.statistics.temperature import fit_temperature as fit_temperature
from robustmnist.statistics.wilson import wilson as wilson

__all__ = [
    "NEAR_TIE",
    "RESAMPLES",
    "Comparison",
    "Decisions",
    "areas",
    "bootstrap",
    "clean_mistakes",
    "compare",
    "compare_pairs",
    "confusion",
    "consistency",
    "corruption_errors",
    "critical_severity",
    "critical_strengths",
    "decide",
    "disagreements",
    "error_consistency",
    "first_to_fail",
    "fit_temperature",
    "focus",
    "headline",
    "holm",
    "kaplan_meier",
    "log_rank",
    "map_means",
    "mcnemar",
    "mean_corruption_errors",
    "mistakes",
    "mistakes_read_right",
    "near_ties",
    "never_fail",
    "per_class",
    "percentiles",
    "quality",
    "recipe_groups",
    "reliability",
    "risk_coverage",
    "seed_variance",
    "shift_map",
    "stored_temperatures",
    "suite_areas",
    "summarise",
    "summary_csv",
    "survival",
    "survival_curve",
    "table_csv",
    "wilson",
    "worst_case",
    "worst_of_k",
    "worst_over_grid",
    "wrong_and_right",
]


def __dir__() -> list[str]:
    return list(__all__)
