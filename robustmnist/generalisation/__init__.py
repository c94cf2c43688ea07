"""Does a classifier generalise? Its answers on digits of other hands, pens and fonts, and what the difference is."""

from robustmnist.generalisation.files import write_generalisation as write_generalisation
from robustmnist.generalisation.session import Generalisation as Generalisation
from robustmnist.generalisation.session import generalise as generalise
from robustmnist.generalisation.sets import load_sets as load_sets
from robustmnist.generalisation.sets import unseen_sets as unseen_sets

__all__ = ["Generalisation", "generalise", "load_sets", "unseen_sets", "write_generalisation"]


def __dir__() -> list[str]:
    return sorted(__all__)
