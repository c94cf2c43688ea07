"""How the rooms are kept: short files, names that say what a thing is, tests where their room says."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "robustmnist"
SOURCES = {str(path.relative_to(PACKAGE)): path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}

LONGEST = 200  # lines

# Rooms whose names have been gone through. The list only grows.
KEPT = (
    "draws",
    "errors",
    "evaluation",
    "measure",
    "perturb",
    "perturbed_sets",
    "predictions",
    "results",
    "statistics",
    "suites",
    "system",
)
# Words that stood for too many things: an item, an index or a setting, a result, a context, confidence, a seed, a
# chart's symbols, hypotheses tested together, a pen's width, a stroke's middle, a run.
RETIRED = {"one", "place", "places", "placed", "found", "told", "sure", "luck", "again", "family", "families"}
RETIRED |= {"mark", "marks", "pen", "ridge", "ridges", "readable", "study"}
# Names of others, and names where the word is the thing itself.
NATURAL = {
    "FileNotFoundError",
    "SUM_TO_ONE",
    "ONE",  # the number, in a fixed point
    "found",  # `results.gate.Check.found`, which is public
    "mark",  # MNIST-C's marks over the digit: `perturb/mnist_c/marks.py`
    "marks",
}


# Words that no text of these rooms needs, in comments, docstrings and messages.
UNSAID = re.compile(r"\b(told|luck|risk_runs|none of one)\b")


def length_faults(sources: dict[str, str]) -> list[str]:
    """Return which files are too long, a line each."""
    lengths = {name: len(source.splitlines()) for name, source in sources.items()}
    return [f"{name}: {lines} lines" for name, lines in lengths.items() if lines > LONGEST]


def names(source: str) -> Iterator[str]:
    """Yield every name in a file: of functions, classes, arguments, variables and attributes."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name():
                yield node.id
            case ast.Attribute():
                yield node.attr
            case ast.alias():
                yield node.asname or node.name


def retired_names(source: str) -> list[str]:
    """Return the names in a file that have a retired word among their words: ``told_apart``, ``OnePlace``."""
    split = re.compile(r"[_.\W]+|(?<=[a-z])(?=[A-Z])")
    return sorted({name for name in names(source) if RETIRED & {word.lower() for word in split.split(name)}} - NATURAL)


def test_files_are_short() -> None:
    assert length_faults(SOURCES) == []


def test_a_long_file_is_seen() -> None:
    assert length_faults({"data/a.py": "x = 1\n" * LONGEST, "data/b.py": "x = 1\n" * (LONGEST + 1)}) == [
        "data/b.py: 201 lines"
    ]


@pytest.mark.parametrize("name", [name for name in SOURCES if name.partition("/")[0].removesuffix(".py") in KEPT])
def test_names_are_free_of_retired_words(name: str) -> None:
    assert retired_names(SOURCES[name]) == []


@pytest.mark.parametrize("name", [name for name in SOURCES if name.partition("/")[0].removesuffix(".py") in KEPT])
def test_texts_are_free_of_riddles(name: str) -> None:
    assert UNSAID.findall(SOURCES[name]) == []


def test_a_retired_word_is_seen_in_every_kind_of_name() -> None:
    source = "def told_apart(place):\n    class OnePen: ...\n    found_it = [one.again for one in place]"
    assert retired_names(source) == ["OnePen", "again", "found_it", "one", "place", "told_apart"]
    natural = "ones = np.ones_like(replaced, alone=milestones)\ntry: ...\nexcept FileNotFoundError: ..."
    assert retired_names(natural) == []


def strays(package: str) -> list[str]:
    """Return the tests of a package that are named after no room of it: no file, no folder."""
    tests = [path.relative_to(TESTS) for path in sorted((TESTS / package).rglob("test_*.py"))]
    rooms = {test: PACKAGE / test.parent / test.stem.removeprefix("test_") for test in tests}
    return [str(test) for test, room in rooms.items() if not (room.is_dir() or room.with_suffix(".py").is_file())]


@pytest.mark.parametrize("package", [name for name in KEPT if (TESTS / name).is_dir()])
def test_tests_stand_where_their_room_does(package: str) -> None:
    assert strays(package) == []
