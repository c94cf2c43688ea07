"""What every perturbation promises: one table of cases, every promise on each."""

import inspect
import itertools
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from support.perturb_face import STUB, stub
from support.pictures import DEVICES, pictures
from torch import Tensor

from robustmnist import perturb
from robustmnist.draws import Draws
from robustmnist.errors import ImagesError, InputError
from robustmnist.perturb import PERTURBATIONS, check_images, chunks, mnist_c, prepare
from robustmnist.perturb.checked import CHECKED
from robustmnist.perturb.registry import joined
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
    ("pose", {"angle": 25.0, "dx": -3, "dy": 1.5}),
    ("pose", {"angle": -90, "dx": 2}),
    ("pose", {"angle": 10, "dx": 1, "convention": "foolbox"}),
    ("pose", {"angle": 10, "dy": -2.6, "convention": "art"}),
    ("random-pose", {"extent": 1}),
    ("random-pose", {"extent": 0.4, "max_angle": 90.0, "max_shift": 1, "convention": "foolbox"}),
    ("shear", {"horizontal": 0.4}),
    ("shear", {"horizontal": -1, "vertical": 0.3}),
    ("perspective", {"displacement": 3.5}),
    ("perspective", {"displacement": 13, "direction": "up"}),
    ("elastic", {"displacement": 1.5}),
    ("elastic", {"displacement": 10, "smoothing": 6.5}),
    ("turn-and-back", {"angle": 22.5}),
    ("shift-and-back", {"distance": 0.5}),
    ("shift-and-back", {"distance": 0.25, "direction": "down-left", "metric": "chessboard"}),
    ("patch", {"side": 7.5}),
    ("patch", {"side": 4, "fill": "ink"}),
    ("stripe", {"width": 3}),
    ("stripe", {"width": 6.4, "direction": "vertical", "fill": "paper"}),
    ("lines", {"width": 1.2}),
    ("lines", {"width": 2, "number": 10, "fill": "inverted"}),
    ("missing-rows", {"fraction": 0.3}),
    ("missing-rows", {"fraction": 0.75}),
    ("thickness", {"change": -1.0}),
    ("thickness", {"change": 1.75}),
    ("relative-thickness", {"change": -0.5}),
    ("relative-thickness", {"change": 4}),
    ("target-thickness", {"share": 0.6}),
    ("target-thickness", {"share": 1, "target": 1.5}),
    ("swelling", {"exponent": 3}),
    ("swelling", {"exponent": 1.5, "radius": 12}),
    ("fracture", {"width": 1.5}),
    ("fracture", {"width": 4, "number": 10}),
    ("width", {"factor": 0.6}),
    ("width", {"factor": 1.35}),
    ("decentering", {"fraction": 1}),
    ("decentering", {"fraction": 0.4}),
    ("gaussian-noise", {"sigma": 0.3}),
    ("gaussian-noise", {"sigma": 10}),
    ("salt-and-pepper", {"probability": 0.2}),
    ("salt-and-pepper", {"probability": 1}),
    ("speckle", {"sigma": 0.6}),
    ("impulse-noise", {"probability": 0.2}),
    ("impulse-noise", {"probability": 1}),
    ("band-noise", {"sigma": 0.3}),
    ("band-noise", {"sigma": 1, "band": "high"}),
    ("band-noise", {"sigma": 0.5, "band": "low", "cut": 3.5}),
    ("uniform-noise", {"amplitude": 0.5}),
    ("shot-noise", {"sigma": 0.01}),
    ("shot-noise", {"sigma": 0.5}),
    ("shot-noise", {"sigma": 10}),
    ("gaussian-blur", {"sigma": 0.6}),
    ("gaussian-blur", {"sigma": 4}),
    ("defocus", {"radius": 0.5}),
    ("defocus", {"radius": 6}),
    ("motion-blur", {"length": 7.5, "angle": 33.0}),
    ("motion-blur", {"length": 15, "angle": 90}),
    ("glass-blur", {"reach": 0.4}),
    ("glass-blur", {"reach": 2, "smoothing": 0}),
    ("zoom-blur", {"factor": 1.2}),
    ("zoom-blur", {"factor": 3}),
    ("pixelate", {"block": 1.75}),
    ("pixelate", {"block": 4}),
    ("brightness", {"change": 0.5}),
    ("brightness", {"change": -0.3}),
    ("contrast", {"factor": 0.3}),
    ("contrast", {"factor": 2, "about": "middle"}),
    ("contrast", {"factor": 0.05, "about": "paper"}),
    ("gamma", {"exponent": 0.37}),
    ("gamma", {"exponent": 4}),
    ("inversion", {"fraction": 0.4}),
    ("inversion", {"fraction": 1}),
    ("quantise", {"step": 0.2}),
    ("quantise", {"step": 1}),
    ("jpeg", {"loss": 25}),
    ("jpeg", {"loss": 90}),
    ("mnist-c-shot-noise", {"sigma": 0.45}),
    ("mnist-c-impulse-noise", {"probability": 0.17}),
    ("mnist-c-glass-blur", {"sigma": 0.7, "max_delta": 1, "iterations": 2}),
    ("mnist-c-glass-blur", {"sigma": 1.5, "max_delta": 4, "iterations": 3}),
    ("mnist-c-motion-blur", {"sigma": 3, "radius": 10}),
    ("mnist-c-motion-blur", {"sigma": 15, "radius": 20}),
    ("mnist-c-shear", {"angle": 0.4}),
    ("mnist-c-scale", {"factor": 0.7}),
    ("mnist-c-rotate", {"angle": 1}),
    ("mnist-c-brightness", {"offset": 0.5}),
    ("mnist-c-translate", {"distance": 3}),
    ("mnist-c-translate", {"distance": 1.5}),
    ("mnist-c-stripe", {"opacity": 1}),
    ("mnist-c-stripe", {"opacity": 0.4}),
    ("mnist-c-fog", {"amount": 3, "decay": 1.4}),
    ("mnist-c-spatter", {"coverage": 0.5, "blur": 1, "edge": 1.5}),
    ("mnist-c-spatter", {"coverage": 0.24, "blur": 2, "edge": 0.5}),
    ("mnist-c-dotted-line", {"opacity": 1}),
    ("mnist-c-zigzag", {"opacity": 0.5}),
    ("mnist-c-canny-edges", {"opacity": 1}),
    ("mnist-c-canny-edges", {"opacity": 0.25}),
]
IDS = [f"{name} {' '.join(f'{key}={value}' for key, value in strengths.items())}" for name, strengths in CASES]
NEUTRAL = [  # each strength with each choice of words, and with the modifiers at either end of their range
    (name, key, dict(zip(perturbation.choices, words, strict=True)) | modifiers)
    for name, perturbation in PERTURBATIONS.items()
    for key in perturbation.parameters
    for words in itertools.product(*perturbation.choices.values())
    for modifiers in (
        {},
        *(
            (
                {k: m.low for k, m in perturbation.modifiers.items()},
                {k: m.high for k, m in perturbation.modifiers.items()},
            )
            if perturbation.modifiers
            else ()
        ),
    )
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
        assert keys == {*perturbation.parameters, *perturbation.modifiers, *perturbation.choices}


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


@table
def test_chunks_give_the_same_bits(name: str, strengths: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    images = pictures(30)
    whole = run(name, images, strengths)
    monkeypatch.setattr(chunks, "CPU_WHOLE", 10)
    monkeypatch.setattr(chunks, "CPU_CHUNK", 7)
    assert torch.equal(run(name, images, strengths), whole)


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


# Where few results are possible: a sign, two signs, a direction rounded to whole pixels.
FEW = {"decentering": 8, "mnist-c-shear": 2, "mnist-c-rotate": 2, "mnist-c-translate": 4, "mnist-c-motion-blur": 8}


@pytest.mark.parametrize("name", [name for name, it in PERTURBATIONS.items() if it.random])
def test_draws_are_not_shared_by_the_batch(name: str) -> None:
    """antialiased-cnns, foolbox and ART draw once per batch: the same picture came out the same for every sample."""
    strengths = next(strengths for case, strengths in CASES if case == name)
    out = run(name, pictures(1).expand(20, -1, -1, -1), strengths)
    assert len({picture.numpy().tobytes() for picture in out}) >= FEW.get(name, 16)


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
                out = perturb(**sweep.arguments(value, variant))
                check_images(out)
                assert torch.equal(out, images) == sweep.is_neutral(value, variant)


def test_prepare_says_what_it_cannot_do() -> None:
    with pytest.raises(ValueError, match="no perturbation 'shifty': shift, shift-towards"):
        prepare("shifty", pictures(2), ids=torch.arange(2))
    with pytest.raises(ValueError, match="3 images need as many ids"):
        prepare("shift", pictures(3), ids=torch.arange(2))
    with pytest.raises(ImagesError, match=r"must be float32, not torch\.uint8; divide by 255"):
        prepare("shift", pictures(3).byte(), ids=torch.arange(3))


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_a_number_out_of_its_range_is_refused_by_name(name: str) -> None:
    perturbation = PERTURBATIONS[name]
    perturbed = prepare(name, pictures(2), ids=torch.arange(2))
    numbers = {**perturbation.parameters, **perturbation.modifiers}
    strength = next(iter(perturbation.parameters))
    for key, number in numbers.items():
        others = {} if key in perturbation.parameters else {strength: perturbation.parameters[strength].neutral}
        for bad in (number.low - 0.5, number.high + 1, float("inf"), float("nan")):
            with pytest.raises(InputError, match=rf"{name}: {key} goes from {number.low:g} to {number.high:g} "):
                perturbed(**others, **{key: bad})


def test_a_strength_too_near_to_neutral_is_refused() -> None:
    with pytest.raises(InputError, match=r"sigma must be 0 or at least 0\.01 sd of ink from it, not 0\.005"):
        prepare("shot-noise", pictures(2), ids=torch.arange(2))(sigma=0.005)


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


MNIST_C = [name for name in PERTURBATIONS if name.startswith("mnist-c-")]
DIRECT = {perturbation.function.__name__: name for name, perturbation in PERTURBATIONS.items() if name not in MNIST_C}


CORRUPTIONS = {name: PERTURBATIONS[name].function.__name__ for name in MNIST_C}


@pytest.mark.parametrize(
    ("name", "call"),
    [(DIRECT.get(function), getattr(perturb, function)) for function in CHECKED]
    + [(name, getattr(mnist_c, function)) for name, function in CORRUPTIONS.items() if hasattr(mnist_c, function)],
)
def test_a_direct_call_checks_its_images(name: str | None, call: Callable[..., Tensor]) -> None:
    """The public edge is every public function, not only the call by name."""
    arguments: dict[str, Any] = {}
    if name is not None:
        perturbation = PERTURBATIONS[name]
        arguments = {key: number.neutral for key, number in perturbation.parameters.items()}
        if perturbation.random:
            arguments["draws"] = Draws(0, name, torch.arange(3))
    images = pictures(3)
    assert torch.equal(call(images, **arguments), images)
    for bad, message in (
        (images[:, 0], r"must have shape \(B, 1, 28, 28\), not \(3, 28, 28\)"),
        (images.double(), "must be float32, not torch.float64"),
        (images + 1, r"must hold ink in \[0, 1\]"),
        (images * float("nan"), "not nan to nan"),
    ):
        with pytest.raises(ImagesError, match=message):
            call(bad, **arguments)
    if "draws" in arguments:
        with pytest.raises(ValueError, match="2 images need as many draws, not 3"):
            call(images[:2], **arguments)


def test_every_perturbation_by_name_can_be_called_directly() -> None:
    assert DIRECT.keys() | {"affine"} == CHECKED.keys()
    assert all(getattr(perturb, name) is function for name, function in CHECKED.items())
    elsewhere = {"mnist-c-shot-noise", "mnist-c-impulse-noise"}
    assert {name for name, function in CORRUPTIONS.items() if not hasattr(mnist_c, function)} == elsewhere


# --- entries and what is made from them -----------------------------------------------------------------------------


def test_a_second_entry_under_one_name_is_an_error() -> None:
    entry = PERTURBATIONS["shift"]
    assert joined(("b", entry), ("a", entry)) == {"b": entry, "a": entry}
    with pytest.raises(ValueError, match="two perturbations are named shift"):
        joined(("shift", entry), ("scale", entry), ("shift", PERTURBATIONS["scale"]))


def test_the_page_can_say_what_every_strength_does() -> None:
    for name, entry in PERTURBATIONS.items():
        for key, parameter in entry.parameters.items():
            assert {*re.findall(r"\{\w+\}", parameter.above + parameter.below)} <= {"{a}", "{n}", "{p}"}
            for phrase in filter(None, (parameter.above, parameter.below)):
                assert phrase.count("{") == 1, f"{name}.{key}"
            assert parameter.above if parameter.high > parameter.neutral else parameter.below, f"{name}.{key}"
        assert all(not number.above and not number.below for number in entry.modifiers.values())


def test_editors_see_what_the_registry_has() -> None:
    assert STUB.read_text("utf-8") == stub(), "run PYTHONPATH=tests python -m support.perturb_face"
    names = re.findall(r" import (\w+) as \1$", stub(), re.MULTILINE)
    assert sorted(names) == sorted(perturb.__all__) == dir(perturb)


def test_the_face_offers_nothing_but_the_surface() -> None:
    for face in (perturb, mnist_c):
        modules = {name for name in dir(face) if inspect.ismodule(getattr(face, name))}
        assert modules == ({"mnist_c"} if face is perturb else set())
        functions = [getattr(face, name) for name in dir(face) if inspect.isfunction(getattr(face, name))]
        assert all(function.__doc__ for function in functions)
