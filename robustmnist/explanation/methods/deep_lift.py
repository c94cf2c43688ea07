"""DeepLift by captum, on a copy of the network whose non-linear modules are spaced apart."""

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from robustmnist.errors import InputError
from robustmnist.explanation.methods.method import Context, Method, in_tiles
from robustmnist.explanation.methods.path_integral import relative_gap
from robustmnist.explanation.subject import Subject, undisturbed
from robustmnist.explanation.target import Target
from robustmnist.models.inference.pooling import Halve, PooledConvolution
from robustmnist.page.figure import import_matplotlib

__all__ = ["DEEP_LIFT", "Scored", "deep_lift", "quiet_captum", "spaced"]

EXACT = 1e-3  # of the difference: above it a function hides from the rules; float32 leaves 1e-5
RULED = (nn.ReLU, nn.ELU, nn.LeakyReLU, nn.Sigmoid, nn.Tanh, nn.Softplus, nn.Softmax, nn.MaxPool2d)


class Scored(nn.Module):
    """A network followed by its target: one number per image, whatever captum stacks on top of the images."""

    def __init__(self, model: nn.Module, target: Target) -> None:
        super().__init__()
        self.model, self.target = model, target

    def forward(self, images: Tensor) -> Tensor:
        """Return (B,), for images that hold the batch any number of times over."""
        return self.target.repeat(len(images) // len(self.target)).scores(self.model(images))


class _Copy(nn.Module):
    def forward(self, values: Tensor) -> Tensor:
        return values.clone()


def deep_lift(subject: Subject, images: Tensor, target: Target, context: Context) -> Tensor:
    """Return each pixel's share in the target against a blank image by the rescale rule, signed; exactly complete.

    By captum, whose rules sit on modules. Where two non-linear modules follow each other, such as pooling and a
    rectifier, its second rule rewrites what the first has recorded, and the shares of cnn missed the difference by up
    to 249 %; so it runs on `spaced`. It also needs every non-linear step to be a module of its own: that the shares add
    up is asserted for every image.

    Raises:
        InputError: If they do not add up: the network computes something that is no module.

    Source: Shrikumar, Greenside, Kundaje 2017, arXiv:1704.02685, the rescale rule.
    """
    assert subject.trained is not None, "check_method refuses methods that look at modules"
    from captum.attr import DeepLift

    model = spaced(subject.trained)

    def rule(images: Tensor, target: Target) -> Tensor:
        shares = DeepLift(Scored(model, target)).attribute(images, baselines=torch.zeros_like(images))
        assert isinstance(shares, Tensor)
        return shares

    with undisturbed(model), quiet_captum():
        maps = in_tiles(rule, images, target)[:, 0]
    change = subject.scores(images, target).double() - subject.scores(torch.zeros_like(images), target).double()
    if (relative_gap(maps, change) > EXACT).any():
        what = "computes something outside of its modules, where deep-lift cannot follow"
        raise InputError(what, where=subject.name, remedy="use integrated-gradients")
    return maps


def spaced(model: nn.Module) -> nn.Module:
    """Return a copy of `model` with a copying module behind each non-linear one, and poolings as torch has them."""
    model = copy.deepcopy(model)
    for parent in list(model.modules()):
        for name, part in list(parent.named_children()):
            if isinstance(part, PooledConvolution):
                setattr(parent, name, nn.Sequential(part.convolution, nn.MaxPool2d(2), _Copy()))
            elif isinstance(part, Halve):
                setattr(parent, name, nn.Sequential(nn.MaxPool2d(2), _Copy()))
            elif isinstance(part, RULED):
                if isinstance(part, nn.ReLU | nn.ELU | nn.LeakyReLU):
                    part.inplace = False
                setattr(parent, name, nn.Sequential(part, _Copy()))
    return model


@contextmanager
def quiet_captum() -> Iterator[None]:
    """Run captum without its warnings that it sets hooks, which it takes off again."""
    import_matplotlib()  # which captum imports too
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning)
        yield


def _misfit(subject: Subject) -> str:
    """Return why the network cannot be explained: whether it adds up on two images of noise."""
    noise = torch.rand((2, 1, 28, 28), generator=torch.Generator().manual_seed(0), dtype=torch.float32)
    classes = torch.arange(2, dtype=torch.int64)
    weight = next(iter(subject.trained.parameters()), noise) if subject.trained is not None else noise
    try:
        deep_lift(subject, noise.to(weight.device), Target.of_class(classes.to(weight.device)), Context(classes))
    except InputError as error:
        return error.what
    return ""


DEEP_LIFT = Method(
    deep_lift,
    title="DeepLift",
    kind="share",
    unit="logits",
    reading="this pixel’s share in the target, against a blank image, by the rescale rule; exactly complete",
    source="Shrikumar et al. 2017",
    settings={"baseline": "background 0", "rule": "rescale"},
    modules=True,
    complete=True,
    misfit=_misfit,
    pixelwise=True,
)
