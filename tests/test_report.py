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
import pytest
from synthetic import make_suite, make_sweep, synthetic_predictions

from robustmnist.predictions import Digits, Predictions
from robustmnist.report import render, write_report
from robustmnist.suites import Suite

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
    assert sections == ["headline", "curves", "digits", "confusion", "classes", "mistakes", "provenance"]
    charts = sum(len(suite.sweeps) for suite in run.suites) + len(run.suites)
    assert counts["details"] >= charts


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
    figures = re.findall(r"<figure.*?</figure>", html, re.DOTALL)
    charts = [figure for figure in figures if "<svg" in figure]
    assert charts
    for chart in charts:
        assert re.search(r"<details><summary>.*<table>\s*<caption>.*</details>", chart, re.DOTALL)
    for figure in figures:
        assert "<figcaption>" in figure


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


def test_rendering_leaves_matplotlib_as_it_was(run: Predictions) -> None:
    import matplotlib as mpl

    with mpl.rc_context({"savefig.bbox": "tight", "figure.dpi": 37, "axes.linewidth": 9, "svg.fonttype": "path"}):
        before = dict(mpl.rcParams)
        odd = render(run)
        assert dict(mpl.rcParams) == before
    assert odd == render(run)


def test_rendering_needs_no_torch_and_no_pyplot() -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from synthetic import synthetic_predictions\n"
        "from robustmnist.report import render\n"
        "render(synthetic_predictions(('a',), n=20))\n"
        "print(sorted({'torch', 'kornia', 'captum', 'sklearn', 'matplotlib.pyplot'} & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent
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
    arrays = {f"examples/{suite.name}/{sweep.name}": digits.examples("s", "right")}
    for old, new in zip(run.checkpoints, names, strict=True):
        arrays |= {
            f"mistakes/{new}/clean": digits.mistakes(old),
            f"mistakes/{new}/{suite.name}": digits.mistakes(old, "s"),
        }
        arrays |= {f"twins/{new}/{suite.name}": digits.twins(old, "s")}
    logits = {(suite.name, sweep.name): run.logits["s", "right"]}
    return replace(run, checkpoints=names, suites=(suite,), logits=logits, manifest=manifest, digits=Digits(arrays))


@pytest.fixture(scope="module")
def tame() -> Counter[str]:
    return Counter(tag for tag, _ in Page(render(hostile("tame"))).tags)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_no_name_changes_the_page(name: str, tame: Counter[str]) -> None:
    html = render(hostile(name))
    html.encode()
    page = Page(html)
    check_safe(page)
    tags = Counter(tag for tag, _ in page.tags)
    # Facts without a value are left out, and ticks depend on nothing else.
    if name:
        assert tags == tame
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", html)
    assert len(html) < 400_000


# --- sizes and shapes --------------------------------------------------------------------------------------------


def test_the_size_is_within_the_limit() -> None:
    sweeps = [make_sweep(f"s{i}", values=range(11)) for i in range(12)]
    suite = make_suite("shift", *sweeps)
    run = synthetic_predictions(("fc", "cnn"), n=300, suites=[suite])
    html = render(run)
    digits = html.count('<i style="--i') + sum(3 * len(sweep.values) for sweep in sweeps)
    assert digits > 400
    bare = render(replace(run, digits=None))
    assert len(bare.encode()) + 25 * 1000 <= 300_000
    assert len(html.encode()) <= len(bare.encode()) + 1000 * digits


@pytest.mark.parametrize("names", [("one",), tuple(f"model-{i}" for i in range(3)), tuple(f"m{i}" for i in range(14))])
def test_any_number_of_checkpoints(names: tuple[str, ...]) -> None:
    suite = make_suite("rotation", make_sweep("angle", "rotation", "angle", "°", (-60, 0, 60)))
    page = Page(render(synthetic_predictions(names, n=30, suites=[suite])))
    check_safe(page)
    assert len([a for a in page.all("table") if a.get("class", "").startswith("matrix")]) == 2 * len(names)


def test_odd_sweeps_render() -> None:
    suite = make_suite(
        "odd",
        make_sweep("alone", values=(0,)),
        make_sweep("downwards", "scale", "factor", "×", (0.4, 0.7, 1), 1.0),
        make_sweep("long", "rotation", "angle", "°", range(-90, 91, 5)),
        make_sweep("uneven", "x", "y", "", (0, 0.001, 5)),
    )
    check_safe(Page(render(synthetic_predictions(("a", "b"), n=30, suites=[suite]))))


def test_a_run_without_pictures_says_so(run: Predictions) -> None:
    html = render(replace(run, digits=None))
    assert "The run kept no pictures." in html
    assert "data:image" not in html


def test_pictures_that_do_not_fit_the_list_are_not_shown() -> None:
    run = tiny()
    assert run.digits is not None
    arrays = {key: array[:-1] if key.startswith("mistakes/a/s") else array for key, array in run.digits.arrays.items()}
    before, after = (Page(render(one)) for one in (run, replace(run, digits=Digits(arrays))))
    assert len(after.all("i")) < len(before.all("i"))


def test_a_fallback_is_told_before_any_number(html: str, run: Predictions) -> None:
    assert html.index("Not MNIST.") < html.index("<table")
    data = {**run.manifest["dataset"], "fallback": False}
    assert "Not MNIST." not in render(replace(run, manifest={**run.manifest, "dataset": data}))


def test_invalid_rows_are_told() -> None:
    html = render(tiny(invalid=3))
    assert "Invalid answers." in html
    assert "Invalid rows, in no cell: a 6." in html


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
