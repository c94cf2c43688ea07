"""Numbers as JSON can hold them."""

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["finite"]


def finite(content: Any) -> Any:
    """Return what is to be JSON with None for every number that is not finite, at any depth; JSON has no NaN.

    >>> finite({"low": math.nan, "ends": [1.5, math.inf]})
    {'low': None, 'ends': [1.5, None]}
    """
    if isinstance(content, Mapping):
        return {key: finite(item) for key, item in content.items()}
    if isinstance(content, list | tuple):
        return [finite(item) for item in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
