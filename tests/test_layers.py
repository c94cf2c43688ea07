"""Who may import whom: the direction of DESIGN, read from the source."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "robustmnist"

# A module may import from its own row and from the rows below, never from above.
LAYERS = [
    ["cli", "__main__"],
    ["report", "training", "evaluation", "explanation", "export"],
    ["results", "predictions", "suites", "card", "checkpoints", "data", "natural"],
    ["perturb", "models"],
    ["measure", "draws"],
    ["device", "figure", "files", "folders", "gradient", "locks", "png", "process", "threads", "tomlfile", "versions"],
    ["errors", "shipped"],
    ["characters"],
]
RANK = {name: rank for rank, row in enumerate(LAYERS) for name in row}
FORBIDDEN = {  # beyond the rows: what a part must not know even though it could
    "perturb": {"models", "torchvision"},
    "results": {"torch", "checkpoints", "data"},
    "report": {"torch", "models", "checkpoints", "training", "evaluation", "explanation"},
    "predictions": {"torch"},
    "natural": {"torch"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Return what the file imports: parts of robustmnist by their name, other packages by theirs."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
            if node.module == "robustmnist":
                names = [f"robustmnist.{alias.name}" for alias in node.names]
        for name in names:
            head, _, rest = name.partition(".")
            found.add(rest.partition(".")[0] if head == "robustmnist" and rest else head)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downwards(path: Path) -> None:
    here = part(path)
    if here in ("__init__",):
        return
    upwards = {name for name in imported(path) if name in RANK and RANK[name] < RANK[here]}
    assert not upwards, f"{here} is below {upwards}"
    assert not imported(path) & FORBIDDEN.get(here, set())


def test_every_part_has_a_row() -> None:
    assert {part(path) for path in FILES} - {"__init__"} <= set(RANK)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_command_line_prints_or_exits(path: Path) -> None:
    if part(path) == "cli":
        return
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    names = {f.id if isinstance(f, ast.Name) else f.attr if isinstance(f, ast.Attribute) else "" for f in calls}
    assert "print" not in names
    assert not {f for f in calls if isinstance(f, ast.Attribute) and ast.unparse(f) == "sys.exit"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "cli").glob("*.py")), ids=lambda path: path.stem)
def test_a_command_prints_through_one_door(path: Path) -> None:
    """What `cli.echo` prints is free of what a terminal obeys; Rich's tables and bars escape what they are given."""
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
    assert path.stem == "echo" or not calls & {"click.echo", "click.secho", "print", "sys.stdout.write"}
