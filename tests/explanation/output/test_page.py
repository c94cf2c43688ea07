"""The page, the sheets and the numbers: what they show, that they repeat, and that no name runs or breaks anything."""

import io
import json
import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.explanations import ALL, condition, explanation, ink, learnt, setup

from robustmnist.explanation.cases import Answer, Case, Fall, Frame, View
from robustmnist.explanation.output.files import explanation_files
from robustmnist.explanation.output.page import render_page
from robustmnist.explanation.output.sheet import draw_sheet
from robustmnist.explanation.output.words import answer_text, summary
from robustmnist.statistics.decisions import INVALID

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


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]

    @property
    def pictures(self) -> list[dict[str, str | None]]:
        return [one for one in self.named("span") if one.get("role") == "img"]


def spaced(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_the_perturbation_is_said_once_and_in_its_unit() -> None:
    def said(**changes: Any) -> str:
        return spaced(setup(condition=condition(**changes)).perturbed)

    assert said() == "rotation: angle 45°"
    assert (
        said(suite="shift", name="right", parameter="distance", unit="px", value=-2.5)
        == "shift: right, distance −2.5 px"
    )
    free = said(suite="decentering", name="free", parameter="fraction", unit="fraction", value=1, draws=2)
    assert free == "decentering: free, fraction 1, draw 0"


def test_stops_are_values_of_the_sweep_from_neutral_outwards() -> None:
    assert condition().stops(4) == (0, 15, 30, 45)
    assert condition(value=45).stops(3) == (0, 30, 45)
    assert condition(value=50).stops(9) == (0, 15, 30, 45, 50)
    assert condition(value=-50).stops(4) == (0, -50)


# --- the sheet --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("twins", [True, False])
@pytest.mark.parametrize("method", ["integrated-gradients", "grad-cam"])
def test_a_sheet_repeats_byte_for_byte_and_grows_with_its_lines(method: str, twins: bool) -> None:
    one, more = (explanation(count, twins=twins, methods=(method,)) for count in (1, 5))
    first = draw_sheet(one, method, setup(twins=twins))
    assert first == draw_sheet(one, method, setup(twins=twins))
    small, large = (Image.open(io.BytesIO(data)) for data in (first, draw_sheet(more, method, setup(twins=twins))))
    assert "Software" not in small.info
    assert small.width == large.width
    line = (large.height - small.height) / (4 if twins else 2)
    assert line == int(line) > 168


def test_the_digits_of_a_sheet_are_crisp_and_exact() -> None:
    shown = explanation(1)
    pixels = np.asarray(Image.open(io.BytesIO(draw_sheet(shown, "occlusion", setup()))).convert("L")).astype(int)
    grey = np.rint((1 - shown.cases[0].clean.image) * 255).astype(int)
    found = np.kron(grey, np.ones((6, 6), int))
    windows = np.lib.stride_tricks.sliding_window_view(pixels[:, :220], (168, 168))
    distance = np.abs(windows[..., 84, 84] - found[84, 84]) + np.abs(windows[..., 60, 84] - found[60, 84])
    assert any(np.abs(windows[y, x] - found).max() <= 1 for y, x in np.argwhere(distance <= 2))


def test_a_sheet_does_not_follow_the_users_matplotlib_settings() -> None:
    import matplotlib

    wanted = draw_sheet(explanation(1), "occlusion", setup())
    with matplotlib.rc_context({"font.size": 20, "figure.facecolor": "red", "savefig.dpi": 30}):
        assert draw_sheet(explanation(1), "occlusion", setup()) == wanted
        assert matplotlib.rcParams["font.size"] == 20


# --- the page ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("twins", [True, False])
def test_the_page_is_one_file_without_script(twins: bool) -> None:
    text = render_page([explanation(twins=twins), explanation(twins=twins, name="fc")], setup(twins=twins))
    tags = Tags(text)
    assert len(tags.named("h1")) == len(tags.named("main")) == len(tags.named("title")) == 1
    assert tags.named("html") == [{"lang": "en"}]
    assert not tags.named("script") + tags.named("link")
    policy = [meta["content"] for meta in tags.named("meta") if meta.get("http-equiv")]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    assert all(image["src"].startswith("data:image/png;base64,") for image in tags.named("img"))  # type: ignore[union-attr]
    assert not re.search(r"https?:", text)


def test_each_digit_is_drawn_once_however_many_checkpoints_and_methods() -> None:
    text = render_page([explanation(methods=ALL), explanation(name="fc", methods=ALL)], setup())
    assert len(re.findall(r"--d:url\(data:", text)) == 3
    assert len(re.findall(r"--m:url\(data:", text)) == 6
    # What was lost, five methods twice, three stretches; and the digit's own six pictures.
    pictures = Tags(text).pictures
    assert len(pictures) == 3 * (2 + 2 * (1 + 2 * 5 + 3 + 4))
    assert all(one["aria-label"] for one in pictures)


def test_blank_maps_are_counted() -> None:
    shown = explanation(3, methods=("grad-cam",))
    silent = replace(shown.cases[1].clean, maps={"grad-cam": np.zeros((28, 28), np.float32)})
    some = replace(shown, cases=(shown.cases[0], replace(shown.cases[1], clean=silent), shown.cases[2]))
    assert "1 of 6 maps are blank" in render_page([some], setup())
    assert "maps are blank" not in render_page([shown], setup())


def test_the_page_says_what_was_asked_answered_and_lost() -> None:
    text = spaced(render_page([explanation(methods=("integrated-gradients",))], setup()))
    for words in (
        "Why is it misread at 45°?",
        "<strong><bdi>cnn</bdi></strong> misreads 3 of these 3 digits at 45°.",
        "On average the margin falls by 9.0 logits, 3.0 of them between",
        "#101",
        "→ 1 (87.5 %)",
        "→ 0 (87.5 %)",
        "maps explain 1 rather than 0",
        "the margin <b>+6.0 → −3.0</b>",
        "misread <b>from 22°</b>",
        "measured <b>+44.0°</b>",
        "ink lost <b>3 %</b>",
        "runner-up <b>7</b>",
        "read right after: turn −12°",
        "lost 9.0 logits",
        "0.16 %",
        "Along the way the shares miss the loss by at most 1.2 %",
        "temperature of cnn",
        "the same for both views",
    ):
        assert words in text, words
    for words in ("ab" * 32, "cd" * 32, "robustmnist explain", "Sundararajan", "midpoints 32", "Provenance"):
        assert words in text
    assert "Not MNIST" not in text


def test_the_summary_counts_the_ways_back_and_the_control() -> None:
    said = spaced(summary(explanation(), setup()))
    assert "3 of the 3 misread come back after a small change: 3 after a turn (median 12°)." in said
    assert "A class drawn among the others is reached for 3." in said
    assert summary(explanation(twins=False), setup(twins=False)) == "misreads 0 of these 3 digits."


def test_a_loss_that_is_a_gain_is_called_one() -> None:
    shown = explanation(1)
    frames = tuple(
        replace(frame, answer=replace(frame.answer, score=frame.value))
        for frame in shown.cases[0].fall.frames  # type: ignore[union-attr]
    )
    risen = replace(shown.cases[0], fall=replace(shown.cases[0].fall, frames=frames))  # type: ignore[type-var]
    assert "does not fall: it rises by 45.0 logits" in summary(replace(shown, cases=(risen,)), setup())


@dataclass(frozen=True)
class Found:
    believed: bool
    sentence: str


def test_verdicts_stand_beside_their_methods() -> None:
    good, bad = Found(True, "beats the image itself by .094"), Found(False, "does not beat the image itself")
    shown = explanation(1, methods=("occlusion", "inking"))
    text = render_page([replace(shown, verdicts={"occlusion": good, "inking": bad})], setup())
    assert "beats the image itself by .094" in text
    assert '<strong class="wrong">does not beat the image itself</strong>' in text
    record = json.loads(explanation_files([replace(shown, verdicts={"inking": bad})], setup())["explain.json"])
    assert record["explanations"][0]["methods"]["inking"]["believed"] is False


def test_what_a_network_has_learnt_is_shown_and_written() -> None:
    files = explanation_files([explanation()], setup(), learnt=[learnt()])
    text = spaced(files["explain.html"].decode())
    for words in (
        "What the networks have learnt",
        "the 24 strongest of 32",
        "read as their class by: cnn 100 %",
        '<th scope="row">4 → 9</th><td>rotation: angle</td><td>12</td><td>20</td><td>5.2</td><td>2.3×</td>',
        "the middle of each cluster of a 4 read as 9, rotation: angle; members: 0, 0; 3 in none",
        "Most alike in training",
        "0 (0.900), 1 (0.890)",
        "Convolution 1",
    ):
        assert words in text, words
    (entry,) = json.loads(files["explain.json"])["learnt"]
    assert entry["groups"][0] == {
        "under": "rotation: angle",
        "true": 4,
        "read": 9,
        "mistakes": 12,
        "first_at": pytest.approx(list(np.linspace(20, 40, 12))),
        "by_chance": 5.25,
    }
    assert [one["id"] for one in entry["samples"][0]["nearest"]] == [500, 501, 502, 503, 504]
    assert "What the networks have learnt" not in render_page([explanation()], setup())


def test_what_was_left_out_is_said() -> None:
    text = render_page([replace(explanation(1), skipped={"grad-cam": "has no convolution"})], setup())
    assert "without grad-cam: has no convolution" in text


def test_the_page_repeats_and_is_small() -> None:
    shown = [explanation(25, methods=ALL)]
    text = render_page(shown, setup())
    assert text == render_page(shown, setup())
    assert len(text) < 300_000


def test_a_fallback_is_said_at_the_head() -> None:
    fallen = setup(dataset={**setup().dataset, "fallback": True, "note": "No MNIST here <b>"})
    head = render_page([explanation()], fallen).partition("</header>")[0]
    assert "Not MNIST." in head
    assert "No MNIST here &lt;b&gt;" in head


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_runs_or_breaks_anything(name: str) -> None:
    plain_sweep = condition()
    asked = setup(
        condition=replace(
            plain_sweep,
            setting=plain_sweep.setting._replace(suite=name, sweep=name),
            sweep=replace(plain_sweep.sweep, name=name, title=name, unit=name, fixed={name: name}),
        ),
        choice=name, device=name, command=name, versions={name: name},
    )  # fmt: skip
    asked = replace(
        asked, dataset={**asked.dataset, "name": name, "source": name, "sha256": {name: name}, "note": name}
    )
    shown = replace(explanation(1), checkpoint=name, sha256=name, layer=name, skipped={"rise": name})
    files = explanation_files([shown], asked, sheets=True)
    usual = replace(explanation(1), layer="layer", skipped={"rise": "no"})
    plain, strange = (Tags(text) for text in (render_page([usual], setup()), files["explain.html"].decode()))
    assert {tag for tag, _ in strange.found} == {tag for tag, _ in plain.found}
    assert {key for _, attributes in strange.found for key in attributes} == {
        key for _, attributes in plain.found for key in attributes
    }
    assert "49" not in re.findall(r'<p class="summary">.*?</strong>', files["explain.html"].decode())[0]
    assert all(re.fullmatch(r"[\w.~-]{1,110}", file, re.ASCII) for file in files)
    json.loads(files["explain.json"])
    np.load(io.BytesIO(files["maps.npz"]))


# --- the numbers ------------------------------------------------------------------------------------------------------


def test_the_files_repeat_and_hold_the_numbers() -> None:
    shown = [explanation(), explanation(name="c n/n", methods=("occlusion", "saliency"))]
    files = explanation_files(shown, setup())
    assert files == explanation_files(shown, setup())
    assert list(files) == ["explain.html", "explain.json", "maps.npz"]
    arrays = np.load(io.BytesIO(files["maps.npz"]))
    record = json.loads(files["explain.json"])
    for one in shown:
        for case in one.cases:
            mine = (arrays["checkpoint"] == one.checkpoint) & (arrays["ids"] == case.id)
            assert set(arrays["wanted"][mine]) == {case.label}
            assert set(arrays["rival"][mine]) == {0}
            for method in one.methods:
                maps = arrays["maps"][mine & (arrays["method"] == method)]
                assert np.array_equal(maps, [side.maps[method] for side in case.views])
                values = arrays["value"][mine & (arrays["method"] == method)]
                assert np.array_equal(values, [np.nan, 45.0], equal_nan=True)
            assert np.array_equal(arrays["maps"][mine & (arrays["method"] == "change")], [case.change])
            assert np.array_equal(arrays["maps"][mine & (arrays["method"] == "path")], case.fall.maps)  # type: ignore[union-attr]
            assert arrays["value"][mine & (arrays["method"] == "path")].tolist() == [15.0, 30.0, 45.0]
    assert np.array_equal(arrays["images"][0], shown[0].cases[0].clean.image)
    assert arrays["image_ids"].tolist() == [101, 101, 102, 102, 103, 103]
    sample = record["explanations"][1]["samples"][0]
    assert sample["perturbed"] == {"predicted": 0, "confidence": 0.875, "runner_up": 7, "score": -3.0}
    fall = shown[1].cases[0].fall
    assert fall is not None
    assert sample["lost"][0] == {"from": 0.0, "to": 15.0, "logits": 3.0, "by_stroke": fall.lost_by_stroke[0]}
    assert sample["way_back"][1]["size"] is None
    assert record["condition"]["value"] == 45.0
    assert record["dataset"]["sha256"] == {"t10k-images": "cd" * 32}


def test_names_that_would_share_a_file_do_not() -> None:
    shown = [explanation(1, name=name) for name in ("a b", "a/b", "///")]
    sheets = [name for name in explanation_files(shown, setup(), sheets=True) if name.endswith(".png")]
    assert sheets == ["explain-a-b-occlusion.png", "explain-a-b~2-occlusion.png", "explain-checkpoint-occlusion.png"]


def test_an_invalid_answer_is_shown_as_one() -> None:
    nothing = np.full((28, 28), np.nan, np.float32)
    broken = View(ink(0), Answer(INVALID, float("nan"), INVALID, float("nan")), {"occlusion": nothing})
    frames = (Frame(0.0, ink(0), broken.answer), Frame(45.0, ink(0), broken.answer))
    gone = Fall((0.0, 45.0), (float("nan"),) * 2, 0.0, frames, (nothing,), float("nan"))
    shown = replace(explanation(1), cases=(Case(7, 0, "0 rather than 1", 0, 1, broken, broken, nothing, gone),))
    assert answer_text(broken.answer) == "invalid"
    files = explanation_files([shown], setup(), sheets=True)
    assert b"invalid" in files["explain.html"]
    assert json.loads(files["explain.json"])["explanations"][0]["samples"][0]["clean"]["predicted"] is None
