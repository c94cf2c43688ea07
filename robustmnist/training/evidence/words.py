"""The sentences of the page about a training, by rules."""

from robustmnist.training.evidence.facts import Answered, TrainingFacts
from robustmnist.wording.digits import digit_text
from robustmnist.wording.numbers import count, percent, plain

__all__ = ["DONE", "answers", "filter_words", "matrix_words", "sample_words"]

DONE = "The recipe, with every value spelled out; recipe.toml beside this page trains it again."
VANISHED = 1e-6  # a gradient norm below which a layer no longer learns, in float32


def answers(facts: TrainingFacts) -> tuple[str, ...]:
    """Return what the numbers say: how good, was it long enough, does it overfit, do all layers learn."""
    history, best = facts.history, int(facts.metrics["best"]["epoch"])
    last = int(history["epoch"][-1])
    accuracy = facts.metrics["best"]["validation_accuracy"]
    said = [f"Epoch {best} of {last} reads {percent(accuracy, 2)} of the {facts.digits}: its weights are kept."]
    said.append(_length(facts, best, last))
    losses = history["validation_loss"]
    lowest = min(range(len(losses)), key=losses.__getitem__)
    if losses[-1] > 1.1 * losses[lowest] and lowest < len(losses) - 1:
        rise = percent(losses[-1] / losses[lowest] - 1, 0)
        said.append(f"The validation loss has risen by {rise} since epoch {lowest + 1}: it began to overfit there.")
    still = [name for name, (_, gradients, _) in facts.layers.items() if gradients and gradients[-1] < VANISHED]
    if still:
        said.append(f"No gradient reaches {', '.join(still)} any more.")
    elif facts.layers:
        said.append("Every layer still receives a gradient in the last epoch.")
    return tuple(said)


def _length(facts: TrainingFacts, best: int, last: int) -> str:
    if facts.metrics["status"] == "interrupted":
        return f"The training was interrupted after {last} of {facts.recipe.epochs} epochs."
    if facts.metrics["status"] == "diverged":
        return (
            "The training diverged: loss or weights were no longer finite. A lower learning rate is the usual remedy."
        )
    if best == last and last > 1:
        return "The last epoch is the best one: more epochs may help."
    return f"The {last - best} epochs after it brought nothing better." if last - best > 1 else ""


def matrix_words(facts: TrainingFacts) -> str:
    """Return what the confusion matrix counts, and the commonest confusion."""
    table = facts.answered.confusion.copy()
    for digit in range(len(table)):
        table[digit, digit] = 0
    true, read = divmod(int(table.argmax()), len(table))
    mistakes = {
        0: "There is no mistake.",
        1: "No mistake occurs more than once.",
    }
    most = f"The commonest mistake: {digit_text(true)} read as {digit_text(read)}, {table[true, read]} times."
    return f"Of the {facts.digits}, with the weights of the best epoch. {mistakes.get(int(table.max()), most)}"


def sample_words(answered: Answered, right: int, wrong: int) -> str:
    """Return which samples are shown."""
    n, misread = len(answered.labels), int((~answered.right).sum())
    shown = f"the {wrong} most confident of {count(misread)} wrong ones" if misread > wrong else "all wrong ones"
    return (
        f"Of {count(n)} answers: the least confident right answer of every class in green with ✓, and "
        f"{shown if misread else 'no wrong one, as there is none'} in red with ✗. Under each its confidence and id."
    )


def filter_words(facts: TrainingFacts) -> str:
    """Return what the picture of the first layer shows."""
    height, width = facts.filters.shape[1:]
    shown = len(facts.filters)
    which = f"The first {shown} of {facts.units}" if facts.units > shown else f"All {shown}"
    what = (
        "units, each the weights of 28 × 28 pixels" if height == 28 else f"kernels of {plain(height)} × {plain(width)}"
    )
    return f"{which} {what}: vermilion for weights above zero, blue below. Each has a scale of its own."
