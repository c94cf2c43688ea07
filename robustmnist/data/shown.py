"""What a notebook shows of a data set."""

from torch import Tensor

from robustmnist.data.provenance import Provenance
from robustmnist.page.notebook import card, digits_picture

__all__ = ["SHOWN", "notebook_card"]

SHOWN = 20  # digits


def notebook_card(images: Tensor, known: Provenance) -> str:
    """Return as HTML where digits are from, and the first of them, ``(k, 1, 28, 28)``."""
    first = (images[:, 0] * 255).round().byte().cpu().numpy()
    facts = {"digits": f"{known.n:,}", "part": known.part, "source": known.source, "choice": known.choice}
    facts |= {"note": known.note, "licence": known.licence}
    return card(known.name, facts, digits_picture(first, SHOWN // 2, f"the first {len(first)} of them"))
