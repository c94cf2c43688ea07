"""No number depends on torch's default dtype, which belongs to the user; perturbations: test_perturb_promises."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from support.defaults import default_dtype
from support.pictures import pictures

from robustmnist.data import to_mnist
from robustmnist.draws import Draws
from robustmnist.measure import MEASURES, extent

PACKAGE = Path(__file__).parent.parent / "robustmnist"
PARTS = ["draws.py", "data/mnist_form.py", "perturb", "measure", "explanation"]
FILES = [
    path for part in PARTS for path in ([PACKAGE / part] if part.endswith(".py") else (PACKAGE / part).rglob("*.py"))
]
# What makes a tensor out of numbers, with the default dtype where none is given.
MAKERS = {
    "arange",
    "as_tensor",
    "empty",
    "eye",
    "full",
    "linspace",
    "logspace",
    "ones",
    "scalar_tensor",
    "tensor",
    "zeros",
}
DTYPES = [torch.float64, torch.float16]


def makers_without_dtype(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of_torch = isinstance(node.func.value, ast.Name) and node.func.value.id == "torch"
            if of_torch and node.func.attr in MAKERS and "dtype" not in {word.arg for word in node.keywords}:
                yield f"line {node.lineno}: {ast.unparse(node)}"


def test_a_maker_without_dtype_is_seen() -> None:
    assert list(makers_without_dtype(ast.parse("x = torch.empty(3, dtype=d) + torch.zeros(3, device=d)"))) == [
        "line 1: torch.zeros(3, device=d)"
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_tensor_is_made_with_its_dtype(path: Path) -> None:
    assert not list(makers_without_dtype(ast.parse(path.read_text())))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", MEASURES)
def test_measures(name: str, dtype: torch.dtype) -> None:
    images = torch.cat([pictures(5), torch.zeros(1, 1, 28, 28), torch.ones(1, 1, 28, 28)])
    expected = MEASURES[name].function(images)
    with default_dtype(dtype):
        found, box = MEASURES[name].function(images), extent(images)
    torch.testing.assert_close(found, expected, rtol=0, atol=0, equal_nan=True)
    assert torch.equal(box, extent(images))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_draws(dtype: torch.dtype) -> None:
    ids = torch.tensor([7, 0, 5_000_000_000])
    expected = Draws(3, "noise", ids)
    with default_dtype(dtype):
        found = Draws(3, "noise", ids)
        fields = found.uniform(2, 5), found.normal(9)
    for field, same in zip(fields, (expected.uniform(2, 5), expected.normal(9)), strict=True):
        torch.testing.assert_close(field, same, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("grey", [torch.uint8, torch.float32], ids=str)
def test_the_contract_of_mnist(grey: torch.dtype, dtype: torch.dtype) -> None:
    images = pictures(4)[:, 0, 3:25, 5:20]
    images = (images * 255).to(grey) if grey == torch.uint8 else images
    expected = to_mnist(images)
    with default_dtype(dtype):
        found = to_mnist(images)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
