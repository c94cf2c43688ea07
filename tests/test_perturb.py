"""What every perturbation promises: one table of cases, every promise on each."""

import itertools
from typing import Any

import pytest
import torch
from pictures import DEVICES, pictures
from torch import Tensor

from robustmnist.errors import ImagesError
from robustmnist.perturb import PERTURBATIONS, check_images, prepare
from robustmnist.suites import SHIPPED, load_suite

CASES: list[tuple[str, dict[str, Any]]] = [
    ("shift", {"dx": 3}),
    ("shift", {"dy": -2.0}),
    ("shift", {"dx": 1.5, "dy": -0.25}),
    ("shift", {"dx": -28, "dy": 28}),
    ("shift-towards", {"distance": 2, "direction": "left"}),
    ("shift-towards", {"distance": 10, "direction": "up-left", "metric": "chessboard"}),
    ("shift-towards", {"distance": 10, "direction": "up-left", "metric": "euclidean"}),
    ("scale", {"factor": 0.1}),
    ("scale", {"factor": 0.55}),
    ("scale", {"factor": 1.6}),
    ("scale", {"horizontal": 0.7}),
    ("scale", {"vertical": 1.3, "horizontal": 0.9}),
    ("rotation", {"angle": 90}),
    ("rotation", {"angle": -33.3}),
    ("rotation", {"angle": 180.5}),
    ("thickness", {"change": -1.0}),
    ("thickness", {"change": 1.75}),
    ("decentering", {"fraction": 0.4}),
    ("decentering", {"fraction": 1}),
    ("gaussian-noise", {"sigma": 0.3}),
    ("gaussian-noise", {"sigma": 10}),
    ("salt-and-pepper", {"probability": 0.2}),
    ("salt-and-pepper", {"probability": 1}),
    ("speckle", {"sigma": 0.6}),
    ("uniform-noise", {"amplitude": 0.5}),
    ("shot-noise", {"sigma": 0.01}),
    ("shot-noise", {"sigma": 0.5}),
    ("shot-noise", {"sigma": 10}),
]
IDS = [f"{name} {' '.join(f'{key}={value}' for key, value in strengths.items())}" for name, strengths in CASES]
NEUTRAL = [  # each strength with each choice of words
    (name, key, dict(zip(perturbation.choices, words, strict=True)))
    for name, perturbation in PERTURBATIONS.items()
    for key in perturbation.parameters
    for words in itertools.product(*perturbation.choices.values())
]

table = pytest.mark.parametrize(("name", "strengths"), CASES, ids=IDS)
devices = pytest.mark.parametrize("device", DEVICES)


def run(name: str, images: Tensor, strengths: dict[str, Any], *, ids: Tensor | None = None, seed: int = 0) -> Tensor:
    if ids is None:
        ids = torch.arange(len(images), device=images.device)
    return prepare(name, images, ids=ids, seed=seed)(**strengths)


def test_the_table_is_complete() -> None:
    assert {name for name, _ in CASES} == set(PERTURBATIONS)
    for name, perturbation in PERTURBATIONS.items():
        keys = {key for case, strengths in CASES if case == name for key in strengths}
        assert keys == {*perturbation.parameters, *perturbation.choices}


@devices
@table
def test_images_come_out(name: str, strengths: dict[str, Any], device: str) -> None:
    images = pictures(6).to(device)
    out = run(name, images, strengths)
    assert out.shape == images.shape
    assert out.device == images.device
    assert out.is_contiguous()
    assert not out.requires_grad
    check_images(out)
    assert not torch.equal(out, images)


@table
def test_the_input_is_left_alone(name: str, strengths: dict[str, Any]) -> None:
    images = pictures(5)
    before = images.clone()
    out = run(name, images, strengths)
    assert torch.equal(images, before)
    out.fill_(0.5)
    assert torch.equal(images, before)


@devices
@table
def test_any_batch_split_gives_the_same_bits(name: str, strengths: dict[str, Any], device: str) -> None:
    images, ids = pictures(260).to(device), torch.arange(1000, 1260, device=device)
    whole = run(name, images, strengths, ids=ids)
    for sizes in ([1, 1], [3, 250, 7]):
        start = 0
        for size in sizes:
            part = slice(start, start + size)
            assert torch.equal(run(name, images[part], strengths, ids=ids[part]), whole[part])
            start += size


@devices
@table
def test_samples_may_come_in_any_order(name: str, strengths: dict[str, Any], device: str) -> None:
    images, ids = pictures(30).to(device), torch.arange(30, device=device)
    order = torch.randperm(30, generator=torch.Generator().manual_seed(1)).to(device)
    whole = run(name, images, strengths, ids=ids)
    assert torch.equal(run(name, images[order], strengths, ids=ids[order]), whole[order])


@table
def test_threads_change_nothing(name: str, strengths: dict[str, Any]) -> None:
    images, threads = pictures(100), torch.get_num_threads()
    whole = run(name, images, strengths)
    try:
        torch.set_num_threads(1 if threads > 1 else 2)
        assert torch.equal(run(name, images, strengths), whole)
    finally:
        torch.set_num_threads(threads)


