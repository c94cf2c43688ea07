"""Every measure on a linear model, where the right map is known: it beats a random one, and nothing else decides."""

import numpy as np
import pytest
import torch
from scipy.integrate import trapezoid
from scipy.sparse import csr_array
from scipy.sparse.linalg import spsolve
from torch import Tensor, nn

from robustmnist.data import load_dataset
from robustmnist.explanation.measuring import measure
from robustmnist.explanation.methods.method import Context
from robustmnist.explanation.metrics.candidate import CONTROLS, Explainer, control
from robustmnist.explanation.metrics.localisation import localised
from robustmnist.explanation.metrics.max_sensitivity import max_sensitivity
from robustmnist.explanation.metrics.question import Question
from robustmnist.explanation.metrics.randomisation import layers, randomised
from robustmnist.explanation.metrics.registry import MEASURES
from robustmnist.explanation.metrics.removal import STEPS, removed
from robustmnist.explanation.metrics.road import filled_in
from robustmnist.explanation.metrics.subsets import fidelity, sensitivity_n
from robustmnist.explanation.subject import Subject, subject_of
from robustmnist.explanation.target import Target

N = 10


class Linear(nn.Module):
    """Logits that are sums over pixels: w·x is the whole truth about it."""

    def __init__(self) -> None:
        super().__init__()
        self.flat = nn.Flatten()
        self.line = nn.Linear(784, 10, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.line(self.flat(images))
        return logits


def weights_times_ink(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    assert subject.trained is not None
    weights = subject.trained.line.weight.detach()[target.classes].view(-1, 28, 28)
    return weights * images[:, 0]


PERFECT = Explainer("perfect", "w·x", "share", True, weights_times_ink)


@pytest.fixture(scope="module")
def asked() -> Question:
    torch.manual_seed(0)
    model = Linear()
    with torch.no_grad():
        model.line.weight.normal_(0.0, 0.3)
    data = load_dataset("digits").head(N)
    subject = subject_of(model)
    target = Target.of_class(subject.answer(data.images).argmax(1))
    return Question(subject, data.images, target, data.ids)


def all_of(asked: Question, rows: slice = slice(None)) -> dict[str, np.ndarray]:
    explainers = [PERFECT, *(control(name) for name in CONTROLS)]
    names = [name for name in MEASURES if name not in ("max-sensitivity", "randomisation")]
    return measure(
        asked.subject, asked.images[rows], asked.target.take(rows), asked.ids[rows], explainers, names, seed=asked.seed
    )


@pytest.mark.parametrize("name", MEASURES)
def test_a_perfect_map_beats_a_random_one(asked: Question, name: str) -> None:
    candidates = [one.explain(asked) for one in (PERFECT, control("random"))]
    perfect, random = np.nanmean(MEASURES[name].compute(asked, candidates)[name], axis=1)
    good, bad = (perfect, random) if MEASURES[name].better == "high" else (random, perfect)
    assert good > bad + 0.1


def test_a_digits_scores_do_not_depend_on_the_batch(asked: Question) -> None:
    state = torch.get_rng_state()
    together = all_of(asked)
    for rows in (slice(3, 4), slice(2, 7)):
        for name, scores in all_of(asked, rows).items():
            assert np.array_equal(scores, together[name][:, rows], equal_nan=True), name
    backwards = measure(
        asked.subject,
        asked.images.flip(0),
        asked.target.take(torch.arange(N - 1, -1, -1)),
        asked.ids.flip(0),
        [PERFECT],
        ("srg", "fidelity", "road"),
    )
    for name, scores in backwards.items():
        assert np.array_equal(scores[0, ::-1], together[name][0], equal_nan=True), name
    assert torch.equal(torch.get_rng_state(), state)


def test_a_constant_map_is_the_random_control(asked: Question) -> None:
    flat = Explainer(
        "flat", "", "share", False, lambda subject, images, target, context: torch.full_like(images, 3)[:, 0]
    )
    for measured in (removed, lambda *given: localised(*given, asked.images[:, 0] > 0.5)):
        found = measured(asked, [flat.explain(asked), control("random").explain(asked)])
        for name in {"srg", "deletion", "rank"} & set(found):
            assert np.array_equal(found[name][0], found[name][1])
    share = localised(asked, [flat.explain(asked)], asked.images[:, 0] > 0.5)
    assert np.allclose(share["mass"], share["area"])


def test_deletion_is_the_area_under_the_curve_of_probabilities(asked: Question) -> None:
    candidate = PERFECT.explain(asked)
    found = removed(asked, [candidate])
    image, mine = asked.images[0].clone(), int(asked.target.classes[0])
    place = {pixel: rank for rank, pixel in enumerate(asked.ties[0].tolist())}
    inked = [(float(candidate.maps[0].flatten()[p]), -place[int(p)], int(p)) for p in asked.ink[0].nonzero()]
    order = [pixel for _, _, pixel in sorted(inked, reverse=True)]
    curve = []
    for k in range(STEPS + 1):
        left = image.clone()
        left.view(-1)[order[: int(k * len(order) / STEPS + 0.5)]] = 0.0
        curve.append(float(asked.subject.answer(left[None]).double().softmax(1)[0, mine]))
    assert found["deletion"][0, 0] == pytest.approx(trapezoid(curve) / STEPS, abs=1e-9)


def test_sensitivity_n_of_a_linear_model_is_one(asked: Question) -> None:
    found = sensitivity_n(asked, [PERFECT.explain(asked)])
    assert np.allclose(found["sensitivity-n"], 1.0, atol=1e-5)


def test_fidelity_of_a_linear_model_is_one_at_any_window_and_any_unit(asked: Question) -> None:
    scaled = Explainer("scaled", "", "share", False, lambda *given: 7 * weights_times_ink(*given))
    for window in (1, 3, 5, 8, 28):
        found = fidelity(asked, [PERFECT.explain(asked), scaled.explain(asked)], window=window, many=8)
        assert np.allclose(found["fidelity"], 1.0, atol=1e-6)
        assert np.allclose(found["infidelity"][0], 0.0, atol=1e-8)


def test_infidelity_settles_with_more_windows(asked: Question) -> None:
    def scores(count: int) -> list[float]:
        found = []
        for seed in range(60):
            one = Question(asked.subject, asked.images[:1], asked.target.take(slice(1)), asked.ids[:1], seed)
            found.append(fidelity(one, [control("image").explain(one)], many=count)["infidelity"][0, 0])
        return found

    assert np.std(scores(16)) / np.std(scores(64)) == pytest.approx(2.0, abs=0.6)


def test_max_sensitivity_does_not_care_for_units_and_rises_with_the_draws(asked: Question) -> None:
    scaled = Explainer("scaled", "", "share", False, lambda *given: 10 * weights_times_ink(*given))
    found = max_sensitivity(asked, [PERFECT.explain(asked), scaled.explain(asked)], many=4)["max-sensitivity"]
    assert np.allclose(found[0], found[1], rtol=1e-5)
    assert (max_sensitivity(asked, [PERFECT.explain(asked)], many=2)["max-sensitivity"] <= found[:1]).all()


def test_a_zero_map_is_undefined_and_an_invalid_one_too(asked: Question) -> None:
    zero = Explainer("zero", "", "share", False, lambda subject, images, *rest: torch.zeros_like(images)[:, 0])
    candidates = [zero.explain(asked)]
    for name in ("max-sensitivity", "fidelity", "class-sensitivity", "stroke-mass", "sensitivity-n"):
        assert np.isnan(MEASURES[name].compute(asked, candidates)[name]).all(), name
    broken = Explainer("broken", "", "share", False, lambda *given: weights_times_ink(*given) * torch.nan)
    for name in ("srg", "insertion", "road", "stroke-rank"):
        assert np.isnan(MEASURES[name].compute(asked, [broken.explain(asked)])[name]).all(), name


def test_a_digit_without_ink_is_undefined(asked: Question) -> None:
    blank = Question(asked.subject, torch.zeros(2, 1, 28, 28), asked.target.take(slice(2)), asked.ids[:2])
    for name in ("srg", "fidelity", "sensitivity-n", "road", "stroke-mass"):
        assert np.isnan(MEASURES[name].compute(blank, [control("random").explain(blank)])[name]).all(), name


def test_filled_in_pixels_solve_their_equations() -> None:
    generator = torch.Generator().manual_seed(1)
    image = torch.rand(1, 1, 28, 28, generator=generator)
    holes = torch.rand(1, 2, 28, 28, generator=generator) < 0.3
    found = filled_in(image, holes, torch.zeros(1, 2, 28, 28)).double()[0, 1].numpy()
    hole = holes[0, 1].numpy()
    rows, columns, values, given = [], [], [], np.where(hole, 0.0, image[0, 0].double().numpy()).ravel()
    for i, j in np.ndindex(28, 28):
        rows.append(i * 28 + j), columns.append(i * 28 + j), values.append(1.0)
        if hole[i, j]:
            near = [
                (a, b, 1 / 12 if a != i and b != j else 1 / 6)
                for a in range(max(i - 1, 0), min(i + 2, 28))
                for b in range(max(j - 1, 0), min(j + 2, 28))
                if (a, b) != (i, j)
            ]
            total = sum(weight for *_, weight in near)
            for a, b, weight in near:
                rows.append(i * 28 + j), columns.append(a * 28 + b), values.append(-weight / total)
    expected = spsolve(csr_array((values, (rows, columns))), given).reshape(28, 28)
    assert np.abs(found - expected).max() < 1e-6


def test_randomised_layers_all_differ_and_repeat() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 12), nn.ReLU(), nn.Linear(12, 12), nn.ReLU(), nn.Linear(12, 10))
    subject, state = subject_of(model.eval()), torch.get_rng_state()
    one, same, other = (randomised(subject, 3, 0, repetition).trained for repetition in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    assert one is not None
    assert same is not None
    assert other is not None
    assert layers(model) == ["1", "3", "5"]
    assert torch.equal(one[1].weight, same[1].weight)
    assert not torch.equal(one[1].weight, other[1].weight)
    assert not torch.equal(one[3].weight[:10], one[5].weight)
    top = randomised(subject, 1, 0, 0).trained
    assert top is not None
    assert torch.equal(top[1].weight, model[1].weight)
    assert not torch.equal(top[5].weight, model[5].weight)


def test_edges_are_sobels_magnitude(asked: Question) -> None:
    from scipy.ndimage import sobel

    image = asked.images[0, 0].double().numpy()
    expected = np.hypot(sobel(image, 0, mode="constant"), sobel(image, 1, mode="constant"))
    assert np.allclose(control("edges").explain(asked).maps[0].numpy(), expected, atol=1e-5)


def test_infidelity_of_two_pixels_is_that_by_hand() -> None:
    model = Linear()
    with torch.no_grad():
        model.line.weight.zero_()
        model.line.weight[0, 28 * 3 + 20], model.line.weight[0, 28 * 4 + 20] = 2.0, -1.0
    images = torch.zeros(1, 1, 28, 28)
    images[0, 0, 3, 20], images[0, 0, 4, 20] = 1.0, 0.5
    pair = Question(subject_of(model), images, Target.of_class(torch.tensor([0])), torch.tensor([7]))
    maps = torch.zeros(1, 28, 28)
    maps[0, 3, 20], maps[0, 4, 20] = 1.0, 3.0
    for factor in (1.0, 10.0):
        given = Explainer("given", "", "share", False, lambda *rest, factor=factor: factor * maps)
        found = fidelity(pair, [given.explain(pair)], window=28, many=4)  # the whole frame: both pixels at once
        assert found["infidelity"][0, 0] == pytest.approx((factor * 4.0 - (2.0 - 0.5)) ** 2, rel=1e-5)
        assert found["fidelity"][0, 0] == pytest.approx(1.0, abs=1e-6)  # the best factor is found, whatever the unit


@pytest.mark.parametrize(
    "name", ["srg", "deletion", "insertion", "infidelity", "fidelity", "sensitivity-n", "road", "stroke-mass"]
)
def test_rows_are_not_taken_for_columns(asked: Question, name: str) -> None:
    images = torch.zeros(4, 1, 28, 28)
    images[:, :, 1:9, 17:27] = asked.images[:4, :, 9:17, 9:19] * 0.5 + 0.5  # ink at the upper right alone
    corner = Question(asked.subject, images, asked.target.take(slice(4)), asked.ids[:4])
    turned = Explainer("turned", "", "share", False, lambda *given: weights_times_ink(*given).mT.contiguous())
    candidates = [one.explain(corner) for one in (PERFECT, turned)]
    right, wrong = np.nan_to_num(MEASURES[name].compute(corner, candidates)[name]).mean(1)
    assert right > wrong if MEASURES[name].better == "high" else right < wrong


def test_masses_are_shares_whatever_the_signs_and_an_empty_region_is_undefined(asked: Question) -> None:
    candidates = [one.explain(asked) for one in (PERFECT, control("random"), control("edges"))]
    found = localised(asked, candidates, asked.images[:, 0] > 0.5)
    assert (candidates[0].maps < 0).any()
    for name in ("mass", "mass-positive"):
        assert ((found[name] >= 0) & (found[name] <= 1)).all()
    nowhere = localised(asked, candidates, torch.zeros_like(asked.images[:, 0], dtype=torch.bool))
    for name in ("mass", "rank"):
        assert np.isnan(nowhere[name]).all()
