"""Parameter randomisation: a map that stays when the weights are thrown away says nothing of them."""

import copy
import hashlib

import numpy as np
import torch
from torch import nn

from robustmnist.explanation.metrics.candidate import Candidate
from robustmnist.explanation.metrics.question import Array, Question
from robustmnist.explanation.subject import Subject, subject_of
from robustmnist.statistics.similarity import cosine, spearman, ssim

__all__ = ["REPETITIONS", "class_sensitivity", "randomisation", "randomised"]

REPETITIONS = 5  # R: how often the weights are drawn
NAMES = ("randomisation", "randomisation-cosine", "randomisation-ssim", "randomisation-cascade", "randomisation-floor")


def randomisation(
    question: Question, candidates: list[Candidate], *, repetitions: int = REPETITIONS
) -> dict[str, Array]:
    """Return how alike a map and that of the randomised classifier are, signed and on ink, float64 (maps, B) each.

    The layers are drawn anew from the logits down, each by its own initialiser. ``randomisation`` is Spearman's
    correlation with the map of the classifier whose layers are all random, the mean over `repetitions`, low is good;
    ``randomisation-cosine`` and ``-ssim`` are other similarities of the same maps, ``-cascade`` Spearman's over all
    stages, the first with random logits alone; ``-floor`` is Spearman's between the maps of two random classifiers.
    NaN for a zero map, for a digit without ink, and where the classifier has no layers to look into.

    Signed and on ink, for of absolute values over all 784 pixels most are zeros of paper: integrated gradients of a
    trained and a random cnn then agree to .99.

    Source: Adebayo et al., Sanity checks for saliency maps, NeurIPS 2018, arXiv:1810.03292.
    """
    shape = (len(candidates), len(question))
    if question.subject.trained is None:
        return {name: np.full(shape, np.nan) for name in NAMES}
    ink, square = question.ink_mask, question.ink_mask.reshape(-1, 28, 28)
    depth = len(layers(question.subject.trained))
    # Of each stage and repetition; of the last stage all three similarities.
    ranks = np.full((depth, repetitions, *shape), np.nan)
    others = np.full((2, repetitions, *shape), np.nan)
    floors: list[list[Array]] = [[] for _ in candidates]
    previous: list[Array] = []
    for repetition in range(repetitions):
        last: list[Array] = []
        for stage in range(1, depth + 1):
            subject = randomised(question.subject, stage, question.seed, repetition)
            for row, candidate in enumerate(candidates):
                maps = candidate.maps.cpu().numpy()
                other = candidate.recomputed(question, subject=subject).cpu().numpy()
                ranks[stage - 1, repetition, row] = spearman(maps, other, ink)
                if stage == depth:
                    others[:, repetition, row] = cosine(maps, other, ink), ssim(maps, other, square)
                    last.append(other.astype(np.float64))
        for row, (before, now) in enumerate(zip(previous, last, strict=False)):
            floors[row].append(spearman(before, now, ink))
        previous = last
    floor = np.stack([_mean(np.stack(rows)) if rows else np.full(len(question), np.nan) for rows in floors])
    scores = (_mean(ranks[-1]), _mean(others[0]), _mean(others[1]), _mean(ranks.reshape(-1, *shape)), floor)
    return dict(zip(NAMES, scores, strict=True))


def class_sensitivity(question: Question, candidates: list[Candidate]) -> dict[str, Array]:
    """Return ``class-sensitivity`` of each map: how alike the maps of two classes are, float64 (maps, B); low is good.

    Spearman's correlation, signed and on ink, of the map for the explained class and the one for the runner-up, the
    class with the highest logit beside it: the hardest other class, not a random one. A map that points at the same
    pixels for any class has 1. NaN for a zero map and a digit without ink.

    Source: after Sixt, Granz & Landgraf, When explanations lie, ICML 2020, arXiv:1912.09818, who take a random logit.
    """
    target = type(question.target)
    classes = question.target.classes.to(question.images.device)
    logits = question.logits(question.images)[:, 0]
    runner_up = logits.nan_to_num(nan=-torch.inf).scatter(1, classes[:, None], -torch.inf).argmax(1)
    rows = []
    for candidate in candidates:
        same = question.target.rivals is None
        explained = candidate.maps if same else candidate.recomputed(question, target=target.of_class(classes))
        other = candidate.recomputed(question, target=target.of_class(runner_up))
        rows.append(spearman(explained.cpu().numpy(), other.cpu().numpy(), question.ink_mask))
    return {"class-sensitivity": np.stack(rows)}


def layers(model: nn.Module) -> list[str]:
    """Return the names of the modules that hold weights of their own, from the input to the logits."""
    return [name for name, module in model.named_modules() if any(True for _ in module.parameters(recurse=False))]


def randomised(subject: Subject, stage: int, seed: int, repetition: int) -> Subject:
    """Return the classifier with its last `stage` layers drawn anew by their own initialisers.

    What a layer draws depends on the seed, the layer and the repetition; the global generator is left as it was. A
    layer without an initialiser of its own draws normal numbers of the same spread as its weights.
    """
    assert subject.trained is not None
    model = copy.deepcopy(subject.trained)
    modules = dict(model.named_modules())
    device = next(model.parameters()).device
    model.cpu()
    for name in layers(model)[-stage:]:
        text = hashlib.sha256(f"{seed}/{name}/{repetition}".encode()).digest()
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(int.from_bytes(text[:8], "little") >> 1)
            reset = getattr(modules[name], "reset_parameters", None)
            if callable(reset):
                reset()
                continue
            for values in modules[name].parameters(recurse=False):
                values.normal_(0.0, float(values.std(correction=0)) or 1.0)
    return subject_of(model.to(device).eval())


def _mean(values: Array) -> Array:
    """Return the mean over the first axis, of what is defined; NaN where nothing is."""
    known = np.isfinite(values)
    count = known.sum(0)
    mean: Array = np.where(count > 0, np.where(known, values, 0.0).sum(0) / np.maximum(count, 1), np.nan)
    return mean
