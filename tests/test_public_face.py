"""`import robustmnist as rm`: quick, and every name of its surface is there and nothing else."""

import ast
import importlib
import inspect
import subprocess
import sys

import pytest
from support.heavy import HEAVY


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = f"import sys, robustmnist\nprint(*sorted(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_every_public_name_resolves() -> None:
    import robustmnist

    for name in robustmnist.__all__:
        assert getattr(robustmnist, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = robustmnist.nothing  # type: ignore[attr-defined]


def test_the_package_offers_its_surface_and_nothing_else() -> None:
    """Completion in a notebook shows `dir`; the tools of the file and imported submodules are no part of it."""
    import robustmnist

    importlib.import_module("robustmnist.terminal.table")
    assert dir(robustmnist) == robustmnist.__all__ == sorted(robustmnist.__all__)
    for room in (robustmnist.results, robustmnist.plot):
        assert dir(room) == sorted(room.__all__)
    assert set(robustmnist.__all__) == {"__version__", *robustmnist._NAMES, *robustmnist._MODULES}


def test_type_checkers_see_every_public_name_where_it_is_resolved_from() -> None:
    import robustmnist

    (block,) = [node for node in ast.parse(inspect.getsource(robustmnist)).body if isinstance(node, ast.If)]
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    seen = {alias.asname: node.module for node in imports for alias in node.names}
    assert seen == {**robustmnist._NAMES, **dict.fromkeys(robustmnist._MODULES, "robustmnist")}


def test_functions_stay_functions_once_their_modules_are_imported() -> None:
    import robustmnist

    for name, module in robustmnist._NAMES.items():
        importlib.import_module(module)
        assert callable(getattr(robustmnist, name)), name
        assert not isinstance(getattr(robustmnist, name), type(robustmnist))
