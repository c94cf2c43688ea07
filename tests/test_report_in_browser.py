"""The page in headless Chromium: it loads without a message or a request, in both schemes, and runs no name.

Accessibility is checked with axe-core where npm has it (``npm install -g axe-core``, or without -g in the checkout).
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.gold_pages import gold_runs
from support.page_checks import AXE, CHROMIUM, POLICY, browse, messages, sticking_out, violations
from support.synthetic import make_sweep, synthetic_predictions

from robustmnist.page.colours import DARK, LIGHT
from robustmnist.predictions import Predictions
from robustmnist.report import render
from robustmnist.suites import Suite

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def html() -> str:
    """Return a page with everything that a page can show."""
    return render(gold_runs()["whole.html"])


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


@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_sticks_out_sideways(html: str, width: int, tmp_path: Path) -> None:
    assert sticking_out(html, width, tmp_path) == ""


@pytest.mark.skipif(AXE is None, reason="no axe-core on this machine: npm install -g axe-core")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(html: str, scheme: str, tmp_path: Path) -> None:
    assert violations(html, scheme, tmp_path) == ""


OWNED = "document.documentElement.dataset.owned=1"
HOSTILE = (
    f"<script>{OWNED}</script>",
    f'"><script>{OWNED}</script>',
    f"'><script>{OWNED}</script>",
    f"<img src=x onerror={OWNED}>",
    f'<img src="x" onerror="{OWNED}">',
    f'"><img src=x onerror={OWNED}>',
    f"<svg onload={OWNED}>",
    f'"><svg/onload={OWNED}>',
    f"</style><script>{OWNED}</script>",
    f"</title><script>{OWNED}</script>",
    f"</svg><script>{OWNED}</script>",
    f"</text></svg><img src=x onerror={OWNED}>",
    f"--><script>{OWNED}</script>",
    f"]]><script>{OWNED}</script>",
    f"<details open ontoggle={OWNED}>",
    f'" autofocus onfocus={OWNED} tabindex=1 x="',
    f"<body onload={OWNED}>",
    f"<iframe srcdoc='<script>parent.{OWNED}</script>'></iframe>",
    f"javascript:{OWNED}",
    "{{ 7*7 }}<script>" + OWNED + "</script>",
)


def hostile_run() -> Predictions:
    """Return a run whose every text is one of the hostile names, each suite and sweep with one of its own."""
    suites = []
    for k, name in enumerate(HOSTILE):
        sweep = make_sweep(values=(0, 1, 2), over={name: (f"{name} 1", f"{name} 2")})
        sweep = replace(
            sweep, name=f"{name} {k}", title=name, perturbation=name, parameter=name, unit=name, fixed={name: name}
        )
        suites.append(Suite(f"{name} {k}", name, name, name, 0, (sweep,), name))
    run = synthetic_predictions((HOSTILE[0], HOSTILE[3]), n=20, suites=suites)
    every = " ".join(HOSTILE)
    dataset = {"name": HOSTILE[1], "part": HOSTILE[4], "source": every, "note": every, "fallback": True}
    manifest = {
        **run.manifest,
        **dict.fromkeys(("robustmnist", "device", "created"), HOSTILE[5]),
        "command": every,
        "versions": {name: name for name in HOSTILE},
        "dataset": {**dataset, "sha256": {name: name for name in HOSTILE}},
        "checkpoints": [{"name": name, "sha256": name, "architecture": {name: name}} for name in run.checkpoints],
    }
    return replace(run, manifest=manifest)


def test_no_hostile_name_runs_anything_even_without_the_policy(tmp_path: Path) -> None:
    assert len(HOSTILE) == 20
    page = tmp_path / "report.html"
    page.write_text(POLICY.sub("", render(hostile_run())), encoding="utf-8")
    found = browse(page, "--dump-dom")
    assert "<h1>" in found.stdout
    assert "data-owned" not in found.stdout
    page.write_text(f"<h1>x</h1><p>{HOSTILE[1]}", encoding="utf-8")
    assert "data-owned" in browse(page, "--dump-dom").stdout  # the same name does run where it is not escaped


def test_the_policy_is_what_silences_scripts_and_requests(html: str, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(
        html.replace("</body>", "<script>1</script><img src=https://example.org/x.png></body>"), encoding="utf-8"
    )
    assert len(messages(browse(page, "--dump-dom"))) >= 2
