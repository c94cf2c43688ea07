"""A data set: images and labels as two tensors, with a record of where they came from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from robustmnist.data.arrays import digits_of_arrays
from robustmnist.data.ink import StoredImages, ink_of
from robustmnist.data.provenance import Provenance
from robustmnist.data.sampling import check_counts, check_limit, rows_with, spread

__all__ = ["Dataset"]

PART = 10_000  # images, 31 MB


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels on one device, with the row number that each image has in its source.

    Attributes:
        images: float32 ``(n, 1, 28, 28)``, ink in [0, 1] on background 0. Images are kept as bytes where bytes hold
            their values (`stored`), and then **every read of this property makes a new tensor of all of them**: read it
            once and keep the result, and in a loop use `rows` or `parts`, which make some. Changing that tensor does
            not change the data set. uint8 images that are given count as level / 255.
        labels, ids: int64 ``(n,)``: 0 to 9, and row numbers in the source part, kept through `select`.
        provenance: Where the images came from.
        groups: int64 ``(n,)``, who wrote each digit or which font it is from; None where it is not known.
        factors: What each digit was made with, name -> ``(n,)``; empty but for digits that are made here.

    Raises:
        DataError: If there are not as many labels, ids and groups as images.
    """

    if TYPE_CHECKING:
        images: Tensor
    else:
        images: Tensor = StoredImages()
    labels: Tensor
    ids: Tensor
    provenance: Provenance
    groups: Tensor | None = None
    factors: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_counts(len(self.stored), self.labels, self.ids, self.groups, where=self.name)

    def __len__(self) -> int:
        return len(self.ids)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: where the digits are from, and the first of them."""
        from robustmnist.data.shown import SHOWN, notebook_card

        return notebook_card(self.rows(slice(0, SHOWN)), self.provenance)

    @property
    def name(self) -> str:
        """The data set's name: the word of its source and what it holds."""
        return self.provenance.name

    @property
    def holds_digits(self) -> bool:
        """Whether the images are digits; if not, every label is -1 and only confidence can be asked for."""
        return not self.provenance.content

    @property
    def stored(self) -> Tensor:
        """The images as they are kept: uint8 levels, or as they were given where bytes do not hold them."""
        stored: Tensor = self.__dict__["stored"]
        return stored

    @property
    def device(self) -> torch.device:
        """Where the tensors are."""
        return self.stored.device

    def rows(self, rows: Tensor | slice) -> Tensor:
        """Return the images of some rows, float32 ``(k, 1, 28, 28)``, without making all of them."""
        return ink_of(self.stored[rows])

    def parts(self) -> Iterator[Tensor]:
        """Return the images in order, up to 10,000 at a time; an empty data set gives one empty part."""
        return (self.rows(slice(start, start + PART)) for start in range(0, max(len(self), 1), PART))

    def seed(self, seed: int) -> int:
        """Return the seed of all draws that are made for these images where `seed` was asked for.

        It is `seed` itself, but for perturbed digits: with the seed that made them a second noise would be the first.
        """
        return self.provenance.seed(seed)

    def head(self, limit: int | None) -> "Dataset":
        """Return the first `limit` images; all where `limit` is None or more than there are.

        The head of a file need not be like the rest of it: the first 5,000 test digits of MNIST are harder than the
        others. For numbers that are to hold for the whole, see `sample`.

        Raises:
            DataError: If `limit` is below 1.
        """
        check_limit(limit, "the first {} images")
        if limit is None or limit >= len(self):
            return self
        return self._rows(slice(limit), f"the first {limit:,} of {len(self):,}")

    def sample(self, limit: int | None) -> "Dataset":
        """Return `limit` images, each class with its share; all where `limit` is None or more than there are.

        A sample holds every smaller one; the choice depends on the ids alone (`spread`). Order and ids stay.

        Raises:
            DataError: If `limit` is below 1 or an id is negative.
        """
        check_limit(limit, "a sample of {} images")
        if limit is None or limit >= len(self):
            return self
        rows = spread(self.labels.cpu(), self.ids.cpu(), where=self.name)[:limit].sort().values
        return self._rows(rows.to(self.ids.device), f"a stratified sample of {limit:,} of {len(self):,}")

    def select(self, ids: Tensor | Sequence[int]) -> "Dataset":
        """Return the images with these row numbers, in this order.

        Raises:
            DataError: If a row number is not in the data set.
        """
        return self._rows(rows_with(ids, self.ids, where=self.name), "")

    def to(self, device: torch.device | str) -> "Dataset":
        """Return the data set with its tensors on `device`."""
        stored, labels, ids = (tensor.to(device) for tensor in (self.stored, self.labels, self.ids))
        groups = None if self.groups is None else self.groups.to(device)
        return self.of_levels(stored, labels, ids, self.provenance, groups, self.factors)

    def with_provenance(self, **changes: Any) -> "Dataset":
        """Return the same images with other words in their provenance."""
        changed = replace(self.provenance, **changes)
        return self.of_levels(self.stored, self.labels, self.ids, changed, self.groups, self.factors)

    def _rows(self, rows: Tensor | slice, choice: str) -> "Dataset":
        ids = self.ids[rows]
        provenance = replace(self.provenance, n=len(ids), choice=choice)
        groups = None if self.groups is None else self.groups[rows]
        chosen = rows if isinstance(rows, slice) else rows.cpu().numpy()
        factors = {name: values[chosen] for name, values in self.factors.items()}
        return self.of_levels(self.stored[rows], self.labels[rows], ids, provenance, groups, factors)

    @classmethod
    def of_levels(
        cls,
        levels: Tensor,
        labels: Tensor,
        ids: Tensor,
        provenance: Provenance,
        groups: Tensor | None = None,
        factors: Mapping[str, NDArray[Any]] | None = None,
    ) -> "Dataset":
        """Return a data set of uint8 levels ``(n, 1, 28, 28)``; ink is level / 255."""
        data = object.__new__(cls)
        data.__dict__.update(stored=levels, labels=labels, ids=ids, provenance=provenance, groups=groups)
        data.__dict__["factors"] = factors or {}
        return data

    @classmethod
    def from_arrays(
        cls,
        images: object,
        labels: object,
        *,
        ids: Tensor | None = None,
        groups: Tensor | None = None,
        form: str = "auto",
        provenance: Provenance | None = None,
    ) -> "Dataset":
        """Return a data set of arrays: NumPy's, tensors or nested lists.

        Args:
            images: ``(n, H, W)``, ``(n, H × W)`` or with 1 or 3 channels; 0 to 255 or 0 to 1, ink bright.
            labels: ``(n,)`` digits, or one-hot ``(n, 10)``.
            ids: int64 ``(n,)``; by default row numbers.
            groups: int64 ``(n,)``, who wrote each, where it is known.
            form: ``stored``: 28 × 28 px as they are; ``mnist``: through `to_mnist`; ``auto``: whichever fits the size.
            provenance: Where they are from; its `n` and the end of its `prepared` are filled in.

        Raises:
            DataError: If shapes, ranges or labels are others.

        >>> Dataset.from_arrays([[[0, 255], [0, 255]]], [1]).images.shape
        torch.Size([1, 1, 28, 28])
        """
        digits, known, provenance = digits_of_arrays(images, labels, form, provenance)
        ids = torch.arange(len(known)) if ids is None else ids
        make = cls.of_levels if digits.dtype == torch.uint8 else cls
        data = make(digits, known, ids, provenance, groups)
        data.__post_init__()
        return data
