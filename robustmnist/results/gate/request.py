"""What is asked of a run: conditions as they are typed or as they stand in a TOML file."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from robustmnist.errors import InputError, RunError
from robustmnist.system.validation import Table, read_toml

__all__ = ["Request", "as_share", "joined", "read_request"]


@dataclass(frozen=True)
class Request:
    """The conditions that a run has to meet, each as (where, bound).

    Attributes:
        min_accuracy: Where and the least share of right answers.
        min_critical: Where and the least critical strength, with or without its unit, as it is typed.
        max_ece: Where and the greatest expected calibration error, a share.
        baseline: Folder of an earlier run; None without a baseline.
        max_drop: The greatest loss of accuracy since the baseline, a share; None without a baseline.
        pairs: Checkpoint and the checkpoint of the baseline that it is compared with, where their names differ.
        checkpoints: Which checkpoints must meet them; empty: all of the run.
        strict: Whether the whole 95 % interval must be on the right side of a bound, not just some of it.
        allow_fallback: Whether digits may stand in for MNIST.
    """

    min_accuracy: tuple[tuple[str, float], ...] = ()
    min_critical: tuple[tuple[str, str], ...] = ()
    max_ece: tuple[tuple[str, float], ...] = ()
    baseline: Path | None = None
    max_drop: float | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    checkpoints: tuple[str, ...] = ()
    strict: bool = False
    allow_fallback: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked."""
        return not (self.min_accuracy or self.min_critical or self.max_ece or self.baseline)


def as_share(value: object) -> float:
    """Return a share: a number from 0 to 1, or its text, in percent if it ends in a percent sign.

    Raises:
        ValueError: If it is neither.

    >>> as_share("0.97"), as_share("97 %"), as_share(1)
    (0.97, 0.97, 1.0)
    """
    text = str(value).strip()
    number = text.removesuffix("%")
    try:
        # Divided as decimals are: 97 % is the double that is nearest to 0.97.
        share = math.nan if isinstance(value, bool) else float(number) / (100 if number != text else 1)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise ValueError(f"{text} is not a share: write a number from 0 to 1, or a percentage such as 97%")
    return share


_Share = Annotated[float, BeforeValidator(as_share)]


def _as_strength(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


class _Baseline(Table):
    run: str = Field(min_length=1)
    max_drop: _Share
    pairs: dict[str, str] = Field(default_factory=dict)


class _GateFile(Table):
    checkpoints: list[str] = Field(default_factory=list)
    strict: bool = False
    allow_fallback: bool = False
    min_accuracy: dict[str, _Share] = Field(default_factory=dict)
    min_critical: dict[str, Annotated[str, BeforeValidator(_as_strength)]] = Field(default_factory=dict)
    max_ece: dict[str, _Share] = Field(default_factory=dict)
    baseline: _Baseline | None = None


def read_request(path: Path) -> Request:
    """Read conditions from a TOML file; the folder of a baseline is relative to the file.

    Raises:
        RunError: With a line for each mistake, or if the file holds no condition.
    """
    table = read_toml(path, _GateFile, RunError)
    before = table.baseline
    request = Request(
        min_accuracy=tuple(table.min_accuracy.items()),
        min_critical=tuple(table.min_critical.items()),
        max_ece=tuple(table.max_ece.items()),
        baseline=path.parent / before.run if before else None,
        max_drop=before.max_drop if before else None,
        pairs=tuple(before.pairs.items()) if before else (),
        checkpoints=tuple(table.checkpoints),
        strict=table.strict,
        allow_fallback=table.allow_fallback,
    )
    if request.is_empty:
        remedy = "add one, as in:  [min_accuracy]  clean = 0.99"
        raise RunError("has no condition", where=path, remedy=remedy)
    return request


def joined(requests: Sequence[Request]) -> Request:
    """Return the conditions of several requests as one request; of two baselines the last counts.

    Raises:
        InputError: If a baseline has no greatest loss, or the other way round.
    """
    last: Request = requests[-1]
    baseline = next((each for each in reversed(requests) if each.baseline is not None), last)
    drop = next((each.max_drop for each in reversed(requests) if each.max_drop is not None), None)
    pairs = dict(pair for each in requests for pair in each.pairs)
    if (baseline.baseline is None) != (drop is None) or (pairs and drop is None):
        raise InputError("--baseline and --max-drop go together, and --pair goes with them")
    return Request(
        min_accuracy=tuple(dict(pair for each in requests for pair in each.min_accuracy).items()),
        min_critical=tuple(dict(pair for each in requests for pair in each.min_critical).items()),
        max_ece=tuple(dict(pair for each in requests for pair in each.max_ece).items()),
        baseline=baseline.baseline,
        max_drop=drop,
        pairs=tuple(pairs.items()),
        checkpoints=tuple(dict.fromkeys(name for each in requests for name in each.checkpoints)),
        strict=any(each.strict for each in requests),
        allow_fallback=any(each.allow_fallback for each in requests),
    )
