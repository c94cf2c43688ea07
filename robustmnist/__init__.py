"""What 99 % on MNIST hides: digit classifiers measured under shift, scale, rotation, thickness, decentering and noise.

    import robustmnist as rm

    digits = rm.load_dataset("mnist")
    models = {name: rm.load_checkpoint(name) for name in ("fc", "cnn")}
    predictions = rm.evaluate(models, digits, rm.load_suite("shift"))
    summary = rm.summarise(predictions)
    rm.write_report(predictions, "report.html")

Names are resolved on first use, so that ``import robustmnist`` costs nothing.
"""

from typing import TYPE_CHECKING

from robustmnist.system.installation import __version__ as __version__

if TYPE_CHECKING:
    from robustmnist import figures as plot
    from robustmnist import perturb as perturb
    from robustmnist import results as results
    from robustmnist.adoption import adopt as adopt
    from robustmnist.adoption.evaluate import evaluate as evaluate
    from robustmnist.adoption.exported import export as export
    from robustmnist.data import Dataset as Dataset
    from robustmnist.data import load_dataset as load_dataset
    from robustmnist.explanation import explain as explain
    from robustmnist.generalisation import generalise as generalise
    from robustmnist.models.checkpoints.checkpoint import list_checkpoints as list_checkpoints
    from robustmnist.models.checkpoints.checkpoint import load_checkpoint as load_checkpoint
    from robustmnist.models.contract import Classifier as Classifier
    from robustmnist.models.contract import Input as Input
    from robustmnist.models.contract import Output as Output
    from robustmnist.perturb.own import perturbation as perturbation
    from robustmnist.perturb.perturbation import Parameter as Parameter
    from robustmnist.predictions import read_predictions as read_predictions
    from robustmnist.report import write_report as write_report
    from robustmnist.results import summarise as summarise
    from robustmnist.suites import list_suites as list_suites
    from robustmnist.suites import load_suite as load_suite
    from robustmnist.suites.own import suite as suite
    from robustmnist.training import Recipe as Recipe
    from robustmnist.training import load_recipe as load_recipe
    from robustmnist.training.face import train as train

__all__ = [
    "Classifier",
    "Dataset",
    "Input",
    "Output",
    "Parameter",
    "Recipe",
    "__version__",
    "adopt",
    "evaluate",
    "explain",
    "export",
    "generalise",
    "list_checkpoints",
    "list_suites",
    "load_checkpoint",
    "load_dataset",
    "load_recipe",
    "load_suite",
    "perturb",
    "perturbation",
    "plot",
    "read_predictions",
    "results",
    "suite",
    "summarise",
    "train",
    "write_report",
]

# Function -> module. Modules are nouns and functions verbs: a module with the name of a function would hide the
# function here as soon as anything imports it.
_NAMES = {
    "Classifier": "robustmnist.models.contract",
    "Dataset": "robustmnist.data",
    "Input": "robustmnist.models.contract",
    "Output": "robustmnist.models.contract",
    "Parameter": "robustmnist.perturb.perturbation",
    "Recipe": "robustmnist.training",
    "adopt": "robustmnist.adoption",
    "evaluate": "robustmnist.adoption.evaluate",
    "explain": "robustmnist.explanation",
    "export": "robustmnist.adoption.exported",
    "generalise": "robustmnist.generalisation",
    "list_checkpoints": "robustmnist.models.checkpoints.checkpoint",
    "list_suites": "robustmnist.suites",
    "load_checkpoint": "robustmnist.models.checkpoints.checkpoint",
    "load_dataset": "robustmnist.data",
    "load_recipe": "robustmnist.training",
    "load_suite": "robustmnist.suites",
    "perturbation": "robustmnist.perturb.own",
    "read_predictions": "robustmnist.predictions",
    "suite": "robustmnist.suites.own",
    "summarise": "robustmnist.results",
    "train": "robustmnist.training.face",
    "write_report": "robustmnist.report",
}
_MODULES = {"perturb": "perturb", "plot": "figures", "results": "results"}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _NAMES:
        return getattr(import_module(_NAMES[name]), name)
    if name in _MODULES:
        return import_module(f"robustmnist.{_MODULES[name]}")
    raise AttributeError(f"module 'robustmnist' has no attribute '{name}'")


def __dir__() -> list[str]:
    return list(__all__)
