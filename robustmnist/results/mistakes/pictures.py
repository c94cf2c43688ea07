"""The pictures of a run by what they show, also of run folders that stored them by the rank of a mistake."""

from robustmnist.predictions import Digits, Predictions, Shown
from robustmnist.predictions.pictures import CLEAN
from robustmnist.results.mistakes.most_confident import clean_mistakes, mistakes_of_earlier_versions
from robustmnist.results.remembered import remembered
from robustmnist.suites import Setting

__all__ = ["pictures"]


@remembered
def pictures(predictions: Predictions) -> Digits:
    """Return what pictures a run kept; empty where it kept none.

    Run folders of earlier versions have them in the order of `clean_mistakes` and `mistakes_of_earlier_versions`, which
    says what each of them shows.
    """
    digits = Digits()
    digits.add(predictions.digits or Digits())
    for run in (predictions, *predictions.older):
        digits.add(_from_ranks(run))
    return digits


def _from_ranks(run: Predictions) -> Digits:
    digits = Digits()
    for (checkpoint, suite), pairs in (run.digits or digits).by_rank.items():
        clean = suite == CLEAN
        table = clean_mistakes(run, checkpoint) if clean else mistakes_of_earlier_versions(run, checkpoint, suite)
        if len(table) != len(pairs):  # they belong to another list: nobody can say what they show
            continue
        lines = table[["sweep", "value", "variant", "row"]].itertuples(index=False)
        for (sweep, value, variant, row), (seen, twin) in zip(lines, pairs, strict=True):
            digits.clean[int(row)] = twin
            if not clean:
                setting = Setting(suite, str(sweep), float(value))
                digits.perturbed[Shown(setting, int(variant), int(row))] = seen
    return digits
