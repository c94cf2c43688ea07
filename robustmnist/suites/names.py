"""What suites that go together must be called: each by a name of its own, which can be part of a file's."""

import re
from collections.abc import Sequence

from robustmnist.errors import SuiteError
from robustmnist.suites.suite import Suite

__all__ = ["NAME", "check_names", "check_suites"]

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def check_suites(suites: Sequence[Suite]) -> None:
    """Refuse suites that cannot be run together and written side by side.

    Raises:
        SuiteError: If there is none, two have the same name, or a name is none (see `check_names`).
    """
    if not suites:
        raise SuiteError("no suite was given", remedy="give at least one")
    names = [suite.name for suite in suites]
    if len(set(names)) < len(names):
        raise SuiteError(f"two suites have the same name among {', '.join(names)}", remedy="rename one")
    check_names(suites)


def check_names(suites: Sequence[Suite]) -> None:
    """Refuse names that cannot be part of a file's name: those of suites and of their sweeps become files and folders.

    Raises:
        SuiteError: If a name is not made of lower-case letters, digits and single dashes.
    """
    for name in [name for suite in suites for name in (suite.name, *(sweep.name for sweep in suite.sweeps))]:
        if not NAME.fullmatch(name):
            raise SuiteError(f"{name!r} is no name", remedy="use lower-case letters, digits and single dashes")
