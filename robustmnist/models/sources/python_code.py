"""Networks that the user's code is or makes: ``net.py:Net``."""

import inspect
from collections.abc import Callable
from typing import Any

from torch import nn

from robustmnist.errors import CheckpointError, InputError
from robustmnist.models.sources.source import Predict
from robustmnist.system.python_code import Named
from robustmnist.system.running_code import beside, guarded, running

__all__ = ["made"]


def made(named: Named, *arguments: Any, **keywords: Any) -> nn.Module | Predict:
    """Return the network that the named object is or makes: a torch module in eval mode, or a function.

    A function without arguments, or with as many as are given here, is called, and what it returns counts; one that
    needs an argument more is the network itself: NumPy images in, scores out.

    Args:
        named: The object.
        *arguments: What it is called with.
        **keywords: The same by name; each is one of the arguments that it needs, or has a default.

    Raises:
        InputError: If calling it fails, or what comes out cannot be called.
    """
    value = named.value
    given = len(arguments)
    with running(named.file), beside(named.file, named.sources):
        if inspect.isclass(value) or (_is_plain(value) and _needed(value, keywords) == given):
            needed = _needed(value, keywords)
            if needed != given:
                what = f"the class {named.name} needs {needed} arguments to be made"
                raise InputError(what, remedy=f"name a function that makes it: def make(): return {named.name}(...)")
            value = value(*arguments, **keywords)
    if isinstance(value, nn.Module):
        return value.eval()
    if not callable(value):
        method = next((name for name in ("predict_proba", "predict") if hasattr(value, name)), None)
        hint = f"return its {method}" if method else "return a torch module or a function of images"
        raise InputError(f"{named.name} gives a {type(value).__name__}, which cannot be called", remedy=hint)
    predict: Predict = value
    return guarded(predict, named.file, CheckpointError, remedy="mend it, or see what --input it takes")


def _is_plain(value: Any) -> bool:
    return callable(value) and not isinstance(value, nn.Module)


def _needed(value: Callable[..., Any], given: dict[str, Any]) -> int:
    """Return how many arguments must be given to call `value`, beside those `given` by name."""
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):  # written in C, without a signature
        return 1
    positional = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY,
    )
    return sum(
        each.default is inspect.Parameter.empty and each.kind in positional and each.name not in given
        for each in parameters
    )
