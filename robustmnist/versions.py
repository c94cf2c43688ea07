"""Which versions of what a number went through."""

import importlib.metadata
import platform

__all__ = ["versions"]


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of Python and of the installed `packages`, by name."""
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in packages}}
