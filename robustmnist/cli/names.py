"""The names that options take: offered by the shell, and mistyped ones answered before anything slow is imported."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from robustmnist.errors import DataError, InputError

__all__ = [
    "CORRUPTIONS",
    "DATASETS",
    "METHODS",
    "check_checkpoints",
    "check_dataset",
    "check_datasets",
    "check_device",
    "check_methods",
    "check_names",
    "check_suite",
    "check_suites",
    "check_training_dataset",
    "checkpoint_names",
    "complete",
    "recipe_names",
    "suite_names",
]

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

# Held against the registries, which need torch, by tests/cli/test_names.py.
METHODS = (
    *("integrated-gradients", "expected-gradients", "deep-lift", "input-x-gradient", "saliency", "smoothgrad"),
    *("grad-cam", "guided-grad-cam", "guided-backprop", "occlusion", "inking", "feature-ablation", "shapley"),
    *("kernel-shap", "rise"),
)
DATASETS = (
    *("auto", "mnist", "digits", "digits:train", "digits:test", "printed", "printed:train", "printed:test"),
    *("printed:system", "strokes", "strokes:train", "strokes:test", "planted", "planted:digits", "qmnist"),
    *("qmnist:test10k", "qmnist:test50k", "emnist-digits", "usps", "svhn", "kmnist", "fashion-mnist"),
)
FILES = {"idx": "DIR", "png": "DIR", "npz": "FILE", "csv": "FILE", "parquet": "FILE"}
CORRUPTIONS = (
    *("brightness", "canny_edges", "dotted_line", "fog", "glass_blur", "identity", "impulse_noise", "motion_blur"),
    *("rotate", "scale", "shear", "shot_noise", "spatter", "stripe", "translate", "zigzag"),
)
DEVICES = ("auto", "cpu", "cuda")
GROUPS = ("core", "all")
FORMATS = ("idx", "npy", "png")


def complete(names: Callable[[], Iterable[str]], *, files: bool = True) -> Complete:
    """Return what offers `names` to the shell, and files where none of them fits and `files` may be given too."""

    def offer(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        items = [CompletionItem(name) for name in names() if name.startswith(incomplete)]
        return [CompletionItem(incomplete, type="file"), *items] if files else items

    return offer


def checkpoint_names() -> list[str]:
    """Return the names of the shipped checkpoints."""
    return _stems("checkpoints", "json")


def recipe_names() -> list[str]:
    """Return the names of the shipped recipes."""
    return _stems("checkpoints", "toml")


def suite_names() -> list[str]:
    """Return the names of the shipped suites, and the words for several."""
    return [*_stems("perturbations", "toml"), *GROUPS]


def dataset_names() -> list[str]:
    """Return the names of the data sets, files left out."""
    return [*DATASETS, *(f"mnist-c:{corruption}" for corruption in CORRUPTIONS), *(f"{word}:" for word in FILES)]


def _stems(folder: str, ending: str) -> list[str]:
    from robustmnist.system.installation import shipped

    return sorted(path.stem for path in shipped(folder).glob(f"*.{ending}"))


def check_names(suites: Sequence[str], checkpoints: Sequence[str]) -> None:
    """Refuse a suite or checkpoint that is neither a name nor a path to anything, nor code."""
    from robustmnist.suites.read import check_suite_name
    from robustmnist.system.python_code import is_code

    for text in suites:
        check_suite_name(text, several=True)
    known = checkpoint_names()
    for text in checkpoints:
        there = False
        with suppress(OSError, ValueError):  # of a path that may not be looked at, reading it says why
            there = Path(text).exists()
        if not there and text not in known and not is_code(text):
            from robustmnist.models.checkpoints.card_file import card_path

            card_path(text)


def check_checkpoints(_: click.Context, __: click.Parameter, given: Sequence[str]) -> Sequence[str]:
    """Refuse a checkpoint that is neither a name, nor a path to anything, nor code."""
    check_names((), given)
    return given


def check_suites(_: click.Context, __: click.Parameter, given: Sequence[str]) -> Sequence[str]:
    """Refuse a suite that is neither a name nor a path."""
    check_names(given, ())
    return given


def check_suite(text: str | None) -> str | None:
    """Refuse a single suite that is neither a name nor a path."""
    from robustmnist.suites.read import check_suite_name

    if text is not None:
        check_suite_name(text)
    return text


def check_datasets(ctx: click.Context, parameter: click.Parameter, given: Sequence[str]) -> Sequence[str]:
    """Refuse words that are no data set's."""
    for name in given:
        check_dataset(ctx, parameter, name)
    return given


def check_dataset(_: click.Context, __: click.Parameter, name: str) -> str:
    """Refuse a word that is no data set's; what names files is looked at when it is read."""
    word, colon, rest = name.partition(":")
    if (word == "mnist-c" and rest.replace("-", "_") in CORRUPTIONS) or "/" in name or name in DATASETS:
        return name
    if colon and word in FILES:
        return name
    with suppress(OSError, ValueError):
        if Path(name).exists():
            return name
    from robustmnist.system.validation import did_you_mean

    near = did_you_mean(rest, CORRUPTIONS) if word == "mnist-c" else did_you_mean(name, dataset_names())
    files = ", ".join(f"{word}:{what}" for word, what in FILES.items())
    remedy = f"use {', '.join(DATASETS)}, mnist-c:CORRUPTION ({', '.join(CORRUPTIONS)}), {files}"
    raise DataError(f"is not a data set{near}", where=f"'{name}'", remedy=remedy)


def check_training_dataset(ctx: click.Context, parameter: click.Parameter, name: str | None) -> str | None:
    """Refuse a word that is no data set's, where one is given; whether it can be trained on, the recipe knows."""
    return None if name is None else check_dataset(ctx, parameter, name)


def check_device(_: click.Context, __: click.Parameter, name: str) -> str:
    """Refuse a word that is no device's; whether the device is there, torch knows."""
    from robustmnist.system.device import check_device_name

    check_device_name(name)
    return name


def check_methods(_: click.Context, __: click.Parameter, given: Sequence[str]) -> Sequence[str]:
    """Refuse an attribution method that is neither a name nor code."""
    from robustmnist.system.python_code import is_code
    from robustmnist.system.validation import did_you_mean

    for text in given:
        if text not in METHODS and not is_code(text):
            what = f"'{text}' is not an attribution method{did_you_mean(text, METHODS)}"
            raise InputError(what, remedy=f"use {', '.join(METHODS)}, or a function of your own: FILE.py:NAME")
    return given
