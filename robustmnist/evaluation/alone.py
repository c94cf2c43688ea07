"""Logits and nothing else: no pictures, no measured strengths, nothing on the disk."""

from collections.abc import Mapping, Sequence

import torch

from robustmnist.data import Dataset
from robustmnist.evaluation.answers import answer_of
from robustmnist.evaluation.compute import Progress, compute
from robustmnist.evaluation.inputs import check_inputs
from robustmnist.evaluation.store import MemoryStore
from robustmnist.models.checkpoints.checkpoint import Checkpoint
from robustmnist.predictions import Predictions, array_shapes
from robustmnist.suites import Suite

__all__ = ["logits_alone"]


@torch.no_grad()
def logits_alone(
    models: Mapping[str, Checkpoint],
    dataset: Dataset,
    suites: Sequence[Suite],
    device: torch.device,
    on_progress: Progress | None = None,
) -> Predictions:
    """Return the same logits as `robustmnist.evaluate`, in memory, for numbers that are computed at once.

    Args:
        models: Name to checkpoint.
        dataset: The images.
        suites: What to do, each with its own seed.
        device: Where.
        on_progress: As for `robustmnist.evaluate`.
    """
    check_inputs(models, dataset, tuple(suites))
    digits = dataset.to(device)
    given = {"ids": dataset.ids.cpu().numpy(), "labels": dataset.labels.cpu().numpy()}
    store = MemoryStore(array_shapes(tuple(suites), len(models), len(dataset)), given)
    answers = [answer_of(name, model, device) for name, model in models.items()]
    compute(digits, answers, suites, None, store, on_progress)
    arrays = store.arrays()
    return Predictions(
        tuple(models),
        tuple(suites),
        arrays["ids"],
        arrays["labels"],
        arrays["clean"],
        {(suite.name, sweep.name): arrays[f"{suite.name}.{sweep.name}"] for suite in suites for sweep in suite.sweeps},
        {"checkpoints": [{"name": name} for name in models]},
    )
