"""JavaScript computes what Python computes: answers, MNIST's form, perturbations, measures, limits."""

import base64
from pathlib import Path

import numpy as np
import pytest
import torch
from support.javascript import needs_node, run
from torch import Tensor

from robustmnist import perturb
from robustmnist.data.mnist_form import to_mnist
from robustmnist.draws import Draws
from robustmnist.measure import MEASURES
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.sketchpad.interpret import interpret
from robustmnist.sketchpad.packing import Block, Precision, packed_chains, rounded
from robustmnist.sketchpad.pushes import PUSHES, STRIPS, pushes, tables
from robustmnist.sketchpad.translate import chain_of

pytestmark = needs_node


@pytest.fixture(scope="module")
def digits(mnist_test: tuple[np.ndarray, np.ndarray]) -> Tensor:
    """Return 1,000 of MNIST's test digits, float32 (1000, 1, 28, 28)."""
    return torch.tensor(mnist_test[0][:1000]).float().div(255)[:, None]


def levels(images: Tensor) -> list[list[int]]:
    return images.mul(255).round().to(torch.int64).flatten(1).tolist()


ANSWERS = """
const block = await unpackBlock(given.block);
const inks = given.digits.map((digit) => digit.map((level) => level / 255));
return readChains(given.chains, block).map((chain) => inks.map((ink) => Array.from(answer(chain, ink))));
"""


@pytest.mark.parametrize(("precision", "names"), [("int8", ("fc", "lenet5")), ("float16", ("fc", "cnn"))])
def test_a_page_answers_what_the_chain_answers(
    precision: Precision, names: tuple[str, ...], digits: Tensor, tmp_path: Path
) -> None:
    models = [load_checkpoint(name) for name in names]
    chains = [chain_of(model, digits[:20]) for model in models]
    block = Block()
    packed = packed_chains(chains, block, precision)
    given = {"chains": packed, "block": base64.b64encode(block.gzipped()).decode(), "digits": levels(digits)}
    computed = torch.tensor(run(tmp_path, ANSWERS, given))
    for model, chain, answers in zip(models, chains, computed, strict=True):
        wanted = interpret(rounded(chain, precision), digits)
        assert torch.equal(answers.argmax(1), wanted.argmax(1))
        assert float((answers - wanted).abs().max()) < 1e-3
        if precision == "float16":  # as the shipped weights are stored
            assert torch.equal(answers.argmax(1), model(digits).argmax(1))
            assert float((answers - model(digits)).abs().max()) < 1e-3
        else:
            assert int((answers.argmax(1) != model(digits).argmax(1)).sum()) <= 1


