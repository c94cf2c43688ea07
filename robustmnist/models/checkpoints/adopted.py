"""Somebody else's model, read again as its card says: the same file, the same code, the same contract."""

from collections.abc import Sequence
from pathlib import Path

from torch import nn

from robustmnist.errors import CheckpointError, InputError
from robustmnist.models.checkpoints.adopted_card import AdoptedCard
from robustmnist.models.contract import Adapted, Input, Output
from robustmnist.models.sources import Source, read_source
from robustmnist.models.sources.source import Predict
from robustmnist.system.files import sha256_file
from robustmnist.system.python_code import code_for

__all__ = ["adapted", "check_source", "load_adopted"]

PYTHON = "python code"
TAKE_IN = "adopt it anew: robustmnist adopt"


def adapted(source: Source, module: nn.Module | Predict, input: Input, output: Output) -> Adapted:
    """Return a module of `source` behind its contract, known by the hash of the file and of the code that it runs."""
    sha256 = f"{source.sha256} {source.code.sha256 if source.code else ''}".strip()
    return Adapted(module, input=input, output=output, sha256=sha256)


def load_adopted(card: AdoptedCard, path: Path, codes: Sequence[str] = ()) -> Adapted:
    """Read the model that `card` describes.

    Args:
        card: The card.
        path: Its file; the model's lies beside it.
        codes: What the user allows to run now: ``folder/net.py:Net``. The card alone allows nothing.

    Raises:
        CheckpointError: If the file or the code is missing, was changed, or is not what the card says; or if the card
            names code that `codes` does not.
    """
    code = _allowed(card, path, codes)
    if card.source.form == PYTHON:
        source = read_source(Path(code or ""))
    else:
        check_source(card, path)
        source = read_source(path.with_name(card.source.file), code=code)
    if card.code and (source.code is None or source.code.sha256 != card.code.sha256):
        what = f"the code {card.code.file}:{card.code.object} was changed since it was adopted"
        raise CheckpointError(what, where=path, remedy=f"restore it, or {TAKE_IN}")
    network = next((network for network in source.networks if network.description == card.network), None)
    if network is None or source.sha256 != card.source.sha256:
        raise CheckpointError("is read as another network now", where=path, remedy=TAKE_IN)
    try:
        return adapted(source, network.module, Input.from_dict(card.input), Output.from_dict(card.output))
    except InputError as cause:
        raise CheckpointError(cause.what, where=path, remedy=TAKE_IN) from cause


def check_source(card: AdoptedCard, path: Path) -> None:
    """Raise `CheckpointError` unless the model file beside the card at `path` is the file that the card describes."""
    if card.source.form == PYTHON:
        return
    file = path.with_name(card.source.file)
    try:
        sha256 = sha256_file(file)
    except OSError as cause:
        remedy = f"keep it beside its card {path.name}"
        raise CheckpointError(f"cannot be read ({cause.strerror})", where=file, remedy=remedy) from cause
    if sha256 != card.source.sha256:
        what = "does not belong to its card: its sha256 does not match"
        raise CheckpointError(what, where=file, remedy=f"restore the file, or {TAKE_IN}")


def _allowed(card: AdoptedCard, path: Path, codes: Sequence[str]) -> str | None:
    """Return the code that the card needs as the user has named it; None where it needs none."""
    if card.code is None:
        return None
    return code_for(f"{card.code.file}:{card.code.object}", codes, error=CheckpointError, where=path)
