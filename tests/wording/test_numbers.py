"""Numbers as text: nothing is rounded to what it is not, and page, terminal, JSON and reports say the same."""

import doctest
import json
import math

import pytest

from reports.markdown import interval_text, percent_text
from robustmnist.terminal.echo import echo_json
from robustmnist.wording import characters, digits, numbers, tests
from robustmnist.wording.numbers import NBSP, interval, percent, points_bounds, score_texts, share_text
from robustmnist.wording.tests import difference_text, p_text, points_change


@pytest.mark.parametrize("module", [characters, digits, numbers, tests], ids=lambda module: str(module.__name__))
def test_what_an_example_shows_is_true(module) -> None:  # type: ignore[no-untyped-def]
    results = doctest.testmod(module)
    assert (results.failed, results.attempted > 0) == (0, True)


@pytest.mark.parametrize("decimals", [0, 1, 2, 4])
def test_only_all_is_a_hundred_per_cent_and_only_nothing_is_none(decimals: int) -> None:
    for share in (0.99996, 0.999999999, 1 - 1e-16):
        assert percent(share, decimals, sign=False) != percent(1.0, decimals, sign=False)
    for share in (1e-9, 4e-5):
        assert percent(share, decimals, sign=False) != percent(0.0, decimals, sign=False)


def test_the_published_findings_use_the_same_formatter() -> None:
    assert percent_text(0.99996) == percent(0.99996, 2) == f"99.996{NBSP}%"
    row = {"area": 0.99996, "area_low": 0.9, "area_high": 1.0}
    assert interval_text(row, "area") == share_text(0.99996, 0.9, 1.0, decimals=2, sign=True)
    assert interval(0.9, 1.0, 2) in interval_text(row, "area")


@pytest.mark.parametrize("ends", [(math.nan, 1.0), (0.5, math.nan), (math.nan, math.nan)])
def test_an_interval_with_an_end_that_is_not_defined_is_none(ends: tuple[float, float]) -> None:
    assert interval(*ends) == points_bounds(*ends) == "–"
    assert score_texts(0.7, *ends) == ("0.700", "")
    assert share_text(0.7, *ends) == "70.0 (–)"
    assert difference_text(0.7, *ends) == "+0.700 (–)"
    assert points_change(0.7, *ends) == "+70.0 (–)"


def test_what_has_no_bound_is_infinite_in_words() -> None:
    assert (interval(0.5, math.inf), points_bounds(-math.inf, 0.5)) == ("50.0–∞", "−∞ to +50.00")
    assert percent(math.inf) == f"∞{NBSP}%"


@pytest.mark.parametrize("p", [1e-300, 0.0009, 0.001, 0.0994, 0.5, 1.0])
def test_a_p_value_is_never_zero_and_has_two_digits_at_least(p: float) -> None:
    told = p_text(p, name=False).replace(NBSP, " ")
    assert told == "< 0.001" if p < 0.001 else float(told) == pytest.approx(p, rel=0.5)


def test_json_has_null_for_what_is_not_finite(capsys: pytest.CaptureFixture[str]) -> None:
    echo_json({"rows": [{"low": math.nan, "high": math.inf, "n": 3}], "pair": (1.5, -math.inf)})
    told = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(name))
    assert told == {"rows": [{"low": None, "high": None, "n": 3}], "pair": [1.5, None]}
