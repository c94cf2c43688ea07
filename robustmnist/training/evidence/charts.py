"""The charts of the page about a training, each with its numbers as a table."""

from collections.abc import Sequence

import numpy as np

from robustmnist.page.bar_chart import Bars, bar_chart
from robustmnist.page.colours import hue
from robustmnist.page.line_chart import Axis, Line, line_chart, thinned
from robustmnist.page.records import Chart, Key, Table
from robustmnist.training.evidence.facts import Answered, TrainingFacts
from robustmnist.wording.numbers import brief, percent, plain

__all__ = ["BOTH", "READ", "answer_charts", "layer_charts", "learning_charts"]

BOTH = (Key(0, "training"), Key(1, "validation"))
READ = (Key(2, "read right"), Key(1, "read wrong"))
BINS = 10  # of confidence


def learning_charts(facts: TrainingFacts) -> tuple[Chart, ...]:
    """Return loss, accuracy, both on one pair of axes, and the learning rate, over the epochs."""
    history, steps = facts.history, facts.steps
    epochs = tuple(history["epoch"])
    moments = _moments(facts)
    training, validation = ((tuple(history[f"{part}_loss"])) for part in ("train", "validation"))
    read = {part: tuple(100 * share for share in history[f"{part}_accuracy"]) for part in ("train", "validation")}
    noisy = [Line(0, *thinned(moments, steps["loss"]), thin=True)] if moments else []
    losses = [*noisy, Line(0, epochs, training), Line(1, epochs, validation)]
    accuracies = [Line(0, epochs, read["train"]), Line(1, epochs, read["validation"])]
    low = min([*read["train"], *read["validation"]], default=0.0)
    zoomed = Axis("accuracy, %", low=max(0.0, low - 0.3 * (100 - low)), high=100.0)
    best = [float(facts.metrics["best"]["epoch"])]
    tables = [
        _table(f"{title} by epoch", history, columns)
        for title, columns in (
            ("Loss", ("train_loss", "validation_loss")),
            ("Accuracy", _ACCURACIES),
            ("Validation loss and accuracy", ("validation_loss", "validation_accuracy")),
        )
    ]
    rates = thinned(moments, steps["learning_rate"]) if moments else (epochs, tuple(history["learning_rate"]))
    loss_axis = Axis("loss", log=True)
    both = line_chart(
        [Line(3, epochs, validation), Line(2, epochs, read["validation"], right=True)],
        loss_axis,
        "epoch",
        "Validation loss and accuracy over the epochs",
        right=zoomed,
        whole=True,
        upright=best,
    )
    return (
        Chart(
            "loss",
            "Loss",
            line_chart(losses, loss_axis, "epoch", "Loss over the epochs", whole=True, upright=best),
            LOSS,
            tables[0],
        ),
        Chart(
            "accuracy",
            "Accuracy",
            line_chart(accuracies, zoomed, "epoch", "Accuracy", whole=True, upright=best),
            ACCURACY,
            tables[1],
        ),
        Chart("both", "Validation loss and accuracy together", both, TOGETHER, tables[2]),
        Chart(
            "rate",
            "Learning rate",
            line_chart(
                [Line(0, *rates)],
                Axis("learning rate", low=0.0),
                "epoch",
                "Learning rate over the training",
                whole=True,
            ),
            RATE,
            _table("Learning rate by epoch", history, ("learning_rate",)),
        ),
    )


def layer_charts(facts: TrainingFacts) -> tuple[Chart, ...]:
    """Return the norms of gradients and weights, a line per layer."""
    charts = []
    for at, (anchor, title, caption) in enumerate(
        (("gradients", "Gradient norm of each layer", GRADIENTS), ("weights", "Weight norm of each layer", WEIGHTS))
    ):
        lines = [
            Line(hue(index), tuple(norms[0]), tuple(norms[1 + at])) for index, norms in enumerate(facts.layers.values())
        ]
        names = tuple(facts.layers)
        epochs = next(iter(facts.layers.values()), ([], [], []))[0]
        rows = tuple(
            (plain(epoch), *(brief(norms[1 + at][row]) for norms in facts.layers.values()))
            for row, epoch in enumerate(epochs)
        )
        figure = line_chart(lines, Axis("norm", log=True), "epoch", f"{title} over the epochs", whole=True)
        charts.append(Chart(anchor, title, figure, caption, Table(title, ("epoch", *names), rows)))
    return tuple(charts)


