"""The published page on explanations: rendered from its record, and a sample of the record measured again."""

import json
from pathlib import Path

import pytest
from support.page_checks import AXE, CHROMIUM, sticking_out, violations

from reports.explanation_chapter import HEADING, chapter
from reports.explanation_page import render
from reports.explanation_pieces import perturbed_marks
from robustmnist.explanation.curves.following import follow
from robustmnist.explanation.measuring import measure_checkpoints
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.suites import load_suite

REPORTS = Path(__file__).parents[1] / "reports"
FOLDER = REPORTS.parents[1] / "shared" / "data"


@pytest.fixture(scope="module")
def record() -> dict:
    return json.loads((REPORTS / "explanations.json").read_text(encoding="utf-8"))


@pytest.fixture
def mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    if not FOLDER.is_dir():
        pytest.skip("needs MNIST")
    monkeypatch.setenv("ROBUSTMNIST_DATA", str(FOLDER))


def test_page_and_chapter_are_those_of_the_record(record: dict) -> None:
    assert (REPORTS / "explanations.html").read_text(encoding="utf-8") == render(record)
    readme = (REPORTS / "README.md").read_text(encoding="utf-8")
    assert HEADING in readme
    assert chapter(readme, record) == readme  # putting it in anew changes nothing


def test_the_page_is_offline_and_says_how_many_digits(record: dict) -> None:
    page = render(record)
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    for name, found in record.items():
        if name.startswith("verdicts-"):
            assert f"{name.removeprefix('verdicts-')}, n = {found['n']:,}" in page


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_nothing_sticks_out_sideways(record: dict, tmp_path: Path) -> None:
    assert sticking_out(render(record), 360, tmp_path) == ""


@pytest.mark.skipif(CHROMIUM is None or AXE is None, reason="no Chromium with axe-core on this machine")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(record: dict, scheme: str, tmp_path: Path) -> None:
    assert violations(render(record), scheme, tmp_path) == ""


def test_verdicts_are_measured_again(record: dict, mnist: None) -> None:
    from robustmnist.data import load_dataset

    known = record["verdicts-fc"]
    data = load_dataset("mnist").sample(known["n"])
    result = measure_checkpoints({"fc": load_checkpoint("fc")}, data, methods=["input-x-gradient"], names=["srg"])[0]
    for name, found in result.estimates("srg", 100).items():
        assert found.mean == pytest.approx(known["means"][name]["mean"], abs=1e-4), name
    (verdict,) = result.verdicts()
    over = known["over"]["input-x-gradient"]["image"]
    assert verdict.over["image"].mean == pytest.approx(over["mean"], abs=1e-4)
    assert verdict.believed == (over["low"] > 0)


def test_a_curve_is_followed_again(record: dict, mnist: None) -> None:
    from dataclasses import replace

    from robustmnist.data import load_dataset

    known, suite = record["curves-rotation"], load_suite("rotation")
    sweep = next(one for one in suite.sweeps if one.name == "angle")
    some = replace(sweep, values=(0.0, 15.0, 45.0))
    data = load_dataset("mnist").sample(known["n"])
    checkpoint = {"fc": load_checkpoint("fc")}
    one = follow(checkpoint, data, "rotation", some, methods=["integrated-gradients"], seed=suite.seed)[0]
    for kind in ("raw", "aligned"):
        for index, value in enumerate(some.values):
            point = known["curves"]["fc"][f"cosine {kind} all"][known["values"].index(value)]
            assert one.similar["cosine", kind][index].mean() == pytest.approx(point["mean"], abs=1e-4)
    assert one.floor["cosine"].mean() == pytest.approx(known["curves"]["fc"]["cosine floor all"][0]["mean"], abs=1e-4)


def test_marks_are_looked_for_again(record: dict, mnist: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import reports.explanation_pieces as made

    monkeypatch.setattr(made, "METHODS", ("input-x-gradient", "saliency"))
    monkeypatch.setattr(made, "MARKED", made.MARKED[:2])  # as planted, and noisy
    known = record["planted-fc"]
    found = perturbed_marks("planted-fc", known["n"])
    for key, one in found.items():
        assert one["read"] == pytest.approx(known["found"][key]["read"], abs=1e-9)
        for method in ("input-x-gradient", "saliency", "image"):
            expected = known["found"][key]["rank"][method]["mean"]
            assert one["rank"][method]["mean"] == pytest.approx(expected, abs=2e-3)
