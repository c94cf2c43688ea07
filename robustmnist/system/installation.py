"""What is installed: the version, the versions of others, and the folders that come along."""

import platform
from pathlib import Path

__all__ = ["PACKAGE", "__version__", "shipped", "versions"]

__version__ = "0.2.0"
PACKAGE = Path(__file__).parent.parent  # the folder of the whole package


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of Python and of the installed `packages`, by name."""
    import importlib.metadata

    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in packages}}


def shipped(folder: str) -> Path:
    """Return the folder ``perturbations`` or ``checkpoints`` that came with this installation.

    A wheel carries them inside the package as ``_shipped``; in a checkout they lie beside it.
    """
    inside = PACKAGE / "_shipped" / folder
    return inside if inside.is_dir() else PACKAGE.parent / folder
