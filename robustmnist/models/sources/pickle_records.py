"""What a torch pickle asks for, as records: names that are never looked up, and calls that are never made."""

from dataclasses import dataclass
from typing import Any

from robustmnist.models.sources.refusals import SAVE_STATE, Unreadable, quoted

__all__ = ["Call", "Name", "Stored", "check_name"]

# All that a dict of tensors names, and plain values that people keep beside it.
HARMLESS = {
    "__builtin__.set",
    "_codecs.encode",
    "argparse.Namespace",
    "builtins.set",
    "collections.OrderedDict",
    "collections.defaultdict",
    "numpy._core.multiarray.scalar",
    "numpy.core.multiarray.scalar",
    "numpy.dtype",
    "torch.Size",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch.device",
    "torch.nn.parameter.Parameter",
}


@dataclass(frozen=True)
class Name:
    """A name that the pickle asks for: ``torch.FloatStorage``."""

    text: str


@dataclass(frozen=True, eq=False)
class Call:
    """A call that the pickle asks for."""

    name: Name
    arguments: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Stored:
    """A tensor's bytes, which lie outside the pickle."""

    identity: Any


def check_name(name: Name, instruction: str, position: int | None) -> None:
    """Raise `Unreadable` where `name` is none of those that a dict of tensors needs.

    Args:
        name: The name that the pickle asks for.
        instruction: With which of its instructions.
        position: At which byte of the pickle.
    """
    if name.text in HARMLESS or (name.text.startswith("torch.") and name.text.endswith("Storage")):
        return
    what = f"holds more than tensors: its pickle names {quoted(name.text)} ({instruction}, byte {position})"
    raise Unreadable(f"{what}, which only running code could give", SAVE_STATE)
