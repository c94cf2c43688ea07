"""All checks of digits that are to measure something, and what follows from them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from robustmnist.data import Dataset
from robustmnist.errors import DataError
from robustmnist.inspection.preflight.checks import check_form, check_polarity, check_reading
from robustmnist.inspection.preflight.finding import Finding
from robustmnist.inspection.preflight.leak import check_leak

__all__ = ["checked", "mend", "preflight"]

SAMPLE = 300  # digits looked at
FEW = 30  # digits; fewer show nothing reliably


def preflight(dataset: Dataset, *, data_dir: Path | None = None, training: bool = False) -> tuple[Finding, ...]:
    """Return what is to be said of digits before anything is measured with them; as a rule nothing.

    Looked at is a sample, always the same: polarity (the median of the border), orientation and labels (accuracy of a
    shipped network under 8 turns and flips and 10 shifts of the labels), MNIST's form, and, where MNIST is at hand,
    whether they are MNIST's digits. Later checks see the sample as earlier findings would mend it.

    Published files that are known by their hashes, perturbed digits, MNIST-C, what is no digits, and fewer than 30
    digits are not checked.

    Args:
        dataset: On any device.
        data_dir: Where MNIST is, if not in the usual places.
        training: Whether they are to train on: then it matters whether MNIST's test digits are among them.
    """
    origin = dataset.provenance
    if origin.known or origin.lineage or origin.content or origin.name.startswith("mnist-c:") or len(dataset) < FEW:
        return ()
    sample = dataset.sample(SAMPLE).to("cpu")
    sample = sample.select(sample.ids[sample.images.amax((1, 2, 3)) > 0])
    if len(sample) < FEW:
        return ()
    findings: list[Finding] = []
    for check in (check_polarity, check_reading, check_form):
        answer = check(sample)
        new = answer if isinstance(answer, list) else [answer] if answer else []
        for finding in new:
            sample = finding.mend(sample) if finding.mend else sample
        findings += new
    leak = check_leak(sample, data_dir, training=training)
    return (*findings, leak) if leak else tuple(findings)


def mend(dataset: Dataset, findings: Sequence[Finding]) -> Dataset:
    """Return the digits put right as far as the findings say how, with a word about it in the provenance."""
    words = [dataset.provenance.mended] if dataset.provenance.mended else []
    for finding in findings:
        if finding.mend is not None:
            dataset = finding.mend(dataset)
            words.append(finding.mended)
    return dataset.with_provenance(mended="; ".join(words))


def checked(
    dataset: Dataset,
    *,
    fix: bool = False,
    data_dir: Path | None = None,
    notify: Callable[[str], object] | None = None,
    training: bool = False,
) -> Dataset:
    """Return digits fit to measure with, or to train on: as they are, or mended.

    What is to be said stands in their provenance.

    Args:
        dataset: Of any source.
        fix: Whether to mend what can be mended.
        data_dir: Where MNIST is, if not in the usual places.
        notify: Called with each sentence that is to be said.
        training: Whether they are to train on.

    Raises:
        DataError: If every number would be wrong and `fix` is not given, or it cannot be mended.
    """
    findings = preflight(dataset, data_dir=data_dir, training=training)
    wrong = [finding for finding in findings if finding.certain and not (fix and finding.mend)]
    if wrong:
        can = all(finding.mend for finding in wrong)
        how = "; ".join(finding.mended for finding in wrong)
        remedy = f"--fix, or fix=True, mends it ({how})" if can else "mend the labels"
        raise DataError([finding.said.rstrip(".") for finding in wrong], where=dataset.provenance.source, remedy=remedy)
    if not findings:
        return dataset
    mending = [finding for finding in findings if fix and finding.mend]
    said = [finding.said for finding in findings if finding.said and finding not in mending]
    said += [f"Put right before use: {finding.mended}. {finding.said}".rstrip() for finding in mending]
    if notify:
        for sentence in said:
            notify(sentence)
    return mend(dataset, mending).with_provenance(warnings=tuple(said))
