"""``robustmnist predict``: pictures of any size, polarity and ending, and what is no picture."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from robustmnist.cli.predict import command
from robustmnist.data import load_dataset
from robustmnist.errors import DataError, InputError
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.terminal.reading import blocks


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder: an embedded 3 as it is, large and dark on light, and a blank sheet."""
    folder = tmp_path_factory.mktemp("pictures")
    data = load_dataset("digits")
    levels = data.rows((data.labels == 3).nonzero()[0]).mul(255).round().to(torch.uint8)[0, 0].numpy()
    Image.fromarray(levels).save(folder / "small.png")
    (folder / "more").mkdir()
    Image.fromarray(255 - levels).resize((300, 300), Image.Resampling.BICUBIC).save(folder / "more" / "large.jpg")
    Image.fromarray(np.full((40, 40), 255, np.uint8)).save(folder / "paper.png")
    return folder


def run(*arguments: object) -> str:
    result = CliRunner().invoke(command, [*map(str, arguments)], catch_exceptions=False, standalone_mode=False)
    assert result.exception is None
    return result.stdout


def test_a_folder_is_read_as_the_library_reads_it(pictures: Path) -> None:
    files = json.loads(run(pictures, "-c", "cnn", "--json"))["files"]
    assert [Path(file["file"]).name for file in files] == ["large.jpg", "paper.png", "small.png"]
    large, paper, small = files
    assert paper["blank"]
    assert paper["answers"] == []
    model = load_checkpoint("cnn")
    image = torch.tensor(small["seen"]).float().div(255)[None, None]
    logits = model(image).double()[0]
    (answer,) = small["answers"]
    assert answer["digit"] == int(logits.argmax()) == 3
    assert answer["temperature"] == model.card.temperature  # type: ignore[union-attr]
    assert answer["confidence"] == pytest.approx(float((logits / answer["temperature"]).softmax(0).max()))
    assert (large["polarity"], small["polarity"]) == ("dark ink on light paper", "light ink on dark paper")
    assert large["answers"][0]["digit"] == 3


def test_the_terminal_shows_what_was_seen(pictures: Path) -> None:
    lines = run(pictures / "small.png", pictures / "paper.png").splitlines()
    assert lines[0].split() == ["file", "checkpoint", "digit", "confidence", "picture"]
    assert any("fc" in line and " 3 " in line and "%" in line for line in lines)
    assert any("nothing is drawn" in line for line in lines)
    assert sum(line.startswith("│") and len(line) == 30 for line in lines) == 14


def test_kept_pictures_are_read_again_as_they_are(pictures: Path, tmp_path: Path) -> None:
    first = json.loads(run(pictures, "-o", tmp_path / "seen", "--json"))["files"]
    assert sorted(path.name for path in (tmp_path / "seen").iterdir()) == ["large.png", "paper.png", "small.png"]
    again = json.loads(run(tmp_path / "seen", "--json"))["files"]
    for before, after in zip(first, again, strict=True):
        assert before["seen"] == after["seen"]


def test_what_is_no_picture_is_said_and_nothing_written(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("a letter")
    with pytest.raises(DataError, match=r"text.png: is neither PNG nor JPEG"):
        run(pictures, tmp_path / "text.png", "-o", tmp_path / "seen")
    with pytest.raises(DataError, match="holds no PNG or JPEG file"):
        run(Path(__file__).parent)
    with pytest.raises(InputError, match="is a file; give a folder to -o"):
        run(pictures, "-o", tmp_path / "text.png")
    assert not (tmp_path / "seen").exists()


def test_blocks_are_two_pixels_high() -> None:
    levels = np.zeros((28, 28), np.uint8)
    levels[0, 0] = levels[26:, 27] = 255
    lines = blocks(levels)
    assert (len(lines), len(lines[0])) == (14, 30)
    assert lines[0][1] == "▒"
    assert lines[13][28] == "█"
