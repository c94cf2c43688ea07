"""Compute the units of a run that are still missing."""

import functools
import itertools
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.data import Dataset
from robustmnist.evaluation.plan import Unit, plan
from robustmnist.evaluation.shard import Answer, Shard
from robustmnist.evaluation.store import Store
from robustmnist.suites import Suite, Sweep

__all__ = ["Progress", "compute"]

Progress = Callable[[int, int, int], None]
Fetch = Callable[[], NDArray[np.float32]]

# Units whose logits may be under way: a GPU works on the next unit while those of the last are written.
UNDER_WAY = {"cuda": 1}


def compute(
    dataset: Dataset,
    answers: Sequence[Answer],
    suites: Sequence[Suite],
    seed: int | None,
    store: Store,
    on_progress: Progress | None,
) -> int:
    """Compute the logits of every unit missing in `store`, put them there, and return the number of forward passes.

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
    under_way: deque[tuple[Unit, Fetch]] = deque()
    most = UNDER_WAY.get(dataset.device.type, 0)

    def keep(at_most: int) -> None:
        nonlocal done
        while len(under_way) > at_most:
            unit, fetch = under_way.popleft()
            store.put(unit, fetch())
            done += 1
            if on_progress is not None:
                on_progress(total * done // len(todo), total, passes)

    for (start, stop), part in itertools.groupby(todo, key=lambda unit: (unit.start, unit.stop)):
        shard = Shard(dataset.rows(slice(start, stop)), dataset.ids[start:stop], answers)
        first = Unit(start, stop)
        clean: Fetch = functools.partial(store.get, first)
        if not store.has(first):
            clean = _fetch(shard.clean())
            passes += len(answers) * (stop - start)
        for unit in part:
            fetch = clean
            if unit.suite is not None and unit.sweep is not None:
                suite, sweep = settings[unit.suite, unit.sweep]
                if not sweep.is_neutral(sweep.values[unit.value], sweep.variants[unit.variant]):
                    draws = dataset.seed(suite.seed if seed is None else seed)
                    fetch = _fetch(_perturbed(shard, sweep, unit, draws))
                    passes += len(answers) * (stop - start)
            under_way.append((unit, fetch))
            keep(most)
    keep(0)
    return passes


def _perturbed(shard: Shard, sweep: Sweep, unit: Unit, seed: int) -> Tensor:
    variant = sweep.variants[unit.variant]
    arguments = sweep.arguments(sweep.values[unit.value], variant)
    return shard.perturbed(sweep.own or sweep.perturbation, arguments, seed=seed, draw=variant.draw)


def _fetch(logits: Tensor) -> Fetch:
    """Copy logits to the CPU without blocking; call the result to wait for them and get them."""
    if not logits.is_cuda:
        return logits.numpy
    there = torch.empty(logits.shape, dtype=logits.dtype, pin_memory=True).copy_(logits, non_blocking=True)
    arrived = torch.cuda.current_stream(logits.device).record_event()

    def wait() -> NDArray[np.float32]:
        arrived.synchronize()
        return there.numpy()

    return wait
