"""A perturbation of the user's own in Python: what is taken, what is refused before anything is computed from it."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import robustmnist as rm
from robustmnist.draws import Draws
from robustmnist.errors import InputError
from robustmnist.perturb import prepare

SHARE = rm.Parameter("fraction", neutral=0, low=0, high=1)


def fade(images: Tensor, *, share: float, word: str = "all", power: float = 1.0) -> Tensor:
    return images * (1 - share) ** power


def grain(images: Tensor, *, share: float, draws: Draws) -> Tensor:
    return (images + share * draws.normal(1, 28, 28)).clamp(0, 1)


def test_a_function_is_prepared_as_a_shipped_one_is(digits28: Tensor) -> None:
    own = rm.perturbation(fade, share=SHARE)
    assert (own.name, own.random, len(own.code_sha256)) == ("fade", False, 64)
    perturbed = prepare(own, digits28[:5], ids=torch.arange(5))
    assert torch.equal(perturbed(share=0.0), digits28[:5])
    assert torch.equal(perturbed(share=0.25), digits28[:5] * 0.75)
    with pytest.raises(InputError, match="share goes from 0 to 1 fraction, not 2"):
        perturbed(share=2)


def test_draws_are_those_of_seed_name_and_id(digits28: Tensor) -> None:
    own, images, ids = rm.perturbation(grain, share=SHARE), digits28[:6], torch.arange(6)
    out = prepare(own, images, ids=ids, seed=3)(share=0.2)
    assert torch.equal(out, grain(images, share=0.2, draws=Draws(3, "grain", ids)))
    assert torch.equal(prepare(own, images[2:4], ids=ids[2:4], seed=3)(share=0.2), out[2:4])
    assert not torch.equal(prepare(own, images, ids=ids, seed=4)(share=0.2), out)


def test_its_hash_is_that_of_what_it_does() -> None:
    def of(factor: float) -> str:
        return rm.perturbation(lambda images, share: images * (1 - share) ** factor, share=SHARE).code_sha256

    assert of(1) == of(1) != of(2)
    assert rm.perturbation(fade, share=SHARE).code_sha256 == rm.perturbation(fade, share=SHARE).code_sha256


def in_place(images: Tensor, *, share: float) -> Tensor:
    return images.mul_(1 - share)


def remembers() -> Callable[..., Tensor]:
    calls: list[int] = []

    def count(images: Tensor, *, share: float) -> Tensor:
        calls.append(1)
        return images * (1 - share) if len(calls) % 2 else images

    return count


def from_torch(images: Tensor, *, share: float) -> Tensor:
    torch.manual_seed(0)
    return (images + share * torch.rand(1)).clamp(0, 1)


def from_random(images: Tensor, *, share: float) -> Tensor:
    state = np.random.get_state()  # noqa: NPY002
    out = images * (1 - share * np.random.rand() * 0)  # noqa: NPY002
    np.random.set_state(state)  # noqa: NPY002
    random.random()
    return out


def idle(images: Tensor, *, share: float, draws: Draws) -> Tensor:
    return images * (1 - share)


BROKEN: dict[str, tuple[Callable[..., Any], str]] = {
    "not neutral": (lambda images, share: images * 0.999, "changes the images at share = 0, where it should return"),
    "shape": (lambda images, share: images[:, 0], "returns float32 (6, 28, 28) of 6 images"),
    "dtype": (lambda images, share: images.double(), "returns float64 (6, 1, 28, 28)"),
    "array": (lambda images, share: images.numpy(), "returns a ndarray; return a new float32 tensor"),
    "range": (lambda images, share: images + share, "returns ink from 0.5 to 1.49984; clamp it"),
    "nan": (lambda images, share: images * (1 - share) / (1 - share), "returns ink from nan to nan"),
    "order": (lambda images, share: images * (1 - share * images[:1].mean()), "another result in another batch"),
    "batch": (lambda images, share: images * (1 - share) ** len(images), "another result in another batch"),
    "input": (in_place, "changes its input in place; let it work on a copy"),
    "memory": (remembers(), "gives other images when it is asked twice"),
    "torch": (from_torch, "draws from a global generator; take a keyword draws"),
    "python": (from_random, "draws from a global generator"),
    "idle draws": (idle, "takes draws and does not use them; leave the keyword out"),
    "keyword": (lambda images, power: images, "takes no argument share (power)"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_function_is_refused_in_one_line(case: str) -> None:
    function, words = BROKEN[case]
    before = torch.get_rng_state()
    with pytest.raises(InputError) as caught:
        rm.perturbation(function, share=SHARE)
    torch.set_rng_state(before)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_said_of_a_strength_is_checked() -> None:
    with pytest.raises(InputError, match="share: neutral 3 is not within 0 to 1"):
        rm.perturbation(fade, share=rm.Parameter("fraction", neutral=3, low=0, high=1))
    with pytest.raises(InputError, match="share: no measure is called 'inkk'"):
        rm.perturbation(fade, share=rm.Parameter("fraction", neutral=0, low=0, high=1, measure="inkk"))
    with pytest.raises(InputError, match="fade: has no strength"):
        rm.perturbation(fade)

    def rotation(images: Tensor, *, share: float) -> Tensor:
        return images

    with pytest.raises(InputError, match="rotation: is the name of a shipped perturbation"):
        rm.perturbation(rotation, share=SHARE)


def test_what_it_returns_is_looked_at_in_every_run(digits28: Tensor) -> None:
    def jumps(images: Tensor, *, share: float) -> Tensor:
        return images * (1 - share) if share != 0.123 else images + 1

    own = rm.perturbation(jumps, share=SHARE)
    with pytest.raises(InputError, match="jumps: returns ink from 1 to 2"):
        prepare(own, digits28[:2], ids=torch.arange(2))(share=0.123)
