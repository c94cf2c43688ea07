"""Grad-CAM: where the last convolution's channels that speak for the target are active."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from robustmnist.errors import InputError
from robustmnist.explanation.methods.method import Context, Method, in_tiles
from robustmnist.explanation.subject import Subject, undisturbed
from robustmnist.explanation.target import Target
from robustmnist.system.validation import did_you_mean

__all__ = ["GRAD_CAM", "check_layer", "convolution_maps", "grad_cam"]

# By their names in torch: what a map is followed through, and what ends the way, a rectifier or another activation.
PASSED = {"add", "add_", "__add__", "__iadd__", "__radd__", "batch_norm", "group_norm", "instance_norm"}
PASSED |= {"avg_pool2d", "dropout", "dropout2d", "max_pool2d"}
ACTIVATIONS = {"relu", "relu_", "relu6", "leaky_relu", "prelu", "elu", "celu", "selu", "gelu", "silu", "mish"}
ACTIVATIONS |= {"clamp", "clamp_", "clamp_min", "hardswish", "hardtanh", "sigmoid", "softplus", "tanh"}


def grad_cam(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    """Return where the last convolution's channels that speak for the target are active, `(B, 28, 28)`.

    With Aᵏ the layer's rectified maps and y the target: ReLU(Σₖ wₖ Aᵏ), wₖ the mean of ∂y/∂Aᵏ over the map's pixels,
    those where Aᵏ is 0 too; enlarged bilinearly to 28 × 28. Never negative, and as coarse as the layer.

    A blank map means that no mix of channels speaks for the target at any pixel: where a channel is active, those that
    speak against it outweigh. It says nothing of how confident the model is.

    The layer is the last convolution that the model calls on the way to its logits and whose map is more than 1 × 1 px,
    in whatever order the model lists its parts. Its map is read behind the next activation, hence behind the
    normalisation, the 2-D pooling and the sum with a shortcut that may come before that. Where there is no activation
    the convolution's own map is read, and rectified here. `Context.layer` names a module to read instead.

    Our own and not captum's LayerGradCam, which must be given a module: here the call is found, also of functions.

    Raises:
        InputError: If there is no such layer or convolution.

    Source: Selvaraju et al. 2017, arXiv:1610.02391, equations 1 and 2; the layers there are rectified ones.
    """
    model = subject.trained
    assert model is not None, "check_method refuses methods that look at modules"

    def rule(images: Tensor, target: Target) -> Tensor:
        return _cam(model, images.requires_grad_(), target, context.layer)

    with undisturbed(model):
        return in_tiles(rule, images, target)[:, 0]


def _cam(model: nn.Module, images: Tensor, target: Target, layer: str | None) -> Tensor:
    logits, maps = _forward(model, images, layer)
    slopes = torch.autograd.grad(target.scores(logits).sum(), maps, allow_unused=True) if maps else ()
    reaching = [(activation, slope) for activation, slope in zip(maps, slopes, strict=True) if slope is not None]
    if not reaching:
        raise InputError("has no convolution that its logits depend on", where=type(model).__name__)
    activation, slope = reaching[-1]
    coarse = (slope.mean((2, 3), keepdim=True) * activation.relu()).sum(1, keepdim=True).relu()
    return F.interpolate(coarse, images.shape[-2:], mode="bilinear")


def convolution_maps(model: nn.Module, images: Tensor) -> list[Tensor]:
    """Return the maps of all convolutions as Grad-CAM reads them, `(B, C, H, W)` each, in the order of the calls."""
    return [layer_map.relu() for layer_map in _forward(model, images, None)[1]]


def _misfit(subject: Subject) -> str:
    assert subject.trained is not None
    with undisturbed(subject.trained):
        return "" if _forward(subject.trained, _blank(subject.trained), None)[1] else "has no convolution"


def _blank(model: nn.Module) -> Tensor:
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    return torch.zeros(1, 1, 28, 28, dtype=torch.float32, device=device, requires_grad=True)


def check_layer(subject: Subject, layer: str) -> None:
    """Raise `InputError` unless the network has a `layer` that makes a map of a blank image."""
    model = subject.trained
    assert model is not None, "check_method refuses methods that look at modules"
    if layer not in (names := dict(model.named_modules())):
        near = did_you_mean(layer, names)
        some = ", ".join(list(names)[-8:])
        raise InputError(f"has no layer '{layer}'{near}", where=subject.name, remedy=f"its last layers are {some}")
    with undisturbed(model):
        if not _forward(model, _blank(model), layer)[1]:
            raise InputError(f"layer '{layer}' makes no map of more than 1 × 1 px", where=subject.name)


def _forward(model: nn.Module, images: Tensor, layer: str | None) -> tuple[Tensor, list[Tensor]]:
    """Return the logits, and the maps of the convolutions or of `layer` in the order in which they were made."""
    watch = _Watch(convolutions=layer is None)
    hook = (
        None if layer is None else model.get_submodule(layer).register_forward_hook(lambda *call: watch.begin(call[2]))
    )
    try:
        with watch:
            logits = model(images)
    finally:
        if hook is not None:
            hook.remove()
    return logits, [layer_map.read for layer_map in watch.maps]


@dataclass
class _Map:
    """The output of a convolution, and the later output that replaces it.

    Attributes:
        made: `(B, C, H, W)`.
        now: The output of the last operation that it was followed through.
        active: Whether that operation was an activation.
    """

    made: Tensor
    now: Tensor
    active: bool = False

    @property
    def read(self) -> Tensor:
        return self.now if self.active else self.made


class _Watch(TorchFunctionMode):
    """Watch every function of torch that is called, and follow the outputs of convolutions."""

    def __init__(self, *, convolutions: bool) -> None:
        super().__init__()
        self.maps: list[_Map] = []
        self._convolutions = convolutions

    def begin(self, out: Any) -> None:
        if _is_map(out):
            self.maps.append(_Map(out, out))

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        if name == "conv2d" and self._convolutions:
            self.begin(out)
        elif name in PASSED | ACTIVATIONS and _is_map(out):
            for layer_map in self.maps:
                if not layer_map.active and any(given is layer_map.now for given in (*args, *kwargs.values())):
                    layer_map.now, layer_map.active = out, name in ACTIVATIONS
        return out


def _is_map(out: Any) -> bool:
    return isinstance(out, Tensor) and out.ndim == 4 and out.shape[2:].numel() > 1


GRAD_CAM = Method(
    grad_cam,
    title="Grad-CAM",
    kind="activity",
    unit="activation × slope",
    reading="how active the last convolution’s channels that speak for the target are here",
    source="Selvaraju et al. 2017",
    settings={"layer": "last convolution called, rectified", "enlarged": "bilinear"},
    modules=True,
    layered=True,
    misfit=_misfit,
    signed=False,
    warning="A band along the border is the convolution’s padding, not a reason.",
)
