"""Whether the classifier reads digits as it is fed, and whether it would rather be fed otherwise."""

import torch

from robustmnist.adoption.checks.subject import NotMade, Subject, Verdict
from robustmnist.adoption.find import NOISE, USUAL, difference
from robustmnist.adoption.likelihood import best_classes, columns_of
from robustmnist.models.contract.adapter import read
from robustmnist.models.contract.contract import Input, Output
from robustmnist.wording.numbers import percent, typed

__all__ = [
    "accuracy",
    "contract_is_likeliest",
    "ink_is_right",
    "is_not_saturated",
    "order_is_right",
    "orientation_is_right",
    "reads_digits",
]

LEAST_ACCURACY = {
    "mnist": 0.9,
    "digits": 0.6,
}  # by data set; the lowest of 13 published classifiers: 93.7 and 75.7 %
SATURATED = 0.999


def contract_is_likeliest(subject: Subject) -> Verdict:
    """No other input makes the digits likelier, beyond the noise."""
    ours, rival = subject.contest
    if rival is None:
        raise NotMade("There is no other contract for its shape.")
    ahead, error = difference(rival, ours)
    if _better(subject) is not None:
        better = f"It reads digits better fed {rival.input} than {ours.input}"
        return False, f"{better}, by {ahead:.2f} ± {error:.2f} nats per digit."
    if ahead > -NOISE * error:
        twins = f"Whether it is fed {ours.input} or {rival.input} cannot be distinguished"
        return True, f"{twins}: {abs(ahead):.3f} ± {error:.3f} nats per digit lie between them."
    return (
        True,
        f"Fed {ours.input} it reads digits best; {rival.input} is {-ahead:.2f} ± {error:.2f} nats per digit behind.",
    )


def order_is_right(subject: Subject) -> Verdict:
    """No other order of columns reads clearly more of the digits."""
    labels = subject.digits.labels
    columns = columns_of(subject.answers, subject.output.kind, subject.output.classes)
    better = best_classes(columns, labels)
    now, then = (_accuracy(columns, classes, labels) for classes in (subject.output.classes, better))
    if then < 0.5:
        return None, "It reads too few digits in any order of its columns to tell which is meant."
    if then < now + 0.05:
        return True, "The columns stand for the digits as agreed."
    others = [f"{digit} in {better[digit]}" for digit in range(10) if better[digit] != subject.output.classes[digit]]
    where = f"{', '.join(others[:3])}{' …' if len(others) > 3 else ''}"
    remedy = f"give --output {Output(subject.output.kind, better)}"
    right, instead = (typed(percent(share, 0)) for share in (then, now))
    return False, f"In another order {right} are right instead of {instead}: digit {where}; {remedy}."


def ink_is_right(subject: Subject) -> Verdict:
    """What it reads clearly better has the same ink."""
    better = _better(subject)
    if better is not None and better.ink != subject.input.ink:
        return False, f"It reads {better.ink} ink better than {subject.input.ink}."
    return True, "It does not read digits better with ink and paper exchanged."


def orientation_is_right(subject: Subject) -> Verdict:
    """What it reads clearly better stands the same way."""
    better = _better(subject)
    if better is not None and better.orientation != subject.input.orientation:
        return False, f"It reads {better.orientation} digits better than {subject.input.orientation} ones."
    return True, "It does not read digits better with rows and columns exchanged."


def reads_digits(subject: Subject) -> Verdict:
    """Nine tenths of the training digits, of the embedded ones six tenths."""
    right = accuracy(subject)
    least = LEAST_ACCURACY.get(subject.digits.name, LEAST_ACCURACY["mnist"])
    name = "embedded" if subject.digits.name == "digits" else "training"
    sentence = f"{right} of {len(subject.digits)} {name} digits right"
    if right < least * len(subject.digits):
        return False, f"It reads no digits as it is fed: only {sentence}."
    return True, f"It reads {sentence}."


def is_not_saturated(subject: Subject) -> Verdict:
    """On noise it is not certain: a network that is fed numbers far too large always is."""
    if not subject.output.has_confidence:
        raise NotMade("It answers labels, which have no confidence.")
    scores = read(subject.rows(subject.given(subject.noise)), subject.output).double()
    confidence = float(scores.softmax(1).amax(1).nan_to_num(0.0).mean())
    if confidence <= SATURATED:
        return True, f"Its mean confidence on noise is {confidence:.3g}."
    sentence = f"Its mean confidence on noise is {confidence:.4f}"
    ours, rival = subject.contest
    if rival is not None:
        ahead, error = difference(ours, rival)
        if ahead > NOISE * error:  # fed as it was trained: that is how it is
            return None, f"{sentence}, though no other input suits it better: its confidence says little."
    return False, f"{sentence}: it may be fed numbers that are too large."


def accuracy(subject: Subject) -> int:
    """Return how many of the digits are right under the contract."""
    columns = columns_of(subject.answers, subject.output.kind, subject.output.classes)
    return round(_accuracy(columns, subject.output.classes, subject.digits.labels) * len(subject.digits))


def _accuracy(columns: torch.Tensor, classes: tuple[int, ...], labels: torch.Tensor) -> float:
    scores = columns[:, list(classes)]
    sound = scores.isfinite().all(1) & (scores.amax(1) > scores.amin(1))
    return float(((scores.argmax(1) == labels) & sound).double().mean())


def _better(subject: Subject) -> Input | None:
    """Return an input under which it reads digits better than under the agreed input, beyond the noise."""
    ours, rival = subject.contest
    if rival is None:
        return None
    ahead, error = difference(rival, ours)
    return rival.input if ahead > max(USUAL, NOISE * error) else None
