"""Every operation of a chain in JavaScript against torch, over shapes and settings that no shipped model has."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import torch
from support.javascript import needs_node, run

from robustmnist.sketchpad.chain import ACTIVATIONS, Chain, Operation
from robustmnist.sketchpad.interpret import ACTIVATED, OPERATIONS, interpret
from robustmnist.sketchpad.packing import Block, packed_chains, rounded

RNG = np.random.default_rng(0)


def array(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def convolution(outputs: int, inputs: int, size: tuple[int, int], **settings: Any) -> Operation:
    known = {"stride": [1, 1], "padding": [0, 0, 0, 0], "dilation": [1, 1], "groups": 1, **settings}
    weight = array(outputs, inputs // known["groups"], *size)
    return Operation("convolution", known, {"weight": weight, "bias": array(outputs)})


def pool(how: str, size: tuple[int, int], stride: tuple[int, int], **settings: Any) -> Operation:
    return Operation(
        "pool", {"how": how, "size": size, "stride": stride, "padding": [0] * 4, "inside": False, **settings}
    )


def activation(name: str) -> Operation:
    return Operation("activation", {"name": name, "a": {"clip": 1.5, "log": 1e-3}.get(name, 0.3)})


CONVOLUTIONS = (
    convolution(5, 1, (3, 5), padding=[2, 1, 0, 3]),
    convolution(6, 1, (4, 4), stride=[3, 2], padding=[1, 1, 1, 1]),
    convolution(3, 1, (3, 3), dilation=[2, 3]),
)
MAPS = convolution(6, 1, (3, 3))  # 6 × 26 × 26
# Each chain ends in whatever comes out; `interpret` does not mind that it is not ten logits.
CHAINS = {
    **{f"convolution {k}": (step,) for k, step in enumerate(CONVOLUTIONS)},
    "groups": (MAPS, convolution(9, 6, (3, 3), groups=3, stride=[2, 1])),
    "depthwise": (MAPS, convolution(12, 6, (5, 5), groups=6, padding=[2, 2, 2, 2])),
    "max pool": (MAPS, pool("max", (3, 2), (2, 3), padding=[1, 0, 1, 1])),
    "mean pool": (MAPS, pool("mean", (3, 3), (2, 2), padding=[1, 1, 1, 1])),
    "mean pool inside": (MAPS, pool("mean", (2, 3), (2, 2), padding=[0, 1, 0, 1], inside=True)),
    "whole mean": (MAPS, Operation("whole", {"how": "mean"})),
    "whole max": (MAPS, Operation("whole", {"how": "max"})),
    "affine by channel": (MAPS, Operation("affine", {}, {"factor": array(6), "offset": array(6)})),
    "affine by value": (Operation("flatten"), Operation("affine", {}, {"factor": array(784), "offset": array(1)})),
    "slopes": (MAPS, Operation("slopes", {}, {"slopes": array(6, 1, 1)})),
    "slopes by value": (MAPS, Operation("slopes", {}, {"slopes": array(6, 26, 26)})),
    "arrange flat": (MAPS, Operation("arrange", {"shape": [6 * 26 * 26]})),
    "arrange maps": (MAPS, Operation("arrange", {"shape": [13, 52, 6]})),
    "arrange a plane": (Operation("plane"), Operation("arrange", {"shape": [14, 14, 4]})),
    "crop": (Operation("pad", {"frame": [-3, 2, 1, -4], "value": 0}),),
    "low frame": (Operation("pad", {"frame": [1, 2, 0, 1], "value": "low"}), pool("max", (2, 2), (2, 2))),
    "resize": (Operation("resize", {}, {"matrix": array(17, 28)}),),
    "standardise": (Operation("standardise", {"least": 1 / 28}), Operation("repeat", {"channels": 3})),
    "transpose": (Operation("transpose"),),
    "dense": (Operation("flatten"), Operation("dense", {}, {"weight": array(7, 784), "bias": array(7)})),
    "log softmax": (Operation("flatten"), Operation("log-softmax")),
    "columns": (Operation("flatten"), Operation("columns", {"columns": [400, 3, 399]})),
    **{
        name: (Operation("affine", {}, {"factor": array(1) * 4, "offset": array(1)}), activation(name))
        for name in ACTIVATED
    },
}


def test_every_operation_is_here() -> None:
    assert {step.kind for steps in CHAINS.values() for step in steps} == set(OPERATIONS)
    assert set(ACTIVATED) == set(ACTIVATIONS)


@needs_node
def test_javascript_knows_the_same_operations(tmp_path: Path) -> None:
    assert set(run(tmp_path, "return Object.keys(OPERATIONS)")) == set(OPERATIONS)


@needs_node
def test_javascript_computes_the_same(tmp_path: Path) -> None:
    chains, block = [Chain(name, steps) for name, steps in CHAINS.items()], Block()
    image = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    given = {
        "chains": packed_chains(chains, block, "int8"),
        "block": base64.b64encode(block.gzipped()).decode(),
        "image": image.flatten().tolist(),
    }
    body = """
    const block = await unpackBlock(given.block);
    return readChains(given.chains, block).map((chain) => Array.from(answer(chain, given.image)));
    """
    for chain, values in zip(chains, run(tmp_path, body, given), strict=True):
        wanted = interpret(rounded(chain, "int8"), image)[0].flatten().double()
        computed = torch.tensor(values, dtype=torch.float64)
        assert computed.shape == wanted.shape, chain.name
        assert float((computed - wanted).abs().max()) <= 1e-5 * (1 + float(wanted.abs().max())), chain.name
