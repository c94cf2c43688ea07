"""Results that are kept as long as the predictions that they were computed from, which never change."""

import functools
import weakref
from collections.abc import Callable, Hashable
from typing import Concatenate, ParamSpec, TypeVar

from robustmnist.predictions import Predictions

__all__ = ["remembered"]

P = ParamSpec("P")
T = TypeVar("T")


def remembered(function: Callable[Concatenate[Predictions, P], T]) -> Callable[Concatenate[Predictions, P], T]:
    """Keep what `function` returns for each predictions and further arguments, which must be hashable.

    What is returned is the kept object itself: a caller that gives it out must give out a copy. Nothing here keeps
    predictions alive.
    """
    known: weakref.WeakKeyDictionary[Predictions, dict[Hashable, T]] = weakref.WeakKeyDictionary()

    @functools.wraps(function)
    def wrapped(predictions: Predictions, /, *args: P.args, **kwargs: P.kwargs) -> T:
        results = known.setdefault(predictions, {})
        key = (args, tuple(sorted(kwargs.items())))
        if key not in results:
            results[key] = function(predictions, *args, **kwargs)
        return results[key]

    return wrapped
