"""What a checkpoint answers to images, digit by digit."""

import numpy as np
import torch
from torch import Tensor

from robustmnist.explanation.answer import Answer
from robustmnist.explanation.subject import Subject
from robustmnist.explanation.target import Target
from robustmnist.statistics.decisions import INVALID, decide

__all__ = ["answers_of"]


def answers_of(subject: Subject, images: Tensor, target: Target, temperature: float | None) -> list[Answer]:
    """Return the answer to each image (B, 1, 28, 28); confidences are calibrated where there is a temperature."""
    with torch.no_grad():
        logits = subject.answer(images)
    scores = target.scores(logits).double().cpu().tolist()
    table = logits.double().cpu().numpy()
    decided, calibrated = decide(table), decide(table / (temperature or 1.0))
    second = np.argsort(-np.nan_to_num(table, nan=-np.inf), axis=1, kind="stable")[:, 1]
    second = np.where(decided.valid, second, INVALID)
    columns = (decided.predicted.tolist(), calibrated.confidence.tolist(), second.tolist(), scores)
    return [Answer(*column) for column in zip(*columns, strict=True)]
