"""The page in headless Chromium: it loads without a message or a request, in both schemes, and runs no name."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.report import render
from robustmnist.report.colours import DARK, LIGHT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


def browse(page: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Open `page` without a network and return what the browser printed."""
    quiet = [
        *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking"),
        *("--disable-sync", "--disable-component-update", "--disable-extensions", "--no-first-run"),
        "--enable-logging=stderr",
    ]
    rules = "--host-resolver-rules=MAP * ~NOTFOUND"
    profile = f"--user-data-dir={page.parent / 'profile'}"
    command = [str(CHROMIUM), *quiet, rules, profile, *options, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def messages(found: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in found.stderr.splitlines() if "CONSOLE" in line]


@pytest.fixture(scope="module")
def html() -> str:
    suite = make_suite("shift", make_sweep(values=range(5)))
    return render(synthetic_predictions(("fc", "cnn"), n=50, suites=[suite]))


@pytest.mark.parametrize(("scheme", "preference"), [(LIGHT, 1), (DARK, 0)], ids=["light", "dark"])
def test_the_page_loads_silently(html: str, scheme: object, preference: int, tmp_path: Path) -> None:
    page, picture = tmp_path / "report.html", tmp_path / "page.png"
    page.write_text(html, encoding="utf-8")
    size, shot = "--window-size=1280,900", f"--screenshot={picture}"
    found = browse(page, size, shot, f"--blink-settings=preferredColorScheme={preference}")
    assert messages(found) == []
    pixels = np.asarray(Image.open(picture).convert("RGB"))
    assert pixels.shape == (900, 1280, 3)
    corner = "#" + "".join(f"{channel:02x}" for channel in pixels[2, 2])
    assert corner == getattr(scheme, "paper")  # noqa: B009
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 50


def test_a_narrow_screen_does_not_scroll_sideways(html: str, tmp_path: Path) -> None:
    # Scripts are forbidden on the page itself, so a copy without the policy measures it from inside.
    measure = "<script>document.title=document.documentElement.scrollWidth+' '+innerWidth</script></body>"
    page = tmp_path / "report.html"
    page.write_text(POLICY.sub("", html).replace("</body>", measure), encoding="utf-8")
    found = browse(page, "--window-size=500,900", "--dump-dom")
    title = re.search(r"<title>(\d+) (\d+)</title>", found.stdout)
    assert title is not None, found.stderr
    assert int(title[1]) <= int(title[2])


def test_a_hostile_name_runs_nothing_even_without_the_policy(tmp_path: Path) -> None:
    owned = "document.documentElement.dataset.owned=1"
    name = f'"><script>{owned}</script><img src=x onerror="{owned}"><svg onload="{owned}">'
    suite = make_suite("s", make_sweep(values=(0, 1, 2)))
    page = tmp_path / "report.html"
    page.write_text(POLICY.sub("", render(synthetic_predictions((name,), n=20, suites=[suite]))), encoding="utf-8")
    found = browse(page, "--dump-dom")
    assert "<h1>" in found.stdout
    assert "data-owned" not in found.stdout
    page.write_text(f"<h1>x</h1><p>{name}", encoding="utf-8")
    assert "data-owned" in browse(page, "--dump-dom").stdout  # the same name does run where it is not escaped


def test_the_policy_is_what_silences_scripts_and_requests(html: str, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(
        html.replace("</body>", "<script>1</script><img src=https://example.org/x.png></body>"), encoding="utf-8"
    )
    assert len(messages(browse(page, "--dump-dom"))) >= 2
