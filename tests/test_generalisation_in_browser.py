"""The page about generalisation in a real browser, as it is published: it fits screen and paper, and axe is silent."""

from pathlib import Path

import pytest
from support.page_checks import AXE, CHROMIUM, browse, messages, sticking_out, violations

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

A4 = 718  # px between margins of 1 cm


@pytest.fixture(scope="module")
def html() -> str:
    """Return the published page: eight checkpoints on four sets."""
    return (Path(__file__).parents[1] / "reports" / "generalisation.html").read_text("utf-8")


def test_the_page_loads_silently(html: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(html, encoding="utf-8")
    assert messages(browse(page, f"--screenshot={tmp_path / 'page.png'}")) == []


@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_sticks_out_sideways(html: str, width: int, tmp_path: Path) -> None:
    assert sticking_out(html, width, tmp_path) == ""


def test_tables_of_eight_checkpoints_fit_on_paper(html: str, tmp_path: Path) -> None:
    on_paper = html.replace("@media print", "@media all").replace('class="scroll"', 'class="whole"')
    assert on_paper.count('class="whole"') > 5
    assert sticking_out(on_paper, A4, tmp_path) == ""


@pytest.mark.skipif(AXE is None, reason="no axe-core on this machine: npm install -g axe-core")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(html: str, scheme: str, tmp_path: Path) -> None:
    assert violations(html, scheme, tmp_path) == ""
