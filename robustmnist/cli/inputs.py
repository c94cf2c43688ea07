"""Load what the options name: checkpoints under distinct names, and digits with their origin."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustmnist.cli.options import Work
from robustmnist.errors import InputError
from robustmnist.terminal.echo import say
from robustmnist.terminal.progress import progress

if TYPE_CHECKING:
    import torch

    from robustmnist.adoption import Adoption
    from robustmnist.data import Dataset
    from robustmnist.models.checkpoints.checkpoint import Checkpoint
    from robustmnist.suites import Suite, Sweep

__all__ = [
    "codes_left",
    "load_checkpoints",
    "load_digits",
    "load_test_digits",
    "refuse_codes",
    "say_notices",
    "say_seen",
]


def codes_left(codes: Sequence[str], chosen: "Sequence[Suite] | Sweep") -> tuple[str, ...]:
    """Return those of the values of ``--code`` that no perturbation of the suites, or of the sweep, is."""
    from robustmnist.system.python_code import plain_name

    sweeps = [sweep for suite in chosen for sweep in suite.sweeps] if isinstance(chosen, Sequence) else [chosen]
    used = {sweep.perturbation for sweep in sweeps}
    return tuple(code for code in codes if plain_name(code) not in used)


def refuse_codes(codes: Sequence[str]) -> None:
    """Refuse a value of ``--code`` that nothing needs."""
    if codes:
        raise InputError(f"nothing needs {codes[0]}", where="--code", remedy="leave it out")


def load_checkpoints(
    given: Sequence[str], device: "torch.device", codes: Sequence[str] = (), data_dir: Path | None = None
) -> "dict[str, Checkpoint]":
    """Return checkpoints by what was typed; two of the same name are renamed to what was typed.

    A model file without a card is adopted, and what was learnt about it is printed.

    Args:
        given: As typed.
        device: Where to put them.
        codes: The values of ``--code``.
        data_dir: The value of ``--data-dir``.
    """
    from robustmnist.adoption.opened import codes_left as no_card_asks_for
    from robustmnist.adoption.opened import is_bare, open_checkpoint

    chosen = list(dict.fromkeys(given))
    bare = [text for text in chosen if is_bare(text)]
    if left := no_card_asks_for(chosen, codes):
        if len(bare) > 1:
            raise InputError("is given for several files without a card", where="--code", remedy="adopt them first")
        if not bare:
            refuse_codes(left)
    load = partial(open_checkpoint, device=device, data_dir=data_dir, notify=say, on_adoption=_say_summary)
    loaded = {text: load(text, codes=left if text in bare else codes) for text in chosen}
    names = [checkpoint.name for checkpoint in loaded.values()]
    return {
        text: checkpoint if names.count(checkpoint.name) == 1 else replace(checkpoint, name=text)
        for text, checkpoint in loaded.items()
    }


def _say_summary(adoption: "Adoption") -> None:
    from robustmnist.adoption import summary_lines

    for line in summary_lines(adoption.seen):
        say(f"{adoption.card.name}: {line}")


def load_digits(work: Work, device: "torch.device") -> "Dataset":
    """Return the test digits that the options of a command ask for, on `device`, and say which they are."""
    from robustmnist.inspection.preflight import checked

    def check(data: "Dataset") -> "Dataset":
        return checked(data, fix=work.fix, data_dir=work.data_dir, notify=lambda sentence: say(f"notice: {sentence}"))

    return load_test_digits(work.dataset, work.data_dir, work.limit, device, first=work.first, check=check)


def load_test_digits(
    name: str,
    folder: Path | None,
    limit: int | None,
    device: "torch.device",
    *,
    first: int | None = None,
    part: str = "test",
    check: "Callable[[Dataset], Dataset] | None" = None,
) -> "Dataset":
    """Return the digits that ``--dataset``, ``--data-dir``, ``--limit`` and ``--first`` ask for, and say which.

    They are test digits unless another `part` is asked for. `check` sees all of them before any are left out.
    """
    from robustmnist.data import load_dataset
    from robustmnist.data.form import check_digits, form_notices

    with ExitStack() as stack:
        bar = None

        def received(done: int, total: int, images: int) -> None:
            nonlocal bar  # a bar only where something is downloaded
            bar = bar or stack.enter_context(progress("Downloading", unit="bytes"))
            bar(done, total, images)

        data = load_dataset(name, part=part, data_dir=folder, device=device, on_progress=received, notify=say)
        check_digits(data)
        data = data if check is None else check(data)
        data = data.head(first) if limit is None else data.sample(limit)
    origin = data.provenance
    which = f" ({origin.choice})" if origin.choice else ""
    head = next(iter(origin.sha256.values()), "")[:8]
    say(f"data: {origin.name} ({origin.part}), {len(data):,} images{which}, sha256 {head}…, from {origin.source}")
    for words in filter(None, (origin.prepared, origin.mended)):
        say(f"data: {words}")
    for notice in form_notices(data):
        say(f"notice: {notice}")
    return data


def say_notices(manifest: Mapping[str, Any], data: "Dataset") -> None:
    """Print the notices of a run that `load_test_digits` has not printed: those about the models' answers."""
    from robustmnist.data.form import notices

    known = notices(data)
    for notice in manifest.get("notices", ()):
        if notice not in known:
            say(f"notice: {notice}")
    for sentence in manifest.get("trained_on", ()):
        say(f"trained on: {sentence}")


def say_seen(checkpoints: "Mapping[str, Checkpoint]", data: "Dataset") -> None:
    """Print for each checkpoint how many of the digits it was trained on; nothing if on none."""
    from robustmnist.data.seen import seen_words

    for name, checkpoint in checkpoints.items():
        if seen := seen_words(checkpoint.card.data, data):
            say(f"{name}: {seen}")
