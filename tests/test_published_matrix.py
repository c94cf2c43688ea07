"""The published matrix: what is trained on a set reads this set best, and the page says what the table holds."""

from pathlib import Path

import pandas as pd
import pytest

from robustmnist.wording.numbers import NBSP, interval, percent

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


def test_the_page_says_what_the_table_holds(table: pd.DataFrame) -> None:
    page = (REPORTS / "generalisation.md").read_text("utf-8")
    for row in table.to_dict("records"):
        for key in ("accuracy", "ece"):
            text = f"{percent(row[key], sign=False)} ({interval(row[f'{key}_low'], row[f'{key}_high'])})"
            assert text.replace(NBSP, " ") in page
