"""Every public function of these packages shows in its docstring what it does, and what it shows is true."""

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

PACKAGES = ("perturb", "perturb.mnist_c", "statistics", "measure")


def modules(package: str) -> list[ModuleType]:
    """Return a package of robustmnist with all its modules."""
    face = importlib.import_module(f"robustmnist.{package}")
    inside = pkgutil.walk_packages(face.__path__, f"{face.__name__}.")
    return [face, *(importlib.import_module(info.name) for info in inside)]


def public(package: str) -> dict[str, Callable[..., Any]]:
    """Return the functions that a package offers: by its own ``__all__``, or where it has none by its modules'."""
    face, *others = modules(package)
    offering = [face] if hasattr(face, "__all__") else others
    named = {name: getattr(module, name) for module in offering for name in module.__all__}
    return {name: value for name, value in named.items() if inspect.isfunction(value)}


def examples(module: ModuleType) -> list[doctest.DocTest]:
    """Return the examples of a module, of decorated functions too, which `doctest.testmod` passes over."""
    own = {name: value for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__}
    parts = [module, *(inspect.unwrap(value) for value in own.values() if callable(value))]
    finder = doctest.DocTestFinder(recurse=False, exclude_empty=True)
    return [test for part in parts for test in finder.find(part, module=False, globs=vars(module)) if test.examples]


EXAMPLES = [
    test
    for module in dict.fromkeys(module for package in PACKAGES for module in modules(package))
    for test in examples(module)
]


def failures(test: doctest.DocTest) -> int:
    return doctest.DocTestRunner(verbose=False).run(test).failed


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_function_has_an_example(package: str) -> None:
    functions = public(package)
    assert functions
    assert [name for name, function in functions.items() if ">>> " not in (function.__doc__ or "")] == []


@pytest.mark.parametrize(
    "test",
    EXAMPLES,
    ids=lambda test: test.name,
)
def test_what_an_example_shows_is_true(test: doctest.DocTest) -> None:
    assert failures(test) == 0


def test_all_examples_of_public_functions_are_run() -> None:
    tested = {test.name for test in EXAMPLES}
    assert {function.__name__ for package in PACKAGES for function in public(package).values()} <= tested


def test_an_example_that_is_wrong_fails() -> None:
    parse = doctest.DocTestParser().get_doctest
    assert failures(parse(">>> 1 + 1\n2\n", {}, "right", None, 0)) == 0
    assert failures(parse(">>> 1 + 1\n3\n", {}, "wrong", None, 0)) == 1
