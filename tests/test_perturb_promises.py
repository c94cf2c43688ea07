"""Every perturbation keeps the promises at any strength, with any modifiers and choices (hypothesis)."""

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.defaults import default_dtype
from support.pictures import pictures
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.errors import ImagesError
from robustmnist.perturb import PERTURBATIONS, Parameter, check_images, chunks, prepare, resample

N = 4
STEP = 2.0**-10  # ink by which images are moved to see what a perturbation makes of it
every = pytest.mark.parametrize("name", PERTURBATIONS)


def numbers(parameter: Parameter) -> st.SearchStrategy[float]:
    span = st.floats(parameter.low, parameter.high, allow_nan=False)
    far = span.filter(lambda value: abs(value - parameter.neutral) >= max(parameter.smallest, 1e-6))
    return st.one_of(st.just(parameter.neutral), far)


@st.composite
def requests(draw: st.DrawFn, name: str, *, neutral: bool = False) -> dict[str, Any]:
    """Draw keyword arguments that a suite may ask for: one strength, any modifiers, any words."""
    perturbation = PERTURBATIONS[name]
    strength = draw(st.sampled_from(sorted(perturbation.parameters)))
    parameter = perturbation.parameters[strength]
    asked: dict[str, Any] = {strength: parameter.neutral if neutral else draw(numbers(parameter))}
    for key, modifier in perturbation.modifiers.items():
        if draw(st.booleans()):
            asked[key] = draw(numbers(modifier))
    for key, words in perturbation.choices.items():
        if draw(st.booleans()):
            asked[key] = draw(st.sampled_from(words))
    return asked


def run(name: str, images: Tensor, asked: dict[str, Any], ids: Tensor | None = None, seed: int = 0) -> Tensor:
    ids = torch.arange(len(images)) if ids is None else ids
    return prepare(name, images, ids=ids, seed=seed)(**asked)


def direct(name: str, images: Tensor, asked: dict[str, Any], seed: int = 0) -> Tensor:
    draws = {"draws": Draws(seed, name, torch.arange(len(images)))} if PERTURBATIONS[name].random else {}
    return PERTURBATIONS[name].function(images, **asked, **draws)


def mixed(seed: int) -> Tensor:
    """Return written, blank, full and random pictures."""
    return torch.cat([pictures(N - 3, seed), torch.zeros(1, 1, 28, 28), torch.ones(1, 1, 28, 28), noise(seed)])


def noise(seed: int) -> Tensor:
    return torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(seed))


@every
@given(st.data(), st.integers(0, 999))
def test_images_come_out_and_the_input_and_all_generators_stay(name: str, data: st.DataObject, seed: int) -> None:
    images = mixed(seed)
    before, state = images.clone(), torch.get_rng_state()
    out = run(name, images, data.draw(requests(name)), seed=seed)
    check_images(out)
    assert out.shape == images.shape
    assert torch.equal(images, before)
    assert torch.equal(torch.get_rng_state(), state)


@every
@given(st.data(), st.integers(0, 999))
def test_neutral_is_exact_whatever_else_is_asked(name: str, data: st.DataObject, seed: int) -> None:
    images = mixed(seed)
    assert torch.equal(run(name, images, data.draw(requests(name, neutral=True)), seed=seed), images)


@every
@given(st.data(), st.integers(0, 999), st.permutations(range(N)), st.integers(1, N - 1))
def test_a_sample_is_perturbed_alike_alone_and_in_any_order(
    name: str, data: st.DataObject, seed: int, order: list[int], cut: int
) -> None:
    images, ids = mixed(seed), torch.tensor([7, 0, 123_456, 5_000_000_000])
    asked = data.draw(requests(name))
    whole = run(name, images, asked, ids)
    assert torch.equal(run(name, images[order], asked, ids[order]), whole[order])
    parts = [run(name, images[part], asked, ids[part]) for part in (slice(cut), slice(cut, None))]
    assert torch.equal(torch.cat(parts), whole)


