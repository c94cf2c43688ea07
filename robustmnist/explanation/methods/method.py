"""An attribution method: a pure function with what is needed to run it and to read what it returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor

from robustmnist.draws import Draws
from robustmnist.explanation.subject import Subject
from robustmnist.explanation.target import Target

__all__ = ["Attribute", "Context", "Kind", "Method", "in_tiles"]

# share: logits, and the pixels' shares add up or nearly so; sensitivity: logits per unit of ink; activity: how active
# a layer is there, without a unit; addition: logits gained where ink is added; own: whatever a user's function gives.
Kind = Literal["share", "sensitivity", "activity", "addition", "own"]


@dataclass(frozen=True, eq=False)
class Context:
    """What some methods need beside classifier, images and target.

    Attributes:
        ids: int64 (B,), the digits' ids, on which random draws depend.
        seed: Of all draws.
        references: float32 (10, R, 1, 28, 28), digits of each class in turn, as expected gradients compare with; None
            where there are none.
        layer: The layer that Grad-CAM reads; None for its own choice.
    """

    ids: Tensor
    seed: int = 0
    references: Tensor | None = None
    layer: str | None = None

    def draws(self, stream: str, index: int = 0) -> Draws:
        """Return the digits' random numbers for one purpose."""
        return Draws(self.seed, f"explain {stream}", self.ids, index)

    def take(self, rows: Tensor | slice) -> "Context":
        """Return the context of some of the digits."""
        return replace(self, ids=self.ids[rows])


Attribute = Callable[..., Tensor]  # of subject, images, target and context


@dataclass(frozen=True, eq=False)
class Method:
    """An attribution method and how to read what it returns.

    Attributes:
        attribute: ``f(subject, images (B, 1, 28, 28), target, context) -> maps (B, 28, 28)``, float32 and signed:
            positive speaks for the target. A row does not depend on the others.
        title: Its name in a heading.
        kind: What a value is.
        unit: What a value is measured in.
        reading: What a value means, in one clause.
        source: The paper that defined it.
        settings: The choices that the paper leaves open.
        gradients: Whether it needs slopes; a method that does not works for any classifier.
        modules: Whether it looks at the network's modules.
        random: Whether it draws random numbers; seeded, so that it repeats.
        references: Whether it compares with other digits, ``context.references``.
        signed: Whether negative values occur; they speak against the target.
        complete: Whether the values promise to add up to the target's difference from a blank image.
        warning: What a reader must know before believing a map; empty as a rule.
        pixelwise: Whether neighbouring pixels differ so much that a picture shows means over 3 × 3 px.
        layered: Whether it reads the layer that `Context.layer` names.
        misfit: ``f(subject)``: why it cannot explain this network, which has slopes; empty where it can.
        verify: ``f(subject)`` raises `InputError` where its maps cannot be relied on; for functions of the user's.
        chunk: Images handed over together, so that memory is bounded.
    """

    attribute: Attribute
    title: str
    kind: Kind
    unit: str
    reading: str
    source: str
    settings: Mapping[str, str | int] = field(default_factory=dict)
    gradients: bool = True
    modules: bool = False
    random: bool = False
    references: bool = False
    signed: bool = True
    complete: bool = False
    warning: str = ""
    pixelwise: bool = False
    layered: bool = False
    misfit: Callable[[Subject], str] | None = None
    verify: Callable[[Subject], None] | None = None
    chunk: int = 256


def in_tiles(rule: Callable[[Tensor, Target], Tensor], images: Tensor, target: Target, rows: int = 64) -> Tensor:
    """Return ``rule(images, target)`` computed on `rows` images at a time, the last ones filled up with copies.

    So each pass has the same shape, and a map does not depend on the others. The rule may set gradient flags.
    """
    maps = []
    for start in range(0, len(images), rows):
        count = min(rows, len(images) - start)
        fill = torch.arange(start, start + rows, dtype=torch.int64, device=images.device).clamp(max=len(images) - 1)
        # Indexing copies: the caller's tensor must not come out with a gradient flag, and may be an inference tensor.
        maps.append(rule(images.detach()[fill], target.take(fill))[:count].detach().to(torch.float32))
    return torch.cat(maps) if maps else torch.zeros_like(images)
