"""A gate as people and continuous integration read it: table, annotations, JUnit, Markdown."""

import math
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from robustmnist.results.gate import conditions
from robustmnist.results.gate.conditions import Check
from robustmnist.results.gate.outcome import Outcome
from robustmnist.terminal.gate import cells, show_gate
from robustmnist.terminal.gate_files import junit_xml, markdown_table, write_gate_files

MET = Check("cnn", "accuracy clean", 0.99, 0.9944, 0.9927, 0.9957, "", True, 0.0044)
MISSED = Check("fc|2", "accuracy shift", 0.5, 0.4042, 0.4001, 0.4083, "", False, -0.0958)
TURN = Check("cnn", "critical strength rotation.angle, below 0", -20.0, -24.72, -25.1, -24.3, "°", True, 4.72)
FAR = Check("cnn", "critical strength scale.both, above 1", 1.5, math.nan, math.nan, math.nan, "×", True, math.nan)
LOSS = Check("cnn", "loss of accuracy clean", 0.01, -0.0016, -0.0028, -0.0004, "", True, 0.0116, True)
MUTE = Check("cnn", "calibration error clean", 1.0, math.nan, math.nan, math.nan, "", False, math.nan, True)
HOME = conditions.Tested("mnist", "test", 10_000, fallback=False, note="")


def outcome(*checks: Check, data: conditions.Tested = HOME, refused: bool = False) -> Outcome:
    return Outcome(data, {"cnn": "cnn", "fc|2": "fc"}, checks, strict=False, refused=refused)


@pytest.mark.parametrize(
    ("check", "texts"),
    [
        (MET, ("cnn", "accuracy clean", "≥ 99 %", "99.44 % (99.27–99.57)", "+0.44 points", "met")),
        (MISSED, ("fc|2", "accuracy shift", "≥ 50 %", "40.42 % (40.01–40.83)", "−9.58 points", "missed")),
        (TURN, ("cnn", TURN.what, "≤ −20°", "−24.72° (−25.10 to −24.30)", "+4.72°", "met")),
        (FAR, ("cnn", FAR.what, "≥ 1.5×", "beyond the end", "", "met")),
        (LOSS, ("cnn", LOSS.what, "≤ 1.00 points", "−0.16 points (−0.28 to −0.04)", "+1.16 points", "met")),
        (MUTE, ("cnn", MUTE.what, "≤ 100 %", "no valid answer", "", "missed")),
    ],
    ids=lambda value: value.what if isinstance(value, Check) else "",
)
def test_the_table_shows_bound_number_and_margin(check: Check, texts: tuple[str, ...]) -> None:
    assert cells(check) == texts


def test_a_miss_is_an_annotation_on_github_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    show_gate(outcome(MET, MISSED), as_json=False)
    assert "::error" not in capsys.readouterr().out
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    show_gate(outcome(MET, MISSED), as_json=False)
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("::"))
    assert line == (
        "::error title=robustmnist gate::fc|2, accuracy shift: 0.4042 (95 %25 interval 0.4001 to 0.4083), wanted 0.5"
    )


def test_junit_has_a_test_for_each_condition_and_for_the_data() -> None:
    bad = Check('<"&\x1b', "accuracy clean", 0.9, 0.8, 0.7, 0.85, "", False, -0.1)
    stand_in = conditions.Tested("digits", "test", 1797, fallback=True, note="no MNIST")
    root = ET.fromstring(junit_xml(outcome(MET, bad, data=stand_in, refused=True)))
    assert (root.tag, root.attrib["tests"], root.attrib["failures"]) == ("testsuites", "3", "2")
    data, met, missed = root.iter("testcase")
    assert data.attrib["name"] == "1,797 digits of digits, part test"
    assert "stands in for MNIST (no MNIST)" in data[0].attrib["message"]
    assert met.attrib["name"] == "accuracy clean ≥ 99 %"
    assert (met[0].tag, met[0].text) == ("system-out", "99.44 % (99.27–99.57), +0.44 points")
    assert missed.attrib["classname"] == '<"&\ufffd'
    assert (missed[0].tag, missed[0].attrib["type"]) == ("failure", "missed")


def test_markdown_puts_misses_first_and_escapes_names() -> None:
    lines = markdown_table(outcome(MET, MISSED)).splitlines()
    assert lines[0] == "### robustmnist gate: 1 missed"
    assert "Compared with the baseline: cnn; fc\\|2 with its 'fc'" in lines
    rows = lines[lines.index("|---|---|---|---|---|---|") + 1 :]
    assert rows[0].startswith("| fc\\|2 | accuracy shift | ≥ 50 %")
    assert rows[0].endswith("| **missed** |")
    assert rows[1].endswith("| met |")
    assert markdown_table(outcome(MET)).startswith("### robustmnist gate: passed\n")


def test_files_are_written_where_they_are_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    write_gate_files(outcome(MET), junit=tmp_path / "new" / "gate.xml", markdown=tmp_path / "gate.md")
    assert (tmp_path / "new" / "gate.xml").read_text() == junit_xml(outcome(MET))
    assert (tmp_path / "gate.md").read_text() == markdown_table(outcome(MET))
    assert summary.read_text() == "before\n" + markdown_table(outcome(MET))
