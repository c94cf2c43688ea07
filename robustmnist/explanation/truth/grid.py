"""Grid pointing: four digits on one sheet, of which a class is in one cell only, so its evidence must be there."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.explanation.methods.method import Context
from robustmnist.explanation.metrics.candidate import Explainer
from robustmnist.explanation.subject import Subject, subject_of
from robustmnist.explanation.target import Target

if TYPE_CHECKING:
    from robustmnist.data import Dataset

__all__ = ["CELLS", "Sheet", "grid_pointing", "sheets"]

CELLS = 4


@dataclass(frozen=True, eq=False)
class Sheet:
    """Sheets of 2 × 2 digits of four different classes each.

    Attributes:
        images: float32 (S, 4, 28, 28), the cells, row by row.
        labels: int64 (S, 4).
        ids: int64 (S,), the id of each sheet's first digit.
    """

    images: Tensor
    labels: Tensor
    ids: Tensor

    def __len__(self) -> int:
        """Return how many sheets there are."""
        return len(self.ids)


def sheets(data: "Dataset", classifier: object, many: int) -> Sheet:
    """Return up to `many` sheets of digits that the classifier reads right, four classes in a row, in the order of ids.

    Source: Böhle, Fritz & Schiele, Convolutional dynamic alignment networks, CVPR 2021, arXiv:2104.00032, who also take
    images that are classified well.
    """
    subject = subject_of(classifier)  # type: ignore[arg-type]
    images, labels = data.images, data.labels
    right = subject.answer(images).argmax(1) == labels
    queues = {label: (right & (labels == label)).nonzero()[:, 0].tolist() for label in range(10)}
    rows: list[list[int]] = []
    while len(rows) < many:
        fullest = sorted(queues, key=lambda label: (-len(queues[label]), label))[:CELLS]
        if not queues[fullest[-1]]:
            break
        rows.append([queues[label].pop(0) for label in fullest])
    chosen = torch.tensor(rows, dtype=torch.int64).reshape(-1, CELLS)
    return Sheet(images[chosen, 0], labels[chosen], data.ids[chosen[:, 0]])


def grid_pointing(sheet: Sheet, subject: Subject, explainer: Explainer) -> NDArray[np.float64]:
    """Return how much of the positive evidence for each cell's class lies in its cell, float64 (S, 4); ¼ by chance.

    L_j = Σ_{cell j} a⁺ / Σ a⁺. The sheet's logits are the mean of its cells' logits; a share of the mean is a quarter
    of the cell's own, so the maps of the cells for one class, side by side, are the map of the sheet.

    Args:
        sheet: The digits.
        subject: The classifier of one cell.
        explainer: What makes the maps.

    Source: Böhle et al. 2021, as `sheets`; the mean over cells as the sheet's logit: Rao, Böhle & Schiele, Towards
    better understanding attribution methods, CVPR 2022, arXiv:2205.10435.
    """
    count = len(sheet)
    shares = np.full((count, CELLS), np.nan)
    for cell in range(CELLS):
        evidence = []
        for seen in range(CELLS):
            images = sheet.images[:, seen : seen + 1].clone()
            context = Context(sheet.ids * CELLS + seen)
            maps = explainer.ask(subject, images, Target.of_class(sheet.labels[:, cell]), context)
            evidence.append(maps.double().clamp(min=0).sum((1, 2)).cpu())
        total = torch.stack(evidence, 1)
        share = total[:, cell] / total.sum(1)
        shares[:, cell] = share.masked_fill(total.sum(1) == 0, torch.nan).numpy()
    return shares
