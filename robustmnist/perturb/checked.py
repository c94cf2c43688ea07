"""The perturbations as users call them: each checks its images, then does what the function of its file does.

Inside the package the files' own functions are called, which take images on trust: `prepare` has checked them once for
all strengths.
"""

from collections.abc import Callable

from torch import Tensor

from robustmnist.perturb.geometry.affine import affine
from robustmnist.perturb.images import checked
from robustmnist.perturb.registry import PERTURBATIONS

__all__ = ["CHECKED"]

# Those of the registry by the names that Python allows, and `affine`, which a suite cannot ask for: its amounts are the
# samples' own. MNIST-C's are in `robustmnist.perturb.mnist_c`, under the data set's names.
CHECKED: dict[str, Callable[..., Tensor]] = {
    "affine": checked(affine),
    **{
        name.replace("-", "_"): checked(entry.function)
        for name, entry in PERTURBATIONS.items()
        if not name.startswith("mnist-c-")
    },
}
