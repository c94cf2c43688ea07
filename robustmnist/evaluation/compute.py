"""Work through the units of a run that are not there yet."""

import itertools
from collections.abc import Callable, Sequence

from torch import Tensor

from robustmnist.data import Dataset
from robustmnist.evaluation.plan import Unit, plan
from robustmnist.evaluation.shard import Answer, Shard
from robustmnist.evaluation.store import Store
from robustmnist.suites import Suite, Sweep

__all__ = ["Progress", "compute"]

Progress = Callable[[int, int, int], None]


def compute(
    dataset: Dataset,
    answers: Sequence[Answer],
    suites: Sequence[Suite],
    seed: int | None,
    store: Store,
    on_progress: Progress | None,
) -> int:
    """Put the logits of every unit into `store` that it does not have, and return the number of forward passes made.

    Args:
        dataset: On the device where to compute.
        answers: The models, on that device: images to logits.
        suites: What to do.
        seed: Of all draws; None: each suite's own.
        store: Takes the logits.
        on_progress: See `robustmnist.evaluate`.
    """
    units = plan(suites, len(dataset))
    todo = [unit for unit in units if not store.has(unit)]
    every = len(answers) * sum(len(sweep.values) for suite in suites for sweep in suite.sweeps)
    total = -(-every * len(todo) // len(units))
    settings = {(suite.name, sweep.name): (suite, sweep) for suite in suites for sweep in suite.sweeps}
    done = passes = 0
    for (start, stop), part in itertools.groupby(todo, key=lambda unit: (unit.start, unit.stop)):
        shard = Shard(dataset.images[start:stop], dataset.ids[start:stop], answers)
        first = Unit(start, stop)
        if store.has(first):
            clean = store.get(first)
        else:
            clean = shard.clean().cpu().numpy()
            passes += clean.shape[0] * clean.shape[1]
        for unit in part:
            logits = clean
            if unit.suite is not None and unit.sweep is not None:
                suite, sweep = settings[unit.suite, unit.sweep]
                if not sweep.is_neutral(sweep.values[unit.value], sweep.variants[unit.variant]):
                    logits = _perturbed(shard, sweep, unit, suite.seed if seed is None else seed).cpu().numpy()
                    passes += logits.shape[0] * logits.shape[1]
            store.put(unit, logits)
            done += 1
            if on_progress is not None:
                on_progress(total * done // len(todo), total, passes)
    return passes


def _perturbed(shard: Shard, sweep: Sweep, unit: Unit, seed: int) -> Tensor:
    variant = sweep.variants[unit.variant]
    arguments = sweep.arguments(sweep.values[unit.value], variant)
    return shard.perturbed(sweep.perturbation, arguments, seed=seed, draw=variant.draw)
