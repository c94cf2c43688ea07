"""Perturb a shard of images and ask all models, in pieces that suit the device."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from robustmnist.errors import RobustMnistError
from robustmnist.evaluation.answers import Answer
from robustmnist.perturb import Perturbation, prepare
from robustmnist.system.threads import share_out

__all__ = ["Answer", "Shard"]

Cut = tuple[int, int]  # a piece's first row and the row after its last

# Images perturbed at once by one thread of a CPU, at most and at least: 3 MB stay in the cache between the perturbation
# and the models, and every tile size in use divides both. A GPU takes the whole shard.
CPU_PIECE, CPU_LEAST = 1024, 256


class Shard:
    """Images on a device, with what was prepared for the last perturbation.

    Pieces bound the memory and keep the caches warm, and on a CPU each thread takes pieces of its own from the
    perturbation to the logits; they change no number, because perturbations work image by image and models in fixed
    tiles. A piece for which the memory does not suffice is cut in two from then on.

    Args:
        images: float32 (n, 1, 28, 28).
        ids: int64 (n,) on the same device.
        answers: The models: images to logits.
    """

    def __init__(self, images: Tensor, ids: Tensor, answers: Sequence[Answer]) -> None:
        self._images, self._ids, self._answers = images, ids, answers
        step = len(images) if images.device.type == "cuda" else _cpu_piece(len(images))
        self._cuts = [(start, min(start + step, len(images))) for start in range(0, len(images), step)]
        self._key: tuple[str | Perturbation, int, int] | None = None
        self._prepared: dict[Cut, Callable[..., Tensor]] = {}

    def clean(self) -> Tensor:
        """Return the logits of all models on the images as they are, float32 (M, n, 10)."""
        return self._run(lambda cut: self._images[cut[0] : cut[1]])

    def perturbed(self, which: str | Perturbation, arguments: Mapping[str, Any], *, seed: int, draw: int) -> Tensor:
        """Return the logits of all models under perturbation `which` with keyword `arguments`, float32 (M, n, 10).

        What can be prepared is prepared on the first call and kept while perturbation, seed and draw stay the same.
        """
        if (which, seed, draw) != self._key:
            self._prepared.clear()
            self._key = (which, seed, draw)

        def make(cut: Cut) -> Tensor:
            if cut not in self._prepared:
                images, ids = self._images[cut[0] : cut[1]], self._ids[cut[0] : cut[1]]
                self._prepared[cut] = prepare(which, images, ids=ids, seed=seed, draw=draw)
            return self._prepared[cut](**arguments)

        return self._run(make)

    def _run(self, make: Callable[[Cut], Tensor]) -> Tensor:
        logits: dict[Cut, Tensor] = {}
        while missing := [cut for cut in self._cuts if cut not in logits]:
            shares = share_out(functools.partial(self._share, make, missing), range(len(missing)), self._images.device)
            answers = [answer for share in shares for answer in share]
            for cut, answer in zip(missing, answers, strict=True):
                if answer is None:
                    self._halve(cut)
                else:
                    logits[cut] = answer
        return torch.cat([logits[cut] for cut in self._cuts], dim=1)

    def _share(self, make: Callable[[Cut], Tensor], cuts: Sequence[Cut], share: range) -> list[Tensor | None]:
        return [self._try(make, cuts[index]) for index in share]

    def _try(self, make: Callable[[Cut], Tensor], cut: Cut) -> Tensor | None:
        """Return the logits (M, piece, 10), or None if the memory does not suffice.

        The retry happens outside this function: the traceback of a caught error keeps its tensors alive.
        """
        try:
            images = make(cut)
            return torch.stack([answer(images) for answer in self._answers])
        except (RuntimeError, MemoryError) as error:
            if not _is_out_of_memory(error):
                raise
            return None

    def _halve(self, cut: Cut) -> None:
        start, stop = cut
        if stop - start < 2:
            raise RobustMnistError("out of memory on a single image", remedy="free some, or use --device cpu")
        self._prepared.pop(cut, None)
        at = self._cuts.index(cut)
        middle = (start + stop) // 2
        self._cuts[at : at + 1] = [(start, middle), (middle, stop)]
        if self._images.device.type == "cuda":
            torch.cuda.empty_cache()


def _cpu_piece(n: int) -> int:
    """Return how many of `n` images make a piece, so that every thread has a piece."""
    share = -(-n // (torch.get_num_threads() * CPU_LEAST)) * CPU_LEAST
    return min(max(share, CPU_LEAST), CPU_PIECE)


def _is_out_of_memory(error: Exception) -> bool:
    # On a CPU torch raises a plain RuntimeError: "[enforce fail …] DefaultCPUAllocator: can't allocate memory".
    text = str(error)
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "allocate memory" in text
