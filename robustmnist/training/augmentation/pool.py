"""What training digits may be perturbed by: suites, single sweeps of them and single perturbations, from a recipe.

[augment]
suites = ["blur", "noise.gaussian", "mine.toml"]  # suites, sweeps of suites, files; "core" and "all" as everywhere
settings = [1, 2]           # how many of them a digit is perturbed by at once
suites_probability = 0.9    # the others are shown as they are
blind = ["mnist-c"]         # what these suites ask is left out of the suites above

[[augment.perturbation]]    # beside that, in this order and before the suites
name = "gaussian-blur"      # a perturbation, or SUITE.SWEEP
range = [0, 1.5]            # of the strength; of a sweep it may be left out
probability = 0.3
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from robustmnist.errors import RecipeError
from robustmnist.system.validation import listed
from robustmnist.training.augmentation.named import Source, named_suites, single
from robustmnist.training.recipe import Recipe

__all__ = ["Pool", "pool_of"]


@dataclass(frozen=True)
class Pool:
    """All that training digits may be perturbed by, in the order in which it is done.

    Attributes:
        sources: Single perturbations, each with its own probability, then suites.
        probability: That a digit is perturbed by suites at all.
        settings: The fewest and most suites that a digit is perturbed by at once.
    """

    sources: tuple[Source, ...] = ()
    probability: float = 1.0
    settings: tuple[int, int] = (1, 1)

    @property
    def suites(self) -> tuple[Source, ...]:
        """The sources that compete."""
        return tuple(source for source in self.sources if source.probability is None)

    @property
    def perturbations(self) -> list[str]:
        """The names of all perturbations, in alphabetical order."""
        return sorted({sweep.perturbation for source in self.sources for sweep in source.sweeps})

    @property
    def files(self) -> dict[str, str]:
        """The hash of the file of each suite, by name."""
        return {source.name: source.sha256 for source in self.sources if source.sha256}


def pool_of(recipe: Recipe, codes: Sequence[str] = ()) -> Pool:
    """Return what the table ``[augment]`` of a recipe names, every name looked up.

    Args:
        recipe: The recipe.
        codes: Code that suites may run, ``mine.py:f``.

    Raises:
        RecipeError: With a line per mistake.
    """
    augment, mistakes = recipe.augment, list[str]()
    tables = enumerate(augment.perturbation)
    singles = [single(f"augment.perturbation.{at}", table, codes, mistakes) for at, table in tables]
    suites = named_suites("augment.suites", augment.suites, codes, mistakes)
    blind = named_suites("augment.blind", augment.blind, codes, mistakes)
    unseen = {id(sweep.entry) for source in blind for sweep in source.sweeps}
    mistakes += [
        f"augment.perturbation.{at}: {source.name} is in augment.blind too"
        for at, source in enumerate(singles)
        if source and any(id(sweep.entry) in unseen for sweep in source.sweeps)
    ]
    left = [
        replace(source, sweeps=sweeps)
        for source in suites
        if (sweeps := tuple(sweep for sweep in source.sweeps if id(sweep.entry) not in unseen))
    ]
    most = augment.settings[1]
    if augment.blind and not left and not mistakes:
        what = "leaves nothing of augment.suites" if suites else "there are no augment.suites to leave it out of"
        mistakes.append(f"augment.blind: {what}")
    elif left and most > len(left) and not mistakes:
        many = f"{len(left)} suite{'' if len(left) == 1 else 's'}"
        mistakes.append(f"augment.settings: {most} of {many}; each gives a digit one setting at most")
    if mistakes:
        raise RecipeError(listed(mistakes), where=f"recipe '{recipe.name}'")
    return Pool((*filter(None, singles), *left), augment.suites_probability, augment.settings)
