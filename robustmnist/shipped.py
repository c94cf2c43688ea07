"""Where the suites and checkpoints that come with robustmnist are."""

from pathlib import Path

__all__ = ["shipped"]


def shipped(folder: str) -> Path:
    """Return the folder ``perturbations`` or ``checkpoints`` that came with this installation.

    A wheel carries them inside the package as ``_shipped``; in a checkout they lie beside it.
    """
    package = Path(__file__).parent
    inside = package / "_shipped" / folder
    return inside if inside.is_dir() else package.parent / folder
