"""What is computed from predictions: accuracy and its interval, headline, confusion, mistakes. No torch."""

from robustmnist.results.confusion import confusion as confusion
from robustmnist.results.confusion import per_class as per_class
from robustmnist.results.curves import focus as focus
from robustmnist.results.curves import headline as headline
from robustmnist.results.decisions import NEAR_TIE as NEAR_TIE
from robustmnist.results.decisions import Decisions as Decisions
from robustmnist.results.decisions import decide as decide
from robustmnist.results.interval import wilson as wilson
from robustmnist.results.mistakes import clean_mistakes as clean_mistakes
from robustmnist.results.mistakes import mistakes as mistakes
from robustmnist.results.summary import near_ties as near_ties
from robustmnist.results.summary import summarise as summarise
from robustmnist.results.summary import summary_csv as summary_csv

__all__ = [
    "NEAR_TIE",
    "Decisions",
    "clean_mistakes",
    "confusion",
    "decide",
    "focus",
    "headline",
    "mistakes",
    "near_ties",
    "per_class",
    "summarise",
    "summary_csv",
    "wilson",
]
