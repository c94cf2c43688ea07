"""The list of shipped suites says what the suites themselves say, and needs no torch for it."""

import doctest
import subprocess
import sys

from robustmnist.suites import list_suites, outline
from robustmnist.suites.outline import Outline, outlines

WITHOUT_TORCH = """
import sys
from robustmnist.cli import main
sys.argv = ["robustmnist", "suites"]
sys.modules["torch"] = None
raise SystemExit(main())
"""


def test_outlines_are_those_of_the_checked_suites() -> None:
    assert outlines() == [
        Outline(
            suite.name,
            sweep.name,
            sweep.perturbation,
            sweep.parameter,
            sweep.values[0],
            sweep.values[-1],
            sweep.unit,
            len(sweep.values),
            len(sweep.variants),
        )
        for suite in list_suites()
        for sweep in suite.sweeps
    ]


def test_the_command_lists_them_without_torch() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["suite", "sweep", "perturbation", "parameter", "from", "to", "unit", "settings"]
    assert lines[1].split() == ["shift", "right", "shift-towards", "distance", "0", "10", "px", "11"]
    assert len(lines) == 1 + len(outlines())


def test_the_example_is_true() -> None:
    assert doctest.testmod(outline).attempted
    assert doctest.testmod(outline).failed == 0
