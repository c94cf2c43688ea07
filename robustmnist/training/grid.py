"""Many runs from one recipe: its seeds, and every combination of the values of a grid."""

import itertools
import re
from collections.abc import Mapping, Sequence

from robustmnist.errors import RecipeError

__all__ = ["MOST_RUNS", "grid_of", "seeds_of", "split_values"]

MOST_RUNS = 1000
REMEDY = "write 3, 0..9 or 0,2,5"


def seeds_of(text: str) -> list[int]:
    """Return the seeds that `text` names: ``3``, ``0..9`` with both ends, or ``0,2,5``.

    Raises:
        RecipeError: If it names none, too many, or is something else.

    >>> seeds_of("0..3"), seeds_of("5,1")
    ([0, 1, 2, 3], [5, 1])
    """
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,19})(?:\.\.(\d{1,19}))?\s*", part, re.ASCII)
        if match is None:
            raise RecipeError("is no seed", where=f"--seed {text}", remedy=REMEDY)
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last < 2**63 or last - first >= MOST_RUNS:
            raise RecipeError(f"{part.strip()} are no seeds", where=f"--seed {text}", remedy=REMEDY)
        seeds += range(first, last + 1)
    return list(dict.fromkeys(seeds))


def grid_of(grids: Sequence[str], seeds: Sequence[int]) -> dict[str, list[str]]:
    """Return the name of every run and what it changes in the recipe, ``KEY=VALUE`` each.

    Args:
        grids: ``KEY=VALUE,VALUE`` each; every combination of them is a run.
        seeds: Each of them with every combination; the innermost loop.

    Raises:
        RecipeError: If a grid has no key, no value or a key twice, or there are too many runs.

    >>> grid_of(["optimizer.lr=0.1,0.2"], [0])
    {'lr=0.1,seed=0': ['optimizer.lr=0.1', 'seed=0'], 'lr=0.2,seed=0': ['optimizer.lr=0.2', 'seed=0']}
    """
    axes: dict[str, list[str]] = {}
    for text in grids:
        key, sign, values = text.partition("=")
        parts = split_values(values)
        if not sign or not key.strip() or not all(parts) or key.strip() in (*axes, "seed"):
            what = "is given twice" if key.strip() in (*axes, "seed") else "is not KEY=VALUE,VALUE"
            raise RecipeError(what, where=f"--grid {text}", remedy="write for example optimizer.lr=0.01,0.001")
        axes[key.strip()] = parts
    axes["seed"] = [str(seed) for seed in seeds]
    runs: dict[str, list[str]] = {}
    for chosen in itertools.product(*axes.values()):
        changes = dict(zip(axes, chosen, strict=True))
        name = _name(changes)
        runs[name if name not in runs else f"{name}-{len(runs)}"] = [f"{key}={value}" for key, value in changes.items()]
        if len(runs) > MOST_RUNS:
            raise RecipeError(f"these are more than {MOST_RUNS:,} runs", where="--grid", remedy="take fewer values")
    return runs


def split_values(text: str) -> list[str]:
    """Return the parts of `text` between commas that stand in no brackets and no quotes.

    >>> split_values("[128, 64],[], true")
    ['[128, 64]', '[]', 'true']
    """
    return [part.strip() for part in re.split(r",(?![^\[\]]*\])", text)]


def _name(changes: Mapping[str, str]) -> str:
    """Return a name for a folder: the last part of every key, and its value without what no file name may hold."""
    tails = [key.rpartition(".")[2] for key in changes]
    names = [tail if tails.count(tail) == 1 else key for key, tail in zip(changes, tails, strict=True)]
    texts = [re.sub(r"[^A-Za-z0-9.+-]+", "-", value).strip("-") for value in changes.values()]
    parts = [f"{name}={text}" for name, text in zip(names, texts, strict=True)]
    return ",".join(parts)[:200]
