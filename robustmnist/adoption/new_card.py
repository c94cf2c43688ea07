"""The card of a model that was adopted: what was seen of it, how well it reads, what to say of it, its name."""

from pathlib import Path

import torch

from robustmnist.adoption.examine import Examination
from robustmnist.adoption.tested import Tested
from robustmnist.adoption.words import warning
from robustmnist.errors import InputError
from robustmnist.models.checkpoints.adopted import PYTHON
from robustmnist.models.checkpoints.adopted_card import AdoptedCard, CodeRecord, SourceRecord
from robustmnist.models.checkpoints.checkpoint import TestAccuracy
from robustmnist.models.inference.deployed import deployed
from robustmnist.models.sources import Source
from robustmnist.statistics.wilson import wilson

__all__ = ["card_of", "checked_name", "position_notices", "usual_name"]

FED_WHAT_IT_WANTS = 29  # the check that `warning` puts into a sentence of its own
LONGEST = 100  # characters of a name that is also a file's


def card_of(source: Source, seen: Examination, name: str, tested: Tested | None) -> AdoptedCard:
    """Return the card of `source`: its file and hash, its contract, its accuracy and its notices."""
    suffix = source.path.suffix if source.path.suffix not in ("", ".json") else ".model"
    file = source.path.name if source.form == PYTHON else f"{name}{suffix}"
    code, parameters = source.code, sum(parameter.numel() for parameter in seen.classifier.parameters())
    return AdoptedCard(
        name=name,
        source=SourceRecord(file=file, sha256=source.sha256, form=source.form),
        code=CodeRecord(file=code.file.name, object=code.name, sha256=code.sha256) if code else None,
        network=seen.network.description,
        parameters=parameters or None,
        input=seen.input.as_dict(),
        output=seen.output.as_dict(),
        declared=seen.declared,
        found=seen.finding.as_dict() if seen.finding else None,
        accuracy=_accuracy(seen),
        test_accuracy=tested.accuracy if tested else None,
        notices=_notices(seen),
    )


def _accuracy(seen: Examination) -> TestAccuracy | None:
    if seen.right is None:
        return None
    right, n, origin = seen.right, len(seen.digits), seen.digits.provenance
    low, high = wilson(right, n)
    return TestAccuracy(
        dataset=origin.name, part=origin.part, n=n, correct=right, accuracy=right / n, low=float(low), high=float(high)
    )


def _notices(seen: Examination) -> list[str]:
    """Return what page and terminal say whenever the model is evaluated."""
    warned = warning(seen)
    notices = [] if warned is None else [warned]
    notices += [check.sentence for check in seen.faults if warned is None or check.number != FED_WHAT_IT_WANTS]
    if not seen.output.has_confidence:
        notices.append("It answers with labels alone: what the report says of its confidence means nothing.")
    if seen.right is not None and not seen.faults:
        notices += position_notices(seen)
    return notices


def position_notices(seen: Examination) -> list[str]:
    """Return a notice if a digit's scores depend on its row in a batch, as rounding in other people's code may do."""
    images = seen.digits.images
    ready = deployed(seen.classifier.eval())
    straight, turned = ready(images), ready(images.flip(0)).flip(0)
    if torch.equal(straight, turned):
        return []
    gap = float((straight - turned).abs().nan_to_num().max())
    return [
        f"A digit's scores differ by up to {gap:.1g} with its row in a batch: only rounding, but not the same bits."
    ]


def usual_name(path: Path) -> str:
    """Return the name of a model that is given none: that of its file, in printable characters."""
    name = "".join(character if character.isprintable() else "_" for character in path.stem)
    return name[:LONGEST].strip(". ") or "model"


def checked_name(name: str) -> str:
    """Return `name` if it can be the name of a file, too.

    Raises:
        InputError: If it cannot.
    """
    if not name.isprintable() or not 0 < len(name) <= LONGEST or name.strip(". ") != name or set(name) & set("/\\"):
        remedy = f"use up to {LONGEST} printable characters without slashes, no dot or space at the ends"
        raise InputError(f"{name!r} is not a name for a checkpoint", where="--name", remedy=remedy)
    return name
