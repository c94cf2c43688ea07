"""Who may import whom: the order of the packages, read from the source. ARCHITECTURE.md says the same in words."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "robustmnist"

# A package imports from rows below its own: never upwards, never its neighbours in the row. It may import from itself.
LAYERS = (
    ("__main__",),
    ("cli", "__init__"),
    ("report", "terminal", "adoption", "ablation", "generalisation", "sketchpad", "figures"),
    ("overview", "evaluation", "training"),
    ("results",),
    ("predictions", "explanation", "perturbed_sets", "inspection"),
    ("suites",),
    ("perturb",),
    ("data", "models"),
    ("measure",),
    ("system", "page", "statistics"),
    ("errors", "draws"),
    ("wording",),
)
RANK = {name: rank for rank, row in enumerate(LAYERS) for name in row}
# Beyond the order: what a package must not know even though it lies below.
FOREIGN = {
    "perturb": {"models", "torchvision"},
    "predictions": {"torch"},
    "results": {"torch", "models", "data", "explanation", "perturbed_sets"},
    "overview": {"torch", "models", "data", "explanation", "perturbed_sets"},
    "report": {"torch", "models", "data", "explanation", "perturbed_sets", "evaluation", "training"},
    "statistics": {"torch", "pandas"},
    "page": {"torch", "pandas"},
    "wording": {"torch", "pandas", "numpy"},
}
SECTIONS = {path.parent.name for path in (PACKAGE / "report").glob("*/section.py")}
TEMPLATES = {path.name: path.read_text("utf-8") for path in sorted((PACKAGE / "report").rglob("*.jinja"))}
SOURCES = {str(path.relative_to(PACKAGE)): path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


def imports(source: str) -> Iterator[str]:
    """Yield all that a file imports, wherever in it, by dotted name: a module, or a name in one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not used"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part(dotted: str) -> str:
    """Return which part of the package a dotted name is in ("__init__": its face), or the name of another library."""
    head, _, rest = dotted.partition(".")
    first = rest.partition(".")[0]
    return head if head != "robustmnist" else first if first in RANK else "__init__"


def order_faults(sources: Mapping[str, str]) -> list[str]:
    """Return what breaks the order of the packages, a line each."""
    faults = []
    for name, source in sources.items():
        here = name.partition("/")[0].removesuffix(".py")
        if here not in RANK:
            faults.append(f"{name}: {here} has no row")
            continue
        for there in sorted({part(dotted) for dotted in imports(source)}):
            if there in FOREIGN.get(here, set()):
                faults.append(f"{name}: {here} is not to know {there}")
            elif there in RANK and there != here and RANK[there] <= RANK[here]:
                faults.append(
                    f"{name}: {here} imports {there}, which is {'above' if RANK[there] < RANK[here] else 'beside'}"
                )
            elif there == here == "__init__":
                faults.append(f"{name}: the face of the package is imported")
    return faults


def section_faults(sources: Mapping[str, str]) -> list[str]:
    """Return where a section of the report asks another section, or a file of it but ``section.py`` asks results."""
    faults = []
    for name, source in sources.items():
        own, _, rest = name.removeprefix("report/").partition("/")
        if name.startswith("report/") and rest and own in SECTIONS:
            others = {dotted.split(".")[2] for dotted in imports(source) if dotted.startswith("robustmnist.report.")}
            faults += [f"{name}: asks the section {other}" for other in sorted(others & SECTIONS - {own})]
            faults += [f"{name}: asks the page" for other in sorted(others - SECTIONS)]
            if rest != "section.py" and any(part(dotted) == "results" for dotted in imports(source)):
                faults.append(f"{name}: asks results, which is for section.py alone")
    return faults


def sentences(template: str) -> list[str]:
    """Return the sentences that a template says itself: texts between tags with a full stop in them."""
    text = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", template, flags=re.DOTALL)
    return [piece.strip() for piece in re.sub(r"<[^>]*>", "\n\n", text).split("\n\n") if re.search(r"\w\.", piece)]


def circles(sources: Mapping[str, str]) -> list[str]:
    """Return the files that import each other in a circle; an ``__init__`` is one of them."""
    modules = {
        f"robustmnist/{name}".removesuffix(".py").removesuffix("/__init__").replace("/", "."): name for name in sources
    }

    def targets(name: str, source: str) -> set[str]:
        found = set()
        for dotted in imports(source):
            words = dotted.split(".")
            longest = next(
                (".".join(words[:k]) for k in range(len(words), 0, -1) if ".".join(words[:k]) in modules), None
            )
            if longest is not None and modules[longest] != name:
                found.add(modules[longest])
        return found

    left = {name: targets(name, source) for name, source in sources.items()}
    while True:  # what imports nothing that is left is in no circle
        free = {name for name, needs in left.items() if not needs & left.keys()}
        if not free:
            break
        left = {name: needs for name, needs in left.items() if name not in free}
    while True:  # nor is what nothing that is left imports
        used = set().union(*left.values()) if left else set()
        if all(name in used for name in left):
            return sorted(left)
        left = {name: needs for name, needs in left.items() if name in used}


