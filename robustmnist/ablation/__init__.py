"""Which property matters: a recipe, changes of it, seeds; accuracy and robustness of each, with their effects."""

from robustmnist.ablation.session import ablate as ablate
from robustmnist.ablation.study import Study as Study
from robustmnist.ablation.study import load_study as load_study

__all__ = ["Study", "ablate", "load_study"]


def __dir__() -> list[str]:
    return sorted(__all__)