def answer_charts(answered: Answered) -> tuple[Chart, ...]:
    """Return how often each class is there and answered, and how confident right and wrong answers are."""
    there, read = (np.bincount(classes, minlength=10) for classes in (answered.labels, answered.predicted))
    digits = tuple(map(str, range(10)))
    counts = bar_chart(
        [Bars(7, tuple(map(float, there))), Bars(0, tuple(map(float, read)))],
        digits,
        "digits",
        "class",
        "How often each class is there, and how often it is the answer",
    )
    edges = np.linspace(0, 1, BINS + 1)
    right, wrong = (np.histogram(answered.confidence[chosen], edges)[0] for chosen in (answered.right, ~answered.right))
    names = tuple(f"{round(100 * edge)}" for edge in edges[:-1])
    shares = bar_chart(
        # Roots, so that one mistake in a thousand answers still shows.
        [Bars(2, tuple(np.sqrt(right))), Bars(1, tuple(np.sqrt(wrong)))],
        names,
        "√ digits",
        "confidence, %, from",
        "How confident right and wrong answers are",
    )
    bins = tuple(
        (f"{percent(edges[at], 0)} to {percent(edges[at + 1], 0)}", str(right[at]), str(wrong[at]))
        for at in range(BINS)
    )
    classes = tuple((digit, str(there[at]), str(read[at])) for at, digit in enumerate(digits))
    return (
        Chart(
            "classes", "Answers by class", counts, CLASSES, Table("Answers", ("class", "there", "answered"), classes)
        ),
        Chart(
            "confidence", "Confidence", shares, CONFIDENCE, Table("Confidence", ("confidence", "right", "wrong"), bins)
        ),
    )


_ACCURACIES = ("train_accuracy", "validation_accuracy")
LOSS = (
    "Cross-entropy. The thin line is every training step, with dropout, augmentation and label smoothing in force, "
    "which validation is spared: it may lie lower. The upright line is the epoch that is kept."
)
ACCURACY = "The share of digits read right. That of training is measured while the network learns."
TOGETHER = (
    "Purple: loss, on the left. Green: accuracy, on the right. Where the loss rises while the accuracy stays, answers "
    "become overconfident rather than wrong."
)
RATE = "What every step is multiplied by."
GRADIENTS = "Mean over the steps of an epoch. A layer that falls to nothing learns no more; one that grows may diverge."
WEIGHTS = "At the end of each epoch, before averaging and folding."
CLASSES = "Left, without a hue: how often the class is there. Right, blue: how often it is the answer."
CONFIDENCE = "Right answers green, wrong ones vermilion. Heights are square roots of counts; the table has the counts."


def _moments(facts: TrainingFacts) -> list[float]:
    """Return when each step ended, in epochs."""
    steps = facts.steps
    if not steps:
        return []
    last = max(steps["step"])
    return [epoch - 1 + step / last for epoch, step in zip(steps["epoch"], steps["step"], strict=True)]


def _table(caption: str, history: dict[str, list[float]], columns: Sequence[str]) -> Table:
    def text(name: str, value: float) -> str:
        return percent(value, 2) if name in _ACCURACIES else brief(value)

    rows = tuple(
        (plain(epoch), *(text(name, history[name][row]) for name in columns))
        for row, epoch in enumerate(history["epoch"])
    )
    return Table(caption, ("epoch", *(name.replace("_", " ") for name in columns)), rows)
