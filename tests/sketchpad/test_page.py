"""The page in headless Chromium: drawn on by real pointer and key events, read, kept, and looked at by axe-core."""

import hashlib
import re
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from support.browser import Page, needs_chromium, opened

from robustmnist.data import Dataset, load_dataset
from robustmnist.data.mnist_form import to_mnist
from robustmnist.errors import InputError
from robustmnist.models.checkpoints.checkpoint import Checkpoint, load_checkpoint
from robustmnist.sketchpad.interpret import interpret
from robustmnist.sketchpad.packing import rounded
from robustmnist.sketchpad.page import render_page
from robustmnist.sketchpad.translate import chain_of

NAMES = ("fc", "cnn")
SEVEN = [(80.0, 80.0), (140.0, 78.0), (200.0, 80.0), (180.0, 130.0), (150.0, 180.0), (130.0, 230.0)]
READY = "document.body.dataset.ready === 'yes'"
RESTED = "document.body.dataset.drawn === 'yes' && !waiting.ink && !waiting.changed"


@pytest.fixture(scope="module")
def digits() -> Dataset:
    """Return the embedded digits, which are always there."""
    return load_dataset("digits")


@pytest.fixture(scope="module")
def models() -> dict[str, Checkpoint]:
    """Return the models of the default page."""
    return {name: load_checkpoint(name) for name in NAMES}


@pytest.fixture(scope="module")
def html(models: dict[str, Checkpoint], digits: Dataset) -> str:
    """Return the default page."""
    return render_page(models, digits)


