"""Figures, digits and colours of the page."""

import base64
import io
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from robustmnist.overview.tolerance import Area, Curve
from robustmnist.page.axis import spread
from robustmnist.page.colours import DARK, HEAT_STEPS, HUES, LIGHT, MATRIX_STEPS, Scheme, blend, contrast, hue
from robustmnist.page.heat_map import Axis, even_labels, heat
from robustmnist.page.png import GAP, sheet, uri
from robustmnist.page.svg import bars, word
from robustmnist.page.template import style
from robustmnist.report.breakdown.tries import Tries
from robustmnist.report.breakdown.worst_chart import worst_chart
from robustmnist.report.mistakes.section import matrix_cells
from robustmnist.report.robustness.curve_chart import Panel, Ring, curve_chart

VALUES = tuple(float(value) for value in range(11))
SCHEMES = pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])


def curve(index: int, name: str, end: float = 0.1) -> Curve:
    shares = tuple(np.linspace(0.99, end, 11))
    return Curve(index, name, shares, tuple(s - 0.01 for s in shares), tuple(s + 0.01 for s in shares))


def panel(*curves: Curve, axis: str = "distance, px") -> Panel:
    return Panel(VALUES, 0.0, (0.0, 10.0), axis, curves, "what is shown")


# --- curves ------------------------------------------------------------------------------------------------------


def test_a_chart_is_small_labelled_and_has_its_words() -> None:
    svg = curve_chart(panel(curve(0, "fc"), curve(1, "cnn", 0.5)))
    root = ET.fromstring(svg)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == "what is shown"
    words = [element.text for element in root.iter("text")]
    assert {"fc", "cnn", "distance, px", "100 %", "50", "0", "10"} <= set(words)
    assert len(svg) < 2_500


def test_a_chart_carries_no_colour_no_id_and_no_reference() -> None:
    svg = curve_chart(panel(curve(0, "fc")))
    assert not re.search(r"#[0-9a-f]{3}|\bid=|href|style=|url\(|font", svg)
    assert 'class="s0 ln"' in svg
    assert 'class="t0"' in svg


def test_the_points_are_where_the_numbers_are() -> None:
    one = Curve(0, "a", (1.0, 0.5, 0.0), (1.0, 0.4, 0.0), (1.0, 0.6, 0.1))
    svg = curve_chart(Panel((0.0, 1.0, 2.0), 0.0, (0.0, 2.0), "x", (one,), ""))
    line = re.search(r'<path class="s0 ln" d="M([^"]*)"', svg)
    assert line is not None
    x, y = np.array(line[1].split(), float).reshape(3, 2).T
    assert np.allclose(np.diff(x), np.diff(x)[0], atol=0.11)
    assert np.allclose(np.diff(y), np.diff(y)[0], atol=0.11)
    assert y[0] < y[2]


def test_names_of_any_kind_are_drawn_as_text() -> None:
    names = [r"$\frac{$", "_hidden", "<b>&", "شبكة", "网络" * 20, "@1"]
    svg = curve_chart(panel(*(curve(i, name) for i, name in enumerate(names)), axis="@0"))
    words = [element.text for element in ET.fromstring(svg).iter("text")]
    assert {r"$\frac{$", "_hidden", "<b>&", "شبكة", "@1", "@0"} <= set(words)


def test_rings_and_the_natural_band_are_where_they_belong() -> None:
    one = curve(0, "a")
    drawn = Panel(VALUES, 0.0, (0.0, 10.0), "x", (one,), "", (Ring(0, 5.0, 0.5, 4.0, 6.0),), (0.0, 2.5))
    svg = curve_chart(drawn)
    line = re.search(r'class="s0 ln" d="M([^"]*)"', svg)
    assert line is not None
    x = np.array(line[1].split(), float)[::2]
    band = re.search(r'class="fband" d="M(\S+) (\S+)h(\S+)v(\S+)h', svg)
    assert band is not None
    assert float(band[1]) == x[0]
    assert float(band[3]) == pytest.approx((x[-1] - x[0]) / 4, abs=0.1)
    ring = re.search(r'class="s0 rg" d="M(\S+) (\S+)h0"', svg)
    assert ring is not None
    assert float(ring[1]) == pytest.approx(x[5], abs=0.1)
    whisker = re.search(r'class="s0" d="M(\S+) (\S+) (\S+) (\S+)"', svg)
    assert whisker is not None
    assert [float(whisker[1]), float(whisker[3])] == pytest.approx([x[4], x[6]], abs=0.1)


