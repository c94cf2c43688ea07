"""The contracts that a classifier may want, the most usual first."""

import itertools

from robustmnist.adoption.network import Network
from robustmnist.errors import InputError
from robustmnist.models.contract.contract import Input
from robustmnist.models.contract.text import read_input

__all__ = ["SCALES", "candidates", "declared"]

# Of 26 published MNIST classifiers 18 want 0..1, 4 -1..1, and 4 the mean and sd of MNIST.
# Mean and sd of the three channels: those of ImageNet, which torchvision's classifiers want.
SCALES = ("0..1", "-1..1", "mean=0.1307,sd=0.3081", "0..255", "per-image")
IMAGENET = "mean=0.485/0.456/0.406,sd=0.229/0.224/0.225"
LOOKS = (("light", "upright"), ("dark", "upright"), ("light", "transposed"), ("dark", "transposed"))


def candidates(network: Network) -> list[Input]:
    """Return the contracts that fit the shape of the network's input, the most usual first.

    Raises:
        InputError: If no contract makes that shape of a digit.
    """
    size, channels = _size(network)
    scales = (*SCALES, IMAGENET) if channels == 3 else SCALES
    fits = ("pad",) if size == 28 else ("resize", "pad") if 28 < size <= 40 else ("resize",)
    words = f"size={size},channels={channels},layout={network.layout}"
    return [
        Input.parse(f"{scale},{words},fit={fit},{ink},{orientation}")
        for (ink, orientation), fit, scale in itertools.product(LOOKS, fits, scales)
    ]


def declared(text: str, network: Network) -> Input:
    """Return the contract that a user declares for `network`: what `text` leaves out follows from the input's shape.

    Raises:
        InputError: If the text cannot be read, or no digit can be brought to the shape.
    """
    size, channels = _size(network)
    shape = {"size": size, "channels": channels, "layout": network.layout, "fit": "pad" if size == 28 else "resize"}
    return Input(**{**shape, **read_input(text)})


def _size(network: Network) -> tuple[int, int]:
    """Return height, which is the width too, and channels of the network's input."""
    shape = network.shape
    match network.layout, shape:
        case "nchw", (channels, height, width):
            pass
        case "nhwc", (height, width, channels):
            pass
        case "hw", (height, width):
            channels = 1
        case "flat", (pixels,):
            height = width = round(pixels**0.5)
            channels = 1 if height * width == pixels else 0
        case _:
            channels = height = width = 0
    if height != width or channels not in (1, 3):
        what = f"wants inputs of shape {shape} ({network.layout}), which no digit can be brought to"
        raise InputError(what, where="the classifier", remedy="1 or 3 channels of a square are possible")
    return height, channels
