"""The picture of the input contract: whole, the same in light and dark, and its numbers measured again."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import torch

from reports.contract import CHECKPOINT, WAYS
from robustmnist.models.checkpoints.checkpoint import load_checkpoint

REPORTS = Path(__file__).parent.parent / "reports"
NAMES = ("contract.svg", "contract-dark.svg")


def texts(name: str) -> list[str]:
    root = ET.parse(REPORTS / name).getroot()
    return ["".join(node.itertext()) for node in root.iter() if node.tag.endswith(("text", "title", "desc"))]


def test_light_and_dark_say_the_same_and_need_nothing_else() -> None:
    assert texts(NAMES[0]) == texts(NAMES[1])
    for name in NAMES:
        content = (REPORTS / name).read_text(encoding="utf-8")
        assert set(re.findall(r'href="(.{5})', content)) == {"data:"}
        assert "<script" not in content
        assert content.count("<image") == 2 * len(WAYS)


def test_its_clean_shares_are_measured_again(mnist_test: tuple[np.ndarray, np.ndarray]) -> None:
    pixels, labels = mnist_test
    images = torch.from_numpy(pixels.copy()).float().div(255).unsqueeze(1)
    checkpoint, truth = load_checkpoint(CHECKPOINT), torch.from_numpy(labels.copy())
    about = texts(NAMES[0])[1]
    for way in WAYS[:3]:
        right = float((checkpoint(way.feed(images)).argmax(1) == truth).double().mean())
        said = re.search(rf"{way.title}: clean read as .*?, of all digits ([\d.]+)\s%", about)
        assert said is not None
        assert abs(100 * right - float(said[1])) < 0.05 + 0.03  # rounding, and near-ties of another processor
