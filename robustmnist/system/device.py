"""The device to compute on: what ``--device`` says, and what torch's default device must be."""

import re
from typing import TYPE_CHECKING

from robustmnist.errors import DeviceError

if TYPE_CHECKING:
    import torch

__all__ = ["check_default_device", "check_device_name", "describe_device", "described", "resolve_device"]


def resolve_device(name: "str | torch.device" = "auto") -> "torch.device":
    """Return the torch device called `name`: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; a device as it is.

    ``auto`` is the first CUDA device if there is any, else the CPU.

    Raises:
        DeviceError: If the name is none of these, the device is not there, or torch's default device is not the CPU.
    """
    if isinstance(name, str):
        check_device_name(name)
    import torch

    check_default_device()
    if isinstance(name, torch.device):
        return name
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


def check_default_device() -> None:
    """Raise `DeviceError` if a program has set torch's default device to anything but the CPU.

    Tensors that this package makes without naming a device, tables and masks, would lie on that device, the images
    elsewhere; and the default holds for the calling thread alone, not for the threads that share the work.
    """
    import torch

    default = torch.get_default_device()
    if default.type != "cpu":
        remedy = "call torch.set_default_device('cpu'), and name the device where images or models are loaded"
        raise DeviceError(f"is {default}, and has to be cpu here", where="torch's default device", remedy=remedy)


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
