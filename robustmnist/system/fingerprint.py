"""Fingerprints of values and of code, equal in every process, to recognise a changed model."""

import functools
import hashlib
import inspect
import json
import sys
from collections.abc import Iterator, Mapping, Set
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from robustmnist.system.files import sha256_bytes

__all__ = ["code_of", "hash_tensor", "memory", "weights_of"]

_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...), torch.dtype, torch.device, np.generic)
# Packages whose version is a part of a run already, or that have no say in it.
_KNOWN = {*sys.stdlib_module_names, "builtins", "torch", "torchvision", "numpy", "robustmnist"}
_HOOKS = ("_forward_pre_hooks", "_forward_hooks")
_TORCH_OWN = {*vars(nn.Module()), "_compiled_call_impl"}  # what torch keeps in every module for itself
_NO_CODE = {"__doc__", "__module__", "__dict__", "__weakref__", "__annotations__", "__firstlineno__"}


def code_of(value: Any) -> str:
    """Return the hash of what `value` does and holds, weights left out, as far as Python can see it.

    Plain values, containers, arrays and tensors count by content; functions, methods and classes by what Python
    compiled of their source (a comment does not count), with their defaults and the globals and enclosing variables
    that they name; torch modules by class, attributes, hooks and submodules; other objects by class and attributes.
    What the standard library, torch, NumPy and this package define counts by its name.
    """
    return _Fingerprints().of(value)


def weights_of(model: nn.Module) -> str:
    """Return the hash of the parameters and buffers of `model`, and of what else its ``state_dict`` holds."""
    return _Fingerprints().of({**dict(model.named_buffers()), **dict(model.named_parameters()), **model.state_dict()})


def hash_tensor(tensor: Tensor) -> str:
    """Return the hash of a tensor's type, shape and values, wherever it is."""
    values = tensor.detach()
    values = (values.dequantize() if values.is_quantized else values.to_dense()).cpu().contiguous()
    head = f"{str(tensor.dtype).removeprefix('torch.')} {tuple(values.shape)}\n"
    digest = hashlib.sha256(head.encode())
    digest.update(memory(values))
    return digest.hexdigest()


def memory(values: Tensor) -> Any:
    """Return a view of the bytes as they lie in memory: no copy, for a data set may fill half of it."""
    return values.reshape(-1).view(torch.uint8).numpy()


class _Fingerprints:
    """Hashes of objects, computed from the hashes of their parts; objects may refer to each other in circles."""

    def __init__(self) -> None:
        # The objects are held beside their hashes: no other object may take over an id.
        self._known: dict[int, tuple[str, Any]] = {}
        self._path: dict[int, int] = {}

    def of(self, value: Any) -> str:
        if isinstance(value, _PLAIN):
            return f"{type(value).__name__} {value!r}"
        if id(value) in self._known:
            return self._known[id(value)][0]
        if id(value) in self._path:
            return f"circle {self._path[id(value)]}"
        self._path[id(value)] = len(self._path)
        text = json.dumps(self._parts(value), separators=(",", ":"))
        del self._path[id(value)]
        self._known[id(value)] = sha256_bytes(text.encode()), value
        return self._known[id(value)][0]

    def _parts(self, value: Any) -> list[Any]:
        match value:
            case Tensor():
                return ["tensor", hash_tensor(value)]
            case np.ndarray():
                values = value.tolist() if value.dtype.hasobject else value.tobytes()
                return ["array", str(value.dtype), value.shape, self.of(values)]
            case list() | tuple():
                return ["list", *map(self.of, value)]
            case Set():
                return ["set", *sorted(map(self.of, value))]
            case Mapping():
                return ["mapping", *([self.of(key), self.of(item)] for key, item in value.items())]
            case functools.partial():
                return ["partial", self.of(value.func), self.of(value.args), self.of(value.keywords)]
            case property():
                return ["property", self.of(value.fget)]
            case staticmethod() | classmethod() | functools.cached_property():
                return ["wrapped", self.of(getattr(value, "__func__", None) or getattr(value, "func", None))]
            case MethodType():
                return ["method", self.of(value.__func__), self.of(value.__self__)]
            case CodeType():
                return ["code", value.co_code.hex(), value.co_names, value.co_varnames, self.of(value.co_consts)]
            case ModuleType():
                return ["package", value.__name__]
            case type() if not _is_known(value):
                members = {name: item for name, item in vars(value).items() if name not in _NO_CODE}
                return ["class", value.__qualname__, self.of(value.__bases__), self.of(members)]
            case FunctionType() if not _is_known(value):
                code, outer = value.__code__, [cell.cell_contents for cell in value.__closure__ or () if _is_set(cell)]
                defaults = [value.__defaults__, value.__kwdefaults__]
                return ["function", *map(self.of, (code, defaults, outer, _globals_of(value)))]
            case nn.Module():
                own = {name: item for name, item in vars(value).items() if name not in _TORCH_OWN}
                hooks = [list(vars(value)[name].values()) for name in _HOOKS]
                return ["module", *map(self.of, (type(value), own, hooks, dict(value.named_children())))]
        if isinstance(value, type) or inspect.isroutine(value):
            return ["name", str(getattr(value, "__module__", "")), str(getattr(value, "__qualname__", ""))]
        own = {} if _is_known(type(value)) else getattr(value, "__dict__", {})
        return ["object", self.of(type(value)), self.of(own)]


def _globals_of(function: FunctionType) -> dict[str, Any]:
    """Return the globals that `function` uses, and the attributes that it uses of other packages."""
    names = sorted(set(_names(function.__code__)))
    named = {name: function.__globals__[name] for name in names if name in function.__globals__}
    for package in [item for item in named.values() if isinstance(item, ModuleType)]:
        if package.__name__.partition(".")[0] not in _KNOWN:
            named |= {f"{package.__name__}.{name}": vars(package)[name] for name in names if name in vars(package)}
    return named


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _is_known(value: Any) -> bool:
    return str(getattr(value, "__module__", "builtins")).partition(".")[0] in _KNOWN


def _is_set(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018  of a name that is not bound yet
    except ValueError:
        return False
    return True
