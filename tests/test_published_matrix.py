"""The published matrix: measured anew where that is quick, and the page says what the table holds."""

import re
from pathlib import Path

import pandas as pd
import pytest

from robustmnist.generalisation import load_sets
from robustmnist.generalisation.tables import accuracy_table
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.wording.numbers import MINUS, NBSP, points_text, share_text

REPORTS = Path(__file__).parents[1] / "reports"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(REPORTS / "generalisation.csv")


def test_each_set_is_read_best_by_what_was_trained_on_it(table: pd.DataFrame) -> None:
    assert len(table) == table["checkpoint"].nunique() * 4
    for name, part in table.groupby("set"):
        source = str(name).partition(":")[0]
        fc = part[part["checkpoint"].isin(["fc", "fc-digits", "fc-printed", "fc-strokes"])].set_index("checkpoint")
        best = str(fc["accuracy"].idxmax())
        assert fc.loc[best, "trained_on"].partition(":")[0] == source


def test_what_was_trained_on_mnist_generalises_farther_than_what_was_made(table: pd.DataFrame) -> None:
    elsewhere = table[table["set"].str.partition(":")[0] != table["trained_on"].str.partition(":")[0]]
    worst = elsewhere.groupby(["checkpoint", "trained_on"])["accuracy"].min().reset_index()
    of_mnist = worst[worst["trained_on"] == "mnist"]["accuracy"]
    assert of_mnist.min() > worst[worst["trained_on"] != "mnist"]["accuracy"].max()


def test_shipped_checkpoints_answer_as_is_published(table: pd.DataFrame) -> None:
    sets = load_sets(["digits:test", "printed:test"])
    models = {name: load_checkpoint(name) for name in ("fc", "lenet5", "cnn", "cnn-augmented")}
    logits = {(name, each.name): models[name](each.data.images).numpy() for name in models for each in sets}
    now = accuracy_table(models, sets, logits, seed=0, resamples=1_000)
    then = table[table["checkpoint"].isin(models) & table["set"].isin(["digits:test", "printed:test"])]
    both = then.merge(now, on=["checkpoint", "set"], suffixes=("", "_now"))
    assert len(both) == 8
    for column in ("correct", "groups", "accuracy_low", "accuracy_high", "ece", "ece_low", "ece_high"):
        assert both[column].to_numpy() == pytest.approx(both[f"{column}_now"].to_numpy(), abs=2e-6), column


def test_the_page_says_what_the_table_holds(table: pd.DataFrame) -> None:
    page = (REPORTS / "generalisation.md").read_text("utf-8")
    for row in table.to_dict("records"):
        for key in ("accuracy", "ece"):
            text = share_text(row[key], row[f"{key}_low"], row[f"{key}_high"])
            assert text.replace(NBSP, " ") in page


def test_the_verdict_follows_from_the_numbers(table: pd.DataFrame) -> None:
    page = (REPORTS / "generalisation.md").read_text("utf-8")
    by_pair = table.set_index(["checkpoint", "set"])["accuracy"]
    verdict = next(line for line in page.splitlines() if line.startswith("**Robustness"))
    said = re.findall(r"on ([a-z:]+) \(([+−.\d]+ points), ([+−.\d]+) to ([+−.\d]+)", verdict)
    assert {name for name, *_ in said} == {"digits:test", "printed:test", "strokes"}
    for name, text, *bounds in said:
        change = by_pair["cnn-perturbed", name] - by_pair["cnn", name]
        assert points_text(change, signed=True).replace(NBSP, " ") == text
        low, high = (float(end.replace(MINUS, "-")) for end in bounds)
        before = verdict[: verdict.index(text)]
        judged = max(("better", "worse", "no differently"), key=before.rfind)
        assert judged == ("better" if low > 0 else "worse" if high < 0 else "no differently")
    assert verdict.startswith("**Robustness to perturbations is not generalisation.**")
