"""`robustmnist.export`: whatever stands for a classifier, as one file for other programs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from robustmnist.adoption.digits import training_digits
from robustmnist.adoption.opened import codes_left, is_bare, open_checkpoint
from robustmnist.errors import CheckpointError, InputError
from robustmnist.models.checkpoints.adopted_card import AdoptedCard
from robustmnist.models.checkpoints.checkpoint import Checkpoint
from robustmnist.models.export import FORMATS, Exported, about, check_format, write_model

__all__ = ["CALIBRATION", "Export", "export"]

CALIBRATION = 1000  # training digits, as many of each class


@dataclass(frozen=True, eq=False)
class Export:
    """What was exported, and how.

    Attributes:
        name: Of the classifier.
        path: The file that was written.
        content: What is in it.
        quantised: Which digits its ranges are from, in words; empty where it is not quantised.
    """

    name: str
    path: Path
    content: Exported
    quantised: str


def export(
    model: str | Path | Checkpoint | nn.Module,
    out: str | Path | None = None,
    *,
    format: str = "onnx",
    int8: bool = False,
    code: str | Sequence[str] = (),
    data_dir: Path | None = None,
    notify: Callable[[str], None] | None = None,
) -> Export:
    """Write a classifier as one file for other programs, and return what was written.

    Args:
        model: A checkpoint, the name of one, a path to it or to a model file, or a torch module.
        out: The file; by default the classifier's name with the usual ending, in the current folder. It may be there
            already only if its content is the same.
        format: ``onnx``: takes ink in [0, 1] and answers with logits, whatever the classifier itself is fed. ``torch``:
            a state dict. ``numpy``: the same arrays, with input, output and layers as text.
        int8: Quantise the ONNX file to eight bits, by 1,000 of MNIST's training digits.
        code: Code that may run, ``net.py:Net``, where the model needs it.
        data_dir: Where those digits are; they are not downloaded.
        notify: Called with a sentence where other digits have to do.

    Raises:
        InputError: If the classifier is no chain of known layers, or the file, the format or what it needs is wrong.
    """
    check_format(format, int8=int8)
    codes = [code] if isinstance(code, str) else code
    opened = _opened(model, codes, data_dir, notify)
    if isinstance(opened, Checkpoint):
        network, name, facts = opened.model, opened.name, about(opened.card)
        if isinstance(opened.card, AdoptedCard) and opened.card.source.form == "onnx":
            raise CheckpointError("is an ONNX file already", where=name, remedy="use that file as it is")
    else:
        network, name, facts = opened, type(opened).__name__, {}
    digits, quantised = None, ""
    if int8:
        digits = training_digits(data_dir, count=CALIBRATION, notify=notify)
        origin = digits.provenance
        quantised = f"{len(digits):,} digits of {origin.name} ({origin.part}), as many of each class"
        facts = {**facts, "quantised": f"int8, static, per channel; ranges from {quantised}"}
    path = Path(out) if out is not None else Path(f"{Path(name).name}{'-int8' * int8}{FORMATS[format]}")
    try:
        images = None if digits is None else digits.images
        content = write_model(network, path, format=format, metadata=facts, calibration=images)
    except CheckpointError as cause:
        raise CheckpointError(cause.what, where=cause.where or name, remedy=cause.remedy) from cause
    return Export(name, path, content, quantised)


def _opened(
    model: Any, codes: Sequence[str], data_dir: Path | None, notify: Callable[[str], None] | None
) -> Checkpoint | nn.Module:
    """Return what stands for a classifier as one; raise `InputError` where nothing does, or code is not needed."""
    if isinstance(model, Checkpoint | nn.Module):
        return model
    if not isinstance(model, str | Path):
        what, remedy = f"a {type(model).__name__} is no classifier whose layers are known", "a checkpoint or its name"
        raise InputError(what, where="export", remedy=f"give {remedy}, the path of a file, or a torch module")
    if not is_bare(model) and (left := codes_left([str(model)], codes)):
        raise InputError(f"the checkpoint does not need {left[0]}", where="--code", remedy="leave it out")
    return open_checkpoint(model, codes=codes, data_dir=data_dir, notify=notify)
