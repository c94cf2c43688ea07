"""The types of `robustmnist.perturb` for editors and mypy, made from the registry.

Run as ``PYTHONPATH=tests python -m support.perturb_face`` after a perturbation was added.
"""

from pathlib import Path

from robustmnist.perturb import affine
from robustmnist.perturb.registry import PERTURBATIONS

STUB = Path(__file__).parent.parent.parent / "robustmnist" / "perturb" / "__init__.pyi"
HEAD = '''"""The types of `robustmnist.perturb`; made by ``python -m support.perturb_face``, not by hand."""

'''
OTHERS = {
    "mnist_c": "robustmnist.perturb",
    "check_images": "robustmnist.perturb.images",
    "Parameter": "robustmnist.perturb.perturbation",
    "Perturbation": "robustmnist.perturb.perturbation",
    "prepare": "robustmnist.perturb.prepared",
    "PERTURBATIONS": "robustmnist.perturb.registry",
}


def stub() -> str:
    """Return the text of the stub: a line for each name, with the type that the function has in its own file."""
    ours = [entry.function for name, entry in PERTURBATIONS.items() if not name.startswith("mnist-c-")]
    origins = {function.__name__: function.__module__ for function in (affine, *ours)} | OTHERS
    lines = sorted((module, name) for name, module in origins.items())
    return HEAD + "".join(f"from {module} import {name} as {name}\n" for module, name in lines)


if __name__ == "__main__":
    STUB.write_text(stub(), "utf-8")