def test_imports_point_downwards() -> None:
    assert order_faults(SOURCES) == []


def test_every_row_is_there() -> None:
    there = {name.partition("/")[0].removesuffix(".py") for name in SOURCES}
    assert there == set(RANK)
    assert sum(map(len, LAYERS)) == len(RANK)


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_leave_sentences_to_words(name: str) -> None:
    assert sentences(TEMPLATES[name]) == []


def test_a_seeded_sentence_is_seen() -> None:
    seeded = '<h2>Is it?</h2>\n<p class="a.b">{{ section.note }} Dots\nare <b>bins.</b></p>'
    assert sentences(seeded) == ["bins."]


def test_no_section_of_the_report_asks_another() -> None:
    assert section_faults(SOURCES) == []
    assert len(SECTIONS) == 6


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circles(SOURCES) == []


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        ("measure/box.py", "from robustmnist.perturb.images import SIZE", "measure imports perturb, which is above"),
        ("wording/__init__.py", "from robustmnist.results import wilson", "wording imports results, which is above"),
        (
            "report/page.py",
            "from robustmnist.terminal.table import print_table",
            "report imports terminal, which is beside",
        ),
        (
            "results/focus.py",
            "def f():\n    from robustmnist.report import render",
            "results imports report, which is above",
        ),
        (
            "data/load.py",
            "if TYPE_CHECKING:\n    from robustmnist.models import card",
            "data imports models, which is beside",
        ),
        ("evaluation/plan.py", "import robustmnist", "evaluation imports __init__, which is above"),
        ("evaluation/plan.py", "from robustmnist import load_suite", "evaluation imports __init__, which is above"),
        ("results/focus.py", "import torch", "results is not to know torch"),
        ("report/page.py", "from robustmnist.models.checkpoints import card", "report is not to know models"),
        ("utils/text.py", "", "utils has no row"),
    ],
    ids=lambda value: value if value.endswith(".py") else "",
)
def test_a_seeded_violation_is_seen(name: str, source: str, words: str) -> None:
    faults = order_faults({name: source})
    assert faults == [f"{name}: {words}"]


def test_a_seeded_section_or_circle_is_seen() -> None:
    source = "from robustmnist.report.confidence.words import text"
    assert section_faults({"report/mistakes/words.py": source}) == [
        "report/mistakes/words.py: asks the section confidence"
    ]
    assert section_faults({"report/confidence/section.py": source}) == []
    assert section_faults({"report/mistakes/words.py": "from robustmnist.report.page import page"}) != []
    asking = "def f():\n    from robustmnist.results.breakdown.maps import shift_map"
    assert section_faults({"report/breakdown/maps.py": asking}) == [
        "report/breakdown/maps.py: asks results, which is for section.py alone"
    ]
    assert section_faults({"report/breakdown/section.py": asking, "report/page.py": asking}) == []
    first, second = "from robustmnist.data.b import x", "def f():\n    import robustmnist.data.a"
    assert circles({"data/a.py": first, "data/b.py": second, "data/c.py": first}) == ["data/a.py", "data/b.py"]
    assert circles({"data/a.py": first, "data/b.py": "", "data/c.py": first}) == []
    inside = {"data/__init__.py": "from robustmnist.data.a import x", "data/a.py": "from robustmnist.data import x"}
    assert circles(inside) == ["data/__init__.py", "data/a.py"]


def calls(source: str) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)}


@pytest.mark.parametrize("name", SOURCES)
def test_only_commands_print_or_exit(name: str) -> None:
    if not name.startswith(("cli/", "terminal/")):
        assert not {call for call in calls(SOURCES[name]) if call in ("print", "sys.exit") or call.endswith(".print")}


@pytest.mark.parametrize("name", [name for name in SOURCES if name.startswith(("cli/", "terminal/"))])
def test_a_command_prints_through_one_door(name: str) -> None:
    """What `terminal.echo` prints is free of what a terminal obeys; Rich's tables and bars escape what they get."""
    doors = {"click.echo", "click.secho", "print", "sys.stdout.write"}
    assert name == "terminal/echo.py" or not calls(SOURCES[name]) & doors
