"""The number of examples of a property is set in one place, and there are as many properties as were promised."""

import re
from pathlib import Path

import pytest
from hypothesis import settings

TESTS = Path(__file__).parent


def test_quick_is_the_default_and_thorough_takes_two_hundred(request: pytest.FixtureRequest) -> None:
    asked = request.config.getoption("--hypothesis-profile") or "quick"
    assert settings.default.max_examples == settings.get_profile(asked).max_examples
    assert settings.get_profile("quick").max_examples < settings.get_profile("thorough").max_examples == 200


def test_no_property_sets_its_own_number() -> None:
    setting = {path.name for path in TESTS.rglob("*.py") if re.search(r"max_examples ?=[^=]", path.read_text("utf-8"))}
    assert setting == {"conftest.py"}


def test_perturbations_have_forty_properties() -> None:
    found = [
        path.read_text("utf-8").count("\n@given(")
        for path in [*TESTS.glob("test_perturb_*.py"), *(TESTS / "perturb").rglob("test_*.py")]
    ]
    assert sum(found) >= 40
