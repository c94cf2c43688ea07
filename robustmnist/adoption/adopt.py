"""Adopt a model file: read it, find how it is fed, check it, and keep it beside a card."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from robustmnist.adoption.digits import training_digits
from robustmnist.adoption.examine import Examination, examine
from robustmnist.adoption.new_card import card_of, checked_name, usual_name
from robustmnist.adoption.tested import Tested, ask_test_digits, digits_to_test
from robustmnist.errors import CheckpointError, InputError
from robustmnist.models.checkpoints.adopted import PYTHON, adapted
from robustmnist.models.checkpoints.adopted_card import AdoptedCard
from robustmnist.models.checkpoints.card_file import read_any_card, write_card
from robustmnist.models.checkpoints.checkpoint import Checkpoint
from robustmnist.models.contract import Input, Output
from robustmnist.models.inference.deployed import deployed
from robustmnist.models.sources import Source, read_source
from robustmnist.system.files import disk_errors, is_file, sha256_bytes, write_atomic

__all__ = ["Adoption", "adopt", "inspect_model", "keep", "ready"]


@dataclass(frozen=True, eq=False)
class Adoption:
    """A model file that was read and examined.

    Attributes:
        source: The file, and the code that was run for it.
        seen: What was seen of it.
        card: What is kept of both.
        tested: What was seen on the test digits; None where that was not asked, or it cannot be used.
    """

    source: Source
    seen: Examination
    card: AdoptedCard
    tested: Tested | None


def adopt(
    file: str | Path,
    *,
    code: str | None = None,
    input: Input | str | None = None,
    output: Output | str | None = None,
    out: str | Path | None = None,
    name: str | None = None,
    data_dir: Path | None = None,
    notify: Callable[[str], None] | None = None,
) -> Checkpoint:
    """Return a model that was trained elsewhere as a checkpoint: read, its input contract found, checked.

    Args:
        file: A Keras ``.h5`` or ``.keras``, a torch state dict, ``.safetensors``, ``.onnx``, or code: ``net.py:Net``.
        code: ``net.py:Net``, the class that a state dict belongs to. It is run, and nothing else ever is.
        input: How the model is fed, such as ``"mean=0.1307,sd=0.3081"``; by default that is found.
        output: What it answers, such as ``"probabilities"``; by default that is found.
        out: A folder for the card ``NAME.json`` and a copy of the file; by default nothing is written.
        name: What it is called; by default as its file.
        data_dir: Where MNIST's training digits are, by which it is judged; they are not downloaded.
        notify: Called with a sentence where other digits have to do.

    Raises:
        InputError: If the file, the code or a contract cannot be read, or the model does not answer digits with scores.
    """
    adoption = inspect_model(
        file, code=code, input=input, output=output, name=name, data_dir=data_dir, notify=notify, test=out is not None
    )
    return ready(adoption, path=Path(file) if out is None else keep(adoption, Path(out)))


def inspect_model(
    file: str | Path,
    *,
    code: str | None = None,
    input: Input | str | None = None,
    output: Output | str | None = None,
    name: str | None = None,
    data_dir: Path | None = None,
    notify: Callable[[str], None] | None = None,
    test: bool = False,
) -> Adoption:
    """Read and examine a model file, and write nothing; arguments and errors as of `adopt`.

    With `test` it is asked about the test digits too, once its contract is chosen: their number goes on the card.
    """
    called = checked_name(name) if name is not None else None
    source = read_source(Path(file), code=code)
    digits = training_digits(data_dir, notify=notify)
    try:
        seen = examine(source.networks, input=input, output=output, digits=digits)
    except InputError as cause:
        where = file if cause.where == "the classifier" else cause.where
        raise CheckpointError(cause.what, where=where, remedy=cause.remedy) from cause
    tested = None
    if test and seen.right is not None:
        classifier = adapted(source, seen.network.module, seen.input, seen.output).eval()
        tested = ask_test_digits(classifier, digits_to_test(digits, data_dir))
    return Adoption(source, seen, card_of(source, seen, called or usual_name(source.path), tested), tested)


def ready(adoption: Adoption, *, path: Path, device: torch.device | str = "cpu") -> Checkpoint:
    """Return the checkpoint of an adoption; `path` is its card or, where none is written, its file.

    Raises:
        CheckpointError: If the model does not answer digits with scores, so that nothing can be computed from it.
    """
    seen, source = adoption.seen, adoption.source
    if seen.right is None:
        sentence = next((check.sentence for check in seen.faults), "It does not answer digits with scores.")
        remedy = "see robustmnist check-model, and --input and --output"
        raise CheckpointError(f"cannot be evaluated: {sentence.rstrip('.')}", where=source.path, remedy=remedy)
    model = adapted(source, seen.network.module, seen.input, seen.output).to(device).eval()
    return Checkpoint(adoption.card.name, model, adoption.card, path, deployed(model))


def keep(adoption: Adoption, folder: Path) -> Path:
    """Write the card, and beside it a copy of the model file, into `folder`; return the card's path.

    Code is not copied: it may need what lies around it, and it is named again whenever the model is used.

    Raises:
        InputError: If another model has the name there, or the file has parts elsewhere or was changed meanwhile.
    """
    card, source = adoption.card, adoption.source
    path = folder / f"{card.name}.json"
    ready(adoption, path=path)  # refuses what could not be used
    if is_file(path, CheckpointError) and not _is_of(path, source.sha256):
        raise CheckpointError("is there already, for another model", where=path, remedy="use another --name or -o")
    data = b""
    if source.form != PYTHON:
        data = source.path.read_bytes()
        if sha256_bytes(data) != source.sha256:
            remedy = "save it as one file, or use it where it is: -c FILE"
            raise CheckpointError("has weights in files beside it", where=source.path, remedy=remedy)
    with disk_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        copy = folder / card.source.file
        if source.form != PYTHON and not (copy.exists() and copy.samefile(source.path)):
            write_atomic(copy, data)
        write_card(path, card)
    return path


def _is_of(path: Path, sha256: str) -> bool:
    card = read_any_card(path)
    return isinstance(card, AdoptedCard) and card.source.sha256 == sha256
