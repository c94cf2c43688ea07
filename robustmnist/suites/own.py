"""A suite without a file: one perturbation, the user's own or a shipped one, at some strengths."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from robustmnist.errors import SuiteError
from robustmnist.suites.suite import Suite
from robustmnist.suites.table import suite_of
from robustmnist.system.files import sha256_bytes

if TYPE_CHECKING:
    from robustmnist.perturb import Perturbation

__all__ = ["suite"]


def suite(
    name: str,
    perturbation: "Perturbation | str",
    values: Sequence[float],
    *,
    parameter: str | None = None,
    title: str | None = None,
    question: str | None = None,
    source: str | None = None,
    fixed: Mapping[str, float | str] | None = None,
    over: Mapping[str, Sequence[float | str]] | None = None,
    draws: int = 1,
    seed: int = 0,
) -> Suite:
    """Return a suite of one sweep: ``rm.suite("fade", rm.perturbation(fade, share=…), [0, 0.25, 0.5])``.

    Args:
        name: Lower-case letters, digits and single dashes.
        perturbation: What `robustmnist.perturbation` returned, or the name of a shipped perturbation.
        values: The strengths, increasing, the neutral value among them.
        parameter: Which strength; by default the perturbation's first.
        title: For people; by default the name.
        question: What the suite asks; by default how far the title may go.
        source: Where the values come from.
        fixed: Choices and modifiers that stay the same.
        over: Choices of which every combination is run, or further strengths, which make a map.
        draws: Independent draws of each digit.
        seed: Of the draws.

    Raises:
        SuiteError: With one line per mistake.
    """
    from robustmnist.perturb import PERTURBATIONS, Perturbation

    own = perturbation if isinstance(perturbation, Perturbation) else None
    entry = own or PERTURBATIONS.get(str(perturbation))
    if own is not None and not own.code_sha256:
        raise SuiteError("was not checked", where="the perturbation", remedy="make it with rm.perturbation(...)")
    called = title or name.replace("-", " ").capitalize()
    sweep: dict[str, Any] = {
        "name": name,
        "title": called,
        "perturbation": own.name if own else perturbation,
        "parameter": parameter or (next(iter(entry.parameters)) if entry else ""),
        "values": [float(value) for value in values],
        "fixed": dict(fixed or {}),
        "over": {key: list(chosen) for key, chosen in (over or {}).items()},
        "draws": draws,
    }
    asked = question or f"How far may this go before a digit is misread: {called}?"
    table = {"title": called, "question": asked, "seed": seed, "sweep": [sweep]}
    table |= {"source": source} if source else {}
    sha256 = sha256_bytes(json.dumps(table, sort_keys=True).encode())
    return suite_of(name, table, {own.name: own} if own else {}, where=f"suite {name!r}", sha256=sha256)