@pytest.mark.parametrize("side", [28, 64, 280])
def test_mnist_form(side: int, digits: Tensor, tmp_path: Path) -> None:
    small = torch.nn.functional.interpolate(digits[:12], (side // 2, side // 2), mode="bilinear")
    pictures = torch.zeros(12, 1, side, side)
    for k, digit in enumerate(small):  # in another corner each
        y, x = (k * 7) % (side // 2), (k * 5) % (side // 2)
        pictures[k, :, y : y + side // 2, x : x + side // 2] = digit * (1 - k / 20)
    pictures[0] = 1 - pictures[0]  # dark on light
    byte = pictures.mul(255).round().to(torch.uint8)
    body = """
    const side = Math.sqrt(given[0].length), grey = (levels) => levels.map((level) => level / 255);
    return given.map((levels) => Array.from(toMnist(grey(levels), side, side)));
    """
    computed = torch.tensor(run(tmp_path, body, byte.flatten(1).tolist()))
    assert float((computed - to_mnist(byte).flatten(1)).abs().max()) <= 1 / 255 + 1e-6
    assert float((computed - to_mnist(byte).flatten(1)).abs().gt(1e-6).float().mean()) < 1e-3


def test_the_picture_as_drawn_is_the_mean_of_each_block(digits: Tensor, tmp_path: Path) -> None:
    pictures = torch.nn.functional.interpolate(digits[:3], scale_factor=10)
    computed = torch.tensor(
        run(tmp_path, "return given.map((each) => Array.from(averaged(each, 280)))", pictures.flatten(1).tolist())
    )
    torch.testing.assert_close(computed, digits[:3].flatten(1), atol=1e-6, rtol=0)


def strengths(key: str) -> list[float]:
    push = next(push for push in PUSHES if push.key == key)
    return [
        push.low,
        (push.low + push.neutral) / 2 + 0.123,
        push.neutral,
        (push.high + push.neutral) / 2 - 0.077,
        push.high,
    ]


PYTHON = {
    "shift-x": lambda images, strength: perturb.shift(images, dx=strength),
    "shift-y": lambda images, strength: perturb.shift(images, dy=strength),
    "turn": lambda images, strength: perturb.rotation(images, angle=strength),
    "scale": lambda images, strength: perturb.scale(images, factor=strength),
    "stroke": lambda images, strength: perturb.thickness(images, change=strength),
    "noise": lambda images, strength: torch.cat(
        [
            perturb.gaussian_noise(
                image[None], sigma=strength, draws=Draws(0, "gaussian-noise", torch.zeros(1, dtype=torch.int64))
            )
            for image in images
        ]
    ),
}


@pytest.mark.parametrize("key", PYTHON)
def test_a_push_is_the_perturbation(key: str, digits: Tensor, tmp_path: Path) -> None:
    images, block = digits[:10], Block()
    known = tables(block)
    given = {
        "digits": levels(images),
        "tables": known,
        "block": base64.b64encode(block.gzipped()).decode(),
        "key": key,
        "strengths": strengths(key),
    }
    body = """
    const bytes = await unpackBlock(given.block);
    const tables = { stroke: given.tables.stroke, noise: readArray(given.tables.noise, bytes) };
    const inks = given.digits.map((digit) => Float64Array.from(digit, (level) => level / 255));
    const push = (ink, strength) => Array.from(PERTURBATIONS[given.key](ink, strength, tables));
    return given.strengths.map((strength) => inks.map((ink) => push(ink, strength)));
    """
    for strength, computed in zip(strengths(key), run(tmp_path, body, given), strict=True):
        wanted = PYTHON[key](images, max(strength, 0) if key == "noise" else strength).flatten(1)
        assert float((torch.tensor(computed) - wanted).abs().max()) < (5e-3 if key == "noise" else 1e-3), strength


def test_the_strengths_are_ones_that_the_perturbations_take() -> None:
    assert {push.key for push in PUSHES} == set(PYTHON)
    assert all(push["low"] <= push["neutral"] <= push["high"] for push in pushes())


def test_measures(digits: Tensor, tmp_path: Path) -> None:
    body = "return given.map((digit) => measured(digit.map((level) => level / 255)))"
    computed = run(tmp_path, body, levels(digits[:200]))
    for strip in STRIPS:
        wanted = MEASURES[strip.measure].function(digits[:200]).double().numpy()
        assert np.abs(np.array([each[strip.measure] for each in computed]) - wanted).max() < 2e-3, strip.measure


def test_a_limit_is_where_the_answer_changes(digits: Tensor, tmp_path: Path) -> None:
    """Every limit of a digit is the first strength of the grid at which the model reads otherwise, within a step."""
    model, block = load_checkpoint("fc"), Block()
    chain = chain_of(model, digits[:20])
    packed, known = packed_chains([chain], block, "float16"), tables(block)
    given = {
        "chains": packed,
        "tables": known,
        "pushes": [push for push in pushes() if push["key"] != "noise"],
        "block": base64.b64encode(block.gzipped()).decode(),
        "digit": levels(digits[:1])[0],
    }
    body = """
    const bytes = await unpackBlock(given.block), chains = readChains(given.chains, bytes), computed = {};
    const tables = { stroke: given.tables.stroke, noise: readArray(given.tables.noise, bytes), models: 1 };
    const ink = Float64Array.from(given.digit, (level) => level / 255);
    const ask = async (image, which) => which.map((model) => answer(chains[model], image));
    await findLimits(ink, given.pushes, tables, ask, () => false, (key, limits) => { computed[key] = limits[0]; });
    return computed;
    """
    computed = run(tmp_path, body, given)
    image = digits[:1]
    home = int(model(image).argmax())
    assert set(computed) == {push["key"] for push in given["pushes"]}
    changed = 0
    for push in given["pushes"]:
        for end, limit in zip(("low", "high"), computed[push["key"]], strict=True):
            direction = np.sign(push[end] - push["neutral"])
            count = round(abs(push[end] - push["neutral"]) / push["step"])
            grid = [push["neutral"] + direction * k * push["step"] for k in range(1, count + 1)]
            answers = [int(model(PYTHON[push["key"]](image, strength)).argmax()) for strength in grid]
            first = next((strength for strength, answer in zip(grid, answers, strict=True) if answer != home), None)
            assert (limit is None) == (first is None), (push["key"], end)
            if limit is not None and first is not None:
                changed += 1
                assert 0 <= (first - limit["strength"]) * direction < push["step"]
                assert int(model(PYTHON[push["key"]](image, limit["strength"])).argmax()) == limit["answer"] != home
    assert changed >= 4