def test_a_band_that_is_wider_than_the_sweep_ends_with_it() -> None:
    svg = curve_chart(Panel(VALUES, 0.0, (0.0, 10.0), "x", (curve(0, "a"),), "", (), (-50.0, 50.0)))
    line = re.search(r'class="s0 ln" d="M([^"]*)"', svg)
    band = re.search(r'class="fband" d="M(\S+) \S+h(\S+)v', svg)
    assert line is not None
    assert band is not None
    x = np.array(line[1].split(), float)[::2]
    assert float(band[1]) == x[0]
    assert float(band[2]) == pytest.approx(x[-1] - x[0], abs=0.1)


def test_words_are_escaped() -> None:
    assert word(0, 1.25, '<b>"&', "t0", "end") == '<text class="t0 e" x="0" y="1.2">&lt;b&gt;&#34;&amp;</text>'


# --- heat maps ---------------------------------------------------------------------------------------------------


def painted(svg: str, name: str, tall: float = 10) -> set[tuple[float, float]]:
    """Return the upper left corners of all cells of 10 px that the class `name` fills."""
    path = re.search(rf'<path class="{name}" d="([^"]*)"', svg)
    found = set()
    for x, y, wide in re.findall(r"M(\S+?) (\S+?)h([^M]+)", path[1]) if path else ():
        found |= {(float(x) + 10 * k, float(y) - tall / 2) for k in range(round(float(wide) / 10))}
    return found


def test_cells_in_a_row_are_one_stroke() -> None:
    path = bars([(0, 0), (10, 0), (30, 0), (0, 10)], 10, 10, "q1")
    assert path == '<path class="q1" d="M0 5h20M30 5h10M0 15h10"/>'


def test_a_heat_map_is_the_fuller_the_more_are_misread() -> None:
    shares = np.array([[1.0, 0.95, 0.55], [0.0, np.nan, 0.5]])
    marks = ("0", "1", "2")
    svg = heat(shares, Axis("x", 10, marks), Axis("", 10, ("a", "b")), "label")
    last = len(HEAT_STEPS) - 1
    filled = [len(painted(svg, f"q{level}")) for level in range(last + 1)]
    misread = 1 - shares[np.isfinite(shares)]
    expected = [int((np.floor(misread * last + 1e-9) >= level).sum()) for level in range(last + 1)]
    assert filled == expected
    assert filled[0] == 5
    assert "sink" not in svg


def test_what_is_kept_is_framed() -> None:
    shares = np.zeros((5, 5))
    shares[1:4, 1:3] = 1
    svg = heat(shares, Axis("", 10, ("",) * 5), Axis("", 10, ("",) * 5), "label", held=0.9)
    frame = re.search(r'<path class="sink fr" d="([^"]*)"', svg)
    assert frame is not None
    strokes = np.array(re.findall(r"M(\S+) (\S+) (\S+) (\S+?)(?=M|$)", frame[1]), float)
    lengths = np.abs(strokes[:, 2:] - strokes[:, :2]).sum(axis=1)
    assert sorted(lengths) == [20, 20, 30, 30]
    corner = min(map(tuple, painted(svg, "q0")))
    assert strokes[:, [0, 2]].min() == corner[0] + 10
    assert strokes[:, [1, 3]].max() == corner[1] + 40


def test_even_marks_name_the_ends_and_neutral_and_keep_apart() -> None:
    values = tuple(float(value) for value in range(-10, 11))
    marks = even_labels(values, 14, 0.0)
    assert [mark for mark in marks if mark] == ["−10", "−5", "0", "5", "10"]
    assert [mark for mark in even_labels(values, 2, 0.0) if mark] == ["−10", "0", "10"]


def test_the_worst_of_k_never_rises_on_the_figure() -> None:
    worst = tuple(Area(share, share - 0.02, share + 0.02) for share in (0.9, 0.7, 0.6, 0.6))
    svg = worst_chart([Tries(0, "a", 0.99, 0.9, worst, ((775, Area(0.3, 0.28, 0.32)),))], "label")
    line = re.search(r'class="s0 ln" d="M([^"]*)"', svg)
    assert line is not None
    x, y = np.array(line[1].split(), float).reshape(4, 2).T
    assert (np.diff(x) > 0).all()
    assert (np.diff(y) >= 0).all()
    assert "775" in svg


@given(st.lists(st.floats(0, 200), min_size=1, max_size=16))
def test_labels_keep_their_distance_their_order_and_their_bounds(heights: list[float]) -> None:
    places = spread(heights, 12, 2, 190)
    distance = min(12, 188 / max(len(heights) - 1, 1))
    assert all(2 - 1e-6 <= place <= 190 + 1e-6 for place in places)
    ordered = sorted(places)
    assert all(b - a >= distance - 1e-6 for a, b in pairwise(ordered))
    assert [places[i] for i in sorted(range(len(heights)), key=lambda i: (heights[i], i))] == ordered