@pytest.mark.parametrize("name", [name for name, perturbation in PERTURBATIONS.items() if perturbation.random])
def test_other_seeds_and_samples_are_perturbed_otherwise(name: str) -> None:
    perturbation = PERTURBATIONS[name]
    images = pictures(1, 3).expand(24, 1, 28, 28).contiguous()
    key, parameter = next(iter(perturbation.parameters.items()))
    far = max((parameter.low, parameter.high), key=lambda end: abs(end - parameter.neutral))
    # A strength from the middle of the range: at its end some perturbations leave nothing that could differ.
    asked = {key: parameter.neutral + 0.4 * (min(max(far, -3.0), 3.0) - parameter.neutral)}
    first, second = (run(name, images, asked, seed=seed) for seed in (0, 1))
    assert not torch.equal(first, second)
    assert len({out.numpy().tobytes() for out in first}) > 1


@every
@given(st.data(), st.integers(0, 999))
def test_no_bit_depends_on_torchs_default_dtype(name: str, data: st.DataObject, seed: int) -> None:
    images, asked = mixed(seed), data.draw(requests(name))
    with default_dtype(torch.float32):
        expected = run(name, images, asked, seed=seed)
    with default_dtype(torch.float64):
        for out in (run(name, images, asked, seed=seed), direct(name, images, asked, seed)):
            assert out.dtype == torch.float32
            assert torch.equal(out, expected)


def greys(seed: int) -> Tensor:
    """Return pictures on paper and full frames, all ink from 0.1 to 0.88 but for one pixel each, the darkest."""
    images = torch.cat([pictures(2, seed, box=16), noise(seed), noise(seed + 1000)])
    images = torch.where(images > 0, 0.1 + 0.78 * images, 0.0)
    images[:, :, 14, 14] = 0.9
    return images


@every
@given(st.data(), st.integers(0, 999))
def test_the_gradient_is_that_of_finite_differences_or_refused(name: str, data: st.DataObject, seed: int) -> None:
    images, asked = greys(seed), data.draw(requests(name))
    followed = images.clone().requires_grad_()
    if not PERTURBATIONS[name].differentiable:
        for call in (run, direct):
            with pytest.raises(ImagesError, match=r"no gradient with respect to the images; use images\.detach"):
                call(name, followed, asked)
            with torch.no_grad():
                assert torch.equal(call(name, followed, asked), run(name, images, asked))
        return
    step = torch.rand(images.shape, generator=torch.Generator().manual_seed(seed)) * (images > 0) * STEP
    ahead, behind = (run(name, images + way * step, asked, seed=seed).double() for way in (1, -1))
    for call in (run, direct):
        out = call(name, followed, asked, seed=seed)
        assert torch.equal(out, run(name, images, asked, seed=seed))
        # Where no ink is cut off at paper or at full ink.
        within = torch.stack([ahead, behind, out.detach().double()])
        change = torch.where(((within > 1e-3) & (within < 1 - 1e-3)).all(0), (ahead - behind) / 2, 0.0)
        (slope,) = torch.autograd.grad(out, followed, change.float())
        assert float((slope.double() * step).sum()) == pytest.approx(float(change.square().sum()), rel=0.01, abs=1e-7)


@pytest.mark.parametrize("name", [name for name, entry in PERTURBATIONS.items() if entry.differentiable])
def test_the_gradient_does_not_depend_on_chunks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    images = torch.cat([greys(0), greys(1)]).requires_grad_()
    key, parameter = next(iter(PERTURBATIONS[name].parameters.items()))
    asked = {key: parameter.neutral + 0.2 * (min(parameter.high, 3.0) - parameter.neutral)}

    def slope() -> Tensor:
        out = run(name, images, asked)
        return torch.autograd.grad(out, images, out.detach())[0]

    whole = slope()
    assert whole.abs().amax() > 0.05
    for module, size in ((chunks, "CPU_WHOLE"), (chunks, "CPU_CHUNK"), (resample, "CPU_WIDTH")):
        monkeypatch.setattr(module, size, 3)
    torch.testing.assert_close(slope(), whole, rtol=0, atol=1e-6)


def test_what_was_prepared_without_a_gradient_does_not_cut_it() -> None:
    images = greys(0).requires_grad_()
    with torch.no_grad():
        turned = prepare("rotation", images, ids=torch.arange(N))
    assert turned(angle=30.0).requires_grad
