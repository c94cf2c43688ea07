"""The page's scripts: small files one after the other, as they lie in ``page/``."""

from importlib.resources import files

__all__ = ["COMPUTING", "DRAWING", "script"]

# What a worker computes, and what the page itself does; the last of each starts it.
COMPUTING = ("weights", "network", "softmax", "form", "perturb", "measure", "limits")
DRAWING = ("softmax", "ink", "picture", "pad", "answers", "limits_view", "strips", "keep", "address", "main")


def script(*names: str) -> str:
    """Return the scripts called `names` as one."""
    folder = files("robustmnist.sketchpad") / "page"
    return "\n".join(['"use strict";', *((folder / f"{name}.js").read_text(encoding="utf-8") for name in names)])
