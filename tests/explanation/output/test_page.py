"""The sheet, the page and the numbers: what they show, that they repeat, and that no name runs or breaks anything."""

import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.synthetic import make_sweep

from robustmnist.explanation.cases import Case, Explanation, View
from robustmnist.explanation.condition import Condition
from robustmnist.explanation.methods.registry import METHODS
from robustmnist.explanation.output.files import explanation_files
from robustmnist.explanation.output.page import render_page
from robustmnist.explanation.output.request import Setup, prediction, scale_text
from robustmnist.explanation.output.sheet import draw_sheet
from robustmnist.statistics.decisions import INVALID
from robustmnist.suites import Setting

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><script>alert(1)</script>",
    "$\\frac{$",
    "_hidden",
    "lone \ud800 surrogate",
    "{{ 7 * 7 }}",
    "javascript:alert(1)//",
    "\u202egnp.exe\x00\x1b[31m",
    "../../etc/passwd",
    "数字" * 50,
    "a" * 500,
]
TEXTS = ("suite", "name", "title", "perturbation", "parameter", "unit")


def view(seed: int, predicted: int, explained: int) -> View:
    generator = np.random.default_rng(seed)
    image = np.zeros((28, 28), np.float32)
    image[6:22, 10:18] = generator.random((16, 8), np.float32)
    attribution = (image * generator.standard_normal((28, 28))).astype(np.float32)
    return View(image, predicted, 0.875, explained, attribution)


def cases(count: int, *, twins: bool) -> tuple[Case, ...]:
    return tuple(
        Case(100 + i, i % 10, view(i, i % 10, i % 10), view(i + 50, 3, 3) if twins else None) for i in range(count)
    )


def explanation(count: int = 3, *, twins: bool = True, name: str = "cnn", method: str = "occlusion") -> Explanation:
    return Explanation(name, "ab" * 32, method, cases(count, twins=twins), 0.0016 if METHODS[method].complete else None)


def condition(suite: str = "rotation", value: float = 45.0, **changes: Any) -> Condition:
    turned = make_sweep("angle", "rotation", "angle", "°", (-60, 0, 45, 60))
    sweep = replace(turned, **{"title": "Turn", **changes})
    return Condition(Setting(suite, sweep.name, value), sweep, sweep.variants[0], 0)


def setup(*, twins: bool = True, **changes: object) -> Setup:
    dataset = {
        "name": "mnist", "part": "test", "n": 10_000, "sha256": {"t10k-images": "cd" * 32}, "source": "a folder",
        "fallback": False, "note": "",
    }  # fmt: skip
    asked = Setup(
        condition() if twins else None,
        dataset,
        "predicted",
        "chosen by id",
        0,
        "cpu",
        "robustmnist explain",
        {"torch": "2"},
    )
    return replace(asked, **changes)  # type: ignore[arg-type]


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_the_perturbation_is_said_once_and_in_its_unit() -> None:
    def said(**changes: Any) -> str:
        return setup(condition=condition(**changes)).perturbed.replace("\u00a0", " ")

    assert said() == "rotation: angle 45°"
    assert (
        said(suite="shift", name="right", parameter="distance", unit="px", value=-2.5)
        == "shift: right, distance −2.5 px"
    )
    free = said(suite="decentering", name="free", parameter="fraction", unit="fraction", value=1, draws=2)
    assert free == "decentering: free, fraction 1, draw 0"


# --- the sheet --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("twins", [True, False])
@pytest.mark.parametrize("method", ["integrated-gradients", "grad-cam"])
def test_a_sheet_repeats_byte_for_byte_and_grows_with_its_lines(method: str, twins: bool) -> None:
    one, more = (explanation(count, twins=twins, method=method) for count in (1, 5))
    first = draw_sheet(one, setup(twins=twins))
    assert first == draw_sheet(one, setup(twins=twins))
    small, large = (Image.open(io.BytesIO(data)) for data in (first, draw_sheet(more, setup(twins=twins))))
    assert "Software" not in small.info
    assert small.width == large.width
    line = (large.height - small.height) / (4 if twins else 2)
    assert line == int(line) > 168


