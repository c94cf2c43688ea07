"""Time until an accuracy is reached: this package against an ordinary PyTorch script, side by side in one run."""

import gzip
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, random_split

from benchmarks.timing import cpu_seconds, hardware, print_table
from robustmnist.data import load_dataset
from robustmnist.data.sources.mnist import FILES, find
from robustmnist.system.threads import torch_threads
from robustmnist.training import Recipe, load_recipe, train

__all__ = ["run"]

# Epochs short enough that little is left over when the accuracy is reached; all else is the shipped recipe's, but for
# the moving average of the weights, which an ordinary script does not keep. Both compute in float32.
GOALS = {"fc": (0.98, 5, 3), "cnn": (0.99, 3, 3)}  # accuracy, epochs, seeds
VALIDATION = 5000


@dataclass(frozen=True)
class Reached:
    """When an accuracy on the validation digits was reached, from before the data are read; None where it was not."""

    wall: float | None
    cpu: float | None
    accuracy: float


def run(n: int, device: torch.device, data_dir: Path | None) -> None:
    """Train ``fc`` to 98 % and ``cnn`` to 99 % with this package and with a script, in turn; `n` is not used.

    On a CPU both compute with one thread; the script's workers are processes beside it.
    """
    with tempfile.TemporaryDirectory() as folder, torch_threads(1):
        _lay_out(Path(folder), data_dir)
        for name, (goal, epochs, rounds) in GOALS.items():
            trained: dict[str, list[Reached]] = {}
            for seed in range(rounds):
                changes = [f"epochs={epochs}", f"seed={seed}", "average.decay=0"]
                recipe = load_recipe(name, overrides=changes)
                trained.setdefault("robustmnist", []).append(_ours(recipe, goal, device, data_dir))
                for workers in (0, 2):
                    label = f"script, num_workers={workers}"
                    trained.setdefault(label, []).append(_script(recipe, goal, device, Path(folder), workers))
            print_table(
                f"{name} to {100 * goal:.0f} %, against an ordinary PyTorch script",
                ["by", "s", "CPU s", "CPU s / ours (lowest–highest)", "validation accuracy at the end"],
                [_row(label, trained) for label in trained],
                f"{hardware(device)}; one thread; medians of {rounds} seeds in turn; 55,000 digits to train, "
                f"{VALIDATION:,} to validate after each of {epochs} epochs, over which the recipe's schedule goes. "
                "Ours writes its checkpoints and its evidence meanwhile.",
            )


def _row(label: str, trained: dict[str, list[Reached]]) -> list[str]:
    own, ours = trained[label], trained["robustmnist"]
    pairs = [training.cpu / other.cpu for training, other in zip(own, ours, strict=True) if training.cpu and other.cpu]
    missed = sum(training.wall is None for training in own)
    walls, cpus = (
        [value for training in own if (value := getattr(training, key)) is not None] for key in ("wall", "cpu")
    )
    ratio = f"{statistics.median(pairs):.2f} ({min(pairs):.2f}–{max(pairs):.2f})" if pairs else "–"
    accuracies = ", ".join(f"{100 * training.accuracy:.2f}" for training in own)
    return [
        label,
        f"{statistics.median(walls):.1f}{f', {missed} never' if missed else ''}" if walls else "never",
        f"{statistics.median(cpus):.1f}" if cpus else "–",
        ratio,
        f"{accuracies} %",
    ]


def _ours(recipe: Recipe, goal: float, device: torch.device, data_dir: Path | None) -> Reached:
    clock, epochs = _Clock(goal), []

    def on_epoch(numbers: "dict[str, float]") -> None:
        epochs.append(numbers["validation_accuracy"])
        clock.look(epochs[-1])

    with tempfile.TemporaryDirectory() as folder:
        train(
            recipe,
            device=str(device),
            out=Path(folder) / "run",
            on_epoch=on_epoch,  # type: ignore[arg-type]
            load=lambda *given, **named: load_dataset(*given, **named | {"data_dir": data_dir}),
        )
    return clock.reached(epochs[-1])


def _script(recipe: Recipe, goal: float, device: torch.device, folder: Path, workers: int) -> Reached:
    """Train as tutorials do: torchvision's data set, a transform for each digit, a DataLoader, OneCycleLR."""
    from torchvision import datasets, transforms

    clock = _Clock(goal)
    torch.manual_seed(recipe.seed)
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    whole = datasets.MNIST(str(folder), train=True, download=False, transform=transform)
    learn, choose = random_split(whole, [len(whole) - VALIDATION, VALIDATION])
    batches = DataLoader(learn, recipe.batch_size, shuffle=True, num_workers=workers, drop_last=True)
    checks = DataLoader(choose, 1000, num_workers=workers)
    model = (_fc() if recipe.name == "fc" else _cnn()).to(device)
    criterion = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=recipe.optimizer.lr, weight_decay=recipe.optimizer.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        recipe.optimizer.lr,
        total_steps=recipe.epochs * len(batches),
        pct_start=recipe.schedule.warmup,
        div_factor=1 / recipe.schedule.first,
        cycle_momentum=False,
    )
    accuracy = 0.0
    for _ in range(recipe.epochs):
        model.train()
        for images, labels in batches:
            images, labels = images.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
            schedule.step()
        model.eval()
        right = 0
        with torch.no_grad():
            for images, labels in checks:
                right += int((model(images.to(device)).argmax(1).cpu() == labels).sum())
        accuracy = right / VALIDATION
        clock.look(accuracy)
    return clock.reached(accuracy)


def _fc() -> nn.Module:
    """Return the network of the recipe ``fc``."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Dropout(0.08),
        *(nn.Linear(784, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.1)),
        *(nn.Linear(256, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.1)),
        nn.Linear(128, 10),
    )


def _cnn() -> nn.Module:
    """Return the network of the recipe ``cnn``."""
    return nn.Sequential(
        *(nn.Conv2d(1, 32, 3, padding=1, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(32), nn.ReLU()),
        *(nn.Conv2d(32, 64, 3, padding=1, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(64), nn.ReLU()),
        nn.Flatten(),
        *(nn.Linear(3136, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.3)),
        nn.Linear(128, 10),
    )


class _Clock:
    """Wall and CPU seconds from here to when a goal is first reached."""

    def __init__(self, goal: float) -> None:
        self._goal, self._began = goal, (time.perf_counter(), cpu_seconds())
        self._ended: tuple[float, float] | None = None

    def look(self, accuracy: float) -> None:
        """Stop where the goal is reached."""
        if self._ended is None and accuracy >= self._goal:
            self._ended = (time.perf_counter(), cpu_seconds())

    def reached(self, accuracy: float) -> Reached:
        """Return what was seen."""
        if self._ended is None:
            return Reached(None, None, accuracy)
        wall, cpu = (end - start for end, start in zip(self._ended, self._began, strict=True))
        return Reached(wall, cpu, accuracy)


def _lay_out(folder: Path, data_dir: Path | None) -> None:
    """Put MNIST's files where torchvision looks for them."""
    source = Path(load_dataset("mnist", data_dir=data_dir).provenance.source)
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for file in FILES:
        path = find(source, file)
        assert path is not None  # it was read just now
        content = path.read_bytes()
        (raw / path.name.removesuffix(".gz")).write_bytes(gzip.decompress(content) if path.suffix == ".gz" else content)
