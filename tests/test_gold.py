"""The report to the last letter, against the gold pages: see tests/gold/README.md for how to accept a change."""

import pytest
from support.gold_pages import GOLD, gold_runs, scrubbed

from robustmnist.predictions import Predictions
from robustmnist.report import render

RUNS = gold_runs()


@pytest.mark.parametrize(("name", "run"), RUNS.items(), ids=RUNS)
def test_the_page_is_the_gold_page(name: str, run: Predictions) -> None:
    found = scrubbed(render(run)).splitlines()
    gold = (GOLD / name).read_text(encoding="utf-8").splitlines()
    differing = next((k for k, pair in enumerate(zip(found, gold, strict=False)) if pair[0] != pair[1]), None)
    where = len(gold) if differing is None else differing
    assert found == gold, f"line {where + 1} is\n{found[where : where + 1]}\nand not\n{gold[where : where + 1]}"


def test_every_gold_page_has_its_run() -> None:
    assert {path.name for path in GOLD.glob("*.html")} == set(RUNS)


def test_scrubbing_takes_pictures_and_style_and_nothing_else() -> None:
    html = '<style>a{}\n</style><p>1</p><img src="data:image/png;base64,AA+/=">'
    assert scrubbed(html) == '<style>…</style><p>1</p><img src="data:…">'
