"""The page of an explanation in a real browser: it loads silently, fits, and axe-core finds no violation."""

from pathlib import Path

import pytest
from support.explanations import ALL, explanation, learnt, setup
from support.page_checks import AXE, CHROMIUM, browse, messages, sticking_out, violations

from robustmnist.explanation.output.page import render_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def html() -> str:
    """Return a page with everything that a page can show."""
    return render_page([explanation(methods=ALL), explanation(name="fc", methods=ALL)], setup(), [learnt(), learnt()])


def test_the_page_loads_silently(html: str, tmp_path: Path) -> None:
    page = tmp_path / "explain.html"
    page.write_text(html, encoding="utf-8")
    assert messages(browse(page, f"--screenshot={tmp_path / 'page.png'}")) == []


@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_sticks_out_sideways(html: str, width: int, tmp_path: Path) -> None:
    assert sticking_out(html, width, tmp_path) == ""


@pytest.mark.skipif(AXE is None, reason="no axe-core on this machine: npm install -g axe-core")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(html: str, scheme: str, tmp_path: Path) -> None:
    assert violations(html, scheme, tmp_path) == ""
