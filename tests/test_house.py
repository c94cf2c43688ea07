"""How the rooms are kept: short files, names that say what a thing is, tests where their room says."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "robustmnist"
# The package, and what stands beside it: `benchmarks/`, `reports/` and what tests share.
FOLDERS = (PACKAGE, TESTS.parent / "benchmarks", TESTS.parent / "reports", TESTS / "support")
SOURCES = {
    str(path.relative_to(PACKAGE if folder == PACKAGE else folder.parent)): path.read_text("utf-8")
    for folder in FOLDERS
    for path in sorted(folder.rglob("*.py"))
}

LONGEST = 200  # lines

# Words that stood for too many things: an item, an index or a setting, a result, a context, confidence, a seed, a
# chart's symbols, hypotheses tested together, a pen's width, a stroke's middle, a run.
RETIRED = {"one", "place", "places", "placed", "found", "told", "sure", "luck", "again", "family", "families"}
RETIRED |= {"mark", "marks", "pen", "ridge", "ridges", "readable", "study"}
# Where one of these words is the thing itself, by room.
WORDS = {
    "ablation": {"study"},  # what `ablate STUDY.toml` runs
    "cli": {"study"},
    "data": {"family", "families", "mark"},  # of typefaces; the mark that is planted
    "explanation": {"mark"},  # that is planted
    "models": {"mark"},  # on the stack of a pickle
    "perturb": {"mark", "marks"},  # MNIST-C's, over the digit
    "report": {"family", "families"},  # of tests, as in family-wise error
    "reports": {"mark", "marks", "study"},
}
# Names of others and names that are public, by room.
NAMES = {
    "benchmarks": {"OneCycleLR"},  # of torch
    "cli": {"found"},  # of an adopted card
    "evaluation": {"SUM_TO_ONE"},
    "explanation": {"one_hot"},  # of torch
    "models": {"found"},  # of an adopted card
    "perturb": {"ONE"},  # in a fixed point
    "results": {"found"},  # `results.gate.Check.found`
    "sketchpad": {"NOT_FOUND"},  # of HTTP
    "support": {"mark"},  # of pytest
    "terminal": {"found"},  # of a `Check`
}
BUILT_IN = {"FileNotFoundError"}

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


def words_of(name: str) -> set[str]:
    """Return the words of a name: ``{"told", "apart"}`` of ``told_apart``, ``{"one", "pen"}`` of ``OnePen``."""
    return {word.lower() for word in re.split(r"[_.\W]+|(?<=[a-z])(?=[A-Z])", name)}


def retired_names(source: str, room: str = "") -> list[str]:
    """Return the names in a file that have a retired word among their words, but for the exceptions of its room."""
    retired, exceptions = RETIRED - WORDS.get(room, set()), BUILT_IN | NAMES.get(room, set())
    return sorted({name for name in names(source) if retired & words_of(name)} - exceptions)


def test_files_are_short() -> None:
    assert length_faults(SOURCES) == []


def test_a_long_file_is_seen() -> None:
    assert length_faults({"data/a.py": "x = 1\n" * LONGEST, "data/b.py": "x = 1\n" * (LONGEST + 1)}) == [
        "data/b.py: 201 lines"
    ]


@pytest.mark.parametrize("name", SOURCES)
def test_names_are_free_of_retired_words(name: str) -> None:
    assert retired_names(SOURCES[name], name.partition("/")[0]) == []


def test_no_exception_is_left_over() -> None:
    """An exception that no name of its room needs any more would hide the next name of its kind."""
    for room in WORDS.keys() | NAMES.keys():
        used = {name for path, source in SOURCES.items() if path.startswith(f"{room}/") for name in names(source)}
        assert NAMES.get(room, set()) <= used
        assert WORDS.get(room, set()) <= {word for name in used for word in words_of(name)}


@pytest.mark.parametrize("name", SOURCES)
def test_texts_are_free_of_riddles(name: str) -> None:
    assert UNSAID.findall(SOURCES[name]) == []


def test_a_retired_word_is_seen_in_every_kind_of_name() -> None:
    source = "def told_apart(place):\n    class OnePen: ...\n    found_it = [one.again for one in place]"
    assert retired_names(source) == ["OnePen", "again", "found_it", "one", "place", "told_apart"]
    natural = "ones = np.ones_like(replaced, alone=milestones)\ntry: ...\nexcept FileNotFoundError: ..."
    assert retired_names(natural) == []
    assert retired_names("def study(place): ...", "ablation") == ["place"]


def strays(package: str) -> list[str]:
    """Return the tests of a package that are named after no room of it: no file, no folder."""
    tests = [path.relative_to(TESTS) for path in sorted((TESTS / package).rglob("test_*.py"))]
    rooms = {test: PACKAGE / test.parent / test.stem.removeprefix("test_") for test in tests}
    return [str(test) for test, room in rooms.items() if not (room.is_dir() or room.with_suffix(".py").is_file())]


@pytest.mark.parametrize("package", [path.name for path in sorted(PACKAGE.iterdir()) if (TESTS / path.name).is_dir()])
def test_tests_stand_where_their_room_does(package: str) -> None:
    assert strays(package) == []