def test_labels_that_have_room_stay_where_they_are() -> None:
    assert spread([10, 50, 100], 12, 0, 190) == [10, 50, 100]
    assert spread([], 12, 0, 190) == []


# --- digits ------------------------------------------------------------------------------------------------------


def test_a_sheet_holds_the_digits_at_fifteen_levels(digits28: object) -> None:
    digits = (np.asarray(digits28)[:6, 0] * 255).astype(np.uint8).reshape(2, 3, 28, 28)
    png = sheet(digits)
    assert png == sheet(digits.copy())
    picture = Image.open(io.BytesIO(png))
    assert picture.size == (3 * (28 + GAP) - GAP, 2 * (28 + GAP) - GAP)
    rgba = np.asarray(picture.convert("RGBA"), int)
    assert not rgba[..., :3].any()
    alpha = rgba[..., 3]
    for row in range(2):
        for column in range(3):
            seen = alpha[row * 30 : row * 30 + 28, column * 30 : column * 30 + 28]
            tint = 0.045 * 255
            assert np.abs((seen - tint) / (255 - tint) * 255 - digits[row, column]).max() <= 255 / 28 + 2
    assert not alpha[28:30].any()
    assert not alpha[:, 28:30].any()


@pytest.mark.parametrize("shape", [(1, 1, 28, 28), (2, 25, 28, 28), (1, 3, 5, 7)])
def test_sheets_of_any_size_open(shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    opened = Image.open(io.BytesIO(base64.b64decode(uri(sheet(picture)).partition(",")[2])))
    opened.load()
    assert opened.mode == "P"


def test_noise_costs_no_more_than_a_kilobyte_a_digit() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (2, 25, 28, 28)).astype(np.uint8)
    assert len(uri(sheet(noise))) <= 50 * 1000


# --- colours -----------------------------------------------------------------------------------------------------


@SCHEMES
def test_words_have_a_contrast_of_4_5_and_lines_of_3(scheme: Scheme) -> None:
    for paper in (scheme.paper, scheme.tint):
        for colour in (scheme.ink, scheme.muted, scheme.warn, *scheme.words):
            assert contrast(colour, paper) >= 4.5
    for colour in scheme.lines:
        assert contrast(colour, scheme.paper) >= 3


@SCHEMES
def test_counts_can_be_read_on_every_shade_of_a_matrix(scheme: Scheme) -> None:
    for colour in scheme.lines:
        for share in MATRIX_STEPS:
            assert contrast(scheme.ink, blend(colour, scheme.paper, share / 100)) >= 4.5


@SCHEMES
def test_words_can_be_read_on_the_natural_band(scheme: Scheme) -> None:
    for colour in (scheme.muted, scheme.ink):
        assert contrast(colour, scheme.band) >= 4.5
    for colour in scheme.lines[:7]:
        assert contrast(colour, scheme.band) >= 2.7


@SCHEMES
def test_a_heat_map_rises_evenly_from_the_paper(scheme: Scheme) -> None:
    for colour in scheme.lines:
        steps = [contrast(blend(colour, scheme.paper, share / 100), scheme.paper) for share in HEAT_STEPS]
        assert all(b > a for a, b in pairwise(steps))


def test_hues_are_distinct_and_start_again() -> None:
    assert len(set(LIGHT.lines)) == len(set(DARK.lines)) == len(LIGHT.words) == len(DARK.words) == HUES
    assert hue(HUES) == 0


def test_the_style_sheet_uses_only_variables_that_it_sets() -> None:
    sheet = style()
    used = set(re.findall(r"var\((--[a-z0-9]+)\)", sheet))
    assert used - {"--h", "--w", "--i", "--n", "--s"} <= set(re.findall(r"(--[a-z0-9]+):", sheet))
    assert "http" not in sheet
    assert "@import" not in sheet
    body = sheet[sheet.index("*{") :]
    assert not re.search(r"#[0-9a-f]{3,6}[;}\s]", body)
    for feature in ("prefers-color-scheme:dark", "@media print", "@media (max-width", "image-rendering:pixelated"):
        assert feature in sheet


# --- matrices ----------------------------------------------------------------------------------------------------


def test_mistakes_are_shaded_by_the_root_of_their_share_and_the_diagonal_is_not() -> None:
    table = np.zeros((10, 10), np.int64)
    table[0] = [0, 100, *[0] * 8]
    table[1] = [1, 99, *[0] * 8]
    cells = matrix_cells(table)
    assert cells[0][1].level == len(MATRIX_STEPS) - 1
    assert cells[1][0].level == 1
    assert cells[1][1].level == 0
    assert [cells[0][0].text, cells[0][2].text, cells[1][1].text] == ["0", "", "99"]
    assert all(cell.level == 0 for cell in cells[5])
