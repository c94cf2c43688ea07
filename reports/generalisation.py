"""``python -m reports.generalisation [RUNS] [--networks]``: trained on one set, tested on another; needs real MNIST.

Trains fc on the embedded, the printed and the stroke digits into RUNS/generalisation (default runs/published; an
interrupted run continues), asks it and the shipped checkpoints about four sets, and writes generalisation.md,
generalisation.csv, generalisation.html and a picture of samples of each set. ``--networks`` also trains cnn on these
sets, and on MNIST's digits perturbed by all suites but MNIST-C's: ten minutes more on two idle cores. Errors on MNIST-C
are those of mce.csv.
"""

import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from reports.generalisation_page import page
from robustmnist.data import Dataset, load_dataset
from robustmnist.evaluation import evaluate
from robustmnist.generalisation import Generalisation, generalise, load_sets
from robustmnist.generalisation.page import render
from robustmnist.generalisation.samples import sample_png
from robustmnist.generalisation.sets import TestSet
from robustmnist.models.checkpoints.checkpoint import Checkpoint, load_checkpoint
from robustmnist.perturb import prepare
from robustmnist.results import mean_corruption_errors
from robustmnist.statistics.clusters import mean_interval
from robustmnist.suites import load_suites
from robustmnist.system.files import write_atomic
from robustmnist.terminal.echo import say
from robustmnist.training import train
from robustmnist.training.digits import Digits, load_digits
from robustmnist.training.read import load_recipe
from robustmnist.training.run_folder import RunFolder

HERE = Path(__file__).parent
SETS = ("mnist", "digits:test", "printed:test", "strokes")
SHIPPED = ("fc", "lenet5", "cnn", "cnn-augmented")
# Recipe and data set -> epochs: as many steps as make the validation accuracy stand still, where digits are few.
TRAINED = {("fc", "digits"): 60, ("fc", "printed"): 60, ("fc", "strokes"): 12}
NETWORKS = {("cnn", "digits"): 25, ("cnn", "printed"): 25, ("cnn", "strokes"): 4}
PERTURBED = "cnn-perturbed"
SHOWN = ("fc", "cnn", "cnn-augmented", PERTURBED, "fc-strokes", "cnn-digits", "cnn-printed", "cnn-strokes")
SUITES = ("shift", "scale", "rotation", "thickness", "noise", "blur", "intensity", "occlusion")  # MNIST-C is not seen
TOGETHER = 50  # digits that share a setting
CLEAN = 0.2  # share of them that stay as they are


def main() -> None:
    """Train, ask, write."""
    words = [word for word in sys.argv[1:] if word != "--networks"]
    networks = "--networks" in sys.argv[1:]
    runs = (Path(words[0]) if words else HERE.parent / "runs" / "published") / "generalisation"
    recipes = TRAINED | (NETWORKS if networks else {})
    trained = [_trained(recipe, dataset, epochs, runs) for (recipe, dataset), epochs in recipes.items()]
    models = {name: load_checkpoint(name) for name in SHIPPED}
    models |= {network.name: network for network in [*([_perturbed(runs)] if networks else []), *trained]}
    sets = [_elsewhere(each) for each in load_sets(SETS)]
    command = shlex.join(["python", "-m", "reports.generalisation", *(["--networks"] if networks else [])])
    result = generalise(models, sets, out=runs / "answers", command=command, on_progress=_report("asked"))
    errors = _published_errors()
    if networks:
        errors = pd.concat([errors, _corrupted(models[PERTURBED], runs)])
    second = PERTURBED if networks else "cnn-augmented"
    changes = pd.DataFrame(_changes(models["cnn"], models[second], sets))
    write_atomic(HERE / "generalisation.md", page(result, errors, changes, second))
    origins = [result.manifest["checkpoints"][name]["trained on"] for name in result.tables["accuracy"]["checkpoint"]]
    table = result.tables["accuracy"].assign(trained_on=origins)
    write_atomic(HERE / "generalisation.csv", table.to_csv(index=False, float_format="%.6f", lineterminator="\n"))
    for each in sets:
        if each.name != "mnist":
            write_atomic(HERE / f"samples-{each.name.partition(':')[0]}.png", sample_png(each.data))
    write_atomic(HERE / "generalisation.html", render(_only(result, SHOWN) if networks else result))


def _only(result: Generalisation, names: Sequence[str]) -> Generalisation:
    """Return what was found of some of the checkpoints: a page tells no more than eight apart by hue."""
    tables = {
        key: table[table["checkpoint"].isin(names)] if "checkpoint" in table else table
        for key, table in result.tables.items()
    }
    homes = {name: result.homes[name] for name in names}
    cards = {name: result.manifest["checkpoints"][name] for name in names}
    return replace(
        result, checkpoints=tuple(names), homes=homes, tables=tables, manifest={**result.manifest, "checkpoints": cards}
    )


