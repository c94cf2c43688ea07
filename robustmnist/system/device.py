"""Turn the text of ``--device`` into a torch device."""

import re
from typing import TYPE_CHECKING

from robustmnist.errors import DeviceError

if TYPE_CHECKING:
    import torch

__all__ = ["check_device_name", "describe_device", "described", "resolve_device"]


def resolve_device(name: str = "auto") -> "torch.device":
    """Return the torch device called `name`: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    ``auto`` is the first CUDA device if there is any, else the CPU.

    Raises:
        DeviceError: If the name is none of these or the device is not there.
    """
    check_device_name(name)
    import torch

    if name == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    kind, _, index = name.partition(":")
    if kind == "cuda" and int(index or 0) >= torch.cuda.device_count():
        raise DeviceError(
            f"'{name}' is not there: torch sees {torch.cuda.device_count()} CUDA devices",
            where="--device",
            remedy="use auto or cpu",
        )
    return torch.device(name)


def check_device_name(name: str) -> None:
    """Raise `DeviceError` if no device is called that; whether it is there is not asked."""
    kind, _, index = name.partition(":")
    known = name == "auto" or kind in ("cpu", "cuda")
    if not known or (index and not index.isdecimal()) or (kind == "cpu" and index):
        raise DeviceError(f"'{name}' is not a device", where="--device", remedy="use auto, cpu, cuda or cuda:N")


def describe_device(device: "torch.device") -> str:
    """Return what the device is, for a manifest: ``cpu (AMD EPYC, 2 threads)`` or ``cuda:0 (NVIDIA H200)``."""
    import platform

    import torch

    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    threads = torch.get_num_threads()
    return f"cpu ({_processor() or platform.machine()}, {threads} thread{'s' if threads > 1 else ''})"


def described(text: str) -> str:
    """Return a stored text of `describe_device` as this version words it: version 0.1 wrote "1 threads".

    >>> described("cpu (AMD EPYC, 1 threads), float32"), described("cpu (AMD EPYC, 21 threads)")
    ('cpu (AMD EPYC, 1 thread), float32', 'cpu (AMD EPYC, 21 threads)')
    """
    return re.sub(r"\b1 threads\b", "1 thread", text)


def _processor() -> str:
    from pathlib import Path

    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
