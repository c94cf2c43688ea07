"""The page: whole, self-contained, safe whatever the run is called, the same bytes again."""

import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.predictions import Digits, Predictions
from robustmnist.report import render, write_report
from robustmnist.suites import Setting, Suite, Sweep

CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
VOID = {"meta", "img", "br"}
# Attributes whose value is a word, a number or a text that is read aloud.
INERT = {
    "alt", "aria-hidden", "aria-label", "charset", "class", "colspan", "content", "d", "height", "http-equiv",
    "id", "lang", "name", "opacity", "role", "scope", "stroke-dasharray", "stroke-linecap", "stroke-width",
    "tabindex", "text-anchor", "viewbox", "width", "x", "y",
}  # fmt: skip
OPTIONAL_END = {"tr", "td", "th"}


class Page(HTMLParser):
    """Everything that a browser would meet on the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID | OPTIONAL_END:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in OPTIONAL_END:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, *names: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag in names]


@pytest.fixture(scope="module")
def run() -> Predictions:
    return synthetic_predictions(("fc", "cnn"), n=100)


@pytest.fixture(scope="module")
def html(run: Predictions) -> str:
    return render(run)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def tiny(**fields: Any) -> Predictions:
    sweep = make_sweep(values=(0, 1, 2), over={"direction": ("right", "left")})
    return synthetic_predictions(("a", "b"), n=20, suites=[make_suite("s", sweep)], **fields)


def check_safe(page: Page) -> None:
    assert not page.open
    for tag, attributes in page.tags:
        assert tag not in {"script", "iframe", "object", "embed", "base", "form", "link", "video", "audio", "use"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name == "href":
                assert re.fullmatch(r"#[a-z0-9-]+", value)
            elif name == "src":
                assert re.fullmatch(r"data:image/png;base64,[A-Za-z0-9+/=]+", value)
            elif name == "style":
                data = r"url\(data:image/png;base64,[A-Za-z0-9+/=]+\)"
                assert re.fullmatch(rf"--[ins]:\d+|--n:\d+;--s:{data}", value)
            else:
                assert name in INERT


def test_the_page_is_whole(page: Page, run: Predictions) -> None:
    check_safe(page)
    assert page.all("html") == [{"lang": "en"}]
    counts = Counter(tag for tag, _ in page.tags)
    assert counts["h1"] == counts["title"] == counts["main"] == counts["style"] == 1
    assert {"http-equiv": "Content-Security-Policy", "content": CSP} in page.all("meta")
    sections = [attributes["id"] for attributes in page.all("section")]
    assert sections == ["robust", "breaks", "fails", "trust", "better", "done"]
    assert counts["h2"] == 6
    curves = [attributes["id"] for attributes in page.all("div") if attributes.get("id", "").startswith("curve-")]
    assert len(curves) == sum(len(suite.curves) for suite in run.suites)


def test_identifiers_are_unique_and_links_lead_somewhere(page: Page) -> None:
    ids = Counter(attributes["id"] for _, attributes in page.tags if "id" in attributes)
    assert set(ids.values()) == {1}
    assert {attributes["href"][1:] for attributes in page.all("a")} <= set(ids)


def test_headings_never_skip_a_level(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))


def test_every_figure_has_a_label_and_every_chart_a_table(html: str, page: Page) -> None:
    for attributes in page.all("svg"):
        assert attributes.get("aria-hidden") == "true" or (attributes["role"] == "img" and attributes["aria-label"])
    assert all(attributes["alt"] for attributes in page.all("img"))
    for name in ("robust", "breaks", "trust", "better"):
        section = re.search(rf'<section id="{name}">.*?</section>', html, re.DOTALL)
        assert section is not None
        figures = re.findall(r"<figure.*?</figure>", section[0], re.DOTALL)
        assert figures
        assert "<figcaption>" in section[0]
        assert re.search(r"<details><summary>.*<table[^>]*>\s*<caption>.*</details>", section[0], re.DOTALL)
        if name in ("robust", "breaks"):
            for figure in figures:
                assert "<figcaption>" in figure
                if "<svg" in figure:
                    assert re.search(r"<details><summary>.*<table[^>]*>\s*<caption>.*</details>", figure, re.DOTALL)


def test_tables_have_captions_and_scopes_and_scroll_by_keyboard(html: str, page: Page) -> None:
    counts = Counter(tag for tag, _ in page.tags)
    assert counts["table"] == counts["caption"]
    assert all("scope" in attributes for attributes in page.all("th"))
    for _, attributes in page.tags:
        if attributes.get("role") == "region":
            assert attributes["tabindex"] == "0"
            assert attributes["aria-label"]
    assert html.count('class="scroll"') >= counts["table"]


def test_rendering_again_gives_the_same_bytes(run: Predictions, html: str, tmp_path: Path) -> None:
    path = write_report(run, tmp_path / "deep" / "report.html")
    assert path.read_bytes() == html.encode()


def test_the_manifest_may_have_gone_through_json(run: Predictions, html: str) -> None:
    import json

    again = replace(run, manifest=json.loads(json.dumps(run.manifest, sort_keys=True)))
    assert render(again) == html


def test_rendering_needs_no_torch_and_no_matplotlib() -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from support.synthetic import synthetic_predictions\n"
        "from robustmnist.report import render\n"
        "render(synthetic_predictions(('a',), n=20))\n"
        "print(sorted({'torch', 'kornia', 'captum', 'sklearn', 'matplotlib'} & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert found.stdout == "[]\n"


# --- hostile names -----------------------------------------------------------------------------------------------

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "end of style": "</style><script>alert(1)</script>",
    "end of title": "</title></svg><img src=x onerror=alert(1)>",
    "attribute": '" onload="alert(1)" x="',
    "single quotes": "' onmouseover='alert(1)",
    "backticks": "`${alert(1)}`",
    "tag": "<img src=https://evil.example/x.png>",
    "css": "};@import url(https://evil.example);{",
    "url": "javascript:alert(1)",
    "template": "{{ 7 * 7 }}{% include '/etc/passwd' %}{# x",
    "mathematics": r"$\frac{$",
    "underscore": "_x",
    "surrogate": "a\ud800b\udc00",
    "right to left": "\u202egnp.exe\u2066",
    "arabic and chinese": "شبكة 网络 🐟",
    "cdata": "]]><!--<![CDATA[",
    "comment": "--><b>x",
    "controls": "a\x00b\x07c\x1b[31m\x85\u2028\n",
    "entities": "&lt;b&gt;&#60;script&#62;",
    "long": "x" * 10_000,
    "empty": "",
    "placeholder": "@0 @x #f0f001 -1",
}


def hostile(name: str) -> Predictions:
    """Return a run that carries `name` in every one of its texts."""
    run = tiny()
    suite = run.suites[0]
    sweep = replace(
        suite.sweeps[0],
        name=f"{name} sweep",
        title=f"{name} title",
        perturbation=name,
        parameter=name,
        unit=name,
        over={name: (f"{name} 1", f"{name} 2")},
        fixed={name: name},
    )
    suite = Suite(f"{name} suite", name, name, name, 0, (sweep,), name)
    manifest = {
        **run.manifest,
        "robustmnist": name,
        "command": name,
        "device": name,
        "created": name,
        "versions": {name: name},
        "dataset": {"name": name, "part": name, "source": name, "note": name, "fallback": True, "sha256": {name: name}},
        "checkpoints": [{"name": name, "sha256": name, "architecture": {name: name}, "parameters": 1}] * 2,
    }
    digits = run.digits or Digits()
    names = (f"{name} one", f"{name} two")
    shown = {
        key._replace(setting=Setting(suite.name, sweep.name, key.value)): picture
        for key, picture in digits.perturbed.items()
    }
    digits = Digits({(suite.name, sweep.name): digits.examples["s", "right"]}, shown, digits.clean)
    logits = {(suite.name, sweep.name): run.logits["s", "right"]}
    row = {"suite": suite.name, "sweep": sweep.name, "value": 1.0, "unit": name, "measure": name, "measure_unit": name}
    row |= {"n": 20, "measured_mean": 1.0, "measured_sd": 0.1, "ink_clipped": 0.0, "psnr": 20.0}
    # A data frame cannot hold a lone surrogate.
    realised = None if "\ud800" in name else pd.DataFrame([{**row, "natural_low": 0.0, "natural_high": 0.5}])
    fields = {"suites": (suite,), "logits": logits, "digits": digits, "realised": realised}
    return replace(run, checkpoints=names, manifest=manifest, **fields)


@pytest.fixture(scope="module")
def tame() -> Counter[str]:
    return Counter(tag for tag, _ in Page(render(hostile("tame"))).tags)


@pytest.fixture(scope="module")
def bare() -> Counter[str]:
    return Counter(tag for tag, _ in Page(render(replace(hostile("tame"), realised=None))).tags)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_no_name_changes_the_page(name: str, tame: Counter[str], bare: Counter[str]) -> None:
    run = hostile(name)
    html = render(run)
    html.encode()
    page = Page(html)
    check_safe(page)
    tags = Counter(tag for tag, _ in page.tags)
    # Facts without a value are left out, and ticks depend on nothing else.
    if name:
        assert tags == (tame if run.realised is not None else bare)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", html)
    assert len(html) < 400_000


# --- sizes and shapes --------------------------------------------------------------------------------------------


def test_the_size_is_within_the_limit() -> None:
    sweeps = [make_sweep(f"s{i}", values=range(11)) for i in range(12)]
    suite = make_suite("shift", *sweeps)
    run = synthetic_predictions(("fc", "cnn"), n=300, suites=[suite])
    html = render(run)
    # A strip's sheet holds seven digits, a gallery's each digit and its twin.
    digits = html.count('<i style="--i') + html.count('<i class="twin"') + 7 * html.count('class="digits"')
    assert digits > 200
    bare = render(replace(run, digits=None))
    assert len(bare.encode()) + 25 * 1000 <= 300_000
    assert len(html.encode()) <= len(bare.encode()) + 1000 * digits


def test_many_suites_stay_readable_and_small() -> None:
    suites = [make_suite(f"s{i}", *(make_sweep(f"w{i}-{j}", values=range(8)) for j in range(3))) for i in range(8)]
    run = synthetic_predictions(("fc", "cnn", "third"), n=100, suites=suites)
    html = render(run)
    page = Page(html)
    assert len(html.encode()) <= 24 / 90 * 1_500_000 + 200_000  # 90 sweeps are to fit into 1.5 MB
    # Open are two rows of matrices and one gallery per checkpoint; the rest starts folded.
    assert html.count('<table class="matrix') == 3 * 9
    assert html.index("The other suites") < [one.start() for one in re.finditer('<table class="matrix', html)][6]
    assert html.count('<div class="gallery">') == 3 * 10
    assert len([a for a in page.all("div") if a.get("id", "").startswith("curve-")]) == 24


def test_maps_and_the_worst_of_k_are_shown_with_their_numbers() -> None:
    from robustmnist.results.breakdown.maps import shift_map
    from robustmnist.results.breakdown.worst_case import worst_of_k, worst_over_grid

    axis = (-2.0, -1.0, 0.0, 1.0, 2.0)
    points = make_sweep("map", "shift", "dx", "px", axis, over={"dy": axis}, crossed={"dy": 0.0})
    grid = make_sweep(
        "grid", "pose", "angle", "°", (-30, 0, 30), over={"dx": axis, "dy": axis}, crossed={"dx": 0.0, "dy": 0.0}
    )
    tries = make_sweep("random", "random-pose", "extent", "fraction", (0, 1), draws=6)
    suites = [make_suite("m", points), make_suite("k", tries, grid)]
    run = synthetic_predictions(("fc", "cnn"), n=60, suites=suites)
    html = render(run)
    page = Page(html)
    check_safe(page)
    text = re.sub(r"\s+", " ", " ".join(page.text)).replace("\u00a0", " ")
    for row in shift_map(run, "m", "map").itertuples():
        assert f"{row.accuracy * 100:.1f}" in text
    table = worst_of_k(run, "k", "random")
    worst = table[(table["value"] == 1) & (table["k"] == 5)]
    for one in (*worst["accuracy"], *worst_over_grid(run, "k", "grid")["accuracy"]):
        assert f"{one * 100:.1f} (" in text
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert {"maps-0", "worst-1"} <= ids
    assert {attributes["href"][1:] for attributes in page.all("a")} <= ids
    assert "mean over the map" in text
    assert "worst of 6 tries" in text


def test_the_only_sweep_of_a_page_gets_a_large_chart_and_a_small_one_for_narrow_windows() -> None:
    def widths(*sweeps: Sweep) -> list[tuple[str, str]]:
        suites = (make_suite("shift", *sweeps),)
        text = render(synthetic_predictions(("fc",), n=50, suites=suites))
        figures = text.partition('<div class="small">')[2].partition("<figcaption>")[0]
        return re.findall(r'(?:<div class="(roomy|narrow)">)?<svg[^>]* width="(\d+)"', figures)

    assert widths(make_sweep()) == [("roomy", "720"), ("narrow", "264")]
    assert widths(make_sweep(), make_sweep("left", fixed={"direction": "left"})) == [("", "264")] * 2


def test_the_words_of_the_page_are_explained_where_they_occur(html: str) -> None:
    alone = render(synthetic_predictions(("fc",), n=50, suites=(make_suite("shift", make_sweep()),)))
    for text, several in ((html, True), (alone, False)):
        words = re.findall(r"<dt>(.*?)</dt>", text[: text.index("</header>")])
        assert words[:4] == ["accuracy", "strength", "a tenth is lost", "area"]
        assert ("better" in words) == several


def test_the_natural_band_is_tinted_where_the_run_measured_one() -> None:
    run = tiny()
    band = {"suite": "s", "sweep": "right", "value": 1.0, "natural_low": 0.0, "natural_high": 0.5}
    rest = dict.fromkeys(("measured_mean", "measured_sd", "ink_clipped", "psnr"), 0.1)
    words = {"unit": "px", "measure": "centroid-radius", "measure_unit": "px", "n": 20}
    html = render(replace(run, realised=pd.DataFrame([{**band, **rest, **words}])))
    assert html.count('class="fband"') == 2  # in the large chart and in the small one for narrow windows
    assert "natural variation" in html
    assert 'class="fband"' not in render(run)


def test_verdicts_stand_under_the_digits_that_were_read(run: Predictions, html: str) -> None:
    from robustmnist.results import decide

    strip = re.search(r'<figure class="strip">.*?</figure>', html, re.DOTALL)
    assert strip is not None
    sweep = run.suites[0].sweeps[0] if "Right" in strip[0] else run.suites[0].sweeps[1]
    _, first = np.unique(run.labels, return_index=True)
    label = int(re.search(r">a (\d)<", strip[0])[1])  # type: ignore[index]
    rows = re.findall(r'<tr><th scope="row" class="w h(\d)">.*?</th>(.*?)</tr>', strip[0])
    for checkpoint, cells in rows[:2]:
        shown = re.findall(r"<td>(<b[^>]*>)?(\d)", cells)
        logits = run.logits["shift", sweep.name][int(checkpoint), :, 0, first[label]]
        assert [int(digit) for _, digit in shown] == decide(logits).predicted.tolist()
        assert all(bool(box) == (int(digit) != label) for box, digit in shown)


@pytest.mark.parametrize("names", [("one",), tuple(f"model-{i}" for i in range(3)), tuple(f"m{i}" for i in range(14))])
def test_any_number_of_checkpoints(names: tuple[str, ...]) -> None:
    suite = make_suite("rotation", make_sweep("angle", "rotation", "angle", "°", (-60, 0, 60)))
    page = Page(render(synthetic_predictions(names, n=30, suites=[suite])))
    check_safe(page)
    assert len([a for a in page.all("table") if a.get("class", "").startswith("matrix")]) == 2 * len(names)


def test_odd_sweeps_render() -> None:
    suite = make_suite(
        "odd",
        make_sweep("short", values=(0, 1)),
        make_sweep("downwards", "scale", "factor", "×", (0.4, 0.7, 1), 1.0),
        make_sweep("long", "rotation", "angle", "°", range(-90, 91, 5)),
        make_sweep("uneven", "x", "y", "", (0, 0.001, 5)),
    )
    check_safe(Page(render(synthetic_predictions(("a", "b"), n=30, suites=[suite]))))


def test_a_run_without_pictures_says_so(run: Predictions) -> None:
    html = render(replace(run, digits=None))
    assert "The run kept no pictures." in html
    assert "data:image" not in html


def test_mistakes_of_which_the_run_kept_no_picture_are_shown_without() -> None:
    run = tiny()
    assert run.digits is not None
    before, after = (Page(render(one)) for one in (run, replace(run, digits=replace(run.digits, perturbed={}))))
    assert len(after.all("i")) < len(before.all("i"))


def test_one_thread_is_told_in_the_singular_whatever_the_run_said() -> None:
    run = tiny()
    text = render(replace(run, manifest={**run.manifest, "device": "cpu (Old, 1 threads) / cpu (Old, 11 threads)"}))
    assert text.count("cpu (Old, 1 thread) / cpu (Old, 11 threads)") == 2  # in the head, and where the run is told
    assert "1 threads)" not in text.replace("11 threads)", "")


def test_a_fallback_is_told_before_any_number(html: str, run: Predictions) -> None:
    assert html.index("Not MNIST.") < html.index("<table")
    data = {**run.manifest["dataset"], "fallback": False}
    assert "Not MNIST." not in render(replace(run, manifest={**run.manifest, "dataset": data}))


def test_invalid_rows_are_told() -> None:
    html = render(tiny(invalid=3))
    assert "Invalid answers." in html
    assert "Invalid answers are in no cell: a 6." in html


def test_the_numbers_are_those_of_the_results(html: str, run: Predictions) -> None:
    from robustmnist.results import confusion, summarise

    text = re.sub(r"\s+", " ", " ".join(Page(html).text)).replace("\u00a0", " ")
    summary = summarise(run)
    for row in summary[summary["suite"] == "rotation"].itertuples():
        assert f"{row.accuracy * 100:.1f} (" in text
    cells = re.search(r'<table class="matrix m0">.*?</table>', html, re.DOTALL)
    assert cells is not None
    diagonal = np.diag(confusion(run, "fc"))
    for digit, times in enumerate(diagonal):
        assert re.search(rf'<th scope="row">{digit}(<td[^>]*>\d*)*<td>{times}', cells[0])
