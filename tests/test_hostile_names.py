"""Names from anyone's files on the terminal: nothing in them is obeyed, turned around or a line of its own."""

import json
import struct
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustmnist.cli import main
from robustmnist.errors import CheckpointError, InputError, RunError
from robustmnist.models.checkpoints.card_file import card_path, read_card, write_card
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.predictions.run_folder import manifest_bytes
from robustmnist.system.files import sha256_bytes
from robustmnist.training.state import check_begun
from robustmnist.wording.characters import visible, visible_json

# A red colour, a new title of the window, the C1 twin of ESC [, text turned around, and a forged line.
HOSTILE = "a\x1b[31mb\x1b]0;c\x07d\x9be\u202ef\u2066g\nrobustmnist: passed"
SUITE = """
title = "Small"
question = "Does it run?"
source = "made up"
[[sweep]]
name = "right"
title = "To the right"
perturbation = "shift-towards"
parameter = "distance"
unit = "px"
values = [0, 1, 3]
[sweep.fixed]
direction = "right"
"""


def obeyed(text: str) -> set[str]:
    return {one for one in text if unicodedata.category(one) in {"Cc", "Cf", "Zl", "Zp"}} - {"\n"}


def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: object) -> tuple[str, int]:
    """Return all that a command prints, and its exit code."""
    monkeypatch.setattr(sys, "argv", ["robustmnist", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        main()
    printed = capsys.readouterr()
    assert isinstance(end.value.code, int)
    return printed.out + printed.err, end.value.code


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished run of two checkpoints, one of them with a hostile name."""
    from robustmnist.data import load_dataset
    from robustmnist.evaluation import evaluate
    from robustmnist.suites import load_suite

    folder = tmp_path_factory.mktemp("hostile")
    (folder / "small.toml").write_text(SUITE)
    models = {name: load_checkpoint(name) for name in ("fc", "fc-small")}
    evaluate(models, load_dataset("digits").head(30), load_suite(folder / "small.toml"), out=folder / "run")
    path = folder / "run" / "run.json"
    manifest = json.loads(path.read_bytes())
    manifest["checkpoints"][0]["name"] = HOSTILE
    path.write_bytes(manifest_bytes(manifest))
    return folder / "run"


@pytest.mark.parametrize(
    "words",
    [
        ["gate", "RUN", "--min-accuracy", "clean=1", "--min-accuracy", "small.right@3px=1"],
        ["gate", "RUN", "--min-accuracy", "clean=1", "--json"],
        ["compare", "RUN", "-o", "OUT"],
        ["compare", "RUN", "-o", "OUT", "--json"],
        ["report", "RUN", "-o", "OUT.html"],
    ],
    ids=" ".join,
)
def test_a_checkpoints_name_in_a_run(
    words: list[str], run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"RUN": run, "OUT": tmp_path / "out", "OUT.html": tmp_path / "out.html"}
    printed, code = command(capsys, monkeypatch, *(places.get(word, word) for word in words))
    assert code in (0, 1), printed
    assert not obeyed(printed)
    assert "\nrobustmnist: passed" not in printed


def test_json_reads_back_as_it_was(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    printed, _ = command(capsys, monkeypatch, "gate", run, "--min-accuracy", "clean=1", "--json")
    assert {check["checkpoint"] for check in json.loads(printed)["checks"]} == {HOSTILE, "fc-small"}


def test_a_tensors_name_in_damaged_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    header = json.dumps({HOSTILE: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    weights = struct.pack("<Q", len(header)) + header + bytes(4)
    (tmp_path / "odd.safetensors").write_bytes(weights)
    card = read_card(card_path("fc")).model_copy(update={"sha256": sha256_bytes(weights)})
    write_card(tmp_path / "odd.json", card)
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(tmp_path / "odd")
    assert not obeyed(str(caught.value))
    printed, code = command(capsys, monkeypatch, "checkpoints", tmp_path / "odd")
    assert (code, len(printed.splitlines())) == (2, 1)
    assert not obeyed(printed)


@pytest.mark.parametrize(
    "words",
    [
        ["report", "FOLDER"],
        ["gate", "FOLDER", "--min-accuracy", "clean=1"],
        ["evaluate", "-c", "FOLDER", "--dataset", "digits"],
        ["evaluate", "-s", "FOLDER/x.toml"],
        ["measure", "--dataset", "idx:FOLDER"],
        ["train", "--resume", "FOLDER"],
        ["suites", "FOLDER"],
        ["FOLDER"],
    ],
    ids=" ".join,
)
def test_a_folders_name(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(HOSTILE).mkdir()
    printed, code = command(capsys, monkeypatch, *(word.replace("FOLDER", HOSTILE) for word in words))
    assert code == 2, printed
    assert not obeyed(printed)
    assert not any(line.startswith("robustmnist: passed") for line in printed.splitlines())


def test_data_from_a_folder_with_such_a_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(SUITE)
    words = ["perturb", "-s", "./small.toml", "--dataset", "digits", "--limit", "3", "-o", HOSTILE]
    printed, code = command(capsys, monkeypatch, *words)
    assert (code, obeyed(printed)) == (0, set()), printed
    data = f"idx:{HOSTILE}/small/right/0"
    for more in ([], ["--json"]):
        printed, code = command(capsys, monkeypatch, "measure", "--dataset", data, *more)
        assert (code, obeyed(printed)) == (0, set()), printed


def test_differences_of_a_recipe() -> None:
    with pytest.raises(RunError) as caught:
        check_begun({"recipe": {HOSTILE: HOSTILE}}, {"recipe": {HOSTILE: 1}}, where=Path("run"))
    assert not obeyed(str(caught.value))
    assert "\n" not in str(caught.value)


def test_an_error_has_a_line_for_each_mistake_and_no_other() -> None:
    error = InputError(["first\nforged", "second"], where="a\nb", remedy="mend\nit")
    assert str(error) == "a\\nb: first\\nforged\na\\nb: second; mend\\nit"
    assert len(str(InputError("x" * 20_000))) < 1_100


@given(st.text())
def test_every_text_is_one_line_that_can_be_printed(text: str) -> None:
    shown = visible(text)
    assert not obeyed(shown)
    assert "\n" not in shown
    assert visible(shown) == shown
    assert json.loads(visible_json({"a": [text]}, indent=1)) == {"a": [text]}
    assert not obeyed(visible_json({text: text}, indent=1))


def test_what_is_no_control_stays() -> None:
    assert visible("ℓ × 3 °, “größer” 猫") == "ℓ × 3 °, “größer” 猫"
