"""ARCHITECTURE.md is true: its packages are those of the tree, in the order that the layers hold."""

import re

import pytest
from test_layers import LAYERS, PACKAGE

TEXT = (PACKAGE.parent / "ARCHITECTURE.md").read_text("utf-8")
PACKAGES = TEXT.partition("\n## Packages")[2].partition("\n## ")[0]


def test_every_package_is_told_of_and_no_other() -> None:
    there = {str(path.parent.relative_to(PACKAGE)) for path in PACKAGE.rglob("__init__.py")} - {"."}
    assert {name.rstrip("/") for name in re.findall(r"`([\w/]+/)`", PACKAGES)} == there


def test_the_order_is_that_of_the_layers() -> None:
    told = re.findall(r"^\| `(\w+)(?:/|\.py)` \|", PACKAGES, re.MULTILINE)
    assert len(told) == len(set(told))
    assert set(told) == {name for row in LAYERS for name in row}
    rank = {name: k for k, row in enumerate(LAYERS) for name in row}
    assert told == sorted(told, key=rank.__getitem__)


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:robustmnist|tests|perturbations|checkpoints|reports)/[^`*< ]*)`", TEXT)))
)
def test_every_path_that_is_named_exists(path: str) -> None:
    assert (PACKAGE.parent / path).exists()
