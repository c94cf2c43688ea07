"""The chapter of the findings on the two finished studies, from their effects.csv."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from robustmnist.ablation.effects import AREA, Numbers, measured
from robustmnist.ablation.study import BASE, Study, load_study
from robustmnist.ablation.words import LEVEL, answers, title_of
from robustmnist.wording.numbers import NBSP, plain

__all__ = ["HEADING", "chapter"]

HERE = Path(__file__).parent
HEADING = "## Which property of the training matters"
STUDIES = ("ablation-fc", "ablation-cnn")


def chapter() -> str:
    """Return the chapter: for each study its answers in words and a row for each change."""
    return "\n\n".join([HEADING, *(part for name in STUDIES for part in _study(name))]).replace(NBSP, " ")


def _study(name: str) -> Iterator[str]:
    study = load_study(HERE / f"{name}.toml")
    effects = pd.read_csv(HERE / name / "effects.csv")
    trained = dict.fromkeys((BASE, *(variant.name for variant in study.variant)), study.seeds)
    yield f"### {study.title}"
    yield " ".join(answers(study, effects, trained))
    yield _table(study, effects)
    yield (
        "Differences to the recipe as it is, in percentage points, with 95 % intervals over seeds and digits together; "
        f"bold where clear after Holm's correction. Everything else: [{name}/study.html]({name}/study.html), made by "
        f"`robustmnist ablate reports/{name}.toml`."
    )


def _table(study: Study, effects: pd.DataFrame) -> str:
    area, accuracy = measured(effects, AREA), measured(effects, "accuracy")
    order = sorted(area, key=lambda name: -area[name]["difference"])
    head = ["| change | mean area | clean accuracy |", "| --- | --- | --- |"]
    rows = [f"| {title_of(study, name)} | {_effect(area, name)} | {_effect(accuracy, name)} |" for name in order]
    return "\n".join([*head, *rows])


def _effect(table: Numbers, name: str) -> str:
    row = table[name]
    text, low, high = (plain(100 * row[key], 2, signed=True) for key in ("difference", "low", "high"))
    return f"{f'**{text}**' if row['p_holm'] < LEVEL else text} ({low} to {high})"
