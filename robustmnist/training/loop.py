"""One epoch of training, on digits that are tensors on the device, in random order."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from robustmnist.errors import RecipeError
from robustmnist.models.architectures.build import build_model
from robustmnist.models.architectures.own import build_own, check_trainable
from robustmnist.models.inference.deployed import deployed
from robustmnist.system.python_code import Code, code_for
from robustmnist.training.augmentation.pool import Pool, pool_of
from robustmnist.training.augmentation.shown import shown_batches
from robustmnist.training.average import averaged_values, move_averages
from robustmnist.training.evidence.trace import Trace
from robustmnist.training.initialise import initialise
from robustmnist.training.optimise import clear_gradients, gradient_norms, learning_rate, make_optimizer
from robustmnist.training.recipe import Recipe

__all__ = ["Best", "State", "derive_seed", "measure", "start", "train_epoch"]


@dataclass
class Best:
    """The epoch that did best on the validation digits."""

    epoch: int
    accuracy: float
    loss: float
    weights: dict[str, Tensor]

    def beaten_by(self, accuracy: float, loss: float) -> bool:
        """Whether a result is better: more digits read, or as many at a lower loss."""
        return (accuracy, -loss) > (self.accuracy, -self.loss)


@dataclass
class State:
    """The state of a training after a whole number of epochs."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    average: dict[str, Tensor] | None
    epoch: int = 0
    best: Best | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    code: Code | None = None  # of a model of the user's own
    pool: Pool = field(default_factory=Pool)  # of perturbations of the training digits

    @property
    def weights(self) -> dict[str, Tensor]:
        """What is validated and saved: the average where one is kept, else the model's own state."""
        return self.model.state_dict() if self.average is None else self.average


def start(recipe: Recipe, device: torch.device, codes: Sequence[str] = ()) -> State:
    """Return the state before the first epoch; the caller's generators are left as they were.

    Args:
        recipe: What to train.
        device: Where.
        codes: Code that the user has named and that may run, ``net.py:Net``.

    Raises:
        RecipeError: If the recipe's model is code of the user's that was not named, fails, or cannot be trained, or its
            augmentation asks for what is not there.
    """
    pool, code = pool_of(recipe, codes), None
    with torch.random.fork_rng(devices=_cuda(device)):
        torch.manual_seed(derive_seed(recipe.seed, 0, "weights"))
        if recipe.own_model:
            named = code_for(recipe.own_model, codes, error=RecipeError, where=f"recipe '{recipe.name}'")
            model, code = build_own(recipe.architecture, named, error=RecipeError, where="[model]")
            check_trainable(model, code, error=RecipeError, where=f"[model] {recipe.own_model}")
        else:
            model = build_model(recipe.architecture)
        initialise(model, recipe.initialisation)
    model = model.to(device)
    if not recipe.own_model:  # code of the user's may ask for views in torch's usual layout
        model = model.to(memory_format=torch.channels_last)
    average = {name: value.clone() for name, value in model.state_dict().items()} if recipe.average.decay else None
    return State(model, make_optimizer(recipe.optimizer, model), average, code=code, pool=pool)


def train_epoch(
    state: State,
    recipe: Recipe,
    images: Tensor,
    labels: Tensor,
    on_step: Callable[[int], None] | None = None,
    trace: Trace | None = None,
    ids: Tensor | None = None,
) -> dict[str, float]:
    """Train one epoch, changing `state`, and return loss, accuracy, learning rate and gradient norm over it.

    All randomness comes from (seed, epoch): the permutation, the augmentation and the dropout; perturbations depend on
    the digits' ids besides. The digits that do not fill the last batch of a permutation are left out of that epoch.

    Args:
        state: Changed in place; its `epoch` counts one more afterwards.
        recipe: What to do.
        images: float32 (n, 1, 28, 28).
        labels: int64 (n,).
        on_step: Called with the number of digits seen so far in this epoch.
        trace: What is to keep the numbers of every step.
        ids: Of the digits, int64 (n,); by default their rows.
    """
    trace = Trace() if trace is None else trace
    device = images.device
    batch = min(recipe.batch_size, len(labels))
    steps, trace.batch = len(labels) // batch, batch
    order = torch.randperm(len(labels), generator=_generator(recipe.seed, state.epoch, "order")).to(device)
    batches = order[: steps * batch].view(steps, batch)
    shown_digits = shown_batches(
        images,
        torch.arange(len(labels), device=device) if ids is None else ids,
        batches,
        recipe.augment,
        state.pool,
        _generator(recipe.seed, state.epoch, "augment"),
        derive_seed(recipe.seed, state.epoch, "perturb"),
    )
    loss_sum, correct, norm_sum = torch.zeros((3,), device=device).unbind()
    rate = 0.0
    state.model.train()
    # Looked up once: at every step that took fc a tenth of its time.
    parameters, averaged = list(state.model.parameters()), averaged_values(state.model, state.average)
    with torch.random.fork_rng(devices=_cuda(device)):
        torch.manual_seed(derive_seed(recipe.seed, state.epoch, "dropout"))
        for step, shown in enumerate(shown_digits):
            wanted = labels[batches[step]]
            rate = learning_rate(
                recipe.schedule, recipe.optimizer.lr, state.epoch * steps + step, recipe.epochs * steps, recipe.epochs
            )
            for group in state.optimizer.param_groups:
                group["lr"] = rate
            with torch.autocast(device.type, torch.bfloat16, enabled=uses_bfloat16(recipe, device)):
                logits = state.model(shown)
            loss = cross_entropy(logits.float(), wanted, label_smoothing=recipe.label_smoothing)
            clear_gradients(parameters)
            torch.autograd.backward(loss)
            state.optimizer.step()
            move_averages(averaged, recipe.average.decay, state.epoch * steps + step)
            # Sums stay on the device: reading them at every step would wait for a GPU each time.
            right, norms = (logits.detach().argmax(1) == wanted).sum(), gradient_norms(parameters)
            loss_sum += loss.detach()
            correct += right
            norm_sum += torch.linalg.vector_norm(norms)
            trace.add(rate, loss.detach(), right, norms)
            if on_step is not None:
                on_step((step + 1) * batch)
    state.epoch += 1
    return {
        "train_loss": float(loss_sum) / steps,
        "train_accuracy": float(correct) / (steps * batch),
        "learning_rate": rate,
        "gradient_norm": float(norm_sum) / steps,
    }


def measure(model: nn.Module, images: Tensor, labels: Tensor) -> tuple[int, float]:
    """Return how many digits the model reads right, and its mean cross-entropy; logits not finite read nothing."""
    logits = deployed(model)(images)
    right = (logits.argmax(1) == labels) & logits.isfinite().all(1)
    return int(right.sum()), float(cross_entropy(logits.double(), labels))


def uses_bfloat16(recipe: Recipe, device: torch.device) -> bool:
    """Whether the matrix products run in bfloat16: where asked for, or on `auto` where the processor has it."""
    if recipe.precision != "auto":
        return recipe.precision == "bfloat16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))


def derive_seed(seed: int, epoch: int, purpose: str) -> int:
    """Return a different seed for each purpose and epoch of a training."""
    digest = hashlib.sha256(f"{seed}/{epoch}/{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def _generator(seed: int, epoch: int, purpose: str) -> torch.Generator:
    return torch.Generator().manual_seed(derive_seed(seed, epoch, purpose))


def _cuda(device: torch.device) -> list[int]:
    return [device.index or 0] if device.type == "cuda" else []