@pytest.fixture(scope="module")
def tab(html: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Yield a browser with the page open."""
    folder = tmp_path_factory.mktemp("browser")
    file = folder / "digit.html"
    file.write_text(html, encoding="utf-8")
    with opened(folder) as page:
        page.size(1280, 900)
        page.go(file.as_uri())
        page.until(READY)
        yield page


@pytest.fixture
def page(tab: Page) -> Page:
    """Return the page with nothing drawn."""
    tab.size(1280, 900)
    tab.run("scrollTo(0, 0); byId('clear').click(); ink.before.length = 0")
    tab.until("document.body.dataset.drawn === 'no' && !waiting.ink && !waiting.changed")
    return tab


def on_pad(page: Page, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return where points of the paper, 0 to 280, are in the window."""
    left, top, width = page.run("(({left, top, width}) => [left, top, width])(byId('pad').getBoundingClientRect())")
    return [(left + x / 280 * width, top + y / 280 * width) for x, y in points]


def draw(page: Page, points: list[tuple[float, float]]) -> None:
    page.draw(on_pad(page, points))
    page.until(RESTED)


def shown(page: Page) -> list[str]:
    """Return the digits that stand large beside the models' names."""
    return list(page.run("all('#answers [data-digit]').map((each) => each.textContent)"))


def test_the_file_is_small_and_the_same_again(html: str, models: dict[str, Checkpoint], digits: Dataset) -> None:
    assert len(html.encode()) <= 900_000
    assert render_page(models, digits) == html


def test_the_policy_allows_this_script_and_style_alone(html: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    rules = policy[1].replace("&#39;", "'").split("; ")
    assert rules[0] == "default-src 'none'"
    assert not any("unsafe" in rule or "http" in rule for rule in rules)
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}'" in rules


def test_a_page_has_room_for_four_models(models: dict[str, Checkpoint], digits: Dataset) -> None:
    with pytest.raises(InputError, match="a page has room for 4 models, not 5"):
        render_page({str(k): models["fc"] for k in range(5)}, digits)


@needs_chromium
def test_a_drawn_digit_is_read_as_python_reads_it(page: Page, models: dict[str, Checkpoint], digits: Dataset) -> None:
    draw(page, SEVEN)
    levels = torch.tensor(page.run("Array.from(ink.levels)"), dtype=torch.uint8).view(1, 280, 280)
    assert int(levels.max()) == 255
    seen = page.run("({mnist: Array.from(state.seen.images.mnist), drawn: Array.from(state.seen.images.drawn)})")
    form, mean = (torch.tensor(seen[name]).view(1, 1, 28, 28) for name in ("mnist", "drawn"))
    assert float((form - to_mnist(levels)).abs().max()) <= 1 / 255 + 1e-6
    blocks = levels.double().div(255).view(1, 28, 10, 28, 10).mean((2, 4))
    assert float((mean - blocks).abs().max()) < 1e-6
    for name, image in (("mnist", form), ("drawn", mean)):
        answers = torch.tensor(page.run(f"state.seen.answers.{name}.map((logits) => Array.from(logits))"))
        for answer, model in zip(answers, models.values(), strict=True):
            chain = rounded(chain_of(model, digits.head(9).images), "int8")
            assert float((answer - interpret(chain, image)[0]).abs().max()) < 1e-3
    assert shown(page) == ["7", "7"]


@needs_chromium
def test_nothing_drawn_is_answered_with_nothing(page: Page) -> None:
    digits_shown = "all('[data-digit]').map((each) => each.textContent)"
    disabled = "all('#limits input').every((each) => each.disabled)"
    blank = f"({{digits: {digits_shown}, disabled: {disabled}}})"
    assert page.run(blank) == {"digits": ["–"] * 4, "disabled": True}
    draw(page, SEVEN)
    assert page.run(blank)["digits"] == ["7"] * 4
    page.run("byId('undo').click()")
    page.until("document.body.dataset.drawn === 'no'")
    assert page.run(blank) == {"digits": ["–"] * 4, "disabled": True}


@needs_chromium
def test_the_keyboard_draws_and_takes_back(page: Page) -> None:
    page.run("byId('pad').focus()")
    for key in [*["ArrowUp"] * 3, " ", *["ArrowDown"] * 5, " ", "ArrowRight"]:
        page.press(key, modifiers=8 if key.startswith("Arrow") else 0)
    page.until(RESTED)
    rows = page.run("[...Array(280).keys()].filter((y) => ink.levels[280 * y + 140] > 0)")
    assert (rows[0], rows[-1]) == (140 - 60 - 13, 140 + 40 + 12)  # 3 steps of 20 up, 5 down, half a pen of 25 beyond
    page.press("z", modifiers=2)
    page.until("document.body.dataset.drawn === 'no'")


@needs_chromium
def test_a_test_digit_is_read_as_it_is(page: Page, models: dict[str, Checkpoint], digits: Dataset) -> None:
    first = {int(label): k for k, label in reversed(list(enumerate(digits.labels.tolist())))}
    image = digits.rows(torch.tensor([first[4]]))
    page.run("all('[data-starter]')[4].click()")
    page.until(RESTED)
    assert torch.allclose(torch.tensor(page.run("Array.from(state.seen.images.drawn)")), image.flatten(), atol=1e-6)
    assert shown(page) == [str(int(model(image).argmax())) for model in models.values()]


@needs_chromium
def test_limits_come_by_themselves_and_a_slider_pushes(page: Page) -> None:
    draw(page, SEVEN)
    page.until("all('.row.known').length === 6")
    limits = page.run("state.limits")
    assert set(limits["turn"]) == set(NAMES)
    low, high = limits["turn"]["fc"]
    assert low["strength"] < 0 < high["strength"]
    assert low["answer"] != 7 != high["answer"]
    page.run("document.querySelector('[data-push=turn] input').focus()")
    for _ in range(3):
        page.press("ArrowRight")
    page.until("byId('pushed-words').textContent === 'Turn 3° counter-clockwise' && !waiting.push")
    page.run("all('[data-push=turn] .pose')[0].click()")
    page.until("all('#pushed [data-digit]')[0].textContent !== '7' && !waiting.push")
    nearest = min((low, high), key=lambda limit: abs(limit["strength"]))
    assert page.run("all('#pushed [data-digit]')[0].textContent") == str(nearest["answer"])
    page.run("byId('back').click()")
    page.until("byId('pushed-words').textContent === 'As it is'")
    assert page.run("all('#pushed [data-digit]')[0].textContent") == "7"


@needs_chromium
def test_what_is_kept_can_be_read_again(page: Page, tmp_path: Path) -> None:
    draw(page, SEVEN)
    page.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.run("for (const button of all('[data-keep]')) button.click()")
    names = ("images-idx3-ubyte", "labels-idx1-ubyte", "digit.png", "digit.json")
    page.until("new Promise((resolve) => setTimeout(() => resolve(true), 300))")
    assert {path.name for path in tmp_path.iterdir()} == set(names)
    kept = load_dataset(f"idx:{tmp_path}")
    assert kept.labels.tolist() == [7]
    seen = torch.tensor(page.run("Array.from(state.seen.images.mnist)"))
    assert torch.allclose(kept.images.flatten(), seen, atol=1e-6)


@needs_chromium
@pytest.mark.parametrize("width", [1280, 800, 390, 320])
def test_nothing_sticks_out_sideways(page: Page, width: int) -> None:
    draw(page, SEVEN)
    page.size(width, 900)
    page.until("all('.row.known').length === 6")
    assert page.run("document.documentElement.scrollWidth") <= width


def axe() -> Path | None:
    """Return axe-core as npm installed it in the checkout or for all, or None."""
    npm = shutil.which("npm")
    roots = [Path(__file__).parents[2] / "node_modules"]
    if npm:
        process = subprocess.run([npm, "root", "-g"], capture_output=True, text=True, check=False)
        roots.append(Path(process.stdout.strip()))
    return next((path for root in roots if (path := root / "axe-core" / "axe.min.js").is_file()), None)


AXE = axe()


@needs_chromium
@pytest.mark.skipif(AXE is None, reason="no axe-core on this machine: npm install -g axe-core")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("drawn", [False, True], ids=["empty", "drawn"])
def test_axe_finds_no_violation(page: Page, dark: bool, drawn: bool) -> None:
    assert AXE is not None
    page.size(390 if dark else 1280, 900, dark=dark)
    if drawn:
        draw(page, SEVEN)
        page.until("all('.row.known').length === 6")
    page.call("Runtime.evaluate", expression=AXE.read_text(encoding="utf-8"))
    where = "[each.id, ...each.nodes.slice(0, 3).map((node) => node.html)]"
    assert page.run(f"axe.run().then(({{violations}}) => violations.map((each) => {where}))") == []


@needs_chromium
def test_an_address_may_hold_strokes_or_name_a_digit(html: str, tmp_path: Path) -> None:
    file = tmp_path / "digit.html"
    file.write_text(html, encoding="utf-8")
    with opened(tmp_path) as tab:
        tab.size(1280, 900)
        for fragment, drawn in [
            ("draw=80,80,200,80,130,230", "ink.levels[280 * 80 + 140]"),
            ("draw=-1,80", "0"),
            ("draw=9999,80", "0"),
            ("digit=4", "255"),
        ]:
            tab.go("about:blank")
            tab.go(f"{file.as_uri()}#{fragment}")
            tab.until(f"{READY} && !waiting.ink")
            assert tab.run("Math.max(...ink.levels)") == tab.run(drawn), fragment
        assert tab.run("ink.digit.length") == 784


@needs_chromium
def test_no_name_runs_anything(models: dict[str, Checkpoint], digits: Dataset, tmp_path: Path) -> None:
    # Their last parts are the same, so that the page keeps them whole.
    hostile = "<img src=x onerror=window.owned=1></script>", "</script><script>window.owned=1</script>"
    file = tmp_path / "digit.html"
    page = render_page(dict.fromkeys(hostile, models["fc"]), digits)
    file.write_text(re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page), encoding="utf-8")
    with opened(tmp_path) as tab:
        tab.size(1280, 900)
        tab.go(file.as_uri())
        tab.until(READY)
        draw(tab, SEVEN)
        assert tab.run("window.owned") is None
        assert tab.run("all('#answers em').map((each) => each.textContent)")[0] == hostile[0]


@needs_chromium
def test_the_page_is_silent_and_asks_for_nothing(page: Page) -> None:
    draw(page, SEVEN)
    assert page.complaints() == []
    assert page.requests() == []
