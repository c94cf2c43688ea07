"""The machine of a training: the order in which it adds numbers decides the last bits of the weights."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch

from robustmnist.training.loop import uses_bfloat16
from robustmnist.training.recipe import Recipe

__all__ = ["Machine", "other_machine", "this_machine", "threads_of"]

BITS = "the weights will differ from those of a training without a break"


@dataclass(frozen=True)
class Machine:
    """What must be equal besides recipe and digits for equal weights.

    Two threads add up in another order than one: fc trained for an epoch differs in its last bits.

    Attributes:
        device: ``cpu``, or the name of the GPU.
        threads: How many torch computes with.
        instructions: The processor's, as torch chose them: ``AVX2``, ``AVX512``.
        products: Of what precision matrix products are: ``bfloat16`` or ``float32``.
        torch: Its version.
    """

    device: str
    threads: int
    instructions: str
    products: str
    torch: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def this_machine(recipe: Recipe, device: torch.device) -> Machine:
    """Return the machine on which `recipe` is trained now."""
    return Machine(
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        threads=torch.get_num_threads(),
        instructions=torch.backends.cpu.get_cpu_capability(),
        products="bfloat16" if uses_bfloat16(recipe, device) else "float32",
        torch=torch.__version__,
    )


def threads_of(begun: Mapping[str, Any]) -> int:
    """Return the number of threads to continue with: that of the beginning if it is known, else the current one."""
    threads = begun.get("threads")
    return threads if isinstance(threads, int) and 1 <= threads <= 1024 else torch.get_num_threads()


def other_machine(begun: Mapping[str, Any], now: Machine) -> str:
    """Return a sentence about how this machine differs from the one that began the run; empty if it does not."""
    if not begun:
        return f"the run does not record on which machine it was begun: if it was another, {BITS}"
    differing = [
        f"{key} {begun.get(key)}, now {value}" for key, value in now.as_dict().items() if begun.get(key) != value
    ]
    return f"the run was begun on another machine ({'; '.join(differing)}): {BITS}" if differing else ""
