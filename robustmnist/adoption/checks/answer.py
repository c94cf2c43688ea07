"""Whether the classifier's answers are scores of ten classes, and of which kind."""

import numpy as np
import torch
from torch import Tensor

from robustmnist.adoption.checks.subject import BATCH, Subject, Verdict
from robustmnist.adoption.likelihood import recognise
from robustmnist.models.contract.rows import rows_of, unwrapped

__all__ = ["has_ten_columns", "is_bare", "is_finite", "is_of_its_kind", "is_real", "is_softmaxed_once"]

# Of ten probabilities p between 0 and 1, softmax(p) lies between 1 / (e + 9) · 1 and e / (e + 9).
LEAST, MOST = 1 / (np.e + 9), np.e / (np.e + 9)


def is_bare(subject: Subject) -> Verdict:
    """A tensor or an array, not a tuple or a dictionary that holds one."""
    answer = subject.call(subject.batch.clone())
    taken, around = unwrapped(answer)
    if around:
        return None, f"Its scores are the {around}; the rest is not read."
    if not isinstance(taken, Tensor | np.ndarray):
        rows_of(taken, BATCH)
        return None, f"It answers a {type(taken).__name__}, which is read as an array."
    return True, f"It answers {'a tensor' if isinstance(taken, Tensor) else 'an array'}."


def has_ten_columns(subject: Subject) -> Verdict:
    """Ten columns, or labels; if there are more columns, how often a column that is not read would have won."""
    rows = subject.answers
    if rows.ndim == 1:
        known = torch.isin(rows.double().round(), torch.tensor(subject.output.classes).double())
        if not known.all():
            strange = sorted({int(label) for label in rows[~known][:1000].double().nan_to_num(-1)})[:5]
            return False, f"It answers labels that stand for no digit: {', '.join(map(str, strange))}."
        return True, "It answers one label for each digit."
    if max(subject.output.classes) >= rows.shape[1]:
        return False, f"It answers {rows.shape[1]} columns, and class {max(subject.output.classes)} is read."
    if rows.shape[1] == 10:
        return True, "It answers ten columns."
    read = torch.tensor(subject.output.classes)
    dropped = sorted(set(range(rows.shape[1])) - set(read.tolist()))
    won = int((~torch.isin(rows.nan_to_num(-torch.inf).argmax(1), read)).sum())
    shown = ", ".join(map(str, dropped[:5])) + (" …" if len(dropped) > 5 else "")
    columns = f"column {shown} is" if len(dropped) == 1 else f"columns {shown} are"
    sentence = (
        f"It answers {rows.shape[1]} columns; {columns} not read, and would have won at {won} of {len(rows)} digits."
    )
    return None, sentence


def is_real(subject: Subject) -> Verdict:
    """Floating point numbers, or whole ones as labels."""
    values, _ = unwrapped(subject.call(subject.batch.clone()))
    kind = str(values.dtype if isinstance(values, Tensor) else np.asarray(values).dtype).removeprefix("torch.")
    if "float" in kind:
        note = "" if kind == "float32" else "; they are rounded to float32 after it"
        return (True if kind == "float32" else None), f"It computes its answers in {kind}{note}."
    if rows_of(values, BATCH).ndim == 1 and ("int" in kind or kind[:1] in "<>|OUS" or kind == "object"):
        return True, f"It answers labels ({kind})."
    return False, f"It answers {kind} numbers, which are no scores: ranks and confidences are lost."


def is_finite(subject: Subject) -> Verdict:
    """No NaN and no infinity, on digits, black, white and noise."""
    blank = torch.zeros(1, 1, 28, 28)
    cases = {"digits": subject.answers}
    for name, images in (("black", blank), ("white", blank + 1), ("noise", subject.noise)):
        cases[name] = subject.rows(subject.given(images.expand(max(2, len(images)), 1, 28, 28)))
    # A log-probability of minus infinity is a probability of 0, which is read as the smallest there is.
    bad = [name for name, rows in cases.items() if not _is_sound(rows, subject)]
    if bad:
        return False, f"Its answers are not finite on {' and '.join(bad)}: such digits count as wrong and invalid."
    return True, "Its answers are finite on digits, black, white and noise."


def is_of_its_kind(subject: Subject) -> Verdict:
    """What the answers look like is what was agreed."""
    kind = recognise(torch.cat([subject.answers, subject.rows(subject.given(subject.noise))]))
    agreed = subject.output.kind
    if kind == agreed:
        return True, f"It answers {kind}."
    if {kind, agreed} == {"logits", "log-probabilities"}:
        return True, f"It answers {kind}, which are read in the same way as {agreed}."
    remedy = f"give --output {kind}"
    if kind == "probabilities":
        remedy = f"read as {agreed} their confidences would come out too low; {remedy}"
    return False, f"It answers {kind}, not {agreed}: {remedy}."


def is_softmaxed_once(subject: Subject) -> Verdict:
    """Whether the largest of ten probabilities ever gets past 23 %, which softmax of a softmax cannot."""
    rows = subject.answers
    if rows.ndim == 1 or recognise(rows) == "logits":
        return True, "Its scores are not brought to probabilities."
    probabilities = rows.double() if recognise(rows) == "probabilities" else rows.double().exp()
    ten = rows.shape[1] == 10 and bool(((probabilities.sum(1) - 1).abs() < 1e-3).all())
    if ten and probabilities.max() <= MOST + 1e-4 and probabilities.min() >= LEAST - 1e-4:
        what = "It applies softmax to probabilities: none gets past 23 %, and confidences mean nothing."
        return False, f"{what} Take one softmax out."
    return True, "It applies softmax once."


def _is_sound(rows: Tensor, subject: Subject) -> bool:
    if subject.output.kind == "log-probabilities":
        rows = rows.masked_fill(rows == -torch.inf, 0.0)
    return bool(rows.isfinite().all())