@table
def test_the_input_may_lie_anyhow_in_memory(name: str, strengths: dict[str, Any]) -> None:
    images = pictures(4)
    expected = run(name, images, strengths)
    turned = images.transpose(2, 3).contiguous().transpose(2, 3)
    every_second = torch.stack([images, images], 1).flatten(0, 1)[::2]
    channels_last = images.to(memory_format=torch.channels_last)
    for same in (turned, every_second, channels_last):
        assert torch.equal(run(name, same, strengths), expected)


@table
def test_no_images_and_one_image_are_fine(name: str, strengths: dict[str, Any]) -> None:
    assert run(name, pictures(0), strengths).shape == (0, 1, 28, 28)
    assert run(name, pictures(1), strengths).shape == (1, 1, 28, 28)


@table
def test_the_global_generator_is_left_alone(name: str, strengths: dict[str, Any]) -> None:
    before = torch.get_rng_state()
    run(name, pictures(2), strengths)
    assert torch.equal(before, torch.get_rng_state())


@table
def test_whole_numbers_may_stand_for_floats(name: str, strengths: dict[str, Any]) -> None:
    whole = {key: value for key, value in strengths.items() if isinstance(value, int)}
    if whole:
        as_floats = strengths | {key: float(value) for key, value in whole.items()}
        assert torch.equal(run(name, pictures(2), strengths), run(name, pictures(2), as_floats))


@table
def test_prepared_once_serves_all_strengths(name: str, strengths: dict[str, Any]) -> None:
    images, perturbation = pictures(5), PERTURBATIONS[name]
    shared = prepare(name, images, ids=torch.arange(5))
    for key, parameter in perturbation.parameters.items():
        shared(**{key: parameter.high})
        shared(**{key: parameter.neutral})
    assert torch.equal(shared(**strengths), run(name, images, strengths))


@table
def test_only_random_perturbations_depend_on_the_seed(name: str, strengths: dict[str, Any]) -> None:
    images = pictures(8)
    alike = torch.equal(run(name, images, strengths, seed=1), run(name, images, strengths, seed=2))
    assert alike == (not PERTURBATIONS[name].random)


@pytest.mark.parametrize("name", [name for name, it in PERTURBATIONS.items() if it.random])
def test_draws_are_not_shared_by_the_batch(name: str) -> None:
    """antialiased-cnns, foolbox and ART draw once per batch: the same picture came out the same for every sample."""
    parameter = next(iter(PERTURBATIONS[name].parameters))
    out = run(name, pictures(1).expand(20, -1, -1, -1), {parameter: 0.9})
    assert len({picture.numpy().tobytes() for picture in out}) > 15


@devices
@pytest.mark.parametrize(("name", "key", "words"), NEUTRAL, ids=str)
def test_the_neutral_value_changes_no_bit(name: str, key: str, words: dict[str, str], device: str) -> None:
    images = torch.cat([pictures(20), torch.rand(20, 1, 28, 28), torch.zeros(1, 1, 28, 28), torch.ones(1, 1, 28, 28)])
    images = images.to(device)
    parameter = PERTURBATIONS[name].parameters[key]
    out = run(name, images, {key: parameter.neutral, **words})
    assert torch.equal(out, images)
    assert out.data_ptr() != images.data_ptr()
    assert parameter.low <= parameter.neutral <= parameter.high


@pytest.mark.parametrize("name", SHIPPED)
def test_every_setting_of_the_shipped_suites_makes_images(name: str, digits28: Tensor) -> None:
    images, ids = digits28[:10], torch.arange(10)
    for sweep in load_suite(name).sweeps:
        for variant in sweep.variants:
            perturb = prepare(sweep.perturbation, images, ids=ids, draw=variant.draw)
            for value in sweep.values:
                out = perturb(**{sweep.parameter: value}, **variant.fixed)
                check_images(out)
                assert torch.equal(out, images) == (value == sweep.neutral)


def test_prepare_says_what_it_cannot_do() -> None:
    with pytest.raises(ValueError, match="no perturbation 'shifty': shift, shift-towards"):
        prepare("shifty", pictures(2), ids=torch.arange(2))
    with pytest.raises(ValueError, match="3 images need as many ids"):
        prepare("shift", pictures(3), ids=torch.arange(2))


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ("a picture", "must be a torch tensor, not str"),
        (torch.zeros(28, 28), r"must have shape \(B, 1, 28, 28\), not \(28, 28\)"),
        (torch.zeros(2, 3, 28, 28), r"not \(2, 3, 28, 28\)"),
        (torch.zeros(2, 1, 28, 28, dtype=torch.uint8), "must be float32, not torch.uint8; divide by 255"),
        (torch.zeros(2, 1, 28, 28, dtype=torch.float64), "must be float32, not torch.float64"),
        (torch.full((1, 1, 28, 28), 255.0), r"must hold ink in \[0, 1\], not 255 to 255; rescale"),
        (torch.full((1, 1, 28, 28), -0.1), "not -0.1 to -0.1"),
        (torch.full((1, 1, 28, 28), float("nan")), "not nan to nan"),
    ],
)
def test_what_are_no_images_is_named(images: Any, message: str) -> None:
    with pytest.raises(ImagesError, match=message):
        check_images(images)


def test_images_pass() -> None:
    check_images(pictures(0))
    check_images(pictures(3))