def test_the_digits_of_a_sheet_are_crisp_and_exact() -> None:
    shown = explanation(1)
    pixels = np.asarray(Image.open(io.BytesIO(draw_sheet(shown, setup()))).convert("L")).astype(int)
    ink = np.rint((1 - shown.cases[0].clean.image) * 255).astype(int)
    found = np.kron(ink, np.ones((6, 6), int))
    windows = np.lib.stride_tricks.sliding_window_view(pixels[:, :220], (168, 168))
    distance = np.abs(windows[..., 84, 84] - found[84, 84]) + np.abs(windows[..., 60, 84] - found[60, 84])
    assert any(np.abs(windows[y, x] - found).max() <= 1 for y, x in np.argwhere(distance <= 2))


def test_a_sheet_does_not_follow_the_users_matplotlib_settings() -> None:
    import matplotlib

    wanted = draw_sheet(explanation(1), setup())
    with matplotlib.rc_context({"font.size": 20, "figure.facecolor": "red", "savefig.dpi": 30}):
        assert draw_sheet(explanation(1), setup()) == wanted
        assert matplotlib.rcParams["font.size"] == 20


# --- the page ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("twins", [True, False])
def test_the_page_is_one_file_without_script(twins: bool) -> None:
    text = render_page([explanation(twins=twins), explanation(twins=twins, method="grad-cam")], setup(twins=twins))
    tags = Tags(text)
    assert len(tags.named("h1")) == len(tags.named("main")) == len(tags.named("title")) == 1
    assert tags.named("html") == [{"lang": "en"}]
    assert not tags.named("script") + tags.named("link")
    policy = [meta["content"] for meta in tags.named("meta") if meta.get("http-equiv")]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    assert all(image["src"].startswith("data:image/png;base64,") for image in tags.named("img"))  # type: ignore[union-attr]
    assert not re.search(r"https?:", text)


def test_blank_maps_are_counted() -> None:
    shown = explanation(3, twins=True, method="grad-cam")
    blank = replace(shown.cases[1].clean, attribution=np.zeros((28, 28), np.float32))
    some = replace(shown, cases=(shown.cases[0], replace(shown.cases[1], clean=blank), shown.cases[2]))
    assert "1 of 6 maps are blank" in render_page([some], setup())
    assert "maps are blank" not in render_page([shown], setup())


@pytest.mark.parametrize("twins", [True, False])
def test_every_view_has_its_three_pictures_with_words(twins: bool) -> None:
    tags = Tags(render_page([explanation(twins=twins)], setup(twins=twins)))
    pictures = [image for image in tags.named("img") if image["width"] == "112"]
    assert len(pictures) == 3 * 3 * (2 if twins else 1)
    words = [image["alt"] for image in pictures]
    assert len(set(words)) == len(words)
    assert words[0] == "The digit: sample 100, clean, a 0"
    # Whole multiples: 28 pixels at 4, or 112 at 1.
    assert {image["height"] for image in pictures} == {"112"}


def test_the_page_says_what_was_predicted_and_where_it_comes_from() -> None:
    text = render_page([explanation(method="integrated-gradients")], setup())
    for words in (
        "#101",
        "true 1",
        "→ 1 (87.5",
        "→ 3 (87.5",
        'class="wrong"',
        "rotation: angle 45°",
        "0.16",
        "Provenance",
    ):
        assert words in text
    for words in (
        "ab" * 32,
        "cd" * 32,
        "robustmnist explain",
        "mnist test, 10,000 digits",
        "Sundararajan",
        "midpoints 32",
    ):
        assert words in text
    assert "Not MNIST" not in text


def test_the_page_repeats_and_is_small() -> None:
    shown = [explanation(25)]
    text = render_page(shown, setup())
    assert text == render_page(shown, setup())
    assert len(text) < 25 * 2 * 7_000 + 10_000


