"""What the terminal prints of a classifier that was examined, in a few plain lines."""

from robustmnist.adoption.examine import Examination
from robustmnist.adoption.find import NOISE, difference
from robustmnist.statistics.wilson import wilson
from robustmnist.wording.digits import digits_of
from robustmnist.wording.numbers import share_text, typed

__all__ = ["summary_lines", "warning"]


def summary_lines(seen: Examination) -> list[str]:
    """Return what the classifier is, how it is fed and read, how well it reads, and which checks it failed."""
    failed = seen.faults
    made = [check for check in seen.checks if check.made]
    count = f"{len(made)} check{'s were' if len(made) > 1 else ' was'} made, {len(failed) or 'none'} failed."
    lines = [seen.network.description, _reading(seen), *_contract(seen), _accuracy(seen), count]
    lines += [f"Fault, {check.name}: {check.sentence}" for check in failed]
    lines += [f"Note, {check.name}: {check.sentence}" for check in made if check.passed is None]
    return [line for line in lines if line]


def warning(seen: Examination) -> str | None:
    """Return the sentence for terminal and page where digits contradict the input that was declared; else None."""
    if seen.contradiction is None:
        return None
    better, ahead, error = seen.contradiction
    return (
        f"The classifier is fed {seen.input} as declared, but it reads digits better fed {better.input} "
        f"({ahead:.2f} ± {error:.2f} nats per digit): all numbers may be wrong, above all under perturbations."
    )


def _contract(seen: Examination) -> list[str]:
    """Return how it is fed and what comes next to that, and how it is read."""
    read = f"Output: {seen.output}."
    finding = seen.finding
    if finding is None:
        return [f"Input: {seen.input}, {'as declared' if seen.declared else 'the most usual of its shape'}.", read]
    line = f"Input: {seen.input}, {'as declared' if seen.declared else f'found by {finding.digits}'}"
    ours = next((candidate for candidate in finding.inputs if seen.input.same_as(candidate.input)), None)
    rival = next((candidate for candidate in finding.inputs if not seen.input.same_as(candidate.input)), None)
    if ours is None or rival is None or seen.contradiction is not None:
        return [f"{line}.", read]
    gap, error = difference(ours, rival)
    margin = f"{abs(gap):.2f} ± {error:.2f} nats per digit"
    if gap > NOISE * error:
        return [f"{line}; next best is {rival.input}, {margin} behind.", read]
    return [f"{line}; digits do not tell it from {rival.input} ({margin}): give --input if you know it.", read]


def _reading(seen: Examination) -> str:
    """Return what was chosen where the file leaves open which network its weights belong to."""
    if len(seen.networks) < 2 or seen.finding is None:
        return ""
    best = seen.finding.best
    rival = next((candidate for candidate in seen.finding.others if candidate.network != best.network), None)
    line = f"Read as the likeliest of {len(seen.networks)} networks that its weights fit"
    if rival is not None:
        behind, error = difference(best, rival)
        runner_up = seen.networks[rival.network].description
        margin = f"{abs(behind):.2f} ± {error:.2f} nats per digit"
        reading = (
            f"next best is {runner_up}, {margin} behind" if behind > NOISE * error else f"or {runner_up} ({margin})"
        )
        line = f"{line}; {reading}"
    return f"{line}. Give --code to settle it."


def _accuracy(seen: Examination) -> str:
    if seen.right is None:
        return ""
    right, n = seen.right, len(seen.digits)
    low, high = wilson(right, n)
    name = digits_of(seen.digits.name, seen.digits.provenance.part)
    share = typed(share_text(right / n, float(low), float(high), sign=True))
    return f"Accuracy: {right} of {n} {name}, {share}."