def _published_errors() -> pd.DataFrame:
    """Return the mean corruption errors on MNIST-C of the shipped checkpoints, over 10,000 digits."""
    table = pd.read_csv(HERE / "mce.csv")
    return table[table["suite"] == "mnist-c"]


def _corrupted(checkpoint: Checkpoint, runs: Path) -> pd.DataFrame:
    """Return the mean corruption error of a checkpoint relative to fc, as `_published_errors`."""
    both = {"fc": load_checkpoint("fc"), checkpoint.name: checkpoint}
    suites = load_suites(["mnist-c"])
    answers = evaluate(both, load_dataset("mnist"), suites, out=runs / "mnist-c", on_progress=_report("corrupted"))
    table = mean_corruption_errors(answers, "fc", unequal="mean-error")
    return table[table["checkpoint"] == checkpoint.name]


def _trained(recipe_name: str, dataset: str, epochs: int, runs: Path) -> Checkpoint:
    """Return a checkpoint of a recipe trained on a set, from its run where that is complete."""
    recipe = load_recipe(recipe_name, overrides=[f"data.dataset={dataset}", f"epochs={epochs}"])
    recipe = recipe.model_copy(update={"name": f"{recipe_name}-{dataset}"})
    folder = runs / recipe.name
    run = train(recipe, device="cpu", out=folder, resume=_begun(folder), on_progress=_report(recipe.name), notify=say)
    return load_checkpoint(run.best)


def _perturbed(runs: Path) -> Checkpoint:
    """Return cnn trained on MNIST's digits of which most are perturbed once."""
    recipe = load_recipe("cnn").model_copy(update={"name": PERTURBED})
    folder = runs / PERTURBED
    if _begun(folder) and RunFolder(folder).metrics.get("status") == "complete":
        return load_checkpoint(folder / "best")
    digits = load_digits(recipe, torch.device("cpu"))
    digits = Digits(_disturb(digits.training), digits.validation, digits.test)
    run = train(
        recipe,
        device="cpu",
        out=folder,
        resume=_begun(folder),
        on_progress=_report(PERTURBED),
        digits=digits,
        notify=say,
    )
    return load_checkpoint(run.best)


def _begun(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _disturb(data: Dataset) -> Dataset:
    """Return the digits, four in five of them under a setting of the suites: fifty share one, drawn evenly."""
    sweeps = [sweep for suite in load_suites(SUITES) for sweep in suite.sweeps]
    rng = np.random.default_rng(0)
    parts = []
    for start in range(0, len(data), TOGETHER):
        images, ids = data.rows(slice(start, start + TOGETHER)), data.ids[start : start + TOGETHER]
        sweep = sweeps[rng.integers(len(sweeps))]
        variant = sweep.variants[rng.integers(len(sweep.variants))]
        arguments = sweep.arguments(sweep.values[rng.integers(len(sweep.values))], variant)
        changed = prepare(sweep.perturbation, images, ids=ids, seed=0, draw=variant.draw)(**arguments)
        stays = torch.from_numpy(rng.random(len(images)) < CLEAN)[:, None, None, None]
        parts.append(torch.where(stays, images, changed))
    # Bytes, as MNIST itself: a quarter of the memory.
    levels = (torch.cat(parts) * 255).round().to(torch.uint8)
    return Dataset.of_levels(levels, data.labels, data.ids, data.provenance)


def _elsewhere(each: TestSet) -> TestSet:
    """Return a set without the folder of this machine, which means nothing elsewhere."""
    if each.name != "mnist":
        return each
    return replace(each, data=each.data.with_provenance(source="the MNIST test files"))


def _changes(first: Checkpoint, second: Checkpoint, sets: list[TestSet]) -> Iterator[dict[str, object]]:
    """Yield by how much more the second reads of each set than the first, with paired intervals."""
    for each in sets:
        images = each.data.images
        right = [(name(images).argmax(1) == each.data.labels).double().numpy() for name in (first, second)]
        change = right[1] - right[0]
        low, high = mean_interval(change, each.groups, 1_000, 0)
        yield {"set": each.name, "change": float(change.mean()), "low": low, "high": high}


def _report(title: str):  # type: ignore[no-untyped-def]
    said = -1

    def report(done: int, total: int, _: int) -> None:
        nonlocal said
        if done != said and (done == total or done % max(total // 5, 1) == 0):
            said = done
            say(f"{title}: {done:,} of {total:,}")

    return report


if __name__ == "__main__":
    main()
