"""Every public function of `statistics` shows in its docstring what it does, and what it shows is true."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import robustmnist.statistics

MODULES = [f"robustmnist.statistics.{module.name}" for module in pkgutil.iter_modules(robustmnist.statistics.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true_and_none_is_missing(name: str) -> None:
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0
    offered = [getattr(module, public) for public in module.__all__]
    functions = [function for function in offered if inspect.isfunction(function)]
    assert [function.__name__ for function in functions if ">>>" not in (function.__doc__ or "")] == []
