"""What an exported file says about itself: the facts of the checkpoint's card, as short texts."""

from robustmnist.models.checkpoints.adopted_card import AdoptedCard
from robustmnist.models.checkpoints.card import Card
from robustmnist.models.contract import Input, Output
from robustmnist.system.installation import __version__

__all__ = ["about"]


def about(card: Card | AdoptedCard) -> dict[str, str]:
    """Return key -> text, nothing of this machine among it.

    The keys: name, description, input, output, sha256 (of the weights or the model file that it was made from),
    accuracy, trained on, robustmnist (the version that wrote it).
    """
    return {
        "name": card.name,
        "description": card.description if isinstance(card, Card) else f"{card.kind}: {card.network}",
        "input": "float32 (N, 1, 28, 28): ink 1 on background 0",
        "output": "logits (N, 10) of the digits 0 to 9",
        "sha256": card.sha256,
        "accuracy": _accuracy(card),
        "trained on": _trained_on(card),
        "robustmnist": __version__,
    }


def _accuracy(card: Card | AdoptedCard) -> str:
    seen = card.test_accuracy if isinstance(card, Card) else card.accuracy
    if seen is None:
        return "not measured"
    return f"{seen.correct} of {seen.n} {seen.part} digits of {seen.dataset}"


def _trained_on(card: Card | AdoptedCard) -> str:
    if isinstance(card, Card):
        return f"{card.data.get('training', 'some')} digits of {card.data.get('name', 'unknown origin')}"
    fed, read = Input.from_dict(card.input), Output.from_dict(card.output)
    return f"not known; its own input was {fed}, its own output {read}"
