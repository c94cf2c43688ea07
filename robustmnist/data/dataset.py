"""A data set: images and labels as two tensors, and a record of where they came from."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor

from robustmnist.errors import DataError

__all__ = ["Dataset", "Provenance"]


@dataclass(frozen=True)
class Provenance:
    """Where a data set came from.

    Attributes:
        name: ``mnist``, ``digits``, ``mnist-c:CORRUPTION``, or what a folder holds.
        part: ``test`` or ``train``.
        n: How many images the data set holds.
        sha256: File name -> SHA-256 of its decompressed bytes, whole, whatever part of it is used.
        source: The folder, package or address for a person to read.
        fallback: Whether this stands in for what was asked for.
        note: Why it does; empty where it does not.
    """

    name: str
    part: str
    n: int
    sha256: Mapping[str, str]
    source: str
    fallback: bool = False
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the record as plain values, ready for JSON."""
        return {**asdict(replace(self, sha256={})), "sha256": dict(self.sha256)}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels on one device, with the row number that each image has in its source.

    Attributes:
        images: float32 ``(n, 1, 28, 28)``, ink in [0, 1] on background 0, each value a multiple of 1/255.
        labels: int64 ``(n,)``, 0 to 9.
        ids: int64 ``(n,)``, row numbers in the source part; they stay with their images through `select`.
        provenance: Where the images came from.

    Raises:
        DataError: If there are not as many labels and ids as images.
    """

    images: Tensor
    labels: Tensor
    ids: Tensor
    provenance: Provenance

    def __post_init__(self) -> None:
        n = len(self.images)
        if len(self.labels) != n or len(self.ids) != n:
            what = f"{n:,} images have {len(self.labels):,} labels and {len(self.ids):,} ids"
            raise DataError(what, where=self.name, remedy="give one of each for every image")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def name(self) -> str:
        """The data set's name: ``mnist``, ``digits``, ``mnist-c:CORRUPTION``, or what a folder holds."""
        return self.provenance.name

    def head(self, limit: int | None) -> "Dataset":
        """Return the first `limit` images; all where `limit` is None or more than there are."""
        if limit is not None and limit < 1:
            raise DataError(f"cannot take the first {limit} images", remedy="ask for 1 or more")
        return self if limit is None or limit >= len(self) else self._rows(slice(limit))

    def select(self, ids: Tensor | Sequence[int]) -> "Dataset":
        """Return the images with these row numbers, in this order.

        Raises:
            DataError: If a row number is not in the data set.
        """
        wanted = torch.as_tensor(ids, dtype=torch.int64, device=self.ids.device).reshape(-1)
        order = torch.argsort(self.ids, stable=True)
        ascending = self.ids[order]
        place = torch.searchsorted(ascending, wanted).clamp(max=max(len(self) - 1, 0))
        absent = wanted[ascending[place] != wanted] if len(self) else wanted
        if len(absent):
            raise DataError(
                f"has no sample {int(absent[0])}", where=self.name, remedy=f"it holds {len(self):,} samples, ids from 0"
            )
        return self._rows(order[place] if len(self) else order)

    def to(self, device: torch.device | str) -> "Dataset":
        """Return the data set with its tensors on `device`."""
        return replace(self, images=self.images.to(device), labels=self.labels.to(device), ids=self.ids.to(device))

    def _rows(self, rows: Tensor | slice) -> "Dataset":
        ids = self.ids[rows]
        return Dataset(self.images[rows], self.labels[rows], ids, replace(self.provenance, n=len(ids)))