def test_a_fallback_is_said_at_the_head() -> None:
    fallen = setup(dataset={**setup().dataset, "fallback": True, "note": "No MNIST here <b>"})
    head = render_page([explanation()], fallen).partition("</header>")[0]
    assert "Not MNIST." in head
    assert "No MNIST here &lt;b&gt;" in head


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_runs_or_breaks_anything(name: str) -> None:
    asked = setup(
        condition=condition(**dict.fromkeys(TEXTS, name), fixed={name: name}, over={name: (name, "")}),
        choice=name, device=name, command=name, versions={name: name},
    )  # fmt: skip
    asked = replace(
        asked, dataset={**asked.dataset, "name": name, "source": name, "sha256": {name: name}, "note": name}
    )
    files = explanation_files([replace(explanation(1), checkpoint=name, sha256=name)], asked)
    plain, strange = (Tags(text) for text in (render_page([explanation(1)], setup()), files["explain.html"].decode()))
    assert {tag for tag, _ in strange.found} == {tag for tag, _ in plain.found}
    assert {key for _, attributes in strange.found for key in attributes} == {
        key for _, attributes in plain.found for key in attributes
    }
    assert "49" not in re.findall(r"<h2>.*?</h2>", files["explain.html"].decode())[0]
    assert all(re.fullmatch(r"[\w.~-]{1,110}", file, re.ASCII) for file in files)
    json.loads(files["explain.json"])


# --- the numbers ------------------------------------------------------------------------------------------------------


def test_the_files_repeat_and_hold_the_numbers() -> None:
    shown = [explanation(), explanation(name="c n/n"), explanation(name="c n/n", method="saliency")]
    files = explanation_files(shown, setup())
    again = explanation_files(shown[:1], setup())
    assert again["explain-cnn-occlusion.png"] == files["explain-cnn-occlusion.png"]
    assert list(files) == [
        "explain.html", "explain-cnn-occlusion.png", "explain-c-n-n-occlusion.png", "explain-c-n-n-saliency.png",
        "explain.json", "attributions.npz",
    ]  # fmt: skip
    arrays = np.load(io.BytesIO(files["attributions.npz"]))
    record = json.loads(files["explain.json"])
    for one, entry in zip(shown, record["explanations"], strict=True):
        assert np.array_equal(arrays[entry["arrays"]["clean"]], [case.clean.attribution for case in one.cases])
        assert np.array_equal(arrays[entry["arrays"]["perturbed"]], [case.perturbed.attribution for case in one.cases])  # type: ignore[union-attr]
        assert [sample["id"] for sample in entry["samples"]] == [100, 101, 102]
        assert entry["samples"][1]["perturbed"] == {"predicted": 3, "confidence": 0.875, "explained": 3}
    assert np.array_equal(arrays["c-n-n/images/clean"], [case.clean.image for case in shown[1].cases])
    assert arrays["cnn/ids"].tolist() == [100, 101, 102]
    assert record["condition"]["value"] == 45.0
    assert record["dataset"]["sha256"] == {"t10k-images": "cd" * 32}


def test_names_that_would_share_a_file_do_not() -> None:
    files = explanation_files([explanation(1, name=name) for name in ("a b", "a/b", "///")], setup())
    sheets = [name for name in files if name.endswith(".png")]
    assert sheets == ["explain-a-b-occlusion.png", "explain-a-b~2-occlusion.png", "explain-checkpoint-occlusion.png"]


def test_an_invalid_answer_is_shown_as_one() -> None:
    nothing = np.full((28, 28), np.nan, np.float32)
    broken = View(view(0, 1, 1).image, INVALID, float("nan"), 0, nothing)
    shown = replace(explanation(1), cases=(Case(7, 0, broken, broken),))
    assert prediction(broken) == "invalid"
    assert scale_text(shown.cases[0], signed=True) == "no attribution"
    files = explanation_files([shown], setup())
    assert b"invalid" in files["explain.html"]
    assert json.loads(files["explain.json"])["explanations"][0]["samples"][0]["clean"]["predicted"] is None
